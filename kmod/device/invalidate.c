// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_INVALIDATE: what a guest changed in its page tables is forgotten by
 * the caches of the hardware.
 */
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "device.h"
#include "hwpt.h"

/*
 * No request of any driver is larger than a page, and none of them needs more
 * requests at a time: the largest command queue has 2^19 entries (SMMUv3).
 */
#define ENTRY_MAX_BYTES		PAGE_SIZE
#define ENTRIES_MAX		BIT(19)

static int invalidate_hwpt(struct iommufd_object *obj,
			   struct iommu_user_data_array *array, u32 *nr_done)
{
	struct iommu_domain *domain = hwpt_of(obj)->domain;
	int rc;

	if (!domain->ops->cache_invalidate_user)
		return -EOPNOTSUPP;
	rc = domain->ops->cache_invalidate_user(domain, array);
	*nr_done = array->entry_num;
	return rc;
}

static int invalidate_viommu(struct iommufd_object *obj,
			     struct iommu_user_data_array *array, u32 *nr_done)
{
	struct iommufd_viommu *viommu = container_of(obj, struct iommufd_viommu,
						     obj);
	int rc;

	if (!viommu->ops->cache_invalidate)
		return -EOPNOTSUPP;
	rc = viommu->ops->cache_invalidate(viommu, array);
	*nr_done = array->entry_num;
	return rc;
}

/* Says in @nr_done how many requests the driver has done. */
static int invalidate(struct iommufd_ctx *ictx, u32 id,
		      struct iommu_user_data_array *array, u32 *nr_done)
{
	struct iommufd_object *obj = object_get(&ictx->objects, id,
						IOMMUFD_OBJ_ANY);
	int rc;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	race_point("hwpt_invalidate:looked-up");
	switch (obj->type) {
	case IOMMUFD_OBJ_HWPT_NESTED:
		rc = invalidate_hwpt(obj, array, nr_done);
		break;
	case IOMMUFD_OBJ_VIOMMU:
		rc = invalidate_viommu(obj, array, nr_done);
		break;
	default:
		rc = -EINVAL;
	}
	object_put(&ictx->objects, obj);
	return rc;
}

static int check(const struct iommu_hwpt_invalidate *arg)
{
	if (arg->__reserved)
		return -EOPNOTSUPP;
	if (!arg->entry_num)
		return 0;
	if (!arg->data_uptr || !arg->entry_len ||
	    arg->entry_len > ENTRY_MAX_BYTES || arg->entry_num > ENTRIES_MAX)
		return -EINVAL;
	return 0;
}

/**
 * ioctl_hwpt_invalidate() - IOMMU_HWPT_INVALIDATE
 * @call: the ioctl
 *
 * Userspace is told how many requests were done, also when one fails.
 *
 * Return: 0; -EOPNOTSUPP for a reserved field that is set, or when the driver
 * has nothing to invalidate; -EINVAL for an ID of another type, or requests that
 * are none, too large or too many; -ENOENT; what the driver says; -EFAULT.
 */
int ioctl_hwpt_invalidate(struct ioctl_call *call)
{
	struct iommu_hwpt_invalidate *arg = call->arg;
	struct iommu_user_data_array array = {
		.type = arg->data_type,
		.uptr = u64_to_user_ptr(arg->data_uptr),
		.entry_len = arg->entry_len,
		.entry_num = arg->entry_num,
	};
	u32 nr_done = 0;
	int rc;

	rc = check(arg);
	if (!rc)
		rc = invalidate(call->ictx, arg->hwpt_id, &array, &nr_done);
	arg->entry_num = nr_done;
	return ioctl_reply(call) ? -EFAULT : rc;
}
