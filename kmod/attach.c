// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching bound devices to a HWPT or an IOAS, for drivers.
 */
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>

#include "device.h"
#include "group.h"
#include "hwpt.h"

/* group_attach() or group_replace() */
typedef int (*attach_fn)(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
			 struct iommufd_hwpt **unused);

/* Make an automatic HWPT, and attach the device to it. */
static int attach_new(struct iommufd_device *idev, struct iommufd_ioas *ioas,
		      attach_fn attach, u32 *pt_id,
		      struct iommufd_hwpt **unused)
{
	struct iommufd_hwpt *hwpt;
	int rc;

	/* Before all the memory of an IOAS is pinned for nothing. */
	if (attach == group_attach && group_is_attached(idev->group))
		return -EINVAL;

	hwpt = hwpt_create(ioas, idev->dev, 0);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	hwpt->automatic = true;
	rc = hwpt_populate(hwpt);
	if (rc)
		goto err_abort;
	/* The group's long-term use. */
	object_hold(&hwpt->obj);
	rc = attach(idev, hwpt, unused);
	if (rc)
		goto err_remove;
	*pt_id = hwpt->obj.id;
	hwpt_publish(hwpt);
	return 0;

err_remove:
	*unused = NULL;
	ioas_remove_domain(ioas, &hwpt->member);
err_abort:
	hwpt_abort(hwpt);
	return rc;
}

/*
 * Attach to the first automatic HWPT that suits, or else to a new one. One
 * thread at a time, so that two devices do not get two where one does.
 */
static int attach_ioas(struct iommufd_device *idev, struct iommufd_ioas *ioas,
		       attach_fn attach, u32 *pt_id,
		       struct iommufd_hwpt **unused)
{
	struct iommufd_hwpt *hwpt = NULL;
	int rc;

	mutex_lock(&ioas->attach_lock);
	while ((hwpt = hwpt_next_automatic(ioas, hwpt))) {
		u32 id = hwpt->obj.id;

		rc = attach(idev, hwpt, unused);
		if (!rc) {
			*pt_id = id;
			break;
		}
		if (rc != -EINVAL) {
			hwpt_release(hwpt);
			break;
		}
	}
	if (!hwpt)
		rc = attach_new(idev, ioas, attach, pt_id, unused);
	else if (rc)
		*unused = NULL;
	mutex_unlock(&ioas->attach_lock);
	return rc;
}

static int attach_hwpt(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
		       attach_fn attach, struct iommufd_hwpt **unused)
{
	if (!object_hold(&hwpt->obj))
		return -ENOENT;
	return attach(idev, hwpt, unused);
}

static int attach_id(struct iommufd_device *idev, ioasid_t pasid, u32 *pt_id,
		     attach_fn attach)
{
	struct object_table *objects = &idev->ictx->objects;
	struct iommufd_hwpt *unused = NULL;
	struct iommufd_object *obj;
	int rc;

	if (pasid != IOMMU_NO_PASID)
		return -EOPNOTSUPP;
	obj = object_get(objects, *pt_id, IOMMUFD_OBJ_ANY);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	switch (obj->type) {
	case IOMMUFD_OBJ_IOAS:
		rc = attach_ioas(idev,
				 container_of(obj, struct iommufd_ioas, obj),
				 attach, pt_id, &unused);
		break;
	case IOMMUFD_OBJ_HWPT_PAGING:
		rc = attach_hwpt(idev,
				 container_of(obj, struct iommufd_hwpt, obj),
				 attach, &unused);
		break;
	default:
		rc = -EINVAL;
	}
	/* Not before: releasing may wait for the short-term users of a HWPT. */
	object_put(objects, obj);
	if (unused)
		hwpt_release(unused);
	return rc;
}

/**
 * iommufd_device_attach() - let a device do DMA
 * @idev: the device, not attached
 * @pasid: IOMMU_NO_PASID; others are not supported yet
 * @pt_id: ID of an IOAS or HWPT; set to that of the HWPT
 *
 * Given an IOAS, an automatic HWPT of it is used that suits the device, or made.
 *
 * Context: Process; sleeps. Pins all of the IOAS when it is its first domain.
 * Return: 0, or with nothing changed
 * * -ENOENT: no such ID
 * * -EINVAL: the ID is of another type; the device is attached already, or its
 *   group is elsewhere; the HWPT does not suit
 * * -EADDRINUSE: something is mapped or allowed that the device reserves
 * * -EOPNOTSUPP: a PASID
 * * what hwpt_create(), hwpt_populate() and the IOMMU core say
 */
int iommufd_device_attach(struct iommufd_device *idev, ioasid_t pasid,
			  u32 *pt_id)
{
	return attach_id(idev, pasid, pt_id, group_attach);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_attach, "IOMMUFD");

/**
 * iommufd_device_replace() - move a device to another HWPT or IOAS
 * @idev: the device, attached
 * @pasid: IOMMU_NO_PASID; others are not supported yet
 * @pt_id: ID of an IOAS or HWPT; set to that of the HWPT
 *
 * Moves all attached devices of its group. DMA to what both map alike goes on
 * undisturbed.
 *
 * Context: Process; sleeps.
 * Return: 0, or with nothing changed an error as of iommufd_device_attach()
 */
int iommufd_device_replace(struct iommufd_device *idev, ioasid_t pasid,
			   u32 *pt_id)
{
	return attach_id(idev, pasid, pt_id, group_replace);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_replace, "IOMMUFD");

/**
 * iommufd_device_detach() - stop a device's DMA
 * @idev: the device, attached
 * @pasid: IOMMU_NO_PASID; no other can be attached
 *
 * Context: Process; sleeps.
 */
void iommufd_device_detach(struct iommufd_device *idev, ioasid_t pasid)
{
	struct iommufd_hwpt *unused;

	if (WARN_ON(pasid != IOMMU_NO_PASID))
		return;
	group_detach(idev, &unused);
	if (unused)
		hwpt_release(unused);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_detach, "IOMMUFD");
