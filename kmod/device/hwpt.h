/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HWPTs: what a device can be attached to, each a domain of the IOMMU core.
 *
 * A paging HWPT mirrors an IOAS, of which it is a long-term user. It is made by
 * userspace (IOMMU_HWPT_ALLOC), or by attaching a device to an IOAS: then it is
 * automatic, shared by all devices that it suits, and ends with the last of
 * them. It mirrors the IOAS from its creation on, unless its IOMMU driver finds out what
 * a domain can hold as a device is attached to it: then from the first one on.
 *
 * A nested HWPT is a page table of a guest's, from guest-virtual to
 * guest-physical addresses; these go through a paging HWPT, its parent, of which
 * it is a long-term user, directly or by way of a vIOMMU.
 */
#ifndef IOMMUFD_HWPT_H
#define IOMMUFD_HWPT_H

#include "ioas/ioas.h"

struct device;
struct fault_queue;
struct iommu_device;
struct iommu_hwpt_alloc;
struct iommu_user_data;
struct iommufd_viommu;

/**
 * struct iommufd_hwpt - what a device can be attached to
 * @obj: what userspace sees; its long-term users are attachments
 * @domain: the domain
 * @faults: where IO page faults are reported, a long-term use; or NULL
 * @flags: it was allocated with, IOMMU_HWPT_ALLOC_*
 * @automatic: see above
 * @coherent: no DMA can bypass the CPU's caches, not even a PCI no-snoop one
 * @late: its domain gets its aperture, and what it maps, when it is first attached
 * @parent: the paging HWPT that its DMA goes through: what it is nested in, or itself
 * @ioas: where its DMA ends up: what @parent mirrors
 *
 * Up to @parent it is as the kernel's own code knows it, see core/contract.h.
 */
struct iommufd_hwpt {
	struct iommufd_object obj;
	struct iommu_domain *domain;
	struct fault_queue *faults;
	u32 flags;
	bool automatic;
	bool coherent;
	bool late;
	struct iommufd_hwpt_paging *parent;
	struct iommufd_ioas *ioas;
};

/**
 * struct iommufd_hwpt_paging - an IO page table that mirrors an IOAS
 * @hwpt: as of any HWPT; its @ioas is a long-term use
 * @node: in the IOAS's hwpts; protected by its hwpts_lock
 * @mapped_doorbells: which are mapped; protected by msi_lock of the iommufd
 * @member: the domain, in the IOAS
 *
 * Up to @mapped_doorbells it is as the kernel's own code knows it.
 */
struct iommufd_hwpt_paging {
	struct iommufd_hwpt hwpt;
	struct list_head node;
	struct msi_doorbell_set mapped_doorbells;
	struct ioas_domain member;
};

/**
 * struct iommufd_hwpt_nested - an IO page table that a guest manages
 * @hwpt: as of any HWPT; its @parent is a long-term use when there is no @viommu
 * @viommu: the vIOMMU that it belongs to, a long-term use; or NULL
 */
struct iommufd_hwpt_nested {
	struct iommufd_hwpt hwpt;
	struct iommufd_viommu *viommu;
};

/**
 * hwpt_of() - the HWPT, of either kind, that an object is
 * @obj: the object
 *
 * Return: the HWPT.
 */
static inline struct iommufd_hwpt *hwpt_of(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_hwpt, obj);
}

/**
 * hwpt_paging_of() - the paging HWPT that an object is
 * @obj: the object
 *
 * Return: the HWPT.
 */
static inline struct iommufd_hwpt_paging *
hwpt_paging_of(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_hwpt_paging, hwpt.obj);
}

struct iommufd_hwpt_paging *
hwpt_create(struct iommufd_ioas *ioas, struct device *dev, u32 flags,
	    const struct iommu_user_data *user_data);
int hwpt_populate(struct iommufd_hwpt_paging *paging);
int hwpt_populate_late(struct iommufd_hwpt *hwpt);
void hwpt_depopulate(struct iommufd_hwpt_paging *paging);
void hwpt_abort(struct iommufd_hwpt_paging *paging);
void hwpt_publish(struct iommufd_hwpt_paging *paging);
struct iommufd_hwpt_paging *
hwpt_next_automatic(struct iommufd_ioas *ioas,
		    struct iommufd_hwpt_paging *prev);
void hwpt_paging_destroy(struct iommufd_object *obj);
void hwpt_release(struct iommufd_hwpt *hwpt);
struct iommufd_hwpt_paging *hwpt_get_paging(struct iommufd_ctx *ictx, u32 id);
bool hwpt_suits_iommu(const struct iommufd_hwpt *hwpt,
		      const struct iommu_device *iommu_dev);

/* Page faults of attached devices */
int hwpt_set_faults(struct iommufd_hwpt *hwpt, u32 fault_id);
void hwpt_clear_faults(struct iommufd_hwpt *hwpt);

/* Guests' page tables (hwpt_nested.c) */
struct iommufd_hwpt *
hwpt_create_nested(struct iommufd_hwpt_paging *parent, struct device *dev,
		   u32 flags, const struct iommu_user_data *user_data);
struct iommufd_hwpt *
hwpt_create_viommu(struct iommufd_viommu *viommu, struct device *dev, u32 flags,
		   const struct iommu_user_data *user_data);
void hwpt_nested_abort(struct iommufd_hwpt *hwpt);
void hwpt_nested_destroy(struct iommufd_object *obj);

#endif
