/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The door of table/: pinned memory into an iommu_domain, and out of it.
 *
 * The caller makes sure that nobody else changes the same IOVAs of a domain at
 * the same time: the area that they belong to is marked busy. Different IOVAs
 * of one domain may be changed at once, as the IOMMU core allows. There is no lock
 * here.
 */
#ifndef IOMMUFD_TABLE_H
#define IOMMUFD_TABLE_H

#include "memory/memory.h"

struct iommu_domain;

unsigned long domain_alignment_bytes(const struct iommu_domain *domain);
int domain_map(struct iommu_domain *domain, unsigned long iova,
	       struct backing *backing, unsigned long start_byte,
	       unsigned long length_bytes, int prot, bool combine);
void domain_unmap(struct iommu_domain *domain, unsigned long iova,
		  unsigned long length_bytes);

/**
 * domain_unmap_backing() - the same, of a mapping of any memory
 * @domain: the domain
 * @iova: where
 * @backing: the memory
 * @length_bytes: how much; one mapping, whole
 *
 * Inline: to unmap a page is one of it, and then a call more would be 0.3 %.
 */
static inline void domain_unmap_backing(struct iommu_domain *domain,
					unsigned long iova,
					struct backing *backing,
					unsigned long length_bytes)
{
	if (likely(backing_has_pages(backing)))
		domain_unmap(domain, iova, length_bytes);
	else
		backing->ops->unmap(backing, domain, iova);
}

#endif
