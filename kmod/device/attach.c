// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching bound devices to a HWPT or an IOAS, for drivers.
 */
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>

#include "core/core.h"
#include "device.h"
#include "group.h"
#include "hwpt.h"

/* group_attach() or group_replace(): of a device's untagged DMA */
typedef int (*attach_fn)(struct iommufd_device *idev, struct iommufd_hwpt *hwpt,
			 struct iommufd_hwpt **unused);

/*
 * Make an automatic HWPT, and attach the device to it. It is visible before that,
 * for from then on it ends with the last attachment, which another thread may
 * end: it is held for the device, so that nobody else can destroy it.
 */
static int attach_new(struct iommufd_device *idev, struct iommufd_ioas *ioas,
		      attach_fn attach, u32 *pt_id, u64 *filled_bytes,
		      struct iommufd_hwpt **unused)
{
	struct iommufd_hwpt_paging *paging;
	int rc;
	u32 id;

	/* Before all the memory of an IOAS is pinned for nothing. */
	if (attach == group_attach) {
		rc = group_check_detached(idev->group);
		if (rc)
			return rc;
	}

	paging = hwpt_create(ioas, idev->dev, 0, NULL);
	if (IS_ERR(paging))
		return PTR_ERR(paging);
	paging->hwpt.automatic = true;
	rc = hwpt_populate(paging);
	if (rc) {
		hwpt_abort(paging);
		return rc;
	}
	*filled_bytes = paging->member.filled_bytes;
	id = paging->hwpt.obj.id;
	object_hold(&paging->hwpt.obj);
	hwpt_publish(paging);
	race_point("attach:published");
	rc = attach(idev, &paging->hwpt, unused);
	race_point("attach:attached");
	if (!rc)
		*pt_id = id;
	return rc;
}

/*
 * Attach to the first automatic HWPT that suits, or else to a new one. One
 * thread at a time, so that two devices do not get two where one does.
 */
static int attach_ioas(struct iommufd_device *idev, struct iommufd_ioas *ioas,
		       attach_fn attach, u32 *pt_id, u64 *filled_bytes,
		       struct iommufd_hwpt **unused)
{
	struct iommufd_hwpt_paging *paging = NULL;
	int rc;

	rc = mutex_lock_killable(&ioas->attach_lock);
	if (rc)
		return rc;
	while ((paging = hwpt_next_automatic(ioas, paging))) {
		u32 id = paging->hwpt.obj.id;

		rc = attach(idev, &paging->hwpt, unused);
		if (!rc) {
			*pt_id = id;
			break;
		}
		/* Its release is the next step's, or this one's. */
		*unused = NULL;
		if (rc != -EINVAL) {
			hwpt_release(&paging->hwpt);
			break;
		}
	}
	if (!paging)
		rc = attach_new(idev, ioas, attach, pt_id, filled_bytes,
				unused);
	mutex_unlock(&ioas->attach_lock);
	return rc;
}

/**
 * struct move - what to do with a device
 * @untagged: when it is not about a PASID
 * @tagged: when it is
 * @replace: from where it is attached
 */
struct move {
	attach_fn untagged;
	int (*tagged)(struct iommufd_device *idev, ioasid_t pasid,
		      struct iommufd_hwpt *hwpt, struct iommufd_hwpt **unused);
	bool replace;
};

static int move_to_hwpt(struct iommufd_device *idev, ioasid_t pasid,
			struct iommufd_hwpt *hwpt, const struct move *move,
			struct iommufd_hwpt **unused)
{
	if (!object_hold(&hwpt->obj))
		return -ENOENT;
	race_point("attach:held");
	if (pasid == IOMMU_NO_PASID)
		return move->untagged(idev, hwpt, unused);
	return move->tagged(idev, pasid, hwpt, unused);
}

/* *@filled_bytes is set where a HWPT is made for it. */
static int move_to_id(struct iommufd_device *idev, ioasid_t pasid, u32 *pt_id,
		      const struct move *move, u64 *filled_bytes)
{
	struct object_table *objects = &idev->ictx->objects;
	struct iommufd_hwpt *unused = NULL;
	struct iommufd_object *obj;
	int rc = -EINVAL;

	obj = object_get(objects, *pt_id, IOMMUFD_OBJ_ANY);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	switch (obj->type) {
	case IOMMUFD_OBJ_IOAS:
		/* No automatic HWPT goes together with PASIDs. */
		if (pasid == IOMMU_NO_PASID)
			rc = attach_ioas(idev,
					 container_of(obj, struct iommufd_ioas,
						      obj),
					 move->untagged, pt_id, filled_bytes,
					 &unused);
		break;
	case IOMMUFD_OBJ_HWPT_PAGING:
	case IOMMUFD_OBJ_HWPT_NESTED:
		rc = move_to_hwpt(idev, pasid, hwpt_of(obj), move, &unused);
		break;
	default:
		break;
	}
	/* Not before: releasing may wait for the short-term users of a HWPT. */
	object_put(objects, obj);
	race_point("attach:moved");
	if (unused)
		hwpt_release(unused);
	return rc;
}

static int move_device(struct iommufd_device *idev, ioasid_t pasid, u32 *pt_id,
		       const struct move *move)
{
	u64 filled_bytes = 0;
	struct trace_op op;
	u32 pt = *pt_id;
	int rc;

	if (!trace_device_attach_enabled())
		return move_to_id(idev, pasid, pt_id, move, &filled_bytes);
	trace_op_begin(&op);
	rc = move_to_id(idev, pasid, pt_id, move, &filled_bytes);
	trace_op_end(&op);
	trace_device_attach(idev->ictx->number, idev->obj.id, pasid, pt, *pt_id,
			    move->replace, filled_bytes, rc, &op);
	return rc;
}

/**
 * iommufd_device_attach() - let a device do DMA
 * @idev: the device; it, or the PASID, is not attached
 * @pasid: the PASID that tags the DMA, or IOMMU_NO_PASID for DMA without one
 * @pt_id: ID of an IOAS or HWPT; set to that of the HWPT
 *
 * Given an IOAS, an automatic HWPT of it is used that suits the device, or made.
 * A PASID has to be given a HWPT that was allocated for PASIDs.
 *
 * Context: Process; sleeps. Pins all of the IOAS when it is its first domain.
 * Return: 0, or with nothing changed
 *
 * * -ENOENT: no such ID
 * * -EINVAL: the ID is of another type; the device is attached already, or its
 *   group is elsewhere; the HWPT does not suit; the device has no such PASID
 * * -EBUSY: the PASID is attached already
 * * -EADDRINUSE: something is mapped or allowed that the device reserves
 * * -EINTR: a fatal signal, also while waiting
 * * what hwpt_create(), hwpt_populate() and the IOMMU core say
 */
int iommufd_device_attach(struct iommufd_device *idev, ioasid_t pasid,
			  u32 *pt_id)
{
	static const struct move attach = { group_attach, pasid_attach };

	return move_device(idev, pasid, pt_id, &attach);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_attach, "IOMMUFD");

/**
 * iommufd_device_replace() - move a device to another HWPT or IOAS
 * @idev: the device; it, or the PASID, is attached
 * @pasid: the PASID that tags the DMA, or IOMMU_NO_PASID for DMA without one
 * @pt_id: ID of an IOAS or HWPT; set to that of the HWPT
 *
 * Without a PASID, moves all attached devices of its group. DMA to what both map
 * alike goes on undisturbed.
 *
 * Context: Process; sleeps.
 * Return: 0, or with nothing changed an error as of iommufd_device_attach()
 */
int iommufd_device_replace(struct iommufd_device *idev, ioasid_t pasid,
			   u32 *pt_id)
{
	static const struct move replace = {
		group_replace, pasid_replace, true
	};

	return move_device(idev, pasid, pt_id, &replace);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_replace, "IOMMUFD");

/**
 * iommufd_device_detach() - stop a device's DMA
 * @idev: the device, attached
 * @pasid: the PASID that tags it, attached or not; or IOMMU_NO_PASID
 *
 * Context: Process; sleeps.
 */
void iommufd_device_detach(struct iommufd_device *idev, ioasid_t pasid)
{
	struct iommufd_hwpt *unused;

	if (pasid == IOMMU_NO_PASID)
		group_detach(idev, &unused);
	else
		pasid_detach(idev, pasid, &unused);
	race_point("attach:detached");
	if (unused)
		hwpt_release(unused);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_detach, "IOMMUFD");
