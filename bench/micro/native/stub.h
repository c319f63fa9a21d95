/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to have a name for the portable files and their suites to build. */
#ifndef NATIVE_STUB_H
#define NATIVE_STUB_H

struct mm_struct;
struct task_struct;

/* All threads have the memory of the program. */
#define kthread_use_mm(mm)		((void)(mm))
#define kthread_unuse_mm(mm)		((void)(mm))

/* Every signal is. */
#define allow_signal(sig)		((void)(sig))

#define MODULE_PARM_DESC(name, text)

/* A thread stays until it is waited for. */
static inline struct task_struct *get_task_struct(struct task_struct *task)
{
	return task;
}

/* What a newer compiler would check. */
#ifndef __counted_by
#define __counted_by(member)
#endif

#endif
