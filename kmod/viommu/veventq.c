// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vIOMMU's events, for the guest. See viommu.h.
 */
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "viommu.h"

/* As deep as the deepest event queue of hardware (SMMUv3: 2^19 entries). */
#define DEPTH_MAX	BIT(19)

static struct veventq *veventq_of(struct iommufd_object *obj)
{
	return container_of(obj, struct veventq, queue.obj);
}

static struct veventq *find(struct iommufd_viommu *viommu, u32 type)
{
	struct veventq *queue;

	lockdep_assert_held(&viommu->veventqs_rwsem);
	list_for_each_entry(queue, &viommu->veventqs, node) {
		if (queue->type == type)
			return queue;
	}
	return NULL;
}

/*
 * The oldest event, or NULL. Its header is copied: that of a loss is changed by the
 * next one.
 */
static struct vevent *take(struct veventq *queue,
			   struct iommufd_vevent_header *header)
{
	struct vevent *event;

	spin_lock(&queue->queue.lock);
	event = list_first_entry_or_null(&queue->queue.unread, typeof(*event),
					 node);
	if (event) {
		*header = event->header;
		list_del(&event->node);
		if (event != &queue->lost)
			queue->nr_events--;
	}
	spin_unlock(&queue->queue.lock);
	return event;
}

/* Userspace did not get it. */
static void untake(struct veventq *queue, struct vevent *event)
{
	spin_lock(&queue->queue.lock);
	if (event != &queue->lost) {
		list_add(&event->node, &queue->queue.unread);
		queue->nr_events++;
	} else if (list_empty(&queue->queue.unread)) {
		/* Else what came meanwhile tells of it by its sequence. */
		list_add(&event->node, &queue->queue.unread);
	}
	spin_unlock(&queue->queue.lock);
}

/* Returns bytes, or an errno: -EINVAL when there is no room for it. */
static ssize_t write_event(const struct iommufd_vevent_header *header,
			   const struct vevent *event, char __user *user,
			   size_t room_bytes)
{
	size_t bytes = sizeof(*header) + event->length_bytes;

	if (bytes > room_bytes)
		return -EINVAL;
	if (copy_to_user(user, header, sizeof(*header)) ||
	    copy_to_user(user + sizeof(*header), event + 1,
			 event->length_bytes))
		return -EFAULT;
	return bytes;
}

/* Returns bytes, 0 when there is nothing, or an errno. */
static ssize_t read_one(struct veventq *queue, char __user *user,
			size_t room_bytes)
{
	struct iommufd_vevent_header header;
	struct vevent *event = take(queue, &header);
	ssize_t rc;

	race_point("veventq:taken");
	if (!event)
		return 0;
	rc = write_event(&header, event, user, room_bytes);
	if (rc < 0)
		untake(queue, event);
	else if (event != &queue->lost)
		kfree(event);
	return rc;
}

/*
 * As many whole events as there are and fit: 0 when there are none, for the file
 * is made to be polled. -EINVAL when not even the first one fits.
 */
static ssize_t veventq_read(struct file *file, char __user *user, size_t count,
			    loff_t *pos)
{
	struct veventq *queue = file->private_data;
	size_t done = 0;
	ssize_t rc;

	if (count < sizeof(struct iommufd_vevent_header))
		return -EINVAL;
	rc = mutex_lock_killable(&queue->read_lock);
	if (rc)
		return rc;
	do {
		rc = read_one(queue, user + done, count - done);
		if (rc > 0)
			done += rc;
	} while (rc > 0);
	mutex_unlock(&queue->read_lock);
	return done ? done : rc;
}

static __poll_t veventq_poll(struct file *file, struct poll_table_struct *wait)
{
	struct veventq *queue = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &queue->queue.readers, wait);
	spin_lock(&queue->queue.lock);
	if (!list_empty(&queue->queue.unread))
		events = EPOLLIN | EPOLLRDNORM;
	spin_unlock(&queue->queue.lock);
	return events;
}

static const struct file_operations veventq_fops = {
	.owner = THIS_MODULE,
	.read = veventq_read,
	.poll = veventq_poll,
	.release = eventq_release,
};

/**
 * veventq_destroy() - end an event queue of a vIOMMU
 * @obj: the queue
 */
void veventq_destroy(struct iommufd_object *obj)
{
	struct veventq *queue = veventq_of(obj);
	struct vevent *event, *next;

	down_write(&queue->viommu->veventqs_rwsem);
	list_del(&queue->node);
	up_write(&queue->viommu->veventqs_rwsem);
	race_point("veventq:removed");
	list_for_each_entry_safe(event, next, &queue->queue.unread, node) {
		if (event != &queue->lost)
			kfree(event);
	}
	object_release(&queue->viommu->obj);
	mutex_destroy(&queue->read_lock);
}

static struct veventq *create(struct iommufd_viommu *viommu,
			      const struct iommu_veventq_alloc *arg)
{
	struct iommufd_ctx *ictx = viommu->ictx;
	struct eventq *base = eventq_alloc(ictx, sizeof(struct veventq),
					   IOMMUFD_OBJ_VEVENTQ);
	struct veventq *queue;
	int rc = 0;

	if (IS_ERR(base))
		return ERR_CAST(base);
	queue = container_of(base, struct veventq, queue);
	queue->viommu = viommu;
	queue->type = arg->type;
	queue->depth = arg->veventq_depth;
	queue->lost.header.flags = IOMMU_VEVENTQ_FLAG_LOST_EVENTS;
	mutex_init(&queue->read_lock);

	if (!object_hold(&viommu->obj)) {
		rc = -ENOENT;
		goto err_abort;
	}
	down_write(&viommu->veventqs_rwsem);
	if (find(viommu, arg->type))
		rc = -EEXIST;
	else
		list_add_tail(&queue->node, &viommu->veventqs);
	up_write(&viommu->veventqs_rwsem);
	if (rc)
		goto err_release;
	race_point("veventq:added");
	return queue;

err_release:
	object_release(&viommu->obj);
err_abort:
	mutex_destroy(&queue->read_lock);
	object_abort(&ictx->objects, &base->obj);
	return ERR_PTR(rc);
}

static int check(const struct iommu_veventq_alloc *arg)
{
	if (arg->flags || arg->__reserved ||
	    arg->type == IOMMU_VEVENTQ_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	if (!arg->veventq_depth || arg->veventq_depth > DEPTH_MAX)
		return -EINVAL;
	return 0;
}

/**
 * ioctl_veventq_alloc() - IOMMU_VEVENTQ_ALLOC
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for flags, reserved fields, and no type; -EINVAL for a
 * depth that is none or too large; -EEXIST when the vIOMMU has a queue of this
 * type; -ENOENT; what eventq_publish() says; -ENOMEM.
 */
int ioctl_veventq_alloc(struct ioctl_call *call)
{
	struct iommu_veventq_alloc *arg = call->arg;
	struct iommufd_viommu *viommu;
	struct veventq *queue;
	int rc;

	rc = check(arg);
	if (rc)
		return rc;
	viommu = viommu_get(call->ictx, arg->viommu_id);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	queue = create(viommu, arg);
	if (IS_ERR(queue)) {
		rc = PTR_ERR(queue);
		goto out_put;
	}
	rc = eventq_publish(&queue->queue, call, "[iommufd-viommu-event]",
			    &veventq_fops, &arg->out_veventq_id,
			    &arg->out_veventq_fd);
	if (rc) {
		veventq_destroy(&queue->queue.obj);
		object_abort(&call->ictx->objects, &queue->queue.obj);
	}
out_put:
	viommu_put(viommu);
	return rc;
}
