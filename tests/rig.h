/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RIG_H
#define RIG_H

/*
 * What most cases start from: an iommufd, an IOAS, edu devices attached to it, and a page to see
 * through them.
 */

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "edu.h"
#include "ktap.h"

#define RIG_DEVICES 2

/* Where the bounce page is mapped, in every IOAS that a rig's device is attached to. */
#define RIG_BOUNCE_IOVA 0x10000UL
#define RIG_BOUNCE_BYTES PAGE

/*
 * What every device has reserved, for interrupts: where a CPU of x86-64 takes them; of arm64, where
 * the kernel shows devices what takes them (IOMMU_RESV_SW_MSI of the SMMU's driver).
 */
#ifdef __aarch64__
#define RIG_MSI_START 0x08000000UL
#define RIG_MSI_LAST 0x080fffffUL
#else
#define RIG_MSI_START 0xfee00000UL
#define RIG_MSI_LAST 0xfeefffffUL
#endif

struct rig {
	int iofd;
	__u32 ioas;
	__u32 hwpt;			/* the automatic one of the attached devices */
	unsigned int ndevs;
	struct edu edu[RIG_DEVICES];
	unsigned char *bounce;		/* mapped in ioas; elsewhere by the case */
};

/*
 * rig_open() binds ndevs devices, rig_open_on() those from the first-th on and to an iommufd that
 * is open already; rig_attach() attaches them all to the IOAS and maps the bounce page there. Each
 * ends the case when it cannot.
 */
void rig_open(struct rig *rig, unsigned int ndevs);
void rig_open_on(struct rig *rig, int iofd, unsigned int first, unsigned int ndevs);
void rig_attach(struct rig *rig);
void rig_open_attached(struct rig *rig, unsigned int ndevs);

/* For another IOAS that a case attaches to. */
void rig_map_bounce(struct rig *rig, __u32 ioas);

/*
 * Closes the devices and the iommufd, and expects that the bounce page was all that was still
 * mapped.
 */
void rig_close(struct rig *rig);

/*
 * Copies through a device, between memory at an IOVA and what the caller sees. rig_fetch() returns
 * the bounce page, valid until the next call; len is at most EDU_DMA_MAX.
 */
const void *rig_fetch(struct rig *rig, struct edu *edu, __u64 iova, size_t len);
void rig_store(struct rig *rig, struct edu *edu, __u64 iova, const void *data, size_t len);

/* The halves, for cases where the device cannot reach the bounce page in between. */
void rig_load_device(struct rig *rig, struct edu *edu, const void *data, size_t len);
const void *rig_dump_device(struct rig *rig, struct edu *edu, size_t len);

/*
 * Expects that the device sees, and changes, the len bytes at va through iova, and no byte around
 * them.
 */
#define expect_reaches(rig, edu, iova, va, len) \
	rig_reaches(__FILE__, __LINE__, rig, edu, iova, va, len)

/* Expects that it does neither; va is where the bytes would have to change. */
#define expect_no_reach(rig, edu, iova, va, len) \
	rig_no_reach(__FILE__, __LINE__, rig, edu, iova, va, len)

bool rig_reaches(const char *file, int line, struct rig *rig, struct edu *edu, __u64 iova, void *va,
		 size_t len);
bool rig_no_reach(const char *file, int line, struct rig *rig, struct edu *edu, __u64 iova,
		  void *va, size_t len);

/* Whether no 8-byte word of got is the word of secret at that place. */
bool rig_nothing_leaked(const void *secret, const void *got, size_t len);

/* The hooks of every program here: kernel reports, and pins that a case left behind. */
extern const struct ktap_hooks rig_hooks;

/* The peer under test, from the environment: "fast" or "iommufd". */
bool rig_peer_is(const char *name);

#endif
