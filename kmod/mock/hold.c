// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/iommufd_hold: a program holds its own threads at race points,
 * so that it says which step of one comes between which two of another.
 *
 * Each open file is about one thread. A number that it writes says at how many
 * points from then on it stops: at the Nth; 0: it is over, and stops at none. What
 * another thread reads from the file is what became of it, once that is settled:
 *
 * * "at NAME": it stands at a point, until another thread writes "go"
 * * "over": it has written 0
 * * "waits": it sleeps for something else, and has for 200 ms
 *
 * -ESRCH: it has ended in the midst of that, as with an oops.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "core/core.h"
#include "parts.h"

/* Only for a program that forgets a thread: in seconds. */
#define FORGOTTEN_S	60
/*
 * What sleeps waits, when it wants a lock that one which stands still has; or else
 * when it was seen so often in a row, for it may also sleep for a moment. What it
 * wakes up for in between says nothing: who waits for a use of an area to end asks
 * again every 100 ms, and gives up after 10 s (ioas_wait_unused()).
 */
#define LOOK_MS		4
#define NR_LOOKS	50

/**
 * struct hold - a file, and the thread that it is about
 * @node: in @threads, while it is open
 * @task: the thread, or NULL before it has written
 * @left: how many points until it stops; 0: it does not
 * @at: the point where it stands, or NULL
 * @go: it may go on
 * @over: it has written 0
 * @queue: who waits for any of these to change
 */
struct hold {
	struct list_head node;
	struct task_struct *task;
	unsigned int left;
	const char *at;
	bool go;
	bool over;
	wait_queue_head_t queue;
};

static LIST_HEAD(threads);
static DEFINE_SPINLOCK(threads_lock); /* @threads, and each @task, @left, @at */
static DEFINE_MUTEX(users_lock); /* who sets what threads do at points */
static struct dentry *hold_file;

/* The calling thread's, if it stops now; it is kept until leave(). */
static struct hold *stop(const char *name)
{
	struct hold *hold, *found = NULL;

	spin_lock(&threads_lock);
	list_for_each_entry(hold, &threads, node) {
		if (hold->task != current || !hold->left || --hold->left)
			continue;
		WRITE_ONCE(hold->at, name);
		wake_up_all(&hold->queue);
		found = hold;
	}
	spin_unlock(&threads_lock);
	return found;
}

static void leave(struct hold *hold)
{
	spin_lock(&threads_lock);
	WRITE_ONCE(hold->at, NULL);
	wake_up_all(&hold->queue);
	spin_unlock(&threads_lock);
}

static void stop_at(const char *name)
{
	struct hold *hold = stop(name);

	if (!hold)
		return;
	wait_event_killable_timeout(hold->queue, READ_ONCE(hold->go),
				    FORGOTTEN_S * HZ);
	leave(hold);
}

static int hold_open(struct inode *inode, struct file *file)
{
	struct hold *hold = kzalloc_obj(*hold, GFP_KERNEL);

	if (!hold)
		return -ENOMEM;
	init_waitqueue_head(&hold->queue);
	file->private_data = hold;
	mutex_lock(&users_lock);
	spin_lock(&threads_lock);
	list_add(&hold->node, &threads);
	spin_unlock(&threads_lock);
	race_point_set(stop_at);
	mutex_unlock(&users_lock);
	return nonseekable_open(inode, file);
}

static int hold_release(struct inode *inode, struct file *file)
{
	struct hold *hold = file->private_data;

	mutex_lock(&users_lock);
	spin_lock(&threads_lock);
	list_del(&hold->node);
	spin_unlock(&threads_lock);
	if (list_empty(&threads))
		race_point_set(NULL);
	mutex_unlock(&users_lock);
	/* Its thread may stand somewhere. */
	WRITE_ONCE(hold->go, true);
	wake_up_all(&hold->queue);
	wait_event(hold->queue, !READ_ONCE(hold->at));
	/* And is done with it when it has let go of the lock. */
	spin_lock(&threads_lock);
	spin_unlock(&threads_lock);
	if (hold->task)
		put_task_struct(hold->task);
	kfree(hold);
	return 0;
}

/* The calling thread stops at the @nth point. */
static void arm(struct hold *hold, unsigned int nth)
{
	struct task_struct *old;

	spin_lock(&threads_lock);
	old = hold->task;
	hold->task = get_task_struct(current);
	hold->left = nth;
	spin_unlock(&threads_lock);
	if (old)
		put_task_struct(old);
	WRITE_ONCE(hold->go, false);
	WRITE_ONCE(hold->over, !nth);
	wake_up_all(&hold->queue);
}

static ssize_t hold_write(struct file *file, const char __user *buf,
			  size_t len, loff_t *at)
{
	struct hold *hold = file->private_data;
	char text[16];
	unsigned int nth;

	if (!len || len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;
	text[len] = '\0';
	if (!strcmp(text, "go")) {
		WRITE_ONCE(hold->go, true);
		wake_up_all(&hold->queue);
		return len;
	}
	if (kstrtouint(text, 0, &nth))
		return -EINVAL;
	arm(hold, nth);
	return len;
}

static bool is_settled(const struct hold *hold)
{
	return READ_ONCE(hold->over) ||
	       (READ_ONCE(hold->at) && !READ_ONCE(hold->go));
}

/* Does another thread that stands at a point have the lock that it wants? */
static bool wants_lock(const struct hold *hold)
{
	const struct hold *other;

	list_for_each_entry(other, &threads, node) {
		if (other != hold && READ_ONCE(other->at) &&
		    race_point_lock_between(hold->task, other->task))
			return true;
	}
	return false;
}

/* For how many looks in a row its thread sleeps. */
static unsigned int count_looks(struct hold *hold, unsigned int looks)
{
	spin_lock(&threads_lock);
	if (!hold->task || task_is_running(hold->task))
		looks = 0;
	else
		looks = wants_lock(hold) ? NR_LOOKS : looks + 1;
	spin_unlock(&threads_lock);
	return looks;
}

static ssize_t hold_read(struct file *file, char __user *buf, size_t len,
			 loff_t *at)
{
	struct hold *hold = file->private_data;
	unsigned int looks = 0;
	const char *point;
	char text[64];
	long rc;

	while (!is_settled(hold) && looks < NR_LOOKS) {
		rc = wait_event_interruptible_timeout(hold->queue,
						      is_settled(hold),
						      msecs_to_jiffies(LOOK_MS));
		if (rc < 0)
			return rc;
		if (hold->task && READ_ONCE(hold->task->exit_state))
			return -ESRCH;
		looks = count_looks(hold, looks);
	}
	point = READ_ONCE(hold->at);
	if (READ_ONCE(hold->over))
		strscpy(text, "over");
	else if (point && !READ_ONCE(hold->go))
		snprintf(text, sizeof(text), "at %s", point);
	else
		strscpy(text, "waits");
	len = min(len, strlen(text));
	return copy_to_user(buf, text, len) ? -EFAULT : len;
}

static const struct file_operations hold_fops = {
	.owner = THIS_MODULE,
	.open = hold_open,
	.release = hold_release,
	.read = hold_read,
	.write = hold_write,
};

/**
 * mock_hold_init() - let programs hold their threads
 *
 * Without debugfs they just can not.
 */
void mock_hold_init(void)
{
	hold_file = debugfs_create_file("iommufd_hold", 0600, NULL, NULL,
					&hold_fops);
}

/**
 * mock_hold_exit() - undo mock_hold_init()
 */
void mock_hold_exit(void)
{
	debugfs_remove(hold_file);
}
