// SPDX-License-Identifier: GPL-2.0-only
/*
 * RCU that ThreadSanitizer understands. See rcu_locks.h.
 */
#include "rcu_locks.h"

static pthread_rwlock_t readers = PTHREAD_RWLOCK_INITIALIZER;
static __thread int depth;

/** rcu_read_lock() - from here on nothing that can be found is freed */
void rcu_read_lock(void)
{
	if (!depth++)
		pthread_rwlock_rdlock(&readers);
}

/** rcu_read_unlock() - the end of rcu_read_lock(); nests */
void rcu_read_unlock(void)
{
	if (!--depth)
		pthread_rwlock_unlock(&readers);
}

/** synchronize_rcu() - wait for all readers of now */
void synchronize_rcu(void)
{
	pthread_rwlock_wrlock(&readers);
	pthread_rwlock_unlock(&readers);
}

/*
 * Freed later, by whoever comes 64 calls after: the caller may hold a lock that
 * a reader waits for, but not in its own read side, which is checked.
 */
static pthread_mutex_t waiting_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rcu_head *waiting;
static int nr_waiting;

/** call_rcu() - call @func once all readers of now are through */
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	struct rcu_head *ready = NULL;

	head->func = func;
	pthread_mutex_lock(&waiting_lock);
	head->next = waiting;
	waiting = head;
	if (++nr_waiting >= 64 && !depth) {
		ready = waiting;
		waiting = NULL;
		nr_waiting = 0;
	}
	pthread_mutex_unlock(&waiting_lock);
	if (!ready)
		return;
	synchronize_rcu();
	while (ready) {
		struct rcu_head *next = ready->next;

		ready->func(ready);
		ready = next;
	}
}
