// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's devices, as its vIOMMU knows them. See viommu.h.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/rcupdate.h>
#include <uapi/linux/iommufd.h>

#include "device.h"
#include "ioctl.h"
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

	if (vdev->destroy)
		vdev->destroy(vdev);
	xa_erase(&viommu->vdevs, vdev->virt_id);
	object_release(&viommu->obj);
	/* The bound device may go from here on. */
	WRITE_ONCE(vdev->idev->vdev, NULL);
	wake_up_all(&objects->idle);
}

/*
 * Become a long-term user of a bound device's virtual one. Returns false when it
 * is just being destroyed, and true with NULL when there is none. None is being
 * made: who does that is a user of the bound device.
 */
static bool try_hold(struct iommufd_device *idev, struct iommufd_vdevice **vdev)
{
	bool done;

	rcu_read_lock();
	*vdev = READ_ONCE(idev->vdev);
	done = !*vdev || object_hold(&(*vdev)->obj);
	rcu_read_unlock();
	return done;
}

/**
 * vdevice_end() - end the virtual device of a bound one, if there is one
 * @idev: the bound device; nobody can look it up any more
 *
 * Context: Process; sleeps until ioctls that use the ID are done.
 */
void vdevice_end(struct iommufd_device *idev)
{
	struct object_table *objects = &idev->ictx->objects;
	struct iommufd_vdevice *vdev;

	/* Userspace may be destroying it, and may be interrupted in that. */
	wait_event(objects->idle, try_hold(idev, &vdev));
	if (vdev)
		WARN_ON(!object_release_entomb(objects, &vdev->obj));
}

/* What of it is the driver's is NULL or zero. */
static struct iommufd_vdevice *alloc(struct iommufd_viommu *viommu,
				     struct iommufd_device *idev, u64 virt_id)
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
	vdev->idev = idev;
	vdev->virt_id = virt_id;
	return vdev;
}

static struct iommufd_vdevice *create(struct iommufd_viommu *viommu,
				      struct iommufd_device *idev, u64 virt_id)
{
	struct object_table *objects = &viommu->ictx->objects;
	struct iommufd_vdevice *vdev;
	int rc;

	if (__iommu_get_iommu_dev(idev->dev) != viommu->iommu_dev)
		return ERR_PTR(-EINVAL);
	vdev = alloc(viommu, idev, virt_id);
	if (IS_ERR(vdev))
		return vdev;
	rc = -ENOENT;
	if (!object_hold(&viommu->obj))
		goto err_abort;
	rc = -EEXIST;
	if (cmpxchg(&idev->vdev, NULL, VDEV_RESERVED))
		goto err_release;
	rc = xa_insert(&viommu->vdevs, virt_id, vdev, GFP_KERNEL_ACCOUNT);
	if (rc) {
		/* Taken by another device. */
		rc = rc == -EBUSY ? -EEXIST : rc;
		goto err_clear;
	}
	if (viommu->ops->vdevice_init)
		rc = viommu->ops->vdevice_init(vdev);
	if (rc)
		goto err_erase;
	return vdev;

err_erase:
	xa_erase(&viommu->vdevs, virt_id);
err_clear:
	WRITE_ONCE(idev->vdev, NULL);
err_release:
	object_release(&viommu->obj);
err_abort:
	object_abort(objects, &vdev->obj);
	return ERR_PTR(rc);
}

static int publish(struct ioctl_call *call, struct iommufd_vdevice *vdev)
{
	struct object_table *objects = &call->ictx->objects;
	struct iommu_vdevice_alloc *arg = call->arg;
	int rc;

	arg->out_vdevice_id = vdev->obj.id;
	rc = ioctl_reply(call);
	if (rc) {
		vdevice_destroy(&vdev->obj);
		object_abort(objects, &vdev->obj);
		return rc;
	}
	/* Who sees it there sees it whole. */
	smp_store_release(&vdev->idev->vdev, vdev);
	object_publish(objects, &vdev->obj);
	return 0;
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
	const struct iommu_vdevice_alloc *arg = call->arg;
	struct iommufd_vdevice *vdev;
	struct iommufd_viommu *viommu;
	struct iommufd_device *idev;
	int rc;

	viommu = viommu_get(call->ictx, arg->viommu_id);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	idev = idev_get(call->ictx, arg->dev_id);
	if (IS_ERR(idev)) {
		rc = PTR_ERR(idev);
		goto out_put_viommu;
	}
	vdev = create(viommu, idev, arg->virt_id);
	rc = IS_ERR(vdev) ? PTR_ERR(vdev) : publish(call, vdev);
	idev_put(idev);
out_put_viommu:
	viommu_put(viommu);
	return rc;
}
