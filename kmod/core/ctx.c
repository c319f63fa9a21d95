// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one open of /dev/iommu holds, and how drivers get hold of it.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>

#include "ctx.h"
#include "debugfs.h"
#include "msi.h"

static const struct miscdevice *ctx_misc;
static const object_destroy_fn *ctx_destroy_ops;

/**
 * ctx_set_up() - what all iommufds have in common
 * @misc: /dev/iommu
 * @destroy_ops: how each type of object ends; IOMMUFD_OBJ_MAX of them
 *
 * Context: Before /dev/iommu can be opened.
 */
void ctx_set_up(const struct miscdevice *misc,
		const object_destroy_fn *destroy_ops)
{
	ctx_misc = misc;
	ctx_destroy_ops = destroy_ops;
}

/**
 * ctx_device() - the device that stands for all devices of an iommufd
 *
 * Return: that of /dev/iommu.
 */
struct device *ctx_device(void)
{
	return ctx_misc->this_device;
}

/**
 * ctx_fops() - what the file of an iommufd can do
 *
 * Return: the operations of /dev/iommu.
 */
const struct file_operations *ctx_fops(void)
{
	return ctx_misc->fops;
}

/**
 * ctx_open() - the open of /dev/iommu
 * @file: the file
 *
 * Return: 0 or -ENOMEM.
 */
int ctx_open(struct file *file)
{
	static atomic_t last_number;
	struct iommufd_ctx *ictx = kzalloc_obj(*ictx, GFP_KERNEL_ACCOUNT);

	if (!ictx)
		return -ENOMEM;
	ictx->file = file;
	ictx->number = atomic_inc_return(&last_number);
	object_table_init(&ictx->objects, ctx_destroy_ops);
	mt_init_flags(&ictx->mmio, MT_FLAGS_ALLOC_RANGE);
	mutex_init(&ictx->msi_lock);
	INIT_LIST_HEAD(&ictx->msi_doorbells);
	mutex_init(&ictx->groups_lock);
	init_rwsem(&ictx->queues_rwsem);
	mutex_init(&ictx->process_lock);
	INIT_LIST_HEAD(&ictx->ioases);
	mutex_init(&ictx->vfio_lock);
	xa_init(&ictx->groups);
	file->private_data = ictx;
	ictx->view = debugfs_open_view(ictx);
	return 0;
}

static void free_doorbells(struct iommufd_ctx *ictx)
{
	struct msi_doorbell *doorbell, *next;

	list_for_each_entry_safe(doorbell, next, &ictx->msi_doorbells, node)
		kfree(doorbell);
}

/**
 * ctx_release() - the last close of a file
 * @file: the file; no driver holds a reference on it, so no device is bound
 */
void ctx_release(struct file *file)
{
	struct iommufd_ctx *ictx = file->private_data;

	debugfs_close_view(ictx->view);
	object_table_destroy(&ictx->objects);
	WARN_ON(!xa_empty(&ictx->groups));
	mutex_destroy(&ictx->vfio_lock);
	mutex_destroy(&ictx->process_lock);
	mutex_destroy(&ictx->groups_lock);
	free_doorbells(ictx);
	mutex_destroy(&ictx->msi_lock);
	WARN_ON(!mtree_empty(&ictx->mmio));
	kfree(ictx);
}

/**
 * iommufd_ctx_get() - take a reference on an iommufd
 * @ictx: one that is referenced already
 */
void iommufd_ctx_get(struct iommufd_ctx *ictx)
{
	get_file(ictx->file);
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_get, "IOMMUFD");

/**
 * iommufd_ctx_from_file() - the iommufd of an open file
 * @file: any file that the caller holds
 *
 * Return: the iommufd with a reference, or ERR_PTR(-EBADFD) when @file is not
 * one of /dev/iommu.
 */
struct iommufd_ctx *iommufd_ctx_from_file(struct file *file)
{
	if (file->f_op != ctx_fops())
		return ERR_PTR(-EBADFD);
	return get_file(file)->private_data;
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_from_file, "IOMMUFD");

/**
 * iommufd_ctx_from_fd() - the iommufd of a file descriptor
 * @fd: a descriptor of the calling process
 *
 * Return: the iommufd with a reference, or ERR_PTR() of -EBADF when @fd is not
 * open, -EBADFD when it is not one of /dev/iommu.
 */
struct iommufd_ctx *iommufd_ctx_from_fd(int fd)
{
	CLASS(fd, f)(fd);

	if (fd_empty(f))
		return ERR_PTR(-EBADF);
	return iommufd_ctx_from_file(fd_file(f));
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_from_fd, "IOMMUFD");

/**
 * iommufd_ctx_put() - drop a reference
 * @ictx: the iommufd
 */
void iommufd_ctx_put(struct iommufd_ctx *ictx)
{
	fput(ictx->file);
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_put, "IOMMUFD");
