// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that the IOMMU can not tell apart. See group.h.
 */
#include <linux/slab.h>

#include <iommu-priv.h>

#include "device.h"
#include "group.h"
#include "hwpt.h"
#include "resv.h"

static struct device_group *create(struct iommufd_ctx *ictx,
				   struct iommu_group *iommu_group)
{
	struct device_group *group = kzalloc_obj(*group, GFP_KERNEL_ACCOUNT);
	int rc;

	if (!group)
		return ERR_PTR(-ENOMEM);
	rc = xa_insert(&ictx->groups, iommu_group_id(iommu_group), group,
		       GFP_KERNEL_ACCOUNT);
	if (rc) {
		kfree(group);
		return ERR_PTR(rc);
	}
	group->ictx = ictx;
	group->iommu_group = iommu_group_ref_get(iommu_group);
	mutex_init(&group->lock);
	INIT_LIST_HEAD(&group->devices);
	return group;
}

/**
 * group_get() - bind one more device of a group
 * @ictx: the iommufd, which owns the group's DMA
 * @iommu_group: the group
 *
 * Return: the group, until group_put(); or ERR_PTR(-ENOMEM).
 */
struct device_group *group_get(struct iommufd_ctx *ictx,
			       struct iommu_group *iommu_group)
{
	struct device_group *group;

	mutex_lock(&ictx->groups_lock);
	group = xa_load(&ictx->groups, iommu_group_id(iommu_group));
	if (!group)
		group = create(ictx, iommu_group);
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
		xa_erase(&ictx->groups, iommu_group_id(group->iommu_group));
		iommu_group_put(group->iommu_group);
		WARN_ON(group->attachment);
		mutex_destroy(&group->lock);
		kfree(group);
	}
	mutex_unlock(&ictx->groups_lock);
}

/**
 * group_is_attached() - is a device of a group attached?
 * @group: the group
 *
 * Return: true if so.
 */
bool group_is_attached(struct device_group *group)
{
	bool attached;

	mutex_lock(&group->lock);
	attached = group->attachment;
	mutex_unlock(&group->lock);
	return attached;
}

/* Where DMA must be coherent, a domain that allows otherwise does not suit. */
static bool suits(const struct iommufd_device *idev,
		  const struct iommufd_hwpt *hwpt)
{
	return hwpt->coherent ||
	       !device_iommu_capable(idev->dev,
				     IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
}

static int move_group(struct device_group *group, struct iommufd_hwpt *hwpt)
{
	struct attachment *attachment = kzalloc_obj(*attachment,
						    GFP_KERNEL_ACCOUNT);
	struct iommu_domain *domain = hwpt->member.domain;
	int rc;

	if (!attachment)
		return -ENOMEM;
	attachment->hwpt = hwpt;
	if (group->attachment)
		rc = iommu_replace_group_handle(group->iommu_group, domain,
						&attachment->handle);
	else
		rc = iommu_attach_group_handle(domain, group->iommu_group,
					       &attachment->handle);
	if (rc) {
		kfree(attachment);
		return rc;
	}
	kfree(group->attachment);
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
 * * -EINVAL: attached already, its group is elsewhere, or @hwpt does not suit
 * * what resv_add() and the IOMMU core say
 */
int group_attach(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
		 struct iommufd_hwpt **unused)
{
	struct device_group *group = idev->group;
	int rc = -EINVAL;

	*unused = hwpt;
	mutex_lock(&group->lock);
	if (idev->attached || !suits(idev, hwpt))
		goto out_unlock;
	if (group->attachment && group->attachment->hwpt != hwpt)
		goto out_unlock;

	rc = resv_add(hwpt->ioas, idev);
	if (rc)
		goto out_unlock;
	if (!group->attachment) {
		rc = move_group(group, hwpt);
		if (rc) {
			resv_remove(hwpt->ioas, idev);
			goto out_unlock;
		}
		*unused = NULL;
	}
	list_add_tail(&idev->node, &group->devices);
	idev->attached = true;
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

static int replace_locked(struct device_group *group, struct iommufd_hwpt *hwpt)
{
	struct iommufd_ioas *old_ioas = group->attachment->hwpt->ioas;
	bool other_ioas = old_ioas != hwpt->ioas;
	int rc = 0;

	if (other_ioas)
		rc = resv_add_group(group, hwpt->ioas);
	if (rc)
		return rc;
	rc = move_group(group, hwpt);
	if (other_ioas)
		resv_remove_group(group, rc ? hwpt->ioas : old_ioas);
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
 * * -EINVAL: not attached, or @hwpt does not suit
 * * what resv_add() and the IOMMU core say
 */
int group_replace(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
		  struct iommufd_hwpt **unused)
{
	struct device_group *group = idev->group;
	struct iommufd_hwpt *old;
	int rc = -EINVAL;

	*unused = hwpt;
	mutex_lock(&group->lock);
	if (!idev->attached || !suits(idev, hwpt))
		goto out_unlock;
	old = group->attachment->hwpt;
	rc = old == hwpt ? 0 : replace_locked(group, hwpt);
	if (!rc)
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
		iommu_detach_group_handle(hwpt->member.domain,
					  group->iommu_group);
		kfree(group->attachment);
		group->attachment = NULL;
		*unused = hwpt;
	}
	resv_remove(hwpt->ioas, idev);
out_unlock:
	mutex_unlock(&group->lock);
}
