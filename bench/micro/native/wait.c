// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wait queues. See wait.h.
 */
#include <time.h>

#include "portable.h"

/** init_waitqueue_head() - nobody waits */
void init_waitqueue_head(wait_queue_head_t *queue)
{
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->wake, NULL);
}

/** wake_up_all() - have all who wait look again */
void wake_up_all(wait_queue_head_t *queue)
{
	pthread_mutex_lock(&queue->lock);
	pthread_cond_broadcast(&queue->wake);
	pthread_mutex_unlock(&queue->lock);
}

/** native_wait_a_little() - until woken, or a millisecond; its lock is held */
void native_wait_a_little(wait_queue_head_t *queue)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&queue->wake, &queue->lock, &until);
}
