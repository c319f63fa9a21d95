/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads: what the portable core and its KUnit suites know of a task. */
#ifndef SHIM_LINUX_SCHED_H
#define SHIM_LINUX_SCHED_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

struct mm_struct;

/**
 * struct task_struct - a thread
 * @mm: always NULL
 * @pid: a number of its own
 * @fail_nth: which allocation from now on fails; 0 when none does
 * @signalled: it was sent a signal
 * @thread: its POSIX thread; of one that kthread_run() made
 * @fn: what it runs
 * @data: what @fn is called with
 */
struct task_struct {
	struct mm_struct *mm;
	int pid;
	int fail_nth;
	bool signalled;
	pthread_t thread;
	int (*fn)(void *data);
	void *data;
};

struct task_struct *shim_current(void);
#define current	shim_current()

static inline bool signal_pending(struct task_struct *task)
{
	return __atomic_load_n(&task->signalled, __ATOMIC_ACQUIRE);
}

#define cond_resched()	sched_yield()

#endif
