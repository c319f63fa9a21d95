// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doorbells of a device's interrupts go where the device goes. See core/msi.h.
 */
#include <linux/iommu.h>

#include "core/core.h"
#include "device.h"
#include "group.h"
#include "hwpt.h"
#include "msi.h"
#include "resv.h"

/*
 * A kernel without any iommufd knows no doorbells of ours: there a domain keeps those of
 * all devices that are at it as their interrupts are set up. It is what VFIO's type1 has.
 */
static int set_up_own_window(struct iommu_domain *domain, struct device *dev)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int rc = 0;

	resv_get_regions(dev, &regions);
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

/**
 * msi_set_cookie() - have the kernel's own code know a HWPT by its domain
 * @hwpt: a new one of either kind
 */
void msi_set_cookie(struct iommufd_hwpt *hwpt)
{
	struct iommu_domain *domain = hwpt->domain;

	if (!IS_ENABLED(CONFIG_IOMMUFD_DRIVER_CORE))
		return;
	domain->iommufd_hwpt = (struct iommufd_hw_pagetable *)hwpt;
	domain->cookie_type = IOMMU_COOKIE_IOMMUFD;
}

/**
 * msi_set_up_domain() - have doorbells mapped in a domain
 * @hwpt: a new paging one, the domain's
 * @dev: a device that it is for
 *
 * Return: 0, or -ENOMEM.
 */
int msi_set_up_domain(struct iommufd_hwpt *hwpt, struct device *dev)
{
	if (!IS_ENABLED(CONFIG_IOMMUFD_DRIVER_CORE))
		return set_up_own_window(hwpt->domain, dev);
	msi_set_cookie(hwpt);
	return 0;
}

/**
 * msi_set_window() - note where doorbells of a group are mapped
 * @group: the group, locked
 * @regions: struct iommu_resv_region, of one of its devices
 *
 * Return: 0, or -EINVAL when there are two such places.
 */
int msi_set_window(struct device_group *group, const struct list_head *regions)
{
	const struct iommu_resv_region *region;

	list_for_each_entry(region, regions, list) {
		if (region->type != IOMMU_RESV_SW_MSI)
			continue;
		if (group->msi_window_iova == PHYS_ADDR_MAX)
			group->msi_window_iova = region->start;
		if (group->msi_window_iova != region->start)
			return -EINVAL;
	}
	return 0;
}

static int map_doorbell(struct iommufd_hwpt_paging *paging,
			const struct msi_doorbell *doorbell)
{
	int rc;

	if (test_bit(doorbell->id, paging->mapped_doorbells.ids))
		return 0;
	if (test_should_fail())
		return -ENOMEM;
	rc = iommu_map(paging->hwpt.domain,
		       doorbell->window_iova +
			       ((phys_addr_t)doorbell->pgoff << PAGE_SHIFT),
		       doorbell->phys, PAGE_SIZE,
		       IOMMU_READ | IOMMU_WRITE | IOMMU_MMIO,
		       GFP_KERNEL_ACCOUNT);
	if (!rc)
		__set_bit(doorbell->id, paging->mapped_doorbells.ids);
	return rc;
}

/**
 * msi_map_doorbells() - map the doorbells of a group's interrupts
 * @group: the group, locked
 * @hwpt: where; what can map. A nested one has them in its parent, where the guest's own
 *        page table finds them.
 *
 * They stay there as long as the HWPT does.
 *
 * Context: Process; sleeps. Takes msi_lock of the iommufd.
 * Return: 0, or what iommu_map() says; those that are mapped are no harm.
 */
int msi_map_doorbells(struct device_group *group, struct iommufd_hwpt *hwpt)
{
	struct iommufd_ctx *ictx = group->ictx;
	struct msi_doorbell *doorbell;
	int rc = 0;

	mutex_lock(&ictx->msi_lock);
	list_for_each_entry(doorbell, &ictx->msi_doorbells, node) {
		if (test_bit(doorbell->id, group->needed_doorbells.ids))
			rc = map_doorbell(hwpt->parent, doorbell);
		if (rc)
			break;
	}
	mutex_unlock(&ictx->msi_lock);
	return rc;
}
