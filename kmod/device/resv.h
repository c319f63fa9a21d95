/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reserved regions: IOVAs that a device's hardware path keeps for itself.
 */
#ifndef IOMMUFD_RESV_H
#define IOMMUFD_RESV_H

#include <linux/iommu.h>

#include "no_iommu.h"

struct iommufd_device;
struct iommufd_ioas;

/**
 * resv_get_regions() - what a device reserves
 * @dev: the device
 * @regions: struct iommu_resv_region is added, for iommu_put_resv_regions()
 */
static inline void resv_get_regions(struct device *dev,
				    struct list_head *regions)
{
	if (has_iommu(dev))
		iommu_get_resv_regions(dev, regions);
}

int resv_add(struct iommufd_ioas *ioas, struct iommufd_device *idev);
void resv_remove(struct iommufd_ioas *ioas, struct iommufd_device *idev);

#endif
