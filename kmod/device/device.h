/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that a driver has bound to an iommufd.
 *
 * The driver is the long-term user of the object: userspace can not destroy it,
 * and it ends with iommufd_device_unbind().
 */
#ifndef IOMMUFD_DEVICE_H
#define IOMMUFD_DEVICE_H

#include "core/ctx.h"

struct device;
struct device_group;
struct iommufd_vdevice;

/**
 * struct iommufd_device - a bound device
 * @obj: what userspace sees
 * @ictx: the iommufd; a reference
 * @group: its group
 * @dev: the device
 * @node: in the group's devices while attached; protected by the group's lock
 * @attached: it is in there
 * @vdev: what stands for it in a guest; NULL when nothing does, an error pointer
 *        while that is being made. Set by who sees NULL, cleared as it ends.
 */
struct iommufd_device {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	struct device_group *group;
	struct device *dev;
	struct list_head node;
	bool attached;
	struct iommufd_vdevice *vdev;
};

struct iommufd_device *idev_bind(struct iommufd_ctx *ictx, struct device *dev,
				 u32 *id);
void idev_unbind(struct iommufd_device *idev);
struct iommufd_device *idev_get(struct iommufd_ctx *ictx, u32 id);
void idev_put(struct iommufd_device *idev);
void idev_destroy(struct iommufd_object *obj);

#endif
