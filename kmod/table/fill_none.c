// SPDX-License-Identifier: GPL-2.0-only
/*
 * In place of fill.c where the formats' headers are not there, which packages of kernel
 * headers leave out, or the CPU has pages of another size than the formats. Everything
 * is mapped by iommu_map().
 */
#include "fill.h"

/**
 * fill_ops_of() - how to fill a domain, and clear it
 * @domain: the domain
 *
 * Return: NULL: iommu_map() is the only way.
 */
const struct fill_ops *fill_ops_of(const struct iommu_domain *domain)
{
	return NULL;
}
