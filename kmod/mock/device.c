// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mock devices, and the object by which userspace binds, attaches and replaces
 * them, as vfio does for real ones. See mock.h.
 */
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include <iommu-priv.h>

#include "core/core.h"
#include "device/device.h"
#include "mock.h"
#include "parts.h"

#define DEVICE_FLAGS	(MOCK_FLAGS_DEVICE_NO_DIRTY | MOCK_FLAGS_DEVICE_PASID)

/**
 * struct mock_object - a mock device with its driver, as an object of an iommufd
 * @obj: what userspace sees
 * @mdev: the device
 * @idev: it is bound, and attached
 * @pasids: PASIDs that userspace has attached; a value for each
 */
struct mock_object {
	struct iommufd_object obj;
	struct mock_device *mdev;
	struct iommufd_device *idev;
	struct xarray pasids;
};

static DEFINE_IDA(device_ids);

/* What firmware would say of a device with PASIDs. */
static const struct property_entry pasid_properties[] = {
	PROPERTY_ENTRY_U32("pasid-num-bits", MOCK_PASID_WIDTH),
	{}
};

static void release_device(struct device *dev)
{
	struct mock_device *mdev = to_mock_device(dev);

	ida_free(&device_ids, mdev->id);
	kfree(mdev);
}

static void reset_cache(struct mock_device *mdev)
{
	for (int i = 0; i < MOCK_DEV_CACHE_NUM; i++)
		mdev->cache[i] = IOMMU_TEST_DEV_CACHE_DEFAULT;
}

static struct mock_device *alloc_device(u32 flags)
{
	struct mock_device *mdev = kzalloc_obj(*mdev, GFP_KERNEL_ACCOUNT);

	if (!mdev)
		return ERR_PTR(-ENOMEM);
	mdev->id = ida_alloc(&device_ids, GFP_KERNEL_ACCOUNT);
	if (mdev->id < 0) {
		int rc = mdev->id;

		kfree(mdev);
		return ERR_PTR(rc);
	}
	mdev->flags = flags;
	reset_cache(mdev);
	device_initialize(&mdev->dev);
	mdev->dev.release = release_device;
	return mdev;
}

/* A device with PASIDs has a software node, which ends with device_del(). */
static int add_device(struct mock_device *mdev)
{
	int rc;

	rc = dev_set_name(&mdev->dev, "iommufd_mock%d", mdev->id);
	if (!rc && (mdev->flags & MOCK_FLAGS_DEVICE_PASID))
		rc = device_create_managed_software_node(&mdev->dev,
							 pasid_properties,
							 NULL);
	if (rc)
		return rc;
	return mock_iommu_add_device(&mdev->dev);
}

/*
 * Devices that no driver has, kept for who wants one with the same flags: to make
 * and to end one costs more than all else that a short program does.
 */
static DEFINE_MUTEX(idle_lock);
static LIST_HEAD(idle_devices);
static unsigned int nr_idle;
static unsigned int keep_devices;

static struct mock_device *take_idle(u32 flags)
{
	struct mock_device *mdev;

	guard(mutex)(&idle_lock);
	list_for_each_entry(mdev, &idle_devices, idle) {
		if (mdev->flags != flags)
			continue;
		list_del(&mdev->idle);
		nr_idle--;
		reset_cache(mdev);
		return mdev;
	}
	return NULL;
}

static struct mock_device *create_device(u32 flags)
{
	struct mock_device *mdev = take_idle(flags);
	int rc;

	if (mdev)
		return mdev;
	mdev = alloc_device(flags);
	if (IS_ERR(mdev))
		return mdev;
	rc = add_device(mdev);
	if (rc) {
		put_device(&mdev->dev);
		return ERR_PTR(rc);
	}
	return mdev;
}

static void end_device(struct mock_device *mdev)
{
	device_del(&mdev->dev);
	put_device(&mdev->dev);
}

/* Of more than are to be kept the oldest one goes. */
static void end_oldest_idle(void)
{
	struct mock_device *mdev = list_first_entry(&idle_devices,
						    struct mock_device, idle);

	list_del(&mdev->idle);
	nr_idle--;
	end_device(mdev);
}

static void keep_idle(struct mock_device *mdev)
{
	guard(mutex)(&idle_lock);
	list_add_tail(&mdev->idle, &idle_devices);
	nr_idle++;
	while (nr_idle > keep_devices)
		end_oldest_idle();
}

static int set_keep_devices(const char *text, const struct kernel_param *param)
{
	guard(mutex)(&idle_lock);
	int rc = param_set_uint(text, param);

	while (nr_idle > keep_devices)
		end_oldest_idle();
	return rc;
}

static const struct kernel_param_ops keep_devices_ops = {
	.set = set_keep_devices,
	.get = param_get_uint,
};

module_param_cb(keep_devices, &keep_devices_ops, &keep_devices, 0644);
MODULE_PARM_DESC(keep_devices,
		 "How many mock devices without a driver are kept; they keep the module (0)");

static struct mock_object *object_of(struct ioctl_call *call, u32 id)
{
	struct iommufd_object *obj = object_get(&call->ictx->objects, id,
						IOMMUFD_OBJ_SELFTEST);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct mock_object, obj);
}

/**
 * mock_object_destroy() - end a mock device, and what its driver did
 * @obj: the object
 */
void mock_object_destroy(struct iommufd_object *obj)
{
	struct mock_object *mock = container_of(obj, struct mock_object, obj);
	unsigned long pasid;
	void *entry;

	xa_for_each(&mock->pasids, pasid, entry)
		iommufd_device_detach(mock->idev, pasid);
	xa_destroy(&mock->pasids);
	iommufd_device_detach(mock->idev, IOMMU_NO_PASID);
	idev_unbind(mock->idev);
	keep_idle(mock->mdev);
}

/* A device, bound and attached to @pt_id, which becomes that of the HWPT. */
static int set_up(struct mock_object *mock, struct iommufd_ctx *ictx, u32 flags,
		  u32 *pt_id, u32 *idev_id)
{
	int rc;

	mock->mdev = create_device(flags);
	if (IS_ERR(mock->mdev))
		return PTR_ERR(mock->mdev);
	mock->idev = idev_bind(ictx, &mock->mdev->dev, idev_id);
	if (IS_ERR(mock->idev)) {
		rc = PTR_ERR(mock->idev);
		goto err_end;
	}
	rc = iommufd_device_attach(mock->idev, IOMMU_NO_PASID, pt_id);
	if (rc)
		goto err_unbind;
	return 0;

err_unbind:
	idev_unbind(mock->idev);
err_end:
	end_device(mock->mdev);
	return rc;
}

static int create(struct ioctl_call *call, u32 flags)
{
	struct object_table *objects = &call->ictx->objects;
	struct iommu_test_cmd *cmd = call->arg;
	struct mock_object *mock;
	u32 pt_id = cmd->id, idev_id;
	int rc;

	if (flags & ~DEVICE_FLAGS)
		return -EOPNOTSUPP;
	mock = object_alloc(objects, sizeof(*mock), IOMMUFD_OBJ_SELFTEST);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	xa_init(&mock->pasids);
	rc = set_up(mock, call->ictx, flags, &pt_id, &idev_id);
	if (rc)
		goto err_abort;

	cmd->mock_domain.out_stdev_id = mock->obj.id;
	cmd->mock_domain.out_hwpt_id = pt_id;
	cmd->mock_domain.out_idev_id = idev_id;
	rc = ioctl_reply(call);
	if (rc)
		goto err_destroy;
	object_publish(objects, &mock->obj);
	return 0;

err_destroy:
	mock_object_destroy(&mock->obj);
err_abort:
	object_abort(objects, &mock->obj);
	return rc;
}

/**
 * mock_domain() - IOMMU_TEST_OP_MOCK_DOMAIN: a device, bound and attached
 * @call: the ioctl
 *
 * Return: 0; or with no device left what binding and attaching say, -ENOMEM,
 * -EFAULT.
 */
int mock_domain(struct ioctl_call *call)
{
	return create(call, 0);
}

/**
 * mock_domain_flags() - IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS: as mock_domain()
 * @call: the ioctl
 *
 * Return: as mock_domain(), and -EOPNOTSUPP for unknown flags.
 */
int mock_domain_flags(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;

	return create(call, cmd->mock_domain_flags.dev_flags);
}

/**
 * mock_domain_replace() - IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE
 * @call: the ioctl
 *
 * Return: 0, -ENOENT, -EFAULT, or what iommufd_device_replace() says.
 */
int mock_domain_replace(struct ioctl_call *call)
{
	struct iommu_test_cmd *cmd = call->arg;
	struct mock_object *mock = object_of(call, cmd->id);
	int rc;

	if (IS_ERR(mock))
		return PTR_ERR(mock);
	rc = iommufd_device_replace(mock->idev, IOMMU_NO_PASID,
				    &cmd->mock_domain_replace.pt_id);
	object_put(&call->ictx->objects, &mock->obj);
	return rc ? rc : ioctl_reply(call);
}

/**
 * mock_pasid_attach() - IOMMU_TEST_OP_PASID_ATTACH
 * @call: the ioctl
 *
 * Return: 0, -ENOENT, -ENOMEM, or what iommufd_device_attach() says.
 */
int mock_pasid_attach(struct ioctl_call *call)
{
	struct iommu_test_cmd *cmd = call->arg;
	u32 pasid = cmd->pasid_attach.pasid;
	struct mock_object *mock = object_of(call, cmd->id);
	int rc;

	if (IS_ERR(mock))
		return PTR_ERR(mock);
	rc = iommufd_device_attach(mock->idev, pasid,
				   &cmd->pasid_attach.pt_id);
	if (rc)
		goto out_put;
	rc = xa_err(xa_store(&mock->pasids, pasid, xa_mk_value(0),
			     GFP_KERNEL_ACCOUNT));
	if (rc)
		iommufd_device_detach(mock->idev, pasid);
out_put:
	object_put(&call->ictx->objects, &mock->obj);
	return rc;
}

/**
 * mock_pasid_replace() - IOMMU_TEST_OP_PASID_REPLACE
 * @call: the ioctl
 *
 * Return: 0, -ENOENT, or what iommufd_device_replace() says.
 */
int mock_pasid_replace(struct ioctl_call *call)
{
	struct iommu_test_cmd *cmd = call->arg;
	struct mock_object *mock = object_of(call, cmd->id);
	int rc;

	if (IS_ERR(mock))
		return PTR_ERR(mock);
	rc = iommufd_device_replace(mock->idev, cmd->pasid_replace.pasid,
				    &cmd->pasid_replace.pt_id);
	object_put(&call->ictx->objects, &mock->obj);
	return rc;
}

/**
 * mock_pasid_detach() - IOMMU_TEST_OP_PASID_DETACH
 * @call: the ioctl
 *
 * Return: 0, also when it was not attached; -EINVAL for no PASID; -ENOENT.
 */
int mock_pasid_detach(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	u32 pasid = cmd->pasid_detach.pasid;
	struct mock_object *mock;

	if (pasid == IOMMU_NO_PASID)
		return -EINVAL;
	mock = object_of(call, cmd->id);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	xa_erase(&mock->pasids, pasid);
	iommufd_device_detach(mock->idev, pasid);
	object_put(&call->ictx->objects, &mock->obj);
	return 0;
}

/* The domain that a PASID of a device is attached to, or NULL. */
static const struct iommu_domain *pasid_domain(struct device *dev,
					       ioasid_t pasid)
{
	struct iommu_attach_handle *handle =
		iommu_attach_handle_get(dev->iommu_group, pasid, 0);

	return IS_ERR(handle) ? NULL : handle->domain;
}

/**
 * mock_pasid_check() - IOMMU_TEST_OP_PASID_CHECK_HWPT: where is a PASID?
 * @call: the ioctl
 *
 * Return: 0 when it is at the HWPT, or for ID 0 nowhere; -EINVAL when not, or
 * the ID is of another type; -ENOENT.
 */
int mock_pasid_check(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	struct object_table *objects = &call->ictx->objects;
	const struct iommu_domain *wanted = NULL;
	struct iommufd_object *obj = NULL;
	struct mock_object *mock;
	int rc = -EINVAL;

	mock = object_of(call, cmd->id);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	if (cmd->pasid_check.hwpt_id) {
		obj = object_get(objects, cmd->pasid_check.hwpt_id,
				 IOMMUFD_OBJ_ANY);
		if (IS_ERR(obj)) {
			rc = PTR_ERR(obj);
			goto out_put_mock;
		}
		if (obj->type != IOMMUFD_OBJ_HWPT_PAGING &&
		    obj->type != IOMMUFD_OBJ_HWPT_NESTED)
			goto out_put;
		wanted = hwpt_of(obj)->domain;
	}
	if (pasid_domain(&mock->mdev->dev, cmd->pasid_check.pasid) == wanted)
		rc = 0;
out_put:
	if (obj)
		object_put(objects, obj);
out_put_mock:
	object_put(objects, &mock->obj);
	return rc;
}

/**
 * mock_idev_get() - look a bound mock device up
 * @ictx: whose
 * @id: its ID
 *
 * Return: the device, until idev_put(); or ERR_PTR() of -ENOENT, or -EINVAL when
 * it is no mock.
 */
struct iommufd_device *mock_idev_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_device *idev = idev_get(ictx, id);

	if (IS_ERR(idev) || mock_iommu_has_device(idev->dev))
		return idev;
	idev_put(idev);
	return ERR_PTR(-EINVAL);
}

/**
 * mock_device_check_cache() - IOMMU_TEST_OP_DEV_CHECK_CACHE
 * @call: the ioctl
 *
 * Return: 0 when an entry is as said; -EINVAL when not, when there is no such
 * entry, or the device is not a mock; -ENOENT.
 */
int mock_device_check_cache(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	struct iommufd_device *idev = mock_idev_get(call->ictx, cmd->id);
	u32 entry = cmd->check_dev_cache.id;
	int rc = -EINVAL;

	if (IS_ERR(idev))
		return PTR_ERR(idev);
	if (entry < MOCK_DEV_CACHE_NUM &&
	    to_mock_device(idev->dev)->cache[entry] ==
		    cmd->check_dev_cache.cache)
		rc = 0;
	idev_put(idev);
	return rc;
}

/**
 * mock_device_exit() - the module goes
 */
void mock_device_exit(void)
{
	ida_destroy(&device_ids);
}
