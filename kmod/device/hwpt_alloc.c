// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_ALLOC.
 */
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/pagemap.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "device.h"
#include "hwpt.h"

#define PAGING_FLAGS						\
	(IOMMU_HWPT_ALLOC_NEST_PARENT |				\
	 IOMMU_HWPT_ALLOC_DIRTY_TRACKING |			\
	 IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID)
#define NESTED_FLAGS	(IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID)

/* Of a driver to read user memory that goes away each time it was there. */
#define MAX_TRIES	16

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

/* Can it be built on @base? Of paging HWPTs only on one that is for nesting. */
static int check_base(const struct iommu_hwpt_alloc *arg,
		      struct iommufd_object *base)
{
	switch (base->type) {
	case IOMMUFD_OBJ_IOAS:
		return 0;
	case IOMMUFD_OBJ_HWPT_PAGING:
	case IOMMUFD_OBJ_VIOMMU:
		break;
	default:
		return -EINVAL;
	}
	if (arg->flags & ~NESTED_FLAGS)
		return -EOPNOTSUPP;
	if (!arg->data_len)
		return -EINVAL;
	if (base->type == IOMMUFD_OBJ_HWPT_PAGING &&
	    !(hwpt_of(base)->flags & IOMMU_HWPT_ALLOC_NEST_PARENT))
		return -EINVAL;
	return 0;
}

static struct iommufd_hwpt *create(struct iommufd_object *base,
				   struct device *dev, u32 flags,
				   const struct iommu_user_data *user_data)
{
	struct iommufd_hwpt_paging *paging;

	switch (base->type) {
	case IOMMUFD_OBJ_IOAS:
		paging = hwpt_create(container_of(base, struct iommufd_ioas,
						  obj),
				     dev, flags, user_data);
		return IS_ERR(paging) ? ERR_CAST(paging) : &paging->hwpt;
	case IOMMUFD_OBJ_VIOMMU:
		return hwpt_create_viommu(container_of(base,
						       struct iommufd_viommu,
						       obj),
					  dev, flags, user_data);
	default:
		return hwpt_create_nested(hwpt_paging_of(base), dev, flags,
					  user_data);
	}
}

/*
 * The device is held, so its driver waits to unbind it: user memory that is not
 * there is not waited for, but -EFAULT.
 */
static struct iommufd_hwpt *
try_create(struct ioctl_call *call, struct iommufd_object *base,
	   const struct iommu_user_data *user_data)
{
	const struct iommu_hwpt_alloc *arg = call->arg;
	struct iommufd_device *idev = idev_get(call->ictx, arg->dev_id);
	struct iommufd_hwpt *hwpt;

	if (IS_ERR(idev))
		return ERR_CAST(idev);
	pagefault_disable();
	hwpt = create(base, idev->dev, arg->flags & ~IOMMU_HWPT_FAULT_ID_VALID,
		      user_data);
	pagefault_enable();
	idev_put(idev);
	race_point("hwpt_alloc:created");
	return hwpt;
}

/* No driver's data is larger than a page; what is they refuse. */
static bool fault_in(const struct iommu_user_data *user_data)
{
	return !fault_in_readable(user_data->uptr,
				  min(user_data->len, PAGE_SIZE));
}

/* Has the memory there first; what was there may be gone again, for a while. */
static struct iommufd_hwpt *
create_with_data(struct ioctl_call *call, struct iommufd_object *base,
		 const struct iommu_user_data *user_data)
{
	struct iommufd_hwpt *hwpt = ERR_PTR(-EFAULT);

	for (int i = 0; i < MAX_TRIES && hwpt == ERR_PTR(-EFAULT); i++) {
		if (!fault_in(user_data))
			break;
		hwpt = try_create(call, base, user_data);
	}
	return hwpt;
}

static int publish_paging(struct ioctl_call *call,
			  struct iommufd_hwpt_paging *paging)
{
	int rc;

	rc = set_faults(&paging->hwpt, call->arg);
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

static int publish_nested(struct ioctl_call *call, struct iommufd_hwpt *hwpt)
{
	int rc;

	rc = set_faults(hwpt, call->arg);
	if (!rc)
		rc = reply(call, hwpt);
	if (rc) {
		hwpt_nested_abort(hwpt);
		return rc;
	}
	object_publish(&call->ictx->objects, &hwpt->obj);
	return 0;
}

/* What is wrong with it is said first; it is held when it is needed. */
static int check_device(struct iommufd_ctx *ictx, u32 dev_id)
{
	struct iommufd_device *idev = idev_get(ictx, dev_id);

	if (IS_ERR(idev))
		return PTR_ERR(idev);
	idev_put(idev);
	return 0;
}

static int alloc_on(struct ioctl_call *call, struct iommufd_object *base)
{
	const struct iommu_hwpt_alloc *arg = call->arg;
	const struct iommu_user_data data = {
		.type = arg->data_type,
		.uptr = u64_to_user_ptr(arg->data_uptr),
		.len = arg->data_len,
	};
	struct iommufd_hwpt *hwpt;
	int rc;

	rc = check_base(arg, base);
	if (rc)
		return rc;
	hwpt = data.len ? create_with_data(call, base, &data) :
			  try_create(call, base, NULL);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	if (hwpt->obj.type == IOMMUFD_OBJ_HWPT_NESTED)
		return publish_nested(call, hwpt);
	return publish_paging(call, hwpt_paging_of(&hwpt->obj));
}

/**
 * ioctl_hwpt_alloc() - IOMMU_HWPT_ALLOC
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for flags, data types and reserved fields that are not
 * supported, or not together; -EINVAL for data without a type, a fault_id
 * without its flag, a pt_id that is no IOAS, no nesting parent and no vIOMMU;
 * -ENOENT; what hwpt_create(), hwpt_populate(), hwpt_create_nested() and
 * hwpt_create_viommu() say; -EFAULT.
 */
int ioctl_hwpt_alloc(struct ioctl_call *call)
{
	const struct iommu_hwpt_alloc *arg = call->arg;
	struct iommufd_object *base;
	int rc;

	rc = check(arg);
	if (!rc)
		rc = check_device(call->ictx, arg->dev_id);
	if (rc)
		return rc;
	base = object_get(&call->ictx->objects, arg->pt_id, IOMMUFD_OBJ_ANY);
	if (IS_ERR(base))
		return PTR_ERR(base);
	rc = alloc_on(call, base);
	object_put(&call->ictx->objects, base);
	return rc;
}
