/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vIOMMUs: what a guest gets of a physical IOMMU, and the guest's devices,
 * events and queues that belong to it.
 *
 * struct iommufd_viommu and what is built on it are the kernel's, shared with
 * IOMMU drivers, which allot their own data behind them. A virtual device, an
 * event queue and a hardware queue are each a long-term user of their vIOMMU, and
 * that is one of the nesting parent.
 *
 * A virtual device stands for a bound one, and ends with it at the latest.
 *
 * The helpers for drivers that the kernel has built in (of iommufd_driver) look
 * into structures of the in-tree module: no IOMMU driver of x86 calls those that
 * do. Drivers of other architectures need the ones here.
 */
#ifndef IOMMUFD_VIOMMU_H
#define IOMMUFD_VIOMMU_H

#include <linux/iommufd.h>

#include "core/core.h"

/**
 * struct veventq - a vIOMMU's events of one type
 * @queue: as of any event queue
 * @viommu: the vIOMMU; a long-term use
 * @node: in the iommufd's veventqs
 * @type: of the events, enum iommu_veventq_type
 * @depth: how many events may wait
 * @read_lock: one reader at a time, so that events keep their order
 * @lock: protects all that follows
 * @events: struct vevent, oldest first
 * @nr_events: how many
 * @sequence: of the newest event, lost or not
 * @lost: the newest event was lost
 */
struct veventq {
	struct eventq queue;
	struct iommufd_viommu *viommu;
	struct list_head node;
	u32 type;
	u32 depth;
	struct mutex read_lock; /* the order of events */
	spinlock_t lock; /* all that follows */
	struct list_head events;
	u32 nr_events;
	u32 sequence;
	bool lost;
};

struct iommufd_viommu *viommu_get(struct iommufd_ctx *ictx, u32 id);
void viommu_put(struct iommufd_viommu *viommu);
void viommu_destroy(struct iommufd_object *obj);

/* Virtual devices (vdevice.c) */
void vdevice_destroy(struct iommufd_object *obj);

/* Events (veventq.c) */
void veventq_destroy(struct iommufd_object *obj);
int veventq_report(struct iommufd_viommu *viommu, u32 type, const void *data,
		   size_t length_bytes);

/* Queues in guest memory (hw_queue.c) */
void hw_queue_destroy(struct iommufd_object *obj);

/* The ioctls */
int ioctl_viommu_alloc(struct ioctl_call *call);
int ioctl_vdevice_alloc(struct ioctl_call *call);
int ioctl_veventq_alloc(struct ioctl_call *call);
int ioctl_hw_queue_alloc(struct ioctl_call *call);

#endif
