/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault queues: IO page faults that userspace resolves.
 *
 * The IOMMU core groups the faults of a device. A group waits in the queue until
 * it is read, with a cookie, and then for the response that gives the cookie
 * back. Userspace may take forever for both, so no driver waits for it: a group
 * that is still there when its device is detached is answered as invalid.
 *
 * Locking: @lock is held while a group changes hands, never while user memory is
 * touched; that of the queue, inside of it, is all that a driver takes to report.
 */
#ifndef IOMMUFD_FAULT_H
#define IOMMUFD_FAULT_H

#include <linux/mutex.h>
#include <linux/xarray.h>

#include "core/core.h"

struct iommu_attach_handle;
struct iopf_group;

/**
 * struct fault_queue - a fault queue
 * @queue: as of any event queue; of struct iopf_group. Its long-term users are HWPTs
 *         and the file
 * @lock: protects @read
 * @read: struct iopf_group by cookie
 */
struct fault_queue {
	struct eventq queue;
	struct mutex lock; /* @read */
	struct xarray read;
};

struct fault_queue *fault_queue_hold(struct iommufd_ctx *ictx, u32 id);
void fault_queue_release(struct fault_queue *faults);
int fault_queue_deliver(struct iopf_group *group);
void fault_queue_cancel(struct fault_queue *faults,
			const struct iommu_attach_handle *handle);

#endif
