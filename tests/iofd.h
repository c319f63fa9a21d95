/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IOFD_H
#define IOFD_H

/* The iommufd ioctls as functions that return 0 or -errno. */

#include <linux/iommufd.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define IOAS_RW (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define IOAS_FIXED_RW (IOMMU_IOAS_MAP_FIXED_IOVA | IOAS_RW)

/* A new file of /dev/iommu, or of the node that IOFD names in the environment; or -errno. */
int iofd_open(void);

int iofd_ioctl(int iofd, unsigned long cmd, void *arg);

int iofd_destroy(int iofd, __u32 id);
int iofd_option(int iofd, __u32 option, __u16 op, __u32 object, __u64 *value);

int ioas_alloc(int iofd, __u32 *ioas);
int ioas_map(int iofd, __u32 ioas, __u32 flags, const void *va, size_t length, __u64 *iova);
int ioas_map_file(int iofd, __u32 ioas, __u32 flags, int fd, __u64 start, size_t length,
		  __u64 *iova);
int ioas_copy(int iofd, __u32 flags, __u32 dst, __u32 src, size_t length, __u64 *dst_iova,
	      __u64 src_iova);

/* *length is the bytes to unmap, and on return the bytes unmapped. */
int ioas_unmap(int iofd, __u32 ioas, __u64 iova, __u64 *length);

/* *count is the room in ranges, and on return the number of ranges; align may be NULL. */
int ioas_iova_ranges(int iofd, __u32 ioas, struct iommu_iova_range *ranges, __u32 *count,
		     __u64 *align);
int ioas_allow_iovas(int iofd, __u32 ioas, const struct iommu_iova_range *ranges, __u32 count);

int hwpt_alloc(int iofd, __u32 flags, __u32 dev, __u32 pt, __u32 *hwpt);
int hwpt_track_dirty(int iofd, __u32 hwpt, bool enable);
int hwpt_read_dirty(int iofd, __u32 hwpt, __u32 flags, __u64 iova, __u64 length, __u64 page_bytes,
		    void *bits);

int fault_queue_alloc(int iofd, __u32 *faults, int *fd);

/* Shorthands for the usual: read-write at a fixed IOVA. */
int ioas_map_at(int iofd, __u32 ioas, const void *va, size_t length, __u64 iova);
int ioas_unmap_at(int iofd, __u32 ioas, __u64 iova, __u64 length);

/* Unmaps everything; returns the bytes there were, or -errno. */
long long ioas_unmap_all(int iofd, __u32 ioas);

/* The highest usable IOVA of the IOAS. */
__u64 ioas_last_iova(int iofd, __u32 ioas);

#endif
