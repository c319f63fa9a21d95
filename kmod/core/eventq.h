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

#include <linux/list.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "ctx.h"

struct ioctl_call;

/**
 * struct eventq - what all queues have
 * @obj: what userspace sees
 * @ictx: whose
 * @unused: of the kernel's own module; here nothing needs to know the file
 * @lock: protects @unread, and what the queue's kind says; never held while user memory
 *        is touched, and all that a driver takes to report
 * @unread: events, oldest first
 * @readers: those who wait for an event
 *
 * As the kernel's own code knows it, see contract.h.
 */
struct eventq {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	void *unused;
	spinlock_t lock; /* @unread */
	struct list_head unread;
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
