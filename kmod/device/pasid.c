// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs: DMA that a device tags goes to a HWPT of its own. See group.h.
 */
#include <linux/iommu.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include <iommu-priv.h>

#include "core/core.h"
#include "device.h"
#include "group.h"
#include "hwpt.h"

static bool has_pasid_flag(const struct iommufd_hwpt *hwpt)
{
	return hwpt->flags & IOMMU_HWPT_ALLOC_PASID;
}

/*
 * Can the device's PASID be at the HWPT? Not when its untagged DMA, if it is
 * attached, is at one that does not go together with PASIDs.
 */
static bool suits(const struct iommufd_device *idev, ioasid_t pasid,
		  const struct iommufd_hwpt *hwpt)
{
	const struct attachment *untagged = idev->group->attachment;

	return has_iommu(idev->dev) &&
	       pasid < idev->dev->iommu->max_pasids && has_pasid_flag(hwpt) &&
	       (!untagged || has_pasid_flag(untagged->hwpt)) &&
	       group_suits(idev, hwpt);
}

/**
 * struct pasid_sharer - a device that a PASID is attached for
 * @node: in the attachment's sharers
 * @idev: the device
 */
struct pasid_sharer {
	struct list_head node;
	struct iommufd_device *idev;
};

static struct pasid_sharer *find_sharer(const struct attachment *attachment,
					const struct iommufd_device *idev)
{
	struct pasid_sharer *sharer;

	list_for_each_entry(sharer, &attachment->sharers, node) {
		if (sharer->idev == idev)
			return sharer;
	}
	return NULL;
}

static int add_sharer(struct attachment *attachment,
		      struct iommufd_device *idev)
{
	struct pasid_sharer *sharer = kzalloc_obj(*sharer, GFP_KERNEL_ACCOUNT);

	if (!sharer)
		return -ENOMEM;
	sharer->idev = idev;
	list_add_tail(&sharer->node, &attachment->sharers);
	return 0;
}

static void remove_sharer(struct pasid_sharer *sharer)
{
	list_del(&sharer->node);
	kfree(sharer);
}

static int attach_first(struct iommufd_device *idev, ioasid_t pasid,
			struct iommufd_hwpt *hwpt)
{
	struct attachment *attachment = attachment_create(idev, hwpt);
	struct xarray *pasids = &idev->group->pasids;
	int rc;

	if (!attachment)
		return -ENOMEM;
	rc = add_sharer(attachment, idev);
	if (rc)
		goto err_free;
	rc = xa_insert(pasids, pasid, attachment, GFP_KERNEL_ACCOUNT);
	if (rc)
		goto err_remove;
	race_point("pasid:inserted");
	rc = iommu_attach_device_pasid(hwpt->domain, idev->dev, pasid,
				       &attachment->handle);
	if (rc)
		goto err_erase;
	return 0;

err_erase:
	xa_erase(pasids, pasid);
err_remove:
	remove_sharer(find_sharer(attachment, idev));
err_free:
	kfree(attachment);
	return rc;
}

/*
 * Another device of the group has brought the PASID there. A fault has to be told
 * from which device it is, so then there must be one only.
 */
static int attach_next(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
		       struct attachment *attachment)
{
	if (find_sharer(attachment, idev))
		return -EBUSY;
	if (attachment->hwpt != hwpt || hwpt->faults)
		return -EINVAL;
	return add_sharer(attachment, idev);
}

/**
 * pasid_attach() - attach a PASID of a device, and with it that of its group
 * @idev: the device
 * @pasid: the PASID, not attached for the device
 * @hwpt: where to; the caller is a long-term user, and gives that up
 * @unused: what the caller has to hwpt_release() when it holds no lock, or NULL
 *
 * What a device reserves is a matter of its untagged DMA, so nothing is reserved.
 *
 * Return: 0, or with @unused set to @hwpt
 *
 * * -EINVAL: the device has no such PASID, another device of the group has it
 *   elsewhere, or @hwpt does not suit
 * * -EBUSY: the PASID is attached for the device already
 * * -EINTR: a fatal signal while waiting
 * * -ENOMEM, and what the IOMMU core says
 */
int pasid_attach(struct iommufd_device *idev, ioasid_t pasid,
		 struct iommufd_hwpt *hwpt, struct iommufd_hwpt **unused)
{
	struct attachment *attachment;
	int rc;

	*unused = hwpt;
	rc = mutex_lock_killable(&idev->group->lock);
	if (rc)
		return rc;
	rc = -EINVAL;
	if (!suits(idev, pasid, hwpt))
		goto out_unlock;
	attachment = xa_load(&idev->group->pasids, pasid);
	if (attachment) {
		rc = attach_next(idev, hwpt, attachment);
		goto out_unlock;
	}
	rc = attach_first(idev, pasid, hwpt);
	if (!rc)
		*unused = NULL;
out_unlock:
	mutex_unlock(&idev->group->lock);
	return rc;
}

/* The attachment of a PASID, if it is one of the device's too. */
static struct attachment *find(struct iommufd_device *idev, ioasid_t pasid)
{
	struct attachment *attachment = xa_load(&idev->group->pasids, pasid);

	return attachment && find_sharer(attachment, idev) ? attachment : NULL;
}

static int replace_locked(struct iommufd_device *idev, ioasid_t pasid,
			  struct iommufd_hwpt *hwpt, struct attachment *old)
{
	struct attachment *attachment;
	int rc;

	if (!suits(idev, pasid, hwpt) ||
	    (hwpt->faults && !list_is_singular(&old->sharers)))
		return -EINVAL;
	attachment = attachment_create(idev, hwpt);
	if (!attachment)
		return -ENOMEM;
	rc = iommu_replace_device_pasid(hwpt->domain, idev->dev, pasid,
					&attachment->handle);
	if (rc) {
		kfree(attachment);
		return rc;
	}
	race_point("pasid:replaced");
	list_splice(&old->sharers, &attachment->sharers);
	/* Can not fail: it takes the place of the old one. */
	xa_store(&idev->group->pasids, pasid, attachment, GFP_KERNEL);
	attachment_free(old);
	return 0;
}

/**
 * pasid_replace() - move an attached PASID of a device, and with it of its group
 * @idev: the device
 * @pasid: the PASID
 * @hwpt: where to; the caller is a long-term user, and gives that up
 * @unused: what the caller has to hwpt_release() when it holds no lock
 *
 * Return: 0, or with the PASID where it was and @unused set to @hwpt
 *
 * * -EINVAL: not attached, or @hwpt does not suit
 * * -EINTR: a fatal signal while waiting
 * * -ENOMEM, and what the IOMMU core says
 */
int pasid_replace(struct iommufd_device *idev, ioasid_t pasid,
		  struct iommufd_hwpt *hwpt, struct iommufd_hwpt **unused)
{
	struct iommufd_hwpt *old_hwpt;
	struct attachment *old;
	int rc;

	*unused = hwpt;
	rc = mutex_lock_killable(&idev->group->lock);
	if (rc)
		return rc;
	rc = -EINVAL;
	old = find(idev, pasid);
	if (!old)
		goto out_unlock;
	old_hwpt = old->hwpt;
	rc = old_hwpt == hwpt ? 0 : replace_locked(idev, pasid, hwpt, old);
	if (!rc)
		*unused = old_hwpt;
out_unlock:
	mutex_unlock(&idev->group->lock);
	return rc;
}

/* The last device takes the PASID away. */
static void detach_last(struct iommufd_device *idev, ioasid_t pasid,
			struct attachment *attachment)
{
	iommu_detach_device_pasid(attachment->hwpt->domain, idev->dev, pasid);
	race_point("pasid:detached");
	xa_erase(&idev->group->pasids, pasid);
	attachment_free(attachment);
}

/**
 * pasid_detach() - detach a PASID of a device, and with the last one of its group
 * @idev: the device
 * @pasid: the PASID; nothing is done when it is not attached
 * @unused: what the caller has to hwpt_release() when it holds no lock, or NULL
 */
void pasid_detach(struct iommufd_device *idev, ioasid_t pasid,
		  struct iommufd_hwpt **unused)
{
	struct attachment *attachment;

	*unused = NULL;
	mutex_lock(&idev->group->lock);
	attachment = find(idev, pasid);
	if (!attachment)
		goto out_unlock;
	remove_sharer(find_sharer(attachment, idev));
	if (list_empty(&attachment->sharers)) {
		*unused = attachment->hwpt;
		detach_last(idev, pasid, attachment);
	} else {
		attachment->idev = list_first_entry(&attachment->sharers,
						    struct pasid_sharer,
						    node)->idev;
	}
out_unlock:
	mutex_unlock(&idev->group->lock);
}
