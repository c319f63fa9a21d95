/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HWPT: a domain of the IOMMU core that mirrors an IOAS.
 *
 * A HWPT is a long-term user of its IOAS. It is made by userspace
 * (IOMMU_HWPT_ALLOC), or by attaching a device to an IOAS: then it is automatic,
 * shared by all devices that it suits, and ends with the last of them.
 */
#ifndef IOMMUFD_HWPT_H
#define IOMMUFD_HWPT_H

#include "ioas.h"

struct device;

/**
 * struct iommufd_hwpt - an IO page table that mirrors an IOAS
 * @obj: what userspace sees; its long-term users are attached groups
 * @ioas: what it mirrors; a long-term use
 * @member: the domain, in @ioas
 * @node: in @ioas->hwpts; protected by its hwpts_lock
 * @automatic: see above
 * @coherent: no DMA can bypass the CPU's caches, not even a PCI no-snoop one
 */
struct iommufd_hwpt {
	struct iommufd_object obj;
	struct iommufd_ioas *ioas;
	struct ioas_domain member;
	struct list_head node;
	bool automatic;
	bool coherent;
};

struct iommufd_hwpt *hwpt_create(struct iommufd_ioas *ioas, struct device *dev,
				 u32 flags);
int hwpt_populate(struct iommufd_hwpt *hwpt);
void hwpt_abort(struct iommufd_hwpt *hwpt);
void hwpt_publish(struct iommufd_hwpt *hwpt);
struct iommufd_hwpt *hwpt_next_automatic(struct iommufd_ioas *ioas,
					 struct iommufd_hwpt *prev);
void hwpt_destroy(struct iommufd_object *obj);
void hwpt_release(struct iommufd_hwpt *hwpt);

#endif
