// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which domains can be filled, and how. See fill.h.
 */
#include <linux/generic_pt/iommu.h>
#include <linux/iommu.h>

#include "fill.h"

/**
 * fill_ops_of() - how to fill a domain, and empty it
 * @domain: the domain
 *
 * A domain says that it is built from generic_pt, but not of which format; the
 * function that translates an address is the format's own, and tells it.
 *
 * Return: the operations, or NULL when iommu_map() is the only way: for other
 * page tables, and in kernels that keep a record of all that iommu_map() maps
 * (CONFIG_IOMMU_DEBUG_PAGEALLOC).
 */
const struct fill_ops *fill_ops_of(const struct iommu_domain *domain)
{
	phys_addr_t (*iova_to_phys)(struct iommu_domain *domain,
				    dma_addr_t iova) =
		domain->ops->iova_to_phys;

	if (IS_ENABLED(CONFIG_IOMMU_DEBUG_PAGEALLOC) || !domain->is_iommupt ||
	    !(domain->pgsize_bitmap & PAGE_SIZE))
		return NULL;
	if (IS_ENABLED(CONFIG_IOMMU_PT_VTDSS) &&
	    iova_to_phys == pt_iommu_vtdss_iova_to_phys)
		return &fill_vtdss;
	if (IS_ENABLED(CONFIG_IOMMU_PT_X86_64) &&
	    iova_to_phys == pt_iommu_x86_64_iova_to_phys)
		return &fill_x86_64;
	if (IS_ENABLED(CONFIG_IOMMU_PT_AMDV1) &&
	    iova_to_phys == pt_iommu_amdv1_iova_to_phys)
		return &fill_amdv1;
	return NULL;
}
