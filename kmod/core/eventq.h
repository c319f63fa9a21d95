/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event queues: what happens in hardware, for userspace to read from a file of
 * its own.
 *
 * The file is a long-term user of the queue, and holds a reference on the
 * iommufd: a queue can be destroyed once its file is closed.
 */
#ifndef IOMMUFD_EVENTQ_H
#define IOMMUFD_EVENTQ_H

#include <linux/poll.h>
#include <linux/wait.h>

#include "ctx.h"

struct ioctl_call;

/**
 * struct eventq - what all queues have
 * @obj: what userspace sees
 * @ictx: whose
 * @readers: those who wait for an event
 */
struct eventq {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	wait_queue_head_t readers;
};

struct eventq *eventq_alloc(struct iommufd_ctx *ictx, size_t size_bytes,
			    enum iommufd_object_type type);
int eventq_publish(struct eventq *queue, struct ioctl_call *call,
		   const char *name, const struct file_operations *fops,
		   u32 *out_id, u32 *out_fd);
int eventq_release(struct inode *inode, struct file *file);

/**
 * eventq_wake() - there is something to read
 * @queue: the queue
 */
static inline void eventq_wake(struct eventq *queue)
{
	wake_up_interruptible(&queue->readers);
}

#endif
