/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU that ThreadSanitizer understands: readers share a lock, a grace period is
 * having it alone for a moment. liburcu does without what a sanitizer sees
 * (membarrier, assembler). Only what it orders is the same, not what it costs.
 *
 * Pointers are loaded and stored as in the kernel: an acquire is the nearest
 * that C has to a dependency.
 */
#ifndef NATIVE_RCU_LOCKS_H
#define NATIVE_RCU_LOCKS_H

#include <linux/kernel.h>
#include <pthread.h>

#undef synchronize_rcu

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

void rcu_read_lock(void);
void rcu_read_unlock(void);
void synchronize_rcu(void);
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));

static inline void rcu_register_thread(void)
{
}

static inline void rcu_unregister_thread(void)
{
}

#define rcu_dereference(p)		__atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_dereference_raw(p)		rcu_dereference(p)
#define rcu_dereference_check(p, c)	((void)sizeof(c), rcu_dereference(p))
#define rcu_dereference_protected(p, c)	rcu_dereference_check(p, c)
#define rcu_assign_pointer(p, v)	__atomic_store_n(&(p), v, __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(p, v)		__atomic_store_n(&(p), v, __ATOMIC_RELAXED)

#endif
