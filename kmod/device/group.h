/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups: devices that the IOMMU can not tell apart.
 *
 * An IOMMU group has one domain at a time, so all of its devices that are
 * attached share one HWPT. The first one to attach brings the group there, the
 * last one to detach takes it away, and replacing moves all of them.
 *
 * Beside that, DMA that a device tags with a PASID goes where the PASID is
 * attached (pasid.c): this too is one HWPT at a time for all of the group.
 * Hardware looks PASIDs up by way of the untagged domain, so this has to be of a
 * kind that goes together with them, as long as there are any.
 *
 * @lock protects the attachments and the list of attached devices. It is taken
 * after attach_lock of an IOAS, and before its domains_rwsem.
 */
#ifndef IOMMUFD_GROUP_H
#define IOMMUFD_GROUP_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "core/core.h"

struct iommufd_ctx;
struct iommufd_device;
struct iommufd_hwpt;

/**
 * struct attachment - a group, or a PASID of it, at a HWPT
 * @handle: what the IOMMU core knows of it; the kernel's own code, see core/contract.h,
 *          finds the next field by it
 * @idev: the device; of several, one of them
 * @hwpt: the HWPT; the attachment is a long-term user
 * @sharers: of a PASID: struct pasid_sharer, the devices that are attached
 */
struct attachment {
	struct iommu_attach_handle handle;
	struct iommufd_device *idev;
	struct iommufd_hwpt *hwpt;
	struct list_head sharers;
};

/**
 * struct device_group - an IOMMU group, as far as it is bound to an iommufd
 * @nr_bound: bound devices; protected by groups_lock of @ictx
 * @lock: see above
 * @ictx: the iommufd; it owns the group's DMA
 * @iommu_group: the group; a reference. NULL for a device without an IOMMU
 * @pasids: struct attachment by PASID
 * @needed_doorbells: where its devices' interrupts are written to; protected by msi_lock
 *                    of @ictx
 * @msi_window_iova: where the window for them begins, or PHYS_ADDR_MAX
 * @attachment: where the group is; NULL while no device is attached
 * @devices: attached devices, struct iommufd_device
 *
 * Up to @msi_window_iova it is as the kernel's own code knows it.
 */
struct device_group {
	unsigned int nr_bound;
	struct mutex lock; /* @attachment, @pasids, @devices */
	struct iommufd_ctx *ictx;
	struct iommu_group *iommu_group;
	struct xarray pasids;
	struct msi_doorbell_set needed_doorbells;
	phys_addr_t msi_window_iova;
	struct attachment *attachment;
	struct list_head devices;
};

struct device_group *group_get(struct iommufd_ctx *ictx,
			       struct iommu_group *iommu_group);
void group_put(struct device_group *group);

struct attachment *attachment_create(struct iommufd_device *idev,
				     struct iommufd_hwpt *hwpt);
void attachment_free(struct attachment *attachment);

bool group_suits(const struct iommufd_device *idev,
		 const struct iommufd_hwpt *hwpt);
int group_check_detached(struct device_group *group);
int group_attach(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
		 struct iommufd_hwpt **unused);
int group_replace(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
		  struct iommufd_hwpt **unused);
void group_detach(struct iommufd_device *idev, struct iommufd_hwpt **unused);

/* PASIDs (pasid.c) */
int pasid_attach(struct iommufd_device *idev, ioasid_t pasid,
		 struct iommufd_hwpt *hwpt, struct iommufd_hwpt **unused);
int pasid_replace(struct iommufd_device *idev, ioasid_t pasid,
		  struct iommufd_hwpt *hwpt, struct iommufd_hwpt **unused);
void pasid_detach(struct iommufd_device *idev, ioasid_t pasid,
		  struct iommufd_hwpt **unused);

#endif
