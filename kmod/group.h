/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups: devices that the IOMMU can not tell apart.
 *
 * An IOMMU group has one domain at a time, so all of its devices that are
 * attached share one HWPT. The first one to attach brings the group there, the
 * last one to detach takes it away, and replacing moves all of them.
 *
 * @lock protects the attachment and the list of attached devices. It is taken
 * after attach_lock of an IOAS, and before its domains_rwsem.
 */
#ifndef IOMMUFD_GROUP_H
#define IOMMUFD_GROUP_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>

struct iommufd_ctx;
struct iommufd_device;
struct iommufd_hwpt;

/**
 * struct attachment - a group at a HWPT
 * @handle: what the IOMMU core knows of it
 * @hwpt: the HWPT; the group is a long-term user
 */
struct attachment {
	struct iommu_attach_handle handle;
	struct iommufd_hwpt *hwpt;
};

/**
 * struct device_group - an IOMMU group, as far as it is bound to an iommufd
 * @ictx: the iommufd; it owns the group's DMA
 * @nr_bound: bound devices; protected by groups_lock of @ictx
 * @iommu_group: the group; a reference
 * @lock: see above
 * @attachment: where the group is; NULL while no device is attached
 * @devices: attached devices, struct iommufd_device
 */
struct device_group {
	struct iommufd_ctx *ictx;
	unsigned int nr_bound;
	struct iommu_group *iommu_group;
	struct mutex lock; /* @attachment, @devices */
	struct attachment *attachment;
	struct list_head devices;
};

struct device_group *group_get(struct iommufd_ctx *ictx,
			       struct iommu_group *iommu_group);
void group_put(struct device_group *group);

bool group_is_attached(struct device_group *group);
int group_attach(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
		 struct iommufd_hwpt **unused);
int group_replace(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
		  struct iommufd_hwpt **unused);
void group_detach(struct iommufd_device *idev, struct iommufd_hwpt **unused);

#endif
