// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOVAs that a device's hardware path keeps for itself. See resv.h.
 */
#include <linux/iommu.h>

#include "device.h"
#include "ioas/ioas.h"
#include "resv.h"

static void get_regions(struct device *dev, struct list_head *regions)
{
	if (has_iommu(dev))
		iommu_get_resv_regions(dev, regions);
}

/**
 * resv_add() - reserve what a device needs in an IOAS
 * @ioas: the IOAS
 * @idev: the device; on whose behalf it is reserved
 *
 * This includes the window of MSI messages: a write there is an interrupt, and
 * not memory traffic.
 *
 * Context: Process; sleeps. Takes domains_rwsem for writing.
 * Return: 0, or with nothing reserved -EADDRINUSE when something is mapped or
 * allowed there, -ENOMEM, or -EINTR for a fatal signal while waiting.
 */
int resv_add(struct iommufd_ioas *ioas, struct iommufd_device *idev)
{
	struct iommu_resv_region *region, *next;
	LIST_HEAD(relaxable);
	LIST_HEAD(regions);
	int rc;

	get_regions(idev->dev, &regions);
	/* Firmware's, which nobody needs once the device is userspace's. */
	list_for_each_entry_safe(region, next, &regions, list) {
		if (region->type == IOMMU_RESV_DIRECT_RELAXABLE)
			list_move(&region->list, &relaxable);
	}
	rc = ioas_reserve(ioas, &regions, idev);
	list_splice(&relaxable, &regions);
	iommu_put_resv_regions(idev->dev, &regions);
	return rc;
}

/**
 * resv_remove() - undo resv_add()
 * @ioas: the IOAS
 * @idev: the device
 *
 * Context: Process; sleeps. Takes domains_rwsem for writing.
 */
void resv_remove(struct iommufd_ioas *ioas, struct iommufd_device *idev)
{
	ioas_unreserve(ioas, idev);
}

/**
 * resv_set_msi_window() - give MSI messages a place in a domain
 * @domain: a new domain
 * @dev: a device that it is for
 *
 * On platforms that translate MSI messages like memory traffic the kernel maps
 * the doorbells in a window that the device's IOMMU names. x86 has none.
 *
 * Return: 0, or -ENOMEM.
 */
int resv_set_msi_window(struct iommu_domain *domain, struct device *dev)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int rc = 0;

	get_regions(dev, &regions);
	list_for_each_entry(region, &regions, list) {
		if (region->type == IOMMU_RESV_SW_MSI) {
			rc = iommu_get_msi_cookie(domain, region->start);
			break;
		}
	}
	iommu_put_resv_regions(dev, &regions);
	/* A kernel without such platforms has no windows. */
	return rc == -ENODEV ? 0 : rc;
}
