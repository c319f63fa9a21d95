// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest gets of a physical IOMMU. See viommu.h.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <uapi/linux/iommufd.h>

#include <iommu-priv.h>

#include "core/core.h"
#include "device/device.h"
#include "viommu.h"

static struct iommufd_viommu *viommu_of(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_viommu, obj);
}

/**
 * viommu_get() - look a vIOMMU up
 * @ictx: whose
 * @id: its ID
 *
 * Return: the vIOMMU, until viommu_put(); or ERR_PTR(-ENOENT).
 */
struct iommufd_viommu *viommu_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = object_get(&ictx->objects, id,
						IOMMUFD_OBJ_VIOMMU);

	return IS_ERR(obj) ? ERR_CAST(obj) : viommu_of(obj);
}

/**
 * viommu_put() - the end of viommu_get()
 * @viommu: the vIOMMU
 */
void viommu_put(struct iommufd_viommu *viommu)
{
	object_put(&viommu->ictx->objects, &viommu->obj);
}

/**
 * viommu_destroy() - end a vIOMMU
 * @obj: the vIOMMU; nothing belongs to it any more
 */
void viommu_destroy(struct iommufd_object *obj)
{
	struct iommufd_viommu *viommu = viommu_of(obj);

	if (viommu->ops && viommu->ops->destroy)
		viommu->ops->destroy(viommu);
	race_point("viommu:ended");
	xa_destroy(&viommu->vdevs);
	object_release(&viommu->hwpt->hwpt.obj);
}

/*
 * The IOMMU behind a device, and how large a vIOMMU of it is. It stays when the
 * device goes: some drivers take IOMMUs away, but on x86 none of those that have
 * vIOMMUs, once there are devices. So no device is held any longer, and unbinding
 * it does not wait for user memory that a driver reads and writes.
 */
static struct iommu_device *find_iommu(struct iommufd_ctx *ictx, u32 dev_id,
				       u32 type, size_t *size_bytes)
{
	struct iommufd_device *idev = idev_get(ictx, dev_id);
	struct iommu_device *iommu_dev;
	const struct iommu_ops *ops;

	if (IS_ERR(idev))
		return ERR_CAST(idev);
	iommu_dev = iommu_of(idev->dev);
	ops = iommu_dev->ops;
	*size_bytes = 0;
	if (ops->get_viommu_size && ops->viommu_init)
		*size_bytes = ops->get_viommu_size(idev->dev, type);
	idev_put(idev);
	if (!*size_bytes)
		return ERR_PTR(-EOPNOTSUPP);
	if (WARN_ON_ONCE(*size_bytes < sizeof(struct iommufd_viommu)))
		return ERR_PTR(-EOPNOTSUPP);
	return iommu_dev;
}

/* All but what is the driver's. @parent is held for it. */
static void set_up(struct iommufd_viommu *viommu, struct iommufd_ctx *ictx,
		   struct iommu_device *iommu_dev,
		   struct iommufd_hwpt_paging *parent, u32 type)
{
	viommu->ictx = ictx;
	viommu->type = type;
	viommu->hwpt = parent;
	viommu->iommu_dev = iommu_dev;
	xa_init(&viommu->vdevs);
	INIT_LIST_HEAD(&viommu->veventqs);
	init_rwsem(&viommu->veventqs_rwsem);
}

static struct iommufd_viommu *create(struct iommufd_ctx *ictx,
				     struct iommu_device *iommu_dev,
				     size_t size_bytes,
				     struct iommufd_hwpt_paging *parent,
				     const struct iommu_viommu_alloc *arg)
{
	const struct iommu_user_data data = {
		.type = arg->type,
		.uptr = u64_to_user_ptr(arg->data_uptr),
		.len = arg->data_len,
	};
	struct iommufd_viommu *viommu;
	int rc;

	if (!(parent->hwpt.flags & IOMMU_HWPT_ALLOC_NEST_PARENT) ||
	    !hwpt_suits_iommu(&parent->hwpt, iommu_dev))
		return ERR_PTR(-EINVAL);
	viommu = object_alloc(&ictx->objects, size_bytes, IOMMUFD_OBJ_VIOMMU);
	if (IS_ERR(viommu))
		return viommu;
	if (!object_hold(&parent->hwpt.obj)) {
		rc = -ENOENT;
		goto err_abort;
	}
	set_up(viommu, ictx, iommu_dev, parent, arg->type);
	rc = iommu_dev->ops->viommu_init(viommu, parent->hwpt.domain,
					 data.len ? &data : NULL);
	if (!rc && WARN_ON_ONCE(!viommu->ops))
		rc = -EINVAL;
	if (rc)
		goto err_release;
	return viommu;

err_release:
	object_release(&parent->hwpt.obj);
err_abort:
	object_abort(&ictx->objects, &viommu->obj);
	return ERR_PTR(rc);
}

static int publish(struct ioctl_call *call, struct iommufd_viommu *viommu)
{
	struct object_table *objects = &call->ictx->objects;
	struct iommu_viommu_alloc *arg = call->arg;
	int rc;

	arg->out_viommu_id = viommu->obj.id;
	rc = ioctl_reply(call);
	if (rc) {
		viommu_destroy(&viommu->obj);
		object_abort(objects, &viommu->obj);
		return rc;
	}
	object_publish(objects, &viommu->obj);
	return 0;
}

/**
 * ioctl_viommu_alloc() - IOMMU_VIOMMU_ALLOC
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for flags, reserved fields, and a type that the IOMMU
 * driver does not have; -EINVAL for a HWPT that is not for nesting, or of another
 * IOMMU driver than the device's; -ENOENT; what the driver says; -ENOMEM, -EFAULT.
 */
int ioctl_viommu_alloc(struct ioctl_call *call)
{
	const struct iommu_viommu_alloc *arg = call->arg;
	struct iommufd_hwpt_paging *parent;
	struct iommu_device *iommu_dev;
	struct iommufd_viommu *viommu;
	size_t size_bytes;
	int rc;

	if (arg->flags || arg->__reserved ||
	    arg->type == IOMMU_VIOMMU_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	iommu_dev = find_iommu(call->ictx, arg->dev_id, arg->type, &size_bytes);
	if (IS_ERR(iommu_dev))
		return PTR_ERR(iommu_dev);
	parent = hwpt_get_paging(call->ictx, arg->hwpt_id);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	viommu = create(call->ictx, iommu_dev, size_bytes, parent, arg);
	rc = IS_ERR(viommu) ? PTR_ERR(viommu) : publish(call, viommu);
	object_put(&call->ictx->objects, &parent->hwpt.obj);
	return rc;
}
