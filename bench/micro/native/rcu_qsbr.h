/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU for what is timed: liburcu's QSBR, where a reader does nothing, and what a
 * reader does in a kernel without CONFIG_PREEMPT_RCU: count that it is not to be
 * preempted. Threads have to say when they hold nothing (rcu_quiescent_state()),
 * as a CPU does by changing its task.
 */
#ifndef NATIVE_RCU_QSBR_H
#define NATIVE_RCU_QSBR_H

#include <linux/kernel.h>

#undef synchronize_rcu
#include <urcu-qsbr.h>

#undef rcu_read_lock
#undef rcu_read_unlock

extern __thread int native_preempt_count;

static inline void rcu_read_lock(void)
{
	native_preempt_count++;
	__asm__ volatile("" : : : "memory");
}

static inline void rcu_read_unlock(void)
{
	__asm__ volatile("" : : : "memory");
	native_preempt_count--;
}

#define rcu_dereference_raw(p)		rcu_dereference(p)
#define rcu_dereference_check(p, c)	((void)sizeof(c), rcu_dereference(p))
#define rcu_dereference_protected(p, c)	rcu_dereference_check(p, c)
#define RCU_INIT_POINTER(p, v)		((p) = (v))

#endif
