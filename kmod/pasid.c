// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs: DMA that a device tags goes to a HWPT of its own. See group.h.
 */
#include <linux/iommu.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include <iommu-priv.h>

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

	return pasid < idev->dev->iommu->max_pasids && has_pasid_flag(hwpt) &&
	       (!untagged || has_pasid_flag(untagged->hwpt)) &&
	       group_suits(idev, hwpt);
}

static int attach_locked(struct iommufd_device *idev, ioasid_t pasid,
			 struct iommufd_hwpt *hwpt)
{
	struct xarray *pasids = &idev->group->pasids;
	struct attachment *attachment;
	int rc;

	if (!suits(idev, pasid, hwpt))
		return -EINVAL;
	if (xa_load(pasids, pasid))
		return -EBUSY;
	attachment = attachment_create(idev, hwpt);
	if (!attachment)
		return -ENOMEM;
	rc = xa_insert(pasids, pasid, attachment, GFP_KERNEL_ACCOUNT);
	if (rc)
		goto err_free;
	rc = iommu_attach_device_pasid(hwpt->domain, idev->dev, pasid,
				       &attachment->handle);
	if (rc)
		goto err_erase;
	return 0;

err_erase:
	xa_erase(pasids, pasid);
err_free:
	kfree(attachment);
	return rc;
}

/**
 * pasid_attach() - attach a PASID of a device
 * @idev: the device
 * @pasid: the PASID, not attached
 * @hwpt: where to; the caller is a long-term user, and gives that up
 * @unused: what the caller has to hwpt_release() when it holds no lock, or NULL
 *
 * What a device reserves is a matter of its untagged DMA, so nothing is reserved.
 *
 * Return: 0, or with @unused set to @hwpt
 * * -EINVAL: the device has no such PASID, or @hwpt does not suit
 * * -EBUSY: the PASID is attached, by this or another device of the group
 * * -ENOMEM, and what the IOMMU core says
 */
int pasid_attach(struct iommufd_device *idev, ioasid_t pasid,
		 struct iommufd_hwpt *hwpt, struct iommufd_hwpt **unused)
{
	int rc;

	mutex_lock(&idev->group->lock);
	rc = attach_locked(idev, pasid, hwpt);
	mutex_unlock(&idev->group->lock);
	*unused = rc ? hwpt : NULL;
	return rc;
}

/* The attachment of a PASID, if it is the device's. */
static struct attachment *find(struct iommufd_device *idev, ioasid_t pasid)
{
	struct attachment *attachment = xa_load(&idev->group->pasids, pasid);

	return attachment && attachment->idev == idev ? attachment : NULL;
}

static int replace_locked(struct iommufd_device *idev, ioasid_t pasid,
			  struct iommufd_hwpt *hwpt, struct attachment *old)
{
	struct attachment *attachment;
	int rc;

	if (!suits(idev, pasid, hwpt))
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
	/* Can not fail: it takes the place of the old one. */
	xa_store(&idev->group->pasids, pasid, attachment, GFP_KERNEL);
	attachment_free(old);
	return 0;
}

/**
 * pasid_replace() - move an attached PASID of a device
 * @idev: the device
 * @pasid: the PASID
 * @hwpt: where to; the caller is a long-term user, and gives that up
 * @unused: what the caller has to hwpt_release() when it holds no lock
 *
 * Return: 0, or with the PASID where it was and @unused set to @hwpt
 * * -EINVAL: not attached, or @hwpt does not suit
 * * -ENOMEM, and what the IOMMU core says
 */
int pasid_replace(struct iommufd_device *idev, ioasid_t pasid,
		  struct iommufd_hwpt *hwpt, struct iommufd_hwpt **unused)
{
	struct iommufd_hwpt *old_hwpt;
	struct attachment *old;
	int rc = -EINVAL;

	*unused = hwpt;
	mutex_lock(&idev->group->lock);
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

/**
 * pasid_detach() - detach a PASID of a device
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
	if (attachment) {
		*unused = attachment->hwpt;
		iommu_detach_device_pasid(attachment->hwpt->domain, idev->dev,
					  pasid);
		xa_erase(&idev->group->pasids, pasid);
		attachment_free(attachment);
	}
	mutex_unlock(&idev->group->lock);
}
