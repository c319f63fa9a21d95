// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_ALLOC.
 */
#include <linux/iommu.h>
#include <uapi/linux/iommufd.h>

#include "device.h"
#include "fault.h"
#include "hwpt.h"
#include "ioctl.h"

#define PAGING_FLAGS						\
	(IOMMU_HWPT_ALLOC_NEST_PARENT |				\
	 IOMMU_HWPT_ALLOC_DIRTY_TRACKING |			\
	 IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID)
#define NESTED_FLAGS	(IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID)

/**
 * hwpt_set_faults() - have page faults of a HWPT's devices reported
 * @hwpt: not published
 * @fault_id: of the fault queue
 *
 * Return: 0 or -ENOENT.
 */
int hwpt_set_faults(struct iommufd_hwpt *hwpt, u32 fault_id)
{
	struct fault_queue *faults = fault_queue_hold(hwpt->ioas->ictx,
						      fault_id);

	if (IS_ERR(faults))
		return PTR_ERR(faults);
	hwpt->faults = faults;
	hwpt->domain->iopf_handler = fault_queue_deliver;
	return 0;
}

/**
 * hwpt_clear_faults() - undo hwpt_set_faults(), if it was called
 * @hwpt: its domain is gone
 */
void hwpt_clear_faults(struct iommufd_hwpt *hwpt)
{
	if (hwpt->faults)
		fault_queue_release(hwpt->faults);
}

static int check(const struct iommu_hwpt_alloc *arg)
{
	if (arg->flags & ~PAGING_FLAGS || arg->__reserved || arg->__reserved2)
		return -EOPNOTSUPP;
	/* Faults of a guest's table go to the guest, and of its parent to none. */
	if (arg->flags & IOMMU_HWPT_FAULT_ID_VALID &&
	    arg->flags & IOMMU_HWPT_ALLOC_NEST_PARENT)
		return -EOPNOTSUPP;
	if (arg->fault_id && !(arg->flags & IOMMU_HWPT_FAULT_ID_VALID))
		return -EINVAL;
	if (arg->data_type == IOMMU_HWPT_DATA_NONE)
		return arg->data_len || arg->data_uptr ? -EINVAL : 0;
	return arg->data_len ? 0 : -EINVAL;
}

static int set_faults(struct iommufd_hwpt *hwpt,
		      const struct iommu_hwpt_alloc *arg)
{
	if (!(arg->flags & IOMMU_HWPT_FAULT_ID_VALID))
		return 0;
	return hwpt_set_faults(hwpt, arg->fault_id);
}

static int reply(struct ioctl_call *call, const struct iommufd_hwpt *hwpt)
{
	struct iommu_hwpt_alloc *arg = call->arg;

	arg->out_hwpt_id = hwpt->obj.id;
	return ioctl_reply(call);
}

/* On an IOAS. Gives @idev back, which is not needed to the end. */
static int alloc_paging(struct ioctl_call *call, struct iommufd_ioas *ioas,
			struct iommufd_device *idev,
			const struct iommu_user_data *user_data)
{
	const struct iommu_hwpt_alloc *arg = call->arg;
	struct iommufd_hwpt_paging *paging;
	int rc;

	paging = hwpt_create(ioas, idev->dev,
			     arg->flags & ~IOMMU_HWPT_FAULT_ID_VALID,
			     user_data);
	/* Populating may wait for userspace; unbinding must not wait for it. */
	idev_put(idev);
	if (IS_ERR(paging))
		return PTR_ERR(paging);
	rc = set_faults(&paging->hwpt, arg);
	if (!rc)
		rc = hwpt_populate(paging);
	if (rc)
		goto err_abort;
	rc = reply(call, &paging->hwpt);
	if (rc)
		goto err_depopulate;
	hwpt_publish(paging);
	return 0;

err_depopulate:
	hwpt_depopulate(paging);
err_abort:
	hwpt_abort(paging);
	return rc;
}

/* On a paging HWPT or a vIOMMU. Gives @idev back. */
static int alloc_nested(struct ioctl_call *call, struct iommufd_object *obj,
			struct iommufd_device *idev,
			const struct iommu_user_data *user_data)
{
	const struct iommu_hwpt_alloc *arg = call->arg;
	u32 flags = arg->flags & ~IOMMU_HWPT_FAULT_ID_VALID;
	struct iommufd_hwpt *hwpt;
	int rc;

	if (arg->flags & ~NESTED_FLAGS)
		hwpt = ERR_PTR(-EOPNOTSUPP);
	else if (!user_data)
		hwpt = ERR_PTR(-EINVAL);
	else if (obj->type == IOMMUFD_OBJ_VIOMMU)
		hwpt = hwpt_create_viommu(container_of(obj,
						       struct iommufd_viommu,
						       obj),
					  idev->dev, flags, user_data);
	else
		hwpt = hwpt_create_nested(hwpt_paging_of(obj), idev->dev, flags,
					  user_data);
	idev_put(idev);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	rc = set_faults(hwpt, arg);
	if (!rc)
		rc = reply(call, hwpt);
	if (rc) {
		hwpt_nested_abort(hwpt);
		return rc;
	}
	object_publish(&call->ictx->objects, &hwpt->obj);
	return 0;
}

/**
 * ioctl_hwpt_alloc() - IOMMU_HWPT_ALLOC
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for flags, data types and reserved fields that are not
 * supported, or not together; -EINVAL for data without a type, a fault_id
 * without its flag, a pt_id that is no IOAS, no paging HWPT and no vIOMMU;
 * -ENOENT; what hwpt_create(), hwpt_populate(), hwpt_create_nested() and
 * hwpt_create_viommu() say; -EFAULT.
 */
int ioctl_hwpt_alloc(struct ioctl_call *call)
{
	const struct iommu_hwpt_alloc *arg = call->arg;
	const struct iommu_user_data data = {
		.type = arg->data_type,
		.uptr = u64_to_user_ptr(arg->data_uptr),
		.len = arg->data_len,
	};
	const struct iommu_user_data *user_data = data.len ? &data : NULL;
	struct object_table *objects = &call->ictx->objects;
	struct iommufd_device *idev;
	struct iommufd_object *obj;
	int rc;

	rc = check(arg);
	if (rc)
		return rc;
	idev = idev_get(call->ictx, arg->dev_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	obj = object_get(objects, arg->pt_id, IOMMUFD_OBJ_ANY);
	if (IS_ERR(obj)) {
		idev_put(idev);
		return PTR_ERR(obj);
	}
	switch (obj->type) {
	case IOMMUFD_OBJ_IOAS:
		rc = alloc_paging(call,
				  container_of(obj, struct iommufd_ioas, obj),
				  idev, user_data);
		break;
	case IOMMUFD_OBJ_HWPT_PAGING:
	case IOMMUFD_OBJ_VIOMMU:
		rc = alloc_nested(call, obj, idev, user_data);
		break;
	default:
		idev_put(idev);
		rc = -EINVAL;
	}
	object_put(objects, obj);
	return rc;
}
