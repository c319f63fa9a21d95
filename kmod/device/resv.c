// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOVAs that a device's hardware path keeps for itself. See resv.h.
 */
#include <linux/iommu.h>

#include "device.h"
#include "ioas/ioas.h"
#include "resv.h"

/* Firmware's 1:1 regions that nobody needs once the device is userspace's. */
static bool is_relaxable(const struct iommu_resv_region *region)
{
	return region->type == IOMMU_RESV_DIRECT_RELAXABLE;
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
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int rc;

	iommu_get_resv_regions(idev->dev, &regions);
	rc = down_write_killable(&ioas->domains_rwsem);
	if (rc)
		goto out_put;
	list_for_each_entry(region, &regions, list) {
		if (is_relaxable(region))
			continue;
		rc = iova_space_reserve(&ioas->space, region->start,
					region->start + region->length - 1,
					idev);
		if (rc) {
			iova_space_unreserve(&ioas->space, idev);
			break;
		}
	}
	up_write(&ioas->domains_rwsem);
out_put:
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
	down_write(&ioas->domains_rwsem);
	iova_space_unreserve(&ioas->space, idev);
	up_write(&ioas->domains_rwsem);
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

	iommu_get_resv_regions(dev, &regions);
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
