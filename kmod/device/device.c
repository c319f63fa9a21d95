// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding devices to an iommufd, for drivers. See device.h.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/module.h>

#include "device.h"
#include "group.h"

static bool allow_unsafe_interrupts;
module_param(allow_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_interrupts,
		 "Bind devices even where the platform can not keep them from sending interrupts that are not theirs. This is not secure.");

/**
 * idev_get() - look a bound device up
 * @ictx: whose
 * @id: its ID
 *
 * Return: the device, until idev_put(); or ERR_PTR(-ENOENT).
 */
struct iommufd_device *idev_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = object_get(&ictx->objects, id,
						IOMMUFD_OBJ_DEVICE);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct iommufd_device, obj);
}

/**
 * idev_put() - the end of idev_get()
 * @idev: the device
 */
void idev_put(struct iommufd_device *idev)
{
	object_put(&idev->ictx->objects, &idev->obj);
}

/**
 * idev_destroy() - end a device
 * @obj: the device; not attached
 */
void idev_destroy(struct iommufd_object *obj)
{
	struct iommufd_device *idev = container_of(obj, struct iommufd_device,
						   obj);
	bool is_owner;

	/* Once there was one, for it may be ending just now. */
	if (idev->end_vdev)
		idev->end_vdev(idev);
	WARN_ON(idev->attached);
	is_owner = idev->group->iommu_group;
	group_put(idev->group);
	race_point("device:left");
	if (is_owner)
		iommu_device_release_dma_owner(idev->dev);
}

/**
 * idev_lock_attachments() - have a device stay where it is attached
 * @idev: the device
 *
 * Context: Process; sleeps. Takes the lock of its group.
 * Return: 0, or -EINTR for a fatal signal.
 */
int idev_lock_attachments(struct iommufd_device *idev)
{
	return mutex_lock_killable(&idev->group->lock);
}

/**
 * idev_unlock_attachments() - undo idev_lock_attachments()
 * @idev: the device
 */
void idev_unlock_attachments(struct iommufd_device *idev)
{
	mutex_unlock(&idev->group->lock);
}

static int check_isolation(struct device *dev, struct iommu_group *iommu_group)
{
	if (iommu_group_has_isolated_msi(iommu_group))
		return 0;
	if (!allow_unsafe_interrupts)
		return -EPERM;
	dev_warn(dev, "interrupts are not isolated; allowed by allow_unsafe_interrupts\n");
	return 0;
}

/* @iommu_group is owned by @ictx, or NULL where there is none. */
static struct iommufd_device *create(struct iommufd_ctx *ictx,
				     struct device *dev,
				     struct iommu_group *iommu_group)
{
	struct iommufd_device *idev;
	struct device_group *group;

	idev = object_alloc(&ictx->objects, sizeof(*idev), IOMMUFD_OBJ_DEVICE);
	if (IS_ERR(idev))
		return idev;
	idev->ictx = ictx;
	idev->dev = dev;
	race_point("device:claimed");
	group = group_get(ictx, iommu_group);
	if (IS_ERR(group)) {
		object_abort(&ictx->objects, &idev->obj);
		return ERR_CAST(group);
	}
	idev->group = group;
	return idev;
}

static struct iommufd_device *
create_owned(struct iommufd_ctx *ictx, struct device *dev,
	     struct iommu_group *iommu_group)
{
	struct iommufd_device *idev;
	int rc;

	rc = check_isolation(dev, iommu_group);
	if (rc)
		return ERR_PTR(rc);
	rc = iommu_device_claim_dma_owner(dev, ictx);
	if (rc)
		return ERR_PTR(rc);
	idev = create(ictx, dev, iommu_group);
	if (IS_ERR(idev))
		iommu_device_release_dma_owner(dev);
	return idev;
}

static struct iommufd_device *bind(struct iommufd_ctx *ictx, struct device *dev)
{
	struct iommu_group *iommu_group;
	struct iommufd_device *idev;

	/* A group of one that has none is VFIO's, for its own files. */
	if (IS_ENABLED(CONFIG_IOMMUFD_NOIOMMU) && !dev->iommu)
		return create(ictx, dev, NULL);
	/* There is no uAPI to flush caches for devices that need it. */
	if (!device_iommu_capable(dev, IOMMU_CAP_CACHE_COHERENCY))
		return ERR_PTR(-EINVAL);
	iommu_group = iommu_group_get(dev);
	if (!iommu_group)
		return ERR_PTR(-ENODEV);
	idev = create_owned(ictx, dev, iommu_group);
	iommu_group_put(iommu_group);
	return idev;
}

/**
 * idev_bind() - bind a device that ends before its iommufd does
 * @ictx: the iommufd; no reference is taken, for @dev belongs to an object of it
 * @dev: as for iommufd_device_bind()
 * @id: as for iommufd_device_bind()
 *
 * Return: as iommufd_device_bind(), until idev_unbind().
 */
struct iommufd_device *idev_bind(struct iommufd_ctx *ictx, struct device *dev,
				 u32 *id)
{
	struct iommufd_device *idev = bind(ictx, dev);

	if (IS_ERR(idev))
		return idev;

	*id = idev->obj.id;
	/* The driver's long-term use. */
	object_hold(&idev->obj);
	object_publish(&ictx->objects, &idev->obj);
	return idev;
}

/**
 * idev_unbind() - undo idev_bind()
 * @idev: the device, detached; it is gone afterwards
 *
 * Context: Process; sleeps until ioctls that use the device's ID are done.
 */
void idev_unbind(struct iommufd_device *idev)
{
	WARN_ON(!object_release_destroy(&idev->ictx->objects, &idev->obj));
}

/**
 * iommufd_device_bind() - bind a device to an iommufd
 * @ictx: the iommufd
 * @dev: a device whose driver sets driver_managed_dma, and has not touched it
 * @id: set to the ID that userspace knows it by
 *
 * The iommufd then owns the DMA of the device's whole group, and none of its
 * devices can do DMA until one is attached. One without an IOMMU is bound where the
 * kernel allows that (CONFIG_IOMMUFD_NOIOMMU), and nothing owns its DMA: whether the
 * user may have it is the driver's to ask.
 *
 * Context: Process; sleeps.
 * Return: the device, until iommufd_device_unbind(); or ERR_PTR() of
 *
 * * -EINVAL: its DMA is not coherent with the CPU's caches
 * * -ENODEV: it is in no IOMMU group
 * * -EPERM: its interrupts are not isolated
 * * -EBUSY: another one owns its group's DMA
 * * -ENOMEM: out of memory
 */
struct iommufd_device *iommufd_device_bind(struct iommufd_ctx *ictx,
					   struct device *dev, u32 *id)
{
	struct iommufd_device *idev = idev_bind(ictx, dev, id);

	if (!IS_ERR(idev))
		iommufd_ctx_get(ictx);
	return idev;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_bind, "IOMMUFD");

/**
 * iommufd_device_unbind() - undo iommufd_device_bind()
 * @idev: the device, detached; it is gone afterwards
 *
 * Context: Process; sleeps until ioctls that use the device's ID are done.
 */
void iommufd_device_unbind(struct iommufd_device *idev)
{
	struct iommufd_ctx *ictx = idev->ictx;

	idev_unbind(idev);
	iommufd_ctx_put(ictx);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_unbind, "IOMMUFD");

/**
 * iommufd_ctx_has_group() - is a device of a group bound to an iommufd?
 * @ictx: the iommufd
 * @iommu_group: the group, or NULL
 *
 * Context: Process; sleeps.
 * Return: true if so.
 */
bool iommufd_ctx_has_group(struct iommufd_ctx *ictx,
			   struct iommu_group *iommu_group)
{
	bool has;

	if (!ictx || !iommu_group)
		return false;
	mutex_lock(&ictx->groups_lock);
	has = xa_load(&ictx->groups, iommu_group_id(iommu_group));
	mutex_unlock(&ictx->groups_lock);
	return has;
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_has_group, "IOMMUFD");

/**
 * iommufd_device_to_id() - the ID that userspace knows a device by
 * @idev: the device
 *
 * Return: the ID.
 */
u32 iommufd_device_to_id(struct iommufd_device *idev)
{
	return idev->obj.id;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_to_id, "IOMMUFD");

/**
 * iommufd_device_to_ictx() - the iommufd that a device is bound to
 * @idev: the device
 *
 * Return: the iommufd, with no reference taken.
 */
struct iommufd_ctx *iommufd_device_to_ictx(struct iommufd_device *idev)
{
	return idev->ictx;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_to_ictx, "IOMMUFD");
