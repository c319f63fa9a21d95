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
 * Drivers find virtual devices and report events by helpers that the kernel has built
 * in, which know the structures here as those of the kernel's own module, see
 * core/contract.h.
 */
#ifndef IOMMUFD_VIOMMU_H
#define IOMMUFD_VIOMMU_H

#include <linux/iommufd.h>

#include "core/core.h"

/**
 * struct vevent - an event, or the loss of some
 * @header: what userspace reads first
 * @node: in the queue's unread ones
 * @length_bytes: of what userspace reads then, which is behind this
 *
 * Of an event, made by the kernel's own code.
 */
struct vevent {
	struct iommufd_vevent_header header;
	struct list_head node;
	ssize_t length_bytes;
};

/**
 * struct veventq - a vIOMMU's events of one type
 * @queue: as of any event queue; of struct vevent. Its lock protects all that says so.
 * @viommu: the vIOMMU; a long-term use
 * @node: in the vIOMMU's veventqs; protected by its veventqs_rwsem
 * @type: of the events, enum iommu_veventq_type
 * @depth: how many events may wait
 * @nr_events: how many do; protected by the lock
 * @sequence: of the event that comes next, lost or not; protected by the lock
 * @lost: in the queue when the newest event was lost; protected by the lock
 * @read_lock: one reader at a time, so that events keep their order
 *
 * Up to @lost it is as the kernel's own code knows it.
 */
struct veventq {
	struct eventq queue;
	struct iommufd_viommu *viommu;
	struct list_head node;
	u32 type;
	u32 depth;
	u32 nr_events;
	u32 sequence;
	struct vevent lost;
	struct mutex read_lock; /* the order of events */
};

struct iommufd_viommu *viommu_get(struct iommufd_ctx *ictx, u32 id);
void viommu_put(struct iommufd_viommu *viommu);
void viommu_destroy(struct iommufd_object *obj);

/* Virtual devices (vdevice.c) */
void vdevice_destroy(struct iommufd_object *obj);

/* Events (veventq.c) */
void veventq_destroy(struct iommufd_object *obj);

/* Queues in guest memory (hw_queue.c) */
void hw_queue_destroy(struct iommufd_object *obj);

/* The ioctls */
int ioctl_viommu_alloc(struct ioctl_call *call);
int ioctl_vdevice_alloc(struct ioctl_call *call);
int ioctl_veventq_alloc(struct ioctl_call *call);
int ioctl_hw_queue_alloc(struct ioctl_call *call);

#endif
