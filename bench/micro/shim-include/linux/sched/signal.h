/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals: one flag a thread. See linux/wait.h. */
#ifndef SHIM_LINUX_SCHED_SIGNAL_H
#define SHIM_LINUX_SCHED_SIGNAL_H

#include "task.h"
#include <signal.h>

#define allow_signal(sig)	((void)(sig))
#define fatal_signal_pending(task)	signal_pending(task)

static inline void send_sig(int sig, struct task_struct *task, int priv)
{
	(void)sig;
	(void)priv;
	__atomic_store_n(&task->signalled, true, __ATOMIC_RELEASE);
}

#endif
