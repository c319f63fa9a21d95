/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wait queues over POSIX. A signal is a flag of the waiting thread (task.h),
 * which an interruptible wait looks at every millisecond.
 */
#ifndef NATIVE_WAIT_H
#define NATIVE_WAIT_H

#include <linux/errno.h>
#include <pthread.h>

#include "task.h"

typedef struct wait_queue_head {
	pthread_mutex_t lock;
	pthread_cond_t wake;
} wait_queue_head_t;

void init_waitqueue_head(wait_queue_head_t *queue);
void wake_up_all(wait_queue_head_t *queue);
void native_wait_a_little(wait_queue_head_t *queue);

#define wait_event(queue, condition)                                     \
do {                                                                     \
	pthread_mutex_lock(&(queue).lock);                               \
	while (!(condition))                                             \
		pthread_cond_wait(&(queue).wake, &(queue).lock);         \
	pthread_mutex_unlock(&(queue).lock);                             \
} while (0)

#define wait_event_interruptible(queue, condition)                       \
({                                                                       \
	int __rc = 0;                                                    \
	pthread_mutex_lock(&(queue).lock);                               \
	while (!(condition)) {                                           \
		if (signal_pending(current)) {                           \
			__rc = -ERESTARTSYS;                             \
			break;                                           \
		}                                                        \
		native_wait_a_little(&(queue));                          \
	}                                                                \
	pthread_mutex_unlock(&(queue).lock);                             \
	__rc;                                                            \
})

#endif
