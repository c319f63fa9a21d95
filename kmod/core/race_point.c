// SPDX-License-Identifier: GPL-2.0-only
/*
 * Places at which a test can hold a thread. See race_point.h.
 */
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

#include "race_point.h"

static race_point_fn at_point;

/**
 * race_point() - let a test hold the calling thread here
 * @name: of the point
 *
 * Context: Process; sleeps for as long as the test likes.
 */
void race_point(const char *name)
{
	race_point_fn fn;

	might_sleep();
	/* Acquire: what the test wrote before it set this. */
	fn = smp_load_acquire(&at_point);
	if (fn)
		fn(name);
}

/**
 * race_point_set() - say what threads do at points
 * @fn: what to call, in the thread that passes one; NULL for nothing, when no
 *      thread is at a point any more
 */
void race_point_set(race_point_fn fn)
{
	/* Pairs with race_point(). */
	smp_store_release(&at_point, fn);
}

/**
 * race_point_lock_between() - does a thread wait for one that stands at a point?
 * @waiter: the thread
 * @holder: the one that stands still
 *
 * lockdep notes a lock before it is waited for.
 *
 * Return: the name of the lock that @waiter is about to take, or waits for, while
 * @holder has it; NULL if there is none, or lockdep is off.
 */
const char *race_point_lock_between(const struct task_struct *waiter,
				    const struct task_struct *holder)
{
#ifdef CONFIG_PROVE_LOCKING
	int depth = READ_ONCE(waiter->lockdep_depth);
	const struct held_lock *last = &waiter->held_locks[max(depth, 1) - 1];

	for (int i = 0; depth && i < holder->lockdep_depth; i++) {
		const struct held_lock *lock = &holder->held_locks[i];

		/* Of those that are nested in another one it notes the first. */
		if (lock->instance != last->instance &&
		    !(lock->references && lock->class_idx == last->class_idx))
			continue;
		if (!lock->read || !last->read)
			return lock->instance->name;
	}
#endif
	return NULL;
}
