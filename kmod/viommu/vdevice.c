// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's devices, as its vIOMMU knows them. See viommu.h.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/rcupdate.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "device/device.h"
#include "viommu.h"

/*
 * In a bound device's vdev while a virtual one is being made: it can be given up
 * again, so that nobody else may get hold of it.
 */
#define VDEV_RESERVED	((struct iommufd_vdevice *)ERR_PTR(-EBUSY))

/**
 * vdevice_destroy() - end a virtual device
 * @obj: the virtual device
 */
void vdevice_destroy(struct iommufd_object *obj)
{
	struct iommufd_vdevice *vdev = container_of(obj, struct iommufd_vdevice,
						    obj);
	struct iommufd_viommu *viommu = vdev->viommu;
	struct object_table *objects = &viommu->ictx->objects;

	/* Nobody finds it any more, but its virtual ID is not another's yet. */
	xa_store(&viommu->vdevs, vdev->virt_id, XA_ZERO_ENTRY, GFP_KERNEL);
	race_point("vdevice:hidden");
	if (vdev->destroy)
		vdev->destroy(vdev);
	xa_erase(&viommu->vdevs, vdev->virt_id);
	object_release(&viommu->obj);
	race_point("vdevice:released");
	/* The bound device may go from here on. */
	WRITE_ONCE(vdev->idev->vdev, NULL);
	wake_up_all(&objects->idle);
}

/*
 * Take a bound device's virtual one out of sight. Returns false when userspace is
 * just destroying it, and true with NULL when there is none. None is being made:
 * who does that is a user of the bound device, as are all who hold it.
 */
static bool try_hide(struct iommufd_device *idev, struct iommufd_vdevice **vdev)
{
	bool done;

	rcu_read_lock();
	*vdev = READ_ONCE(idev->vdev);
	done = !*vdev || object_hide(&idev->ictx->objects, &(*vdev)->obj);
	rcu_read_unlock();
	return done;
}

/*
 * End the virtual device of a bound one, if there is one. Nobody can look the
 * bound one up any more. Sleeps until ioctls that use the ID are done.
 */
static void end_vdev(struct iommufd_device *idev)
{
	struct object_table *objects = &idev->ictx->objects;
	struct iommufd_vdevice *vdev;

	/* Userspace may be destroying it, and may be interrupted in that. */
	wait_event(objects->idle, try_hide(idev, &vdev));
	race_point("vdevice:ending");
	if (vdev)
		object_entomb(objects, &vdev->obj);
}

/* What of it is the driver's is NULL or zero, and it stands for no device. */
static struct iommufd_vdevice *alloc(struct iommufd_viommu *viommu,
				     u64 virt_id)
{
	size_t size_bytes = sizeof(struct iommufd_vdevice);
	struct iommufd_vdevice *vdev;

	if (viommu->ops->vdevice_size) {
		if (WARN_ON_ONCE(viommu->ops->vdevice_size < size_bytes))
			return ERR_PTR(-EOPNOTSUPP);
		size_bytes = viommu->ops->vdevice_size;
	}
	vdev = object_alloc(&viommu->ictx->objects, size_bytes,
			    IOMMUFD_OBJ_VDEVICE);
	if (IS_ERR(vdev))
		return vdev;
	vdev->viommu = viommu;
	vdev->virt_id = virt_id;
	return vdev;
}

/* Who finds it, by the device or by its virtual ID, finds it complete. */
static int set_up(struct iommufd_vdevice *vdev, struct iommufd_device *idev)
{
	struct iommufd_viommu *viommu = vdev->viommu;
	int rc;

	if (iommu_of(idev->dev) != viommu->iommu_dev)
		return -EINVAL;
	if (!object_hold(&viommu->obj))
		return -ENOENT;
	rc = -EEXIST;
	if (cmpxchg(&idev->vdev, NULL, VDEV_RESERVED))
		goto err_release;
	/* Reserved, which looks up as nothing. */
	rc = xa_insert(&viommu->vdevs, vdev->virt_id, NULL, GFP_KERNEL_ACCOUNT);
	if (rc) {
		/* Taken by another device. */
		rc = rc == -EBUSY ? -EEXIST : rc;
		goto err_clear;
	}
	vdev->idev = idev;
	idev->end_vdev = end_vdev;
	race_point("vdevice:reserved");
	if (viommu->ops->vdevice_init)
		rc = viommu->ops->vdevice_init(vdev);
	if (rc)
		goto err_erase;
	/* Can not fail: the entry is there. */
	xa_store(&viommu->vdevs, vdev->virt_id, vdev, GFP_KERNEL);
	/* Who sees it there sees it whole. */
	smp_store_release(&idev->vdev, vdev);
	race_point("vdevice:set-up");
	return 0;

err_erase:
	xa_release(&viommu->vdevs, vdev->virt_id);
err_clear:
	WRITE_ONCE(idev->vdev, NULL);
err_release:
	object_release(&viommu->obj);
	return rc;
}

/* The bound device is held until its virtual one is visible, or given up. */
static int publish(struct iommufd_vdevice *vdev, u32 dev_id)
{
	struct iommufd_ctx *ictx = vdev->viommu->ictx;
	struct iommufd_device *idev = idev_get(ictx, dev_id);
	int rc;

	if (IS_ERR(idev))
		return PTR_ERR(idev);
	rc = set_up(vdev, idev);
	if (!rc)
		object_publish(&ictx->objects, &vdev->obj);
	idev_put(idev);
	return rc;
}

/**
 * ioctl_vdevice_alloc() - IOMMU_VDEVICE_ALLOC
 * @call: the ioctl
 *
 * Return: 0; -EINVAL when another IOMMU is behind the device; -EEXIST when the
 * device or the virtual ID has a virtual device; -ENOENT; what the IOMMU driver
 * says; -ENOMEM, -EFAULT.
 */
int ioctl_vdevice_alloc(struct ioctl_call *call)
{
	struct iommu_vdevice_alloc *arg = call->arg;
	struct iommufd_vdevice *vdev;
	struct iommufd_viommu *viommu;
	int rc;

	viommu = viommu_get(call->ictx, arg->viommu_id);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	vdev = alloc(viommu, arg->virt_id);
	if (IS_ERR(vdev)) {
		rc = PTR_ERR(vdev);
		goto out_put;
	}
	/* First, for it may take any time, and unbinding must not wait for it. */
	arg->out_vdevice_id = vdev->obj.id;
	rc = ioctl_reply(call);
	if (!rc)
		rc = publish(vdev, arg->dev_id);
	if (rc)
		object_abort(&call->ictx->objects, &vdev->obj);
out_put:
	viommu_put(viommu);
	return rc;
}
