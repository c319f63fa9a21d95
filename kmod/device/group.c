// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that the IOMMU can not tell apart. See group.h.
 */
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include <iommu-priv.h>

#include "core/core.h"
#include "device.h"
#include "fault.h"
#include "group.h"
#include "hwpt.h"
#include "msi.h"
#include "resv.h"

static struct device_group *create(struct iommufd_ctx *ictx)
{
	struct device_group *group = kzalloc_obj(*group, GFP_KERNEL_ACCOUNT);

	if (!group)
		return ERR_PTR(-ENOMEM);
	group->ictx = ictx;
	mutex_init(&group->lock);
	xa_init(&group->pasids);
	group->msi_window_iova = PHYS_ADDR_MAX;
	INIT_LIST_HEAD(&group->devices);
	return group;
}

static void destroy(struct device_group *group)
{
	WARN_ON(group->attachment || !xa_empty(&group->pasids));
	mutex_destroy(&group->lock);
	kfree(group);
}

static struct device_group *create_listed(struct iommufd_ctx *ictx,
					  struct iommu_group *iommu_group)
{
	struct device_group *group = create(ictx);
	int rc;

	if (IS_ERR(group))
		return group;
	rc = xa_insert(&ictx->groups, iommu_group_id(iommu_group), group,
		       GFP_KERNEL_ACCOUNT);
	if (rc) {
		destroy(group);
		return ERR_PTR(rc);
	}
	group->iommu_group = iommu_group_ref_get(iommu_group);
	return group;
}

/**
 * group_get() - bind one more device of a group
 * @ictx: the iommufd, which owns the group's DMA
 * @iommu_group: the group, or NULL for a new one that nobody else finds
 *
 * Return: the group, until group_put(); or ERR_PTR(-ENOMEM).
 */
struct device_group *group_get(struct iommufd_ctx *ictx,
			       struct iommu_group *iommu_group)
{
	struct device_group *group;

	mutex_lock(&ictx->groups_lock);
	if (iommu_group)
		group = xa_load(&ictx->groups, iommu_group_id(iommu_group));
	else
		group = create(ictx);
	if (!group)
		group = create_listed(ictx, iommu_group);
	if (!IS_ERR(group))
		group->nr_bound++;
	mutex_unlock(&ictx->groups_lock);
	return group;
}

/**
 * group_put() - unbind one device of a group
 * @group: freed with the last one
 */
void group_put(struct device_group *group)
{
	struct iommufd_ctx *ictx = group->ictx;

	mutex_lock(&ictx->groups_lock);
	if (!--group->nr_bound) {
		if (group->iommu_group) {
			xa_erase(&ictx->groups,
				 iommu_group_id(group->iommu_group));
			iommu_group_put(group->iommu_group);
		}
		destroy(group);
	}
	mutex_unlock(&ictx->groups_lock);
}

/**
 * group_check_detached() - is no device of a group attached?
 * @group: the group
 *
 * Return: 0 when none is, -EINVAL when one is, -EINTR for a fatal signal while
 * waiting.
 */
int group_check_detached(struct device_group *group)
{
	int rc;

	rc = mutex_lock_killable(&group->lock);
	if (rc)
		return rc;
	if (group->attachment)
		rc = -EINVAL;
	mutex_unlock(&group->lock);
	return rc;
}

/* Where DMA must be coherent, a domain that allows otherwise does not suit. */
static bool suits_coherency(const struct iommufd_device *idev,
			    const struct iommufd_hwpt *hwpt)
{
	return hwpt->coherent ||
	       !device_iommu_capable(idev->dev,
				     IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
}

/* Where dirty pages are tracked, no device may write that can not be. */
static bool suits_dirty_tracking(const struct iommufd_device *idev,
				 const struct iommufd_hwpt *hwpt)
{
	return !(hwpt->flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) ||
	       device_iommu_capable(idev->dev, IOMMU_CAP_DIRTY_TRACKING);
}

/*
 * PRI of a virtual function is that of its physical one: a failure response of
 * userspace's would disable it for both.
 */
static bool suits_faults(const struct iommufd_device *idev,
			 const struct iommufd_hwpt *hwpt)
{
	struct pci_dev *pdev;

	if (!hwpt->faults || !dev_is_pci(idev->dev))
		return true;
	pdev = to_pci_dev(idev->dev);
	return !pdev->is_virtfn || !pci_pri_supported(pdev);
}

/**
 * group_suits() - can a device be at a HWPT?
 * @idev: the device
 * @hwpt: the HWPT
 *
 * Return: true if so, as far as can be said before the driver is asked.
 */
bool group_suits(const struct iommufd_device *idev,
		 const struct iommufd_hwpt *hwpt)
{
	return hwpt_suits_iommu(hwpt, iommu_of(idev->dev)) &&
	       suits_coherency(idev, hwpt) &&
	       suits_dirty_tracking(idev, hwpt) && suits_faults(idev, hwpt);
}

/*
 * Can the untagged DMA of a group be at a HWPT, with the PASIDs that it has? And
 * a fault has to be told from which device it is, so there must be one only.
 */
static bool suits_group(const struct iommufd_device *idev,
			const struct iommufd_hwpt *hwpt)
{
	const struct device_group *group = idev->group;

	if (!group_suits(idev, hwpt))
		return false;
	if (!xa_empty(&group->pasids) &&
	    !(hwpt->flags & IOMMU_HWPT_ALLOC_PASID))
		return false;
	return !hwpt->faults || list_empty(&group->devices) ||
	       (idev->attached && list_is_singular(&group->devices));
}

/**
 * attachment_create() - make an attachment
 * @idev: the device
 * @hwpt: where it is to be
 *
 * Return: the attachment, which nobody knows; or NULL.
 */
struct attachment *attachment_create(struct iommufd_device *idev,
				     struct iommufd_hwpt *hwpt)
{
	struct attachment *attachment = kzalloc_obj(*attachment,
						    GFP_KERNEL_ACCOUNT);

	if (attachment) {
		attachment->idev = idev;
		attachment->hwpt = hwpt;
		INIT_LIST_HEAD(&attachment->sharers);
	}
	return attachment;
}

/**
 * attachment_free() - free an attachment
 * @attachment: ended, so that its device faults no more; or NULL
 */
void attachment_free(struct attachment *attachment)
{
	if (attachment && attachment->hwpt->faults)
		fault_queue_cancel(attachment->hwpt->faults,
				   &attachment->handle);
	kfree(attachment);
}

/* What an IOMMU is told of it, if there is one. */
static int set_attachment(struct device_group *group,
			  struct attachment *attachment)
{
	struct iommu_domain *domain = attachment->hwpt->domain;

	if (!group->iommu_group)
		return 0;
	if (group->attachment)
		return iommu_replace_group_handle(group->iommu_group, domain,
						  &attachment->handle);
	return iommu_attach_group_handle(domain, group->iommu_group,
					 &attachment->handle);
}

/*
 * Back to where the group was. Where the IOMMU driver fails it stays, for what is not
 * attached any more may go away.
 */
static void set_back(struct device_group *group, struct attachment *attachment)
{
	struct iommu_domain *domain = attachment->hwpt->domain;

	if (!group->attachment) {
		iommu_detach_group_handle(domain, group->iommu_group);
		attachment_free(attachment);
		return;
	}
	if (iommu_replace_group_handle(group->iommu_group,
				       group->attachment->hwpt->domain,
				       &group->attachment->handle))
		swap(group->attachment, attachment);
	attachment_free(attachment);
}

/* Where the group is then group->attachment says, also in case of an error. */
static int move_group(struct iommufd_device *idev, struct iommufd_hwpt *hwpt)
{
	struct attachment *attachment = attachment_create(idev, hwpt);
	struct device_group *group = idev->group;
	int rc;

	if (!attachment)
		return -ENOMEM;
	/* Before there is an interrupt that would be lost. */
	rc = hwpt->late ? 0 : msi_map_doorbells(group, hwpt);
	if (!rc)
		rc = set_attachment(group, attachment);
	if (rc) {
		kfree(attachment);
		return rc;
	}
	rc = hwpt_populate_late(hwpt);
	/* And those of interrupts that were set up meanwhile, where the group was. */
	if (!rc)
		rc = msi_map_doorbells(group, hwpt);
	if (rc) {
		set_back(group, attachment);
		return rc;
	}
	attachment_free(group->attachment);
	group->attachment = attachment;
	return 0;
}

/**
 * group_attach() - attach a device, and with it maybe its group
 * @idev: a device that is not attached
 * @hwpt: where to; the caller is a long-term user, and gives that up
 * @unused: what the caller has to hwpt_release() when it holds no lock, or NULL
 *
 * Return: 0, or with @unused set to @hwpt
 *
 * * -EINVAL: attached already, its group is elsewhere, or @hwpt does not suit
 * * -EINTR: a fatal signal while waiting
 * * what resv_add(), hwpt_populate_late() and the IOMMU core say
 */
int group_attach(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
		 struct iommufd_hwpt **unused)
{
	struct device_group *group = idev->group;
	int rc;

	*unused = hwpt;
	rc = mutex_lock_killable(&group->lock);
	if (rc)
		return rc;
	rc = -EINVAL;
	if (idev->attached || !suits_group(idev, hwpt))
		goto out_unlock;
	if (group->attachment && group->attachment->hwpt != hwpt)
		goto out_unlock;

	rc = resv_add(hwpt->ioas, idev);
	if (rc)
		goto out_unlock;
	race_point("group:reserved");
	if (!group->attachment) {
		rc = move_group(idev, hwpt);
		if (rc) {
			resv_remove(hwpt->ioas, idev);
			goto out_unlock;
		}
		*unused = NULL;
	}
	list_add_tail(&idev->node, &group->devices);
	idev->attached = true;
	race_point("group:attached");
out_unlock:
	mutex_unlock(&group->lock);
	return rc;
}

static int resv_add_group(struct device_group *group, struct iommufd_ioas *ioas)
{
	struct iommufd_device *idev;
	int rc;

	list_for_each_entry(idev, &group->devices, node) {
		rc = resv_add(ioas, idev);
		if (rc)
			goto err_remove;
	}
	return 0;

err_remove:
	list_for_each_entry_continue_reverse(idev, &group->devices, node)
		resv_remove(ioas, idev);
	return rc;
}

static void resv_remove_group(struct device_group *group,
			      struct iommufd_ioas *ioas)
{
	struct iommufd_device *idev;

	list_for_each_entry(idev, &group->devices, node)
		resv_remove(ioas, idev);
}

static bool is_at(const struct device_group *group,
		  const struct iommufd_hwpt *hwpt)
{
	return group->attachment->hwpt == hwpt;
}

static int replace_locked(struct iommufd_device *idev, struct iommufd_hwpt *hwpt)
{
	struct device_group *group = idev->group;
	struct iommufd_ioas *old_ioas = group->attachment->hwpt->ioas;
	bool other_ioas = old_ioas != hwpt->ioas;
	int rc = 0;

	if (other_ioas)
		rc = resv_add_group(group, hwpt->ioas);
	if (rc)
		return rc;
	race_point("group:reserved");
	rc = move_group(idev, hwpt);
	race_point("group:replaced");
	if (other_ioas)
		resv_remove_group(group, is_at(group, hwpt) ? old_ioas :
							      hwpt->ioas);
	return rc;
}

/**
 * group_replace() - move an attached device, and with it its group
 * @idev: the device
 * @hwpt: where to; the caller is a long-term user, and gives that up
 * @unused: what the caller has to hwpt_release() when it holds no lock
 *
 * There is no moment without a translation; where both HWPTs map the same, DMA
 * goes on undisturbed.
 *
 * Return: 0, or with the group where it was and @unused set to @hwpt
 *
 * * -EINVAL: not attached, or @hwpt does not suit
 * * -EINTR: a fatal signal while waiting
 * * what resv_add(), hwpt_populate_late() and the IOMMU core say
 *
 * Where @hwpt can not be filled once the group is there, and the IOMMU driver does not
 * take it back, it stays in spite of the error, and its DMA reaches nothing.
 */
int group_replace(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
		  struct iommufd_hwpt **unused)
{
	struct device_group *group = idev->group;
	struct iommufd_hwpt *old;
	int rc;

	*unused = hwpt;
	rc = mutex_lock_killable(&group->lock);
	if (rc)
		return rc;
	rc = -EINVAL;
	if (!idev->attached || !suits_group(idev, hwpt))
		goto out_unlock;
	old = group->attachment->hwpt;
	rc = old == hwpt ? 0 : replace_locked(idev, hwpt);
	if (is_at(group, hwpt))
		*unused = old;
out_unlock:
	mutex_unlock(&group->lock);
	return rc;
}

/**
 * group_detach() - detach a device, and with the last one its group
 * @idev: the device
 * @unused: what the caller has to hwpt_release() when it holds no lock, or NULL
 *
 * A group that is detached can not do DMA at all.
 */
void group_detach(struct iommufd_device *idev, struct iommufd_hwpt **unused)
{
	struct device_group *group = idev->group;
	struct iommufd_hwpt *hwpt;

	*unused = NULL;
	mutex_lock(&group->lock);
	if (WARN_ON(!idev->attached))
		goto out_unlock;
	hwpt = group->attachment->hwpt;
	list_del(&idev->node);
	idev->attached = false;
	if (list_empty(&group->devices)) {
		if (group->iommu_group)
			iommu_detach_group_handle(hwpt->domain,
						  group->iommu_group);
		race_point("group:detached");
		attachment_free(group->attachment);
		group->attachment = NULL;
		*unused = hwpt;
	}
	resv_remove(hwpt->ioas, idev);
out_unlock:
	mutex_unlock(&group->lock);
}
