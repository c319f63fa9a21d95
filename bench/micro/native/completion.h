/* SPDX-License-Identifier: GPL-2.0-only */
/* Completions, as what is waited for on a wait queue. */
#ifndef NATIVE_COMPLETION_H
#define NATIVE_COMPLETION_H

#include "wait.h"

struct completion {
	bool done;
	wait_queue_head_t queue;
};

#define DECLARE_COMPLETION_ONSTACK(name)                             \
	struct completion name = {                                   \
		.queue = { PTHREAD_MUTEX_INITIALIZER,                \
			   PTHREAD_COND_INITIALIZER },               \
	}

static inline void init_completion(struct completion *c)
{
	c->done = false;
	init_waitqueue_head(&c->queue);
}

/* Under the lock: whoever waited may free it as soon as this is over. */
static inline void complete_all(struct completion *c)
{
	pthread_mutex_lock(&c->queue.lock);
	c->done = true;
	pthread_cond_broadcast(&c->queue.wake);
	pthread_mutex_unlock(&c->queue.lock);
}

/* No case waits twice for the same. */
static inline void complete(struct completion *c)
{
	complete_all(c);
}

static inline bool completion_done(struct completion *c)
{
	bool done;

	pthread_mutex_lock(&c->queue.lock);
	done = c->done;
	pthread_mutex_unlock(&c->queue.lock);
	return done;
}

/* Awake, so that who waits for a start gets to it at once. */
static inline void wait_for_completion(struct completion *c)
{
	while (!completion_done(c))
		sched_yield();
}

#endif
