/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MMIO that an IOMMU driver lets a guest have, by mmap() of the iommufd.
 *
 * A region is at an offset of the file that its owner told userspace. It can be
 * mapped once the owner is visible, as a whole only; each mapping is a long-term
 * user of the owner.
 */
#ifndef IOMMUFD_MMIO_H
#define IOMMUFD_MMIO_H

#include "ctx.h"

struct vm_area_struct;

int mmio_add(struct iommufd_ctx *ictx, struct iommufd_object *owner,
	     phys_addr_t start_phys, size_t length_bytes,
	     unsigned long *offset_bytes);
void mmio_remove(struct iommufd_ctx *ictx, unsigned long offset_bytes);
int mmio_mmap(struct file *file, struct vm_area_struct *vma);

#endif
