// SPDX-License-Identifier: GPL-2.0-only
/*
 * IO page faults that userspace resolves. See fault.h.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "device.h"
#include "fault.h"
#include "group.h"
#include "hwpt.h"

static struct fault_queue *fault_queue_of(struct iommufd_object *obj)
{
	return container_of(obj, struct fault_queue, queue.obj);
}

/**
 * fault_queue_hold() - look a fault queue up, and become a long-term user
 * @ictx: whose
 * @id: its ID
 *
 * Return: the queue, until fault_queue_release(); or ERR_PTR(-ENOENT).
 */
struct fault_queue *fault_queue_hold(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = object_get(&ictx->objects, id,
						IOMMUFD_OBJ_FAULT);
	bool held;

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	held = object_hold(obj);
	object_put(&ictx->objects, obj);
	return held ? fault_queue_of(obj) : ERR_PTR(-ENOENT);
}

/**
 * fault_queue_release() - the end of fault_queue_hold()
 * @faults: the queue; the caller must not touch it again
 */
void fault_queue_release(struct fault_queue *faults)
{
	object_release(&faults->queue.obj);
}

static struct attachment *attachment_of(const struct iopf_group *group)
{
	return container_of(group->attach_handle, struct attachment, handle);
}

static void add_unread(struct fault_queue *faults, struct iopf_group *group)
{
	spin_lock(&faults->queue.lock);
	list_add_tail(&group->node, &faults->queue.unread);
	spin_unlock(&faults->queue.lock);
}

/* Back to where it came from. */
static void return_unread(struct fault_queue *faults, struct iopf_group *group)
{
	spin_lock(&faults->queue.lock);
	list_add(&group->node, &faults->queue.unread);
	spin_unlock(&faults->queue.lock);
}

static struct iopf_group *take_unread(struct fault_queue *faults)
{
	struct iopf_group *group;

	spin_lock(&faults->queue.lock);
	group = list_first_entry_or_null(&faults->queue.unread, typeof(*group), node);
	if (group)
		list_del(&group->node);
	spin_unlock(&faults->queue.lock);
	return group;
}

/**
 * fault_queue_deliver() - report faults to userspace
 * @group: a group of faults, at a HWPT that has a queue; it belongs to the queue
 *         now
 *
 * The handler of the domain, called by the IOMMU core.
 *
 * Context: Process; sleeps, never for userspace.
 * Return: 0.
 */
int fault_queue_deliver(struct iopf_group *group)
{
	struct fault_queue *faults = attachment_of(group)->hwpt->faults;

	race_point("fault:reported");
	/* Else the core would answer and free it when the device is detached. */
	iopf_group_dequeue(group);
	add_unread(faults, group);
	race_point("fault:added");
	eventq_wake(&faults->queue);
	return 0;
}

static void respond(struct iopf_group *group,
		    enum iommu_page_response_code code)
{
	iopf_group_response(group, code);
	iopf_free_group(group);
}

/* How many are looked at before others get the lock. */
#define BATCH_GROUPS	64

/*
 * Take all of an attachment that were not read. There may be any number of
 * others' among them. Who takes groups off holds the queue's lock, as the caller
 * does, so the next one is still the next one when the other lock is back.
 */
static void take_unread_of(struct fault_queue *faults,
			   const struct iommu_attach_handle *handle,
			   struct list_head *taken)
{
	struct iopf_group *group, *next;
	unsigned int nr = 0;

	lockdep_assert_held(&faults->lock);
	spin_lock(&faults->queue.lock);
	list_for_each_entry_safe(group, next, &faults->queue.unread, node) {
		if (group->attach_handle == handle)
			list_move_tail(&group->node, taken);
		if (++nr % BATCH_GROUPS)
			continue;
		spin_unlock(&faults->queue.lock);
		cond_resched();
		spin_lock(&faults->queue.lock);
	}
	spin_unlock(&faults->queue.lock);
}

/**
 * fault_queue_cancel() - answer what is open of an attachment as invalid
 * @faults: the queue
 * @handle: the attachment's; it is ended, so that there will be no more faults
 *
 * Context: Process; sleeps.
 */
void fault_queue_cancel(struct fault_queue *faults,
			const struct iommu_attach_handle *handle)
{
	struct iopf_group *group, *next;
	unsigned long cookie;
	LIST_HEAD(cancelled);

	mutex_lock(&faults->lock);
	take_unread_of(faults, handle, &cancelled);
	xa_for_each(&faults->read, cookie, group) {
		if (group->attach_handle != handle)
			continue;
		xa_erase(&faults->read, cookie);
		list_add_tail(&group->node, &cancelled);
	}
	race_point("fault:cancelled");
	list_for_each_entry_safe(group, next, &cancelled, node)
		respond(group, IOMMU_PAGE_RESP_INVALID);
	mutex_unlock(&faults->lock);
}

static void fill_event(struct iommu_hwpt_pgfault *event,
		       const struct iommu_fault_page_request *request,
		       const struct iopf_group *group)
{
	static_assert((int)IOMMU_PGFAULT_FLAGS_PASID_VALID ==
		      IOMMU_FAULT_PAGE_REQUEST_PASID_VALID);
	static_assert((int)IOMMU_PGFAULT_FLAGS_LAST_PAGE ==
		      IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE);
	static_assert((int)IOMMU_PGFAULT_PERM_READ == IOMMU_FAULT_PERM_READ);
	static_assert((int)IOMMU_PGFAULT_PERM_WRITE == IOMMU_FAULT_PERM_WRITE);
	static_assert((int)IOMMU_PGFAULT_PERM_EXEC == IOMMU_FAULT_PERM_EXEC);
	static_assert((int)IOMMU_PGFAULT_PERM_PRIV == IOMMU_FAULT_PERM_PRIV);

	*event = (struct iommu_hwpt_pgfault){
		.flags = request->flags & (IOMMU_PGFAULT_FLAGS_PASID_VALID |
					   IOMMU_PGFAULT_FLAGS_LAST_PAGE),
		.dev_id = attachment_of(group)->idev->obj.id,
		.pasid = request->pasid,
		.grpid = request->grpid,
		.perm = request->perm & (IOMMU_PGFAULT_PERM_READ |
					 IOMMU_PGFAULT_PERM_WRITE |
					 IOMMU_PGFAULT_PERM_EXEC |
					 IOMMU_PGFAULT_PERM_PRIV),
		.addr = request->addr,
		.cookie = group->cookie,
	};
}

/**
 * struct taken - a group as userspace gets to see it
 * @group: the group; it may be cancelled any time
 * @cookie: its cookie
 * @nr: how many @events
 * @events: one for each of its faults
 */
struct taken {
	const struct iopf_group *group;
	u32 cookie;
	size_t nr;
	struct iommu_hwpt_pgfault *events;
};

/*
 * The next group. Returns 1, 0 when there is none, or an errno: -EINVAL for one
 * of more than @max faults.
 */
static int take(struct fault_queue *faults, size_t max, struct taken *taken)
{
	struct iommu_hwpt_pgfault *event;
	struct iopf_group *group;
	struct iopf_fault *fault;
	int rc;

	mutex_lock(&faults->lock);
	group = take_unread(faults);
	rc = 0;
	if (!group)
		goto out_unlock;
	rc = -EINVAL;
	if (group->fault_count > max)
		goto err_return;
	rc = -ENOMEM;
	event = kvmalloc_objs(*event, group->fault_count, GFP_KERNEL_ACCOUNT);
	if (!event)
		goto err_return;
	rc = xa_alloc(&faults->read, &group->cookie, group, xa_limit_32b,
		      GFP_KERNEL_ACCOUNT);
	if (rc) {
		kvfree(event);
		goto err_return;
	}
	*taken = (struct taken){
		.group = group,
		.cookie = group->cookie,
		.nr = group->fault_count,
		.events = event,
	};
	list_for_each_entry(fault, &group->faults, list)
		fill_event(event++, &fault->fault.prm, group);
	rc = 1;
	goto out_unlock;

err_return:
	return_unread(faults, group);
out_unlock:
	mutex_unlock(&faults->lock);
	return rc;
}

/* Userspace did not get the events, so it has to get them again. */
static void untake(struct fault_queue *faults, const struct taken *taken)
{
	struct iopf_group *group;

	mutex_lock(&faults->lock);
	group = xa_load(&faults->read, taken->cookie);
	/* It may have been cancelled meanwhile. */
	if (group == taken->group) {
		xa_erase(&faults->read, taken->cookie);
		return_unread(faults, group);
	}
	mutex_unlock(&faults->lock);
}

/* One group. Returns bytes, 0 when there is none, or an errno. */
static ssize_t read_group(struct fault_queue *faults, char __user *user,
			  size_t room_bytes)
{
	struct taken taken;
	size_t bytes;
	int rc;

	rc = take(faults, room_bytes / sizeof(*taken.events), &taken);
	if (rc <= 0)
		return rc;
	bytes = taken.nr * sizeof(*taken.events);
	race_point("fault:taken");
	if (copy_to_user(user, taken.events, bytes)) {
		untake(faults, &taken);
		rc = -EFAULT;
	}
	kvfree(taken.events);
	return rc < 0 ? rc : bytes;
}

/*
 * As many whole groups as there are and fit: 0 when there are none, for the file
 * is made to be polled. -EINVAL when not even the first one fits.
 */
static ssize_t fault_read(struct file *file, char __user *user, size_t count,
			  loff_t *pos)
{
	struct fault_queue *faults = file->private_data;
	size_t done = 0;
	ssize_t rc;

	if (count < sizeof(struct iommu_hwpt_pgfault))
		return -EINVAL;
	for (;;) {
		rc = read_group(faults, user + done, count - done);
		if (rc <= 0)
			return done ? done : rc;
		done += rc;
	}
}

static int response_code(u32 code, enum iommu_page_response_code *out)
{
	switch (code) {
	case IOMMUFD_PAGE_RESP_SUCCESS:
		*out = IOMMU_PAGE_RESP_SUCCESS;
		return 0;
	case IOMMUFD_PAGE_RESP_INVALID:
		*out = IOMMU_PAGE_RESP_INVALID;
		return 0;
	default:
		return -EINVAL;
	}
}

static int write_response(struct fault_queue *faults,
			  const char __user *user)
{
	struct iommu_hwpt_page_response response;
	enum iommu_page_response_code code;
	struct iopf_group *group;
	int rc;

	if (copy_from_user(&response, user, sizeof(response)))
		return -EFAULT;
	rc = response_code(response.code, &code);
	if (rc)
		return rc;
	/* Under the lock: the device must not go before it is answered. */
	mutex_lock(&faults->lock);
	group = xa_erase(&faults->read, response.cookie);
	race_point("fault:found");
	if (group)
		respond(group, code);
	mutex_unlock(&faults->lock);
	return group ? 0 : -EINVAL;
}

/* Responses, each of which ends a group. -EINVAL for a cookie of none. */
static ssize_t fault_write(struct file *file, const char __user *user,
			   size_t count, loff_t *pos)
{
	const size_t size = sizeof(struct iommu_hwpt_page_response);
	struct fault_queue *faults = file->private_data;
	size_t done;

	if (!count || count % size)
		return -EINVAL;
	for (done = 0; done < count; done += size) {
		int rc = write_response(faults, user + done);

		if (rc)
			return done ? done : rc;
	}
	return done;
}

static __poll_t fault_poll(struct file *file, struct poll_table_struct *wait)
{
	struct fault_queue *faults = file->private_data;
	/* A response never waits. */
	__poll_t events = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &faults->queue.readers, wait);
	spin_lock(&faults->queue.lock);
	if (!list_empty(&faults->queue.unread))
		events |= EPOLLIN | EPOLLRDNORM;
	spin_unlock(&faults->queue.lock);
	return events;
}

static const struct file_operations fault_fops = {
	.owner = THIS_MODULE,
	.read = fault_read,
	.write = fault_write,
	.poll = fault_poll,
	.release = eventq_release,
};

/*
 * Each attachment took what was open of it along. What is left a driver reported
 * when it should not any more, and the device that it would be answered to is gone.
 */
static void free_left(struct fault_queue *faults)
{
	struct iopf_group *group, *next;
	unsigned long cookie;

	WARN_ON(!list_empty(&faults->queue.unread) || !xa_empty(&faults->read));
	list_for_each_entry_safe(group, next, &faults->queue.unread, node)
		iopf_free_group(group);
	xa_for_each(&faults->read, cookie, group)
		iopf_free_group(group);
}

/**
 * fault_queue_destroy() - end a fault queue
 * @obj: the queue; no HWPT reports to it
 */
void fault_queue_destroy(struct iommufd_object *obj)
{
	struct fault_queue *faults = fault_queue_of(obj);

	free_left(faults);
	xa_destroy(&faults->read);
	mutex_destroy(&faults->lock);
}

/**
 * ioctl_fault_queue_alloc() - IOMMU_FAULT_QUEUE_ALLOC
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for flags; what eventq_publish() says; -ENOMEM.
 */
int ioctl_fault_queue_alloc(struct ioctl_call *call)
{
	struct iommu_fault_alloc *arg = call->arg;
	struct fault_queue *faults;
	struct eventq *queue;
	int rc;

	if (arg->flags)
		return -EOPNOTSUPP;
	queue = eventq_alloc(call->ictx, sizeof(*faults), IOMMUFD_OBJ_FAULT);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	faults = container_of(queue, struct fault_queue, queue);
	mutex_init(&faults->lock);
	xa_init_flags(&faults->read, XA_FLAGS_ALLOC1);
	rc = eventq_publish(queue, call, "[iommufd-pgfault]", &fault_fops,
			    &arg->out_fault_id, &arg->out_fault_fd);
	if (rc) {
		mutex_destroy(&faults->lock);
		object_abort(&call->ictx->objects, &queue->obj);
	}
	return rc;
}
