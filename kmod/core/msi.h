/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Doorbells: pages that devices write messages to, each of which is an interrupt.
 *
 * On x86 the IOMMU knows such writes. Elsewhere it translates them like all others, so
 * that the doorbell has to be mapped, in a window of IOVAs that the IOMMU's driver
 * reserves for that. As an interrupt is set up the kernel's own code, which is built in
 * (see contract.h), takes the next page of the window for its doorbell, the same in all
 * HWPTs of an iommufd, and maps it where the device is. What maps it where the device
 * goes from there is device/msi.c.
 */
#ifndef IOMMUFD_MSI_H
#define IOMMUFD_MSI_H

#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/types.h>

/* As many as the kernel's own code has. */
#define MSI_DOORBELLS_MAX	64

/**
 * struct msi_doorbell - a doorbell
 * @node: in the iommufd's; it is freed with that
 * @window_iova: where the window begins that it is mapped in
 * @phys: its page
 * @pgoff: which page of the window
 * @id: which of the iommufd's it is
 *
 * Made by the kernel's own code.
 */
struct msi_doorbell {
	struct list_head node;
	phys_addr_t window_iova;
	phys_addr_t phys;
	unsigned int pgoff;
	unsigned int id;
};

/**
 * struct msi_doorbell_set - some of an iommufd's doorbells
 * @ids: which
 */
struct msi_doorbell_set {
	DECLARE_BITMAP(ids, MSI_DOORBELLS_MAX);
};

#endif
