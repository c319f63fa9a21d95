// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iommu: the device, its file, and the tables of its ioctls and its objects.
 * /dev/vfio/vfio is another name of it, where the kernel is configured so.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <uapi/linux/iommufd.h>

#include "access/access.h"
#include "core/core.h"
#include "device/device.h"
#include "ioas/ioas.h"
#include "mock/mock.h"
#include "vfio/vfio.h"
#include "viommu/viommu.h"

#define OP(_cmd, _struct, _last, _handler)                       \
	[_IOC_NR(_cmd) - IOMMUFD_CMD_BASE] = {                   \
		.cmd = (_cmd),                                   \
		.size_bytes = sizeof(struct _struct),            \
		.min_bytes = offsetofend(struct _struct, _last), \
		.handler = (_handler),                           \
	}

/* The structure as first released ends with the named field: that is enough. */
static const struct ioctl_op ioctl_ops[] = {
	OP(IOMMU_DESTROY, iommu_destroy, id, ioctl_destroy),
	OP(IOMMU_GET_HW_INFO, iommu_hw_info, __reserved, ioctl_get_hw_info),
	OP(IOMMU_FAULT_QUEUE_ALLOC, iommu_fault_alloc, out_fault_fd,
	   ioctl_fault_queue_alloc),
	OP(IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, __reserved, ioctl_hwpt_alloc),
	OP(IOMMU_HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap, data,
	   ioctl_get_dirty_bitmap),
	OP(IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, __reserved,
	   ioctl_hwpt_invalidate),
	OP(IOMMU_HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking,
	   __reserved, ioctl_set_dirty_tracking),
	OP(IOMMU_HW_QUEUE_ALLOC, iommu_hw_queue_alloc, length,
	   ioctl_hw_queue_alloc),
	OP(IOMMU_IOAS_ALLOC, iommu_ioas_alloc, out_ioas_id, ioctl_ioas_alloc),
	OP(IOMMU_IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas, allowed_iovas,
	   ioctl_ioas_allow_iovas),
	OP(IOMMU_IOAS_CHANGE_PROCESS, iommu_ioas_change_process, __reserved,
	   ioctl_change_process),
	OP(IOMMU_IOAS_COPY, iommu_ioas_copy, src_iova, ioctl_ioas_copy),
	OP(IOMMU_IOAS_IOVA_RANGES, iommu_ioas_iova_ranges, out_iova_alignment,
	   ioctl_ioas_iova_ranges),
	OP(IOMMU_IOAS_MAP, iommu_ioas_map, iova, ioctl_ioas_map),
	OP(IOMMU_IOAS_MAP_FILE, iommu_ioas_map_file, iova, ioctl_ioas_map_file),
	OP(IOMMU_IOAS_NOIOMMU_GET_PA, iommu_ioas_noiommu_get_pa, out_phys,
	   ioctl_noiommu_get_pa),
	OP(IOMMU_IOAS_UNMAP, iommu_ioas_unmap, length, ioctl_ioas_unmap),
	OP(IOMMU_OPTION, iommu_option, val64, ioctl_option),
	OP(IOMMU_VDEVICE_ALLOC, iommu_vdevice_alloc, virt_id,
	   ioctl_vdevice_alloc),
	OP(IOMMU_VEVENTQ_ALLOC, iommu_veventq_alloc, __reserved,
	   ioctl_veventq_alloc),
	OP(IOMMU_VFIO_IOAS, iommu_vfio_ioas, __reserved, ioctl_vfio_ioas),
	OP(IOMMU_VIOMMU_ALLOC, iommu_viommu_alloc, out_viommu_id,
	   ioctl_viommu_alloc),
#ifdef CONFIG_IOMMUFD_TEST
	OP(IOMMU_TEST_CMD, iommu_test_cmd, last, ioctl_mock),
#endif
};

static long iommufd_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct iommufd_ctx *ictx = file->private_data;
	unsigned int nr = _IOC_NR(cmd) - IOMMUFD_CMD_BASE;

	/* Numbers below the base, like those of VFIO, wrap to large ones. */
	if (nr >= ARRAY_SIZE(ioctl_ops))
		return vfio_compat_ioctl(ictx, cmd, arg);
	if (ioctl_ops[nr].cmd != cmd)
		return -ENOTTY;
	return ioctl_run(ictx, &ioctl_ops[nr], (void __user *)arg);
}

static int iommufd_open(struct inode *inode, struct file *file)
{
	struct iommufd_ctx *ictx;
	int rc;

	rc = ctx_open(file);
	if (rc || iminor(inode) != VFIO_MINOR)
		return rc;
	/* As a container counts, until IOMMU_OPTION says otherwise. */
	ictx = file->private_data;
	ictx->account_by_mm = true;
	pr_info_once("/dev/vfio/vfio is provided by iommufd, not by vfio\n");
	return 0;
}

static int iommufd_release(struct inode *inode, struct file *file)
{
	ctx_release(file);
	return 0;
}

static const struct file_operations iommufd_fops = {
	.owner = THIS_MODULE,
	.open = iommufd_open,
	.release = iommufd_release,
	.unlocked_ioctl = iommufd_ioctl,
	.mmap = mmio_mmap,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice iommufd_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommu",
	.fops = &iommufd_fops,
	.nodename = "iommu",
	.mode = 0660,
};

#ifdef CONFIG_IOMMUFD_VFIO_CONTAINER
/*
 * The node of a VFIO container, in a kernel whose vfio.ko has none: an iommufd like
 * others, and anybody may open it, for a device is reached by its group's node alone.
 */
static struct miscdevice container_misc = {
	.minor = VFIO_MINOR,
	.name = "vfio",
	.fops = &iommufd_fops,
	.nodename = "vfio/vfio",
	.mode = 0666,
};

MODULE_ALIAS_MISCDEV(VFIO_MINOR);
MODULE_ALIAS("devname:vfio/vfio");

static int register_container(void)
{
	return misc_register(&container_misc);
}

static void deregister_container(void)
{
	misc_deregister(&container_misc);
}
#else
static int register_container(void)
{
	return 0;
}

static void deregister_container(void)
{
}
#endif

/* How each type of object ends. */
static const object_destroy_fn destroy_ops[IOMMUFD_OBJ_MAX] = {
	[IOMMUFD_OBJ_ACCESS] = access_destroy,
	[IOMMUFD_OBJ_DEVICE] = idev_destroy,
	[IOMMUFD_OBJ_FAULT] = fault_queue_destroy,
	[IOMMUFD_OBJ_HWPT_NESTED] = hwpt_nested_destroy,
	[IOMMUFD_OBJ_HWPT_PAGING] = hwpt_paging_destroy,
	[IOMMUFD_OBJ_HW_QUEUE] = hw_queue_destroy,
	[IOMMUFD_OBJ_IOAS] = ioas_destroy,
	[IOMMUFD_OBJ_VDEVICE] = vdevice_destroy,
	[IOMMUFD_OBJ_VEVENTQ] = veventq_destroy,
	[IOMMUFD_OBJ_VIOMMU] = viommu_destroy,
#ifdef CONFIG_IOMMUFD_TEST
	[IOMMUFD_OBJ_SELFTEST] = mock_object_destroy,
#endif
};

static int __init iommufd_init(void)
{
	int rc;

	for (size_t i = 0; i < ARRAY_SIZE(ioctl_ops); i++) {
		if (WARN_ON(ioctl_ops[i].size_bytes > IOCTL_ARG_BYTES))
			return -EINVAL;
	}
	ctx_set_up(&iommufd_misc, destroy_ops);
	debugfs_set_up(ioas_show);
	rc = mock_init();
	if (rc)
		goto err_debugfs;
	/* First, for its minor may be taken: then nobody has opened the other one. */
	rc = register_container();
	if (rc)
		goto err_mock;
	rc = misc_register(&iommufd_misc);
	if (rc)
		goto err_container;
	pr_info("iommufd-fast " IOMMUFD_FAST_VERSION "\n");
	return 0;

err_container:
	deregister_container();
err_mock:
	mock_exit();
err_debugfs:
	debugfs_end();
	return rc;
}
module_init(iommufd_init);

static void __exit iommufd_exit(void)
{
	misc_deregister(&iommufd_misc);
	deregister_container();
	mock_exit();
	debugfs_end();
}
module_exit(iommufd_exit);

MODULE_DESCRIPTION("IO page tables of devices over user memory (/dev/iommu)");
MODULE_AUTHOR("The iommufd-fast authors");
MODULE_LICENSE("GPL");
/* Which the in-tree module has not: /sys/module/iommufd/version says which is loaded. */
MODULE_VERSION("fast-" IOMMUFD_FAST_VERSION);
MODULE_IMPORT_NS("GENERIC_PT_IOMMU");
MODULE_IMPORT_NS("IOMMUFD");
MODULE_IMPORT_NS("IOMMUFD_INTERNAL");
