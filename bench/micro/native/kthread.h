/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel threads over POSIX: they run to their end, and are joined. */
#ifndef SHIM_LINUX_KTHREAD_H
#define SHIM_LINUX_KTHREAD_H

#include "completion.h"
#include "task.h"

struct task_struct *shim_kthread_run(int (*fn)(void *data), void *data);
int kthread_stop_put(struct task_struct *task);

static inline struct task_struct *get_task_struct(struct task_struct *task)
{
	return task;
}

#define kthread_run(fn, data, ...)	shim_kthread_run(fn, data)
#define kthread_use_mm(mm)		((void)(mm))
#define kthread_unuse_mm(mm)		((void)(mm))

#endif
