/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MOCK_H
#define MOCK_H

/*
 * The suites of mock_test, and what they are made with: devices of the mock IOMMU, drivers'
 * accesses that are told what to do, and looks behind the scenes, all by IOMMU_TEST_CMD. In-tree or
 * ours, a module has it where the kernel is configured for tests (CONFIG_IOMMUFD_TEST). One file a
 * suite, and its name is the file's.
 *
 * What it takes and answers is declared by the kernel tree, in
 * drivers/iommu/iommufd/iommufd_test.h.
 */

#include <iommufd_test.h>

#include "balance.h"
#include "iofd.h"
#include "ktap.h"
#include "util.h"

/* Nothing is mapped here, but the mock IOMMU could. */
#define MOCK_IOVA ((__u64)MOCK_APERTURE_START)

/* A mock device with its driver, bound and attached. */
struct mock_device {
	__u32 stdev;		/* to replace it, or destroy it */
	__u32 hwpt;		/* the one it was attached to */
	__u32 dev;		/* the bound device */
};

/* What most cases start from: an IOAS with a device attached to it. */
struct mock {
	int iofd;
	__u32 ioas;
	struct mock_device device;
	struct balance before;
};

/* Ends the case as skipped where there is no mock IOMMU. */
void mock_open(struct mock *m);

/* Expects that nothing is left of what was done since it was opened; closes it. */
#define mock_close(m) mock_closed(__FILE__, __LINE__, m)
void mock_closed(const char *file, int line, struct mock *m);

/* IOMMU_TEST_CMD itself: what it answers, or -errno. */
int mock_cmd(int iofd, struct iommu_test_cmd *cmd);

/* pt is an IOAS or a HWPT, flags are MOCK_FLAGS_DEVICE_*. */
int mock_device(int iofd, __u32 pt, __u32 flags, struct mock_device *device);
int mock_replace(int iofd, __u32 stdev, __u32 pt);

/*
 * Whether a HWPT translates each page of [iova, iova + length) to that of the caller's memory at
 * va: 0 or -EINVAL.
 */
int mock_check_map(int iofd, __u32 hwpt, __u64 iova, const void *va, size_t length);

/* Whether each page of the caller's memory is pinned npins times: 0 or -EIO. */
int mock_check_pins(int iofd, const void *va, size_t length, __u32 npins);

/*
 * A driver's access to an IOAS: its descriptor, or -errno. flags are MOCK_FLAGS_ACCESS_CREATE_*;
 * with MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES its driver unpins when it is asked to.
 */
int mock_access(int iofd, __u32 ioas, __u32 flags);

/*
 * Pins for reading, or with MOCK_FLAGS_ACCESS_WRITE for writing, too, and compares the pages with
 * those of the caller's memory at va. *pin is what to give to mock_access_unpin().
 */
int mock_access_pin(int iofd, int access, __u32 flags, __u64 iova, size_t length, const void *va,
		    __u32 *pin);
int mock_access_unpin(int iofd, int access, __u32 pin);

/* Reads into the memory at va; with MOCK_ACCESS_RW_WRITE, writes what is there. */
int mock_access_rw(int iofd, int access, __u32 flags, __u64 iova, void *va, size_t length);
int mock_access_replace(int iofd, int access, __u32 ioas);

/* Writes, as a device would, to the pages whose bits are set: how many, or -errno. */
long long mock_write_pages(int iofd, __u32 hwpt, __u64 iova, size_t length, size_t page_bytes,
			   const void *bits);

/*
 * A guest's page table, on a HWPT that was allocated with IOMMU_HWPT_ALLOC_NEST_PARENT or on a
 * vIOMMU. Its page faults go to the queue faults, unless that is 0.
 */
int mock_nested(int iofd, __u32 dev, __u32 pt, __u32 faults, __u32 *hwpt);

/* A vIOMMU, and what belongs to it. */
int mock_viommu(int iofd, __u32 dev, __u32 parent, __u32 *viommu);
int mock_vdevice(int iofd, __u32 viommu, __u32 dev, __u64 virt_id, __u32 *vdevice);
int mock_events(int iofd, __u32 viommu, __u32 depth, __u32 *events, int *fd);

/* A device has a page fault, or there is an event of its virtual device. */
int mock_trigger_fault(int iofd, __u32 dev, __u32 pasid, __u32 group, __u64 addr);
int mock_trigger_event(int iofd, __u32 dev);

/* A dma-buf as vfio-pci exports one, but of memory: its descriptor, or -errno. */
int mock_dmabuf(int iofd, size_t length);
int mock_dmabuf_revoke(int iofd, int dmabuf, bool revoked);

extern const struct ktap_suite mock_frame;
extern const struct ktap_suite mock_fields;
extern const struct ktap_suite mock_fault;
extern const struct ktap_suite mock_dirty;
extern const struct ktap_suite mock_late;
extern const struct ktap_suite mock_count;
extern const struct ktap_suite mock_dmabufs;
extern const struct ktap_suite mock_pages;
extern const struct ktap_suite mock_holes;
extern const struct ktap_suite mock_signal;

#endif
