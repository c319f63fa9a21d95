// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that are held at race points. See hold.h.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "core/race_point.h"
#include "hold.h"

/* Only for what hangs, or was left by a case that failed: in seconds. */
#define HANGS_S	60

/**
 * struct held - a thread that stops at a point
 * @node: in @threads
 * @test: the case
 * @fn: what it does. It may expect, but not assert.
 * @data: what @fn is called with
 * @mm: the memory of the case, which it uses as its own
 * @point: where it stops next, or NULL
 * @stopped: it stands there, or is over
 * @go: it may go on
 * @over: it is over
 * @task: the thread; NULL when it was waited for
 */
struct held {
	struct list_head node;
	struct kunit *test;
	void (*fn)(void *data);
	void *data;
	struct mm_struct *mm;
	const char *point;
	struct completion stopped;
	struct completion go;
	bool over;
	struct task_struct *task;
};

static LIST_HEAD(threads);
static DEFINE_SPINLOCK(threads_lock); /* @threads */

static struct held *find(const struct task_struct *task)
{
	struct held *held, *found = NULL;

	spin_lock(&threads_lock);
	list_for_each_entry(held, &threads, node) {
		if (held->task == task)
			found = held;
	}
	spin_unlock(&threads_lock);
	return found;
}

static void stop_at(const char *name)
{
	struct held *held = find(current);

	if (!held || !held->point || strcmp(held->point, name))
		return;
	held->point = NULL;
	complete(&held->stopped);
	/* A signal is for what comes after the point. */
	wait_for_completion_timeout(&held->go, HANGS_S * HZ);
}

static int run(void *data)
{
	struct held *held = data;

	allow_signal(SIGKILL);
	wait_for_completion(&held->go);
	if (held->mm)
		kthread_use_mm(held->mm);
	held->fn(held->data);
	if (held->mm)
		kthread_unuse_mm(held->mm);
	WRITE_ONCE(held->over, true);
	complete(&held->stopped);
	return 0;
}

static void wait_stopped(struct kunit *test, struct held *held)
{
	if (!wait_for_completion_timeout(&held->stopped, HANGS_S * HZ))
		KUNIT_FAIL(test, "a thread neither came to its point nor to its end");
}

/**
 * hold_try_to_advance() - let a thread go on to another point, if it comes there
 * @test: the case
 * @held: it stands at one
 * @point: where it stops next
 *
 * Return: true when it stands there, false when it came to its end instead.
 */
bool hold_try_to_advance(struct kunit *test, struct held *held,
			 const char *point)
{
	held->point = point;
	complete(&held->go);
	wait_stopped(test, held);
	return !hold_is_over(held);
}

/**
 * hold_advance() - let a thread go on to another point
 * @test: the case
 * @held: it stands at one
 * @point: where it stops next
 *
 * Returns when it stands there. A thread that comes to its end instead fails the
 * case.
 */
void hold_advance(struct kunit *test, struct held *held, const char *point)
{
	KUNIT_EXPECT_TRUE_MSG(test, hold_try_to_advance(test, held, point),
			      "never at %s", point);
}

static void forget(void *data)
{
	struct held *held = data;
	bool last;

	if (!held->task)
		return;
	complete(&held->go);
	kthread_stop_put(held->task);
	held->task = NULL;
	spin_lock(&threads_lock);
	list_del(&held->node);
	last = list_empty(&threads);
	spin_unlock(&threads_lock);
	if (last)
		race_point_set(NULL);
}

/**
 * hold_start() - run something in a thread, up to a point
 * @test: the case
 * @point: where it stops
 * @fn: what it does
 * @data: what @fn is called with
 *
 * Return: the thread, which stands at @point, until hold_finish().
 */
struct held *hold_start(struct kunit *test, const char *point,
			void (*fn)(void *data), void *data)
{
	struct held *held = kunit_kzalloc(test, sizeof(*held), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, held);
	held->test = test;
	held->fn = fn;
	held->data = data;
	held->mm = current->mm;
	init_completion(&held->stopped);
	init_completion(&held->go);
	held->task = kthread_run(run, held, "kunit-held");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, held->task);
	/* It may be gone before it is waited for. */
	get_task_struct(held->task);
	spin_lock(&threads_lock);
	list_add(&held->node, &threads);
	spin_unlock(&threads_lock);
	race_point_set(stop_at);
	/* Also when the case ends with a failure. */
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, forget, held), 0);
	hold_advance(test, held, point);
	return held;
}

/**
 * hold_let_go() - let a thread go on, and do not wait for it
 * @held: it stands at a point
 *
 * For one that next waits for what the case does.
 */
void hold_let_go(struct held *held)
{
	if (!hold_is_over(held))
		complete(&held->go);
}

/**
 * hold_signal() - send a thread a fatal signal
 * @held: the thread
 */
void hold_signal(struct held *held)
{
	send_sig(SIGKILL, held->task, 1);
}

/**
 * hold_is_over() - has a thread come to its end?
 * @held: the thread, not let go
 *
 * Return: true if so.
 */
bool hold_is_over(struct held *held)
{
	return READ_ONCE(held->over);
}

static bool is_queued(const struct task_struct *task, wait_queue_head_t *queue)
{
	struct wait_queue_entry *entry;
	bool queued = false;

	spin_lock_irq(&queue->lock);
	list_for_each_entry(entry, &queue->head, entry)
		queued |= entry->private == task;
	spin_unlock_irq(&queue->lock);
	return queued;
}

/**
 * hold_what_it_waits_for() - let a thread go on, to its end or to where it waits
 * @test: the case
 * @held: it stands at a point; afterwards it is over, or was let go
 * @holder: another one, which stands at a point
 * @queues: where it may wait for that one, beside its locks
 * @nr_queues: how many
 * @queue: set to the number of the queue where it waits, or to @nr_queues
 *
 * Neither of the two can change by itself: @holder has what is waited for.
 *
 * Return: the name of the lock that it waits for, as the source has it; or NULL when
 * it waits in a queue, or is over.
 */
const char *hold_what_it_waits_for(struct kunit *test, struct held *held,
				   const struct held *holder,
				   wait_queue_head_t *const *queues,
				   size_t nr_queues, size_t *queue)
{
	unsigned long end = jiffies + HANGS_S * HZ;
	const char *lock;

	complete(&held->go);
	do {
		lock = race_point_lock_between(held->task, holder->task);
		for (*queue = 0; *queue < nr_queues; ++*queue) {
			if (is_queued(held->task, queues[*queue]))
				break;
		}
		if (lock || *queue < nr_queues)
			return lock;
		if (wait_for_completion_timeout(&held->stopped, 1))
			return NULL;
	} while (time_before(jiffies, end));
	KUNIT_FAIL(test, "a thread neither came to its end nor waits for the other");
	return NULL;
}

/**
 * hold_expect_over() - let a thread go on, to its end
 * @test: the case
 * @held: it stands at a point
 *
 * For one that must not wait for what the case does next: if it does, that is a
 * failure, and it can still do so before hold_finish().
 */
void hold_expect_over(struct kunit *test, struct held *held)
{
	complete(&held->go);
	wait_stopped(test, held);
}

/**
 * hold_expect_killed() - the same, with a fatal signal
 * @test: the case
 * @held: it stands at a point
 */
void hold_expect_killed(struct kunit *test, struct held *held)
{
	hold_signal(held);
	hold_expect_over(test, held);
}

/**
 * hold_finish() - let a thread come to its end, and forget it
 * @test: the case
 * @held: it stands at a point, or was let go
 */
void hold_finish(struct kunit *test, struct held *held)
{
	if (!hold_is_over(held)) {
		complete(&held->go);
		wait_stopped(test, held);
	}
	forget(held);
}
