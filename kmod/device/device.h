/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The door of device/: devices that a driver has bound to an iommufd, and where
 * their DMA goes.
 *
 * A device (device.c) is one of a group (group.h), which is attached to a HWPT
 * (hwpt.h), and its PASIDs to others; what it can not handle itself it reports as
 * faults (fault.h). One without an IOMMU is like others, as far as that goes
 * (no_iommu.h).
 *
 * The driver is the long-term user of the object: userspace can not destroy it,
 * and it ends with iommufd_device_unbind().
 */
#ifndef IOMMUFD_DEVICE_H
#define IOMMUFD_DEVICE_H

#include "core/core.h"
#include "hwpt.h"
#include "no_iommu.h"

struct device;
struct device_group;
struct iommufd_vdevice;

/**
 * struct iommufd_device - a bound device
 * @obj: what userspace sees
 * @ictx: the iommufd; a reference
 * @group: its group
 * @node: in the group's devices while attached; protected by the group's lock
 * @dev: the device
 * @attached: it is in there
 * @vdev: what stands for it in a guest; NULL when nothing does, an error pointer
 *        while that is being made. Set by who sees NULL, cleared as it ends.
 * @end_vdev: ends @vdev before the device goes; set before @vdev is
 *
 * Up to @dev it is as the kernel's own code knows it, see core/contract.h.
 */
struct iommufd_device {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	struct device_group *group;
	struct list_head node;
	struct device *dev;
	bool attached;
	struct iommufd_vdevice *vdev;
	void (*end_vdev)(struct iommufd_device *idev);
};

struct iommufd_device *idev_bind(struct iommufd_ctx *ictx, struct device *dev,
				 u32 *id);
void idev_unbind(struct iommufd_device *idev);
struct iommufd_device *idev_get(struct iommufd_ctx *ictx, u32 id);
void idev_put(struct iommufd_device *idev);
void idev_destroy(struct iommufd_object *obj);
int idev_lock_attachments(struct iommufd_device *idev);
void idev_unlock_attachments(struct iommufd_device *idev);

/* Page faults (fault.c) */
void fault_queue_destroy(struct iommufd_object *obj);

/* The ioctls */
int ioctl_hwpt_alloc(struct ioctl_call *call);
int ioctl_hwpt_invalidate(struct ioctl_call *call);
int ioctl_set_dirty_tracking(struct ioctl_call *call);
int ioctl_get_dirty_bitmap(struct ioctl_call *call);
int ioctl_fault_queue_alloc(struct ioctl_call *call);
int ioctl_get_hw_info(struct ioctl_call *call);

#endif
