// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads. See task.h.
 */
#include <stdlib.h>

#include "kernel.h"
#include "portable.h"

static __thread struct task_struct *current_task;
static __thread struct task_struct first_task = { .pid = 1 };

/** native_current() - the thread that calls */
struct task_struct *native_current(void)
{
	return current_task ? current_task : &first_task;
}

static void *run_kthread(void *data)
{
	current_task = data;
	kernel_enter();
	current_task->fn(current_task->data);
	kernel_leave();
	return NULL;
}

/** native_kthread_run() - what kthread_run() is */
struct task_struct *native_kthread_run(int (*fn)(void *data), void *data)
{
	static int last_pid = 1;
	struct task_struct *task = calloc(1, sizeof(*task));

	if (!task)
		return ERR_PTR(-ENOMEM);
	task->pid = __atomic_add_fetch(&last_pid, 1, __ATOMIC_RELAXED);
	task->fn = fn;
	task->data = data;
	if (pthread_create(&task->thread, NULL, run_kthread, task)) {
		free(task);
		return ERR_PTR(-ENOMEM);
	}
	return task;
}

/** kthread_stop_put() - wait for the end of a thread, and forget it */
int kthread_stop_put(struct task_struct *task)
{
	pthread_join(task->thread, NULL);
	free(task);
	return 0;
}
