/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads over POSIX: what the portable files and their suites know of a task.
 * Those that kthread_run() makes run to their end, and are joined. A signal is
 * one flag of a thread, whichever it is, and fatal; see wait.h.
 */
#ifndef NATIVE_TASK_H
#define NATIVE_TASK_H

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

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

struct task_struct *native_current(void);
#define current	native_current()

struct task_struct *native_kthread_run(int (*fn)(void *data), void *data);
#define kthread_run(fn, data, ...)	native_kthread_run(fn, data)
int kthread_stop_put(struct task_struct *task);

static inline bool signal_pending(struct task_struct *task)
{
	return __atomic_load_n(&task->signalled, __ATOMIC_ACQUIRE);
}

#define fatal_signal_pending(task)	signal_pending(task)

static inline void send_sig(int sig, struct task_struct *task, int priv)
{
	(void)sig;
	(void)priv;
	__atomic_store_n(&task->signalled, true, __ATOMIC_RELEASE);
}

#define cond_resched()	sched_yield()
#define msleep(ms)	usleep((ms) * 1000)

static inline void usleep_range(unsigned long low_us, unsigned long high_us)
{
	(void)high_us;
	usleep(low_us);
}

#endif
