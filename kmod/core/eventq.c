// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event queues and their files. See eventq.h.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>

#include "eventq.h"
#include "ioctl.h"

/**
 * eventq_alloc() - make a queue that nobody sees yet
 * @ictx: whose
 * @size_bytes: of the structure whose first member is a struct eventq
 * @type: its type
 *
 * Return: the queue, the rest of it zeroed; or ERR_PTR(-ENOMEM).
 */
struct eventq *eventq_alloc(struct iommufd_ctx *ictx, size_t size_bytes,
			    enum iommufd_object_type type)
{
	struct eventq *queue = object_alloc(&ictx->objects, size_bytes, type);

	if (IS_ERR(queue))
		return queue;
	queue->ictx = ictx;
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->unread);
	init_waitqueue_head(&queue->readers);
	return queue;
}

/**
 * eventq_publish() - give a queue a file, and make both visible
 * @queue: complete; on success the caller must not touch it again
 * @call: the ioctl that is to reply
 * @name: of the file, as in /proc/PID/fd
 * @fops: of the file; the queue is its private_data, and release is
 *        eventq_release()
 * @out_id: in the reply, for the queue's ID
 * @out_fd: in the reply, for the file's descriptor
 *
 * Return: 0, or with nothing visible -EMFILE, -ENFILE, -ENOMEM, -EFAULT.
 */
int eventq_publish(struct eventq *queue, struct ioctl_call *call,
		   const char *name, const struct file_operations *fops,
		   u32 *out_id, u32 *out_fd)
{
	struct iommufd_ctx *ictx = queue->ictx;
	int rc;

	/* The file has no queue, and releases none, before all went well. */
	FD_PREPARE(fdf, O_CLOEXEC,
		   anon_inode_getfile(name, fops, NULL, O_RDWR));
	if (fdf.err)
		return fdf.err;
	*out_id = queue->obj.id;
	*out_fd = fd_prepare_fd(fdf);
	rc = ioctl_reply(call);
	if (rc)
		return rc;
	iommufd_ctx_get(ictx);
	object_hold(&queue->obj);
	fd_prepare_file(fdf)->private_data = queue;
	object_publish(&ictx->objects, &queue->obj);
	fd_publish(fdf);
	return 0;
}

/**
 * eventq_release() - a queue's file is closed
 * @inode: unused
 * @file: the file
 *
 * Return: 0.
 */
int eventq_release(struct inode *inode, struct file *file)
{
	struct eventq *queue = file->private_data;
	struct iommufd_ctx *ictx;

	if (!queue)
		return 0;
	ictx = queue->ictx;
	object_release(&queue->obj);
	iommufd_ctx_put(ictx);
	return 0;
}
