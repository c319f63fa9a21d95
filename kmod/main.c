// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iommu: the device, its file, and the table of its ioctls.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "core/ctx.h"
#include "core/ioctl.h"
#include "core/mmio.h"
#include "mock/mock.h"
#include "vfio/vfio.h"

/**
 * struct ioctl_op - one ioctl
 * @cmd: its number as userspace gives it
 * @size_bytes: of its structure
 * @min_bytes: the least that userspace must know of it
 * @handler: what carries it out
 */
struct ioctl_op {
	unsigned int cmd;
	u16 size_bytes;
	u16 min_bytes;
	int (*handler)(struct ioctl_call *call);
};

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

/* Room for the largest of the structures. */
#ifdef CONFIG_IOMMUFD_TEST
#define IOCTL_ARG_BYTES		sizeof(struct iommu_test_cmd)
#else
#define IOCTL_ARG_BYTES		64
#endif

static long iommufd_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	u64 buf[IOCTL_ARG_BYTES / sizeof(u64)];
	struct ioctl_call call = {
		.ictx = file->private_data,
		.arg = buf,
		.user = (void __user *)arg,
	};
	unsigned int nr = _IOC_NR(cmd) - IOMMUFD_CMD_BASE;
	const struct ioctl_op *op;
	int rc;

	/* Numbers below the base, like those of VFIO, wrap to large ones. */
	if (nr >= ARRAY_SIZE(ioctl_ops))
		return vfio_compat_ioctl(call.ictx, cmd, arg);
	if (ioctl_ops[nr].cmd != cmd)
		return -ENOTTY;
	op = &ioctl_ops[nr];

	if (get_user(call.size_bytes, (u32 __user *)call.user))
		return -EFAULT;
	if (call.size_bytes < op->min_bytes)
		return -EINVAL;
	rc = copy_struct_from_user(buf, op->size_bytes, call.user,
				   call.size_bytes);
	if (rc)
		return rc;
	call.size_bytes = min(call.size_bytes, op->size_bytes);
	return op->handler(&call);
}

/**
 * ioctl_reply() - give the structure back to userspace
 * @call: the ioctl
 *
 * As much of it as userspace gave.
 *
 * Return: 0 or -EFAULT.
 */
int ioctl_reply(const struct ioctl_call *call)
{
	return copy_to_user(call->user, call->arg, call->size_bytes) ? -EFAULT :
								       0;
}

/**
 * ioctl_destroy() - IOMMU_DESTROY
 * @call: the ioctl
 *
 * Return: 0, or -ENOENT, -EBUSY, -ERESTARTSYS as object_destroy() says.
 */
int ioctl_destroy(struct ioctl_call *call)
{
	const struct iommu_destroy *arg = call->arg;

	return object_destroy(&call->ictx->objects, arg->id);
}

static int iommufd_open(struct inode *inode, struct file *file)
{
	return ctx_open(file);
}

static int iommufd_release(struct inode *inode, struct file *file)
{
	ctx_release(file);
	return 0;
}

const struct file_operations iommufd_fops = {
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

/**
 * ctx_device() - the device that stands for all devices of an iommufd
 *
 * Return: that of /dev/iommu.
 */
struct device *ctx_device(void)
{
	return iommufd_misc.this_device;
}

static int __init iommufd_init(void)
{
	int rc;

	for (size_t i = 0; i < ARRAY_SIZE(ioctl_ops); i++) {
		if (WARN_ON(ioctl_ops[i].size_bytes > IOCTL_ARG_BYTES))
			return -EINVAL;
	}
	rc = mock_init();
	if (rc)
		return rc;
	rc = misc_register(&iommufd_misc);
	if (rc)
		mock_exit();
	return rc;
}
module_init(iommufd_init);

static void __exit iommufd_exit(void)
{
	misc_deregister(&iommufd_misc);
	mock_exit();
}
module_exit(iommufd_exit);

MODULE_DESCRIPTION("IO page tables of devices over user memory (/dev/iommu)");
MODULE_AUTHOR("The iommufd-fast authors");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("GENERIC_PT_IOMMU");
MODULE_IMPORT_NS("IOMMUFD");
MODULE_IMPORT_NS("IOMMUFD_INTERNAL");
