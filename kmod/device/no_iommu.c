// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOMMU that can do nothing, and its domains. See no_iommu.h.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "no_iommu.h"

static void domain_free(struct iommu_domain *domain)
{
	kfree(domain);
}

/* Nothing is ever mapped in one: struct ioas_domain, @no_table. */
static const struct iommu_domain_ops domain_ops = {
	.free = domain_free,
};

/* None of the flags asks for something that there is without an IOMMU. */
static struct iommu_domain *
domain_alloc(struct device *dev, u32 flags,
	     const struct iommu_user_data *user_data)
{
	struct iommu_domain *domain;

	if (flags || user_data)
		return ERR_PTR(-EOPNOTSUPP);
	domain = kzalloc_obj(*domain, GFP_KERNEL_ACCOUNT);
	if (!domain)
		return ERR_PTR(-ENOMEM);
	/* A place has to suit the memory's pages, and nothing else. */
	domain->pgsize_bitmap = PAGE_MASK;
	domain->geometry.aperture_end = ULONG_MAX;
	domain->ops = &domain_ops;
	return domain;
}

static const struct iommu_ops ops = {
	.domain_alloc_paging_flags = domain_alloc,
};

struct iommu_device no_iommu = {
	.ops = &ops,
};
