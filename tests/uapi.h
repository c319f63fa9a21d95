/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UAPI_H
#define UAPI_H

/*
 * The suites of uapi_test: what every ioctl answers, and that a refused one changes nothing. One
 * file a suite.
 *
 * Errnos are those that include/uapi/linux/iommufd.h documents. Where it is silent they are those
 * of the in-tree module, for programs that run on it today; a comment says so there.
 */

#include <linux/iommufd.h>

#include "iofd.h"
#include "ktap.h"
#include "memory.h"
#include "rig.h"
#include "util.h"

/* What a call that fails must leave alone. */
struct uapi_state {
	long long pins;
	long long vmpin;
	long long vmlck;
	struct iommu_iova_range ranges[16];
	__u32 nranges;
};

/*
 * A rig with one device, some memory and one mapping in the way: the first UAPI_ANCHOR_BYTES of the
 * memory at UAPI_ANCHOR.
 */
struct uapi {
	struct rig rig;
	struct memory mem;
	struct uapi_state state;
};

#define UAPI_BYTES (1024 * PAGE)
#define UAPI_ANCHOR GIB
#define UAPI_ANCHOR_BYTES (16 * PAGE)
#define UAPI_FREE (2 * GIB)		/* nothing is mapped here */
#define UAPI_NO_ID 0x7fffff00U		/* no object has this ID */

void uapi_open(struct uapi *u);

/* Expects that all there is to unmap is the anchor, reached by the device to the last. */
void uapi_close(struct uapi *u);

/* Notes the state anew, after a case has changed it on purpose. */
void uapi_note_state(struct uapi *u);

bool uapi_unchanged(const char *file, int line, struct uapi *u);

/* Expects a call to fail with an errno and to change nothing. */
#define EXPECT_REFUSED(u, want, call) EXPECT_REFUSED2(u, want, 1, call)
#define EXPECT_REFUSED2(u, want, also, call)	\
	((void)EXPECT_ERR2(want, also, call), (void)uapi_unchanged(__FILE__, __LINE__, u))

/* Expects that nothing is mapped there, and leaves it so. */
#define expect_free(u, iova, length) uapi_free(__FILE__, __LINE__, u, iova, length)
bool uapi_free(const char *file, int line, struct uapi *u, __u64 iova, size_t length);

/* IDs below 256 that IOMMU_DESTROY finds an object under; they are gone afterwards. */
unsigned int uapi_destroy_all(int iofd);

/*
 * A page that another one follows which cannot be accessed: what is put at its end can be cut
 * short.
 */
unsigned char *uapi_guarded_page(void);

extern const struct ktap_suite uapi_table;
extern const struct ktap_suite uapi_objects;
extern const struct ktap_suite uapi_ranges;
extern const struct ktap_suite uapi_allow;
extern const struct ktap_suite uapi_map;
extern const struct ktap_suite uapi_map_bad;
extern const struct ktap_suite uapi_map_file;
extern const struct ktap_suite uapi_copy;
extern const struct ktap_suite uapi_unmap;
extern const struct ktap_suite uapi_option;
extern const struct ktap_suite uapi_hwpt;
extern const struct ktap_suite uapi_hw_info;
extern const struct ktap_suite uapi_device;
extern const struct ktap_suite uapi_viommu;
extern const struct ktap_suite uapi_place;
extern const struct ktap_suite uapi_container;
extern const struct ktap_suite uapi_fuzz;

#endif
