/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One ioctl under way, as its handler sees it.
 *
 * The handler's structure is there, copied in and completed with zeroes; what
 * it changes there reaches userspace with ioctl_reply() only. So a handler that
 * fails has changed nothing, and one whose reply fails can still undo. What can not
 * be undone replies first: when it fails then, the ID that it gave names nothing.
 */
#ifndef IOMMUFD_IOCTL_H
#define IOMMUFD_IOCTL_H

#include <linux/types.h>

struct iommufd_ctx;

/**
 * struct ioctl_call - an ioctl under way
 * @ictx: whose
 * @arg: the structure
 * @user: where it came from
 * @size_bytes: how much of @arg userspace knows
 */
struct ioctl_call {
	struct iommufd_ctx *ictx;
	void *arg;
	void __user *user;
	u32 size_bytes;
};

int ioctl_reply(const struct ioctl_call *call);

/* The handlers: one uAPI noun a file. */
int ioctl_destroy(struct ioctl_call *call);
int ioctl_option(struct ioctl_call *call);
int ioctl_ioas_alloc(struct ioctl_call *call);
int ioctl_ioas_allow_iovas(struct ioctl_call *call);
int ioctl_ioas_copy(struct ioctl_call *call);
int ioctl_ioas_iova_ranges(struct ioctl_call *call);
int ioctl_ioas_map(struct ioctl_call *call);
int ioctl_ioas_map_file(struct ioctl_call *call);
int ioctl_ioas_unmap(struct ioctl_call *call);
int ioctl_change_process(struct ioctl_call *call);
int ioctl_vfio_ioas(struct ioctl_call *call);
int ioctl_hwpt_alloc(struct ioctl_call *call);
int ioctl_hwpt_invalidate(struct ioctl_call *call);
int ioctl_set_dirty_tracking(struct ioctl_call *call);
int ioctl_get_dirty_bitmap(struct ioctl_call *call);
int ioctl_fault_queue_alloc(struct ioctl_call *call);
int ioctl_viommu_alloc(struct ioctl_call *call);
int ioctl_vdevice_alloc(struct ioctl_call *call);
int ioctl_veventq_alloc(struct ioctl_call *call);
int ioctl_hw_queue_alloc(struct ioctl_call *call);
int ioctl_get_hw_info(struct ioctl_call *call);

#endif
