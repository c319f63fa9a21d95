/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MMIO that an IOMMU driver lets a guest have, by mmap() of the iommufd.
 *
 * Drivers add a region, and take it away, by the kernel's own helpers,
 * iommufd_viommu_alloc_mmap() and iommufd_viommu_destroy_mmap(). It is at an offset of
 * the file that its owner tells userspace. It can be mapped once the owner is visible,
 * as a whole only; each mapping is a long-term user of the owner.
 */
#ifndef IOMMUFD_MMIO_H
#define IOMMUFD_MMIO_H

#include "ctx.h"

struct vm_area_struct;

/**
 * struct mmio_region - MMIO that can be mapped
 * @owner: whose it is; it goes after what is mapped, and before the region
 * @first_pgoff: where in the file it is
 * @start_phys: where it is, at the start of a page
 * @length_bytes: how long it is, in whole pages
 *
 * Made and freed by the kernel's own code, see contract.h.
 */
struct mmio_region {
	struct iommufd_object *owner;
	unsigned long first_pgoff;
	phys_addr_t start_phys;
	size_t length_bytes;
};

int mmio_mmap(struct file *file, struct vm_area_struct *vma);

#endif
