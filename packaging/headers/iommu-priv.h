/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For a build against a package of kernel headers alone, which leaves out the
 * header of this name: what the module uses of it, in our own words. The
 * functions are exported to the namespace IOMMUFD_INTERNAL, as Linux 7.3 has them.
 */
#ifndef IOMMUFD_PACKAGING_IOMMU_PRIV_H
#define IOMMUFD_PACKAGING_IOMMU_PRIV_H

#include <linux/iommu.h>

static inline const struct iommu_ops *dev_iommu_ops(struct device *dev)
{
	return __iommu_get_iommu_dev(dev)->ops;
}

int iommu_attach_group_handle(struct iommu_domain *domain,
			      struct iommu_group *group,
			      struct iommu_attach_handle *handle);
void iommu_detach_group_handle(struct iommu_domain *domain,
			       struct iommu_group *group);
int iommu_replace_group_handle(struct iommu_group *group,
			       struct iommu_domain *new_domain,
			       struct iommu_attach_handle *handle);
int iommu_replace_device_pasid(struct iommu_domain *domain, struct device *dev,
			       ioasid_t pasid,
			       struct iommu_attach_handle *handle);

#endif
