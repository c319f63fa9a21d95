// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vIOMMU's events, for the guest. See viommu.h.
 */
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/limits.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "viommu.h"

/* As deep as the deepest event queue of hardware (SMMUv3: 2^19 entries). */
#define DEPTH_MAX	BIT(19)

/**
 * struct vevent - an event
 * @node: in the queue's events
 * @header: what userspace reads first
 * @length_bytes: of @data
 * @data: what userspace reads then
 */
struct vevent {
	struct list_head node;
	struct iommufd_vevent_header header;
	size_t length_bytes;
	u8 data[] __counted_by(length_bytes);
};

static struct veventq *veventq_of(struct iommufd_object *obj)
{
	return container_of(obj, struct veventq, queue.obj);
}

/* Of the event that comes next. Called with the queue's lock held. */
static u32 next_sequence(struct veventq *queue)
{
	queue->sequence = queue->sequence == INT_MAX ? 0 : queue->sequence + 1;
	return queue->sequence;
}

/* @event, or if that is NULL the loss of one. */
static void add(struct veventq *queue, struct vevent *event)
{
	spin_lock(&queue->lock);
	queue->lost = !event || queue->nr_events == queue->depth;
	if (queue->lost) {
		next_sequence(queue);
		kfree(event);
	} else {
		event->header.sequence = next_sequence(queue);
		list_add_tail(&event->node, &queue->events);
		queue->nr_events++;
	}
	spin_unlock(&queue->lock);
	eventq_wake(&queue->queue);
}

static struct vevent *create_event(const void *data, size_t length_bytes)
{
	struct vevent *event = kzalloc_flex(*event, data, length_bytes,
					    GFP_KERNEL_ACCOUNT);

	if (event) {
		event->length_bytes = length_bytes;
		memcpy(event->data, data, length_bytes);
	}
	return event;
}

static struct veventq *find(struct iommufd_viommu *viommu, u32 type)
{
	struct veventq *queue;

	lockdep_assert_held(&viommu->ictx->veventqs_lock);
	list_for_each_entry(queue, &viommu->ictx->veventqs, node) {
		if (queue->viommu == viommu && queue->type == type)
			return queue;
	}
	return NULL;
}

/**
 * veventq_report() - report an event of a vIOMMU
 * @viommu: the vIOMMU
 * @type: of the event, enum iommu_veventq_type
 * @data: the event
 * @length_bytes: its length
 *
 * An event that finds the queue full, or no memory, is lost; the reader is told.
 *
 * Context: Process; sleeps, never for userspace.
 * Return: 0, or -EOPNOTSUPP when there is no queue of this type.
 */
int veventq_report(struct iommufd_viommu *viommu, u32 type, const void *data,
		   size_t length_bytes)
{
	struct veventq *queue;

	mutex_lock(&viommu->ictx->veventqs_lock);
	queue = find(viommu, type);
	if (queue) {
		race_point("veventq:found");
		add(queue, create_event(data, length_bytes));
	}
	mutex_unlock(&viommu->ictx->veventqs_lock);
	return queue ? 0 : -EOPNOTSUPP;
}

/*
 * The oldest event, or NULL; then @lost says whether there is at least a loss to
 * report, and of what sequence.
 */
static struct vevent *take(struct veventq *queue,
			   struct iommufd_vevent_header *lost)
{
	struct vevent *event;

	*lost = (struct iommufd_vevent_header){};
	spin_lock(&queue->lock);
	event = list_first_entry_or_null(&queue->events, typeof(*event), node);
	if (event) {
		list_del(&event->node);
		queue->nr_events--;
	} else if (queue->lost) {
		lost->flags = IOMMU_VEVENTQ_FLAG_LOST_EVENTS;
		lost->sequence = queue->sequence;
		queue->lost = false;
	}
	spin_unlock(&queue->lock);
	return event;
}

/* Userspace did not get it. */
static void untake(struct veventq *queue, struct vevent *event)
{
	spin_lock(&queue->lock);
	list_add(&event->node, &queue->events);
	queue->nr_events++;
	spin_unlock(&queue->lock);
}

static void untake_lost(struct veventq *queue)
{
	spin_lock(&queue->lock);
	/* An event that came meanwhile tells of it by its sequence. */
	queue->lost |= list_empty(&queue->events);
	spin_unlock(&queue->lock);
}

/* Returns bytes, or an errno: -EINVAL when there is no room for it. */
static ssize_t write_event(const struct vevent *event, char __user *user,
			   size_t room_bytes)
{
	size_t bytes = sizeof(event->header) + event->length_bytes;

	if (bytes > room_bytes)
		return -EINVAL;
	if (copy_to_user(user, &event->header, sizeof(event->header)) ||
	    copy_to_user(user + sizeof(event->header), event->data,
			 event->length_bytes))
		return -EFAULT;
	return bytes;
}

static ssize_t write_lost(const struct iommufd_vevent_header *lost,
			  char __user *user, size_t room_bytes)
{
	if (sizeof(*lost) > room_bytes)
		return -EINVAL;
	return copy_to_user(user, lost, sizeof(*lost)) ? -EFAULT :
							  sizeof(*lost);
}

/* Returns bytes, 0 when there is nothing, or an errno. */
static ssize_t read_one(struct veventq *queue, char __user *user,
			size_t room_bytes)
{
	struct iommufd_vevent_header lost;
	struct vevent *event = take(queue, &lost);
	ssize_t rc;

	race_point("veventq:taken");
	if (event) {
		rc = write_event(event, user, room_bytes);
		if (rc < 0)
			untake(queue, event);
		else
			kfree(event);
		return rc;
	}
	if (!lost.flags)
		return 0;
	rc = write_lost(&lost, user, room_bytes);
	if (rc < 0)
		untake_lost(queue);
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
	spin_lock(&queue->lock);
	if (queue->lost || !list_empty(&queue->events))
		events = EPOLLIN | EPOLLRDNORM;
	spin_unlock(&queue->lock);
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

	mutex_lock(&queue->queue.ictx->veventqs_lock);
	list_del(&queue->node);
	mutex_unlock(&queue->queue.ictx->veventqs_lock);
	race_point("veventq:removed");
	list_for_each_entry_safe(event, next, &queue->events, node)
		kfree(event);
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
	/* The first event has sequence 0. */
	queue->sequence = INT_MAX;
	mutex_init(&queue->read_lock);
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->events);

	if (!object_hold(&viommu->obj)) {
		rc = -ENOENT;
		goto err_abort;
	}
	mutex_lock(&ictx->veventqs_lock);
	if (find(viommu, arg->type))
		rc = -EEXIST;
	else
		list_add_tail(&queue->node, &ictx->veventqs);
	mutex_unlock(&ictx->veventqs_lock);
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
