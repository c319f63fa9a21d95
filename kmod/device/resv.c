// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOVAs that a device's hardware path keeps for itself. See resv.h.
 */
#include <linux/iommu.h>

#include "device.h"
#include "ioas/ioas.h"
#include "msi.h"
#include "resv.h"

/**
 * resv_add() - reserve what a device needs in an IOAS
 * @ioas: the IOAS
 * @idev: the device; on whose behalf it is reserved
 *
 * This includes the window of MSI messages: a write there is an interrupt, and
 * not memory traffic.
 *
 * Context: Process; sleeps. The device's group is locked. Takes domains_rwsem for
 * writing.
 * Return: 0, or with nothing reserved -EADDRINUSE when something is mapped or
 * allowed there, -EINVAL when its group has another window, -ENOMEM, or -EINTR for a
 * fatal signal while waiting.
 */
int resv_add(struct iommufd_ioas *ioas, struct iommufd_device *idev)
{
	struct iommu_resv_region *region, *next;
	LIST_HEAD(relaxable);
	LIST_HEAD(regions);
	int rc;

	resv_get_regions(idev->dev, &regions);
	/* Firmware's, which nobody needs once the device is userspace's. */
	list_for_each_entry_safe(region, next, &regions, list) {
		if (region->type == IOMMU_RESV_DIRECT_RELAXABLE)
			list_move(&region->list, &relaxable);
	}
	rc = msi_set_window(idev->group, &regions);
	if (!rc)
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
