/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that are held at race points (kmod/core/race_point.h), so that a case says
 * which step of one comes between which two of another. Nothing depends on time:
 * a thread stands where it is told to until it is told to go on.
 *
 *	first = hold_start(test, "object:released", unbind, idev);
 *	expect(destroy(id) == ...);
 *	hold_finish(test, first);
 */
#ifndef KUNIT_HOLD_H
#define KUNIT_HOLD_H

#include <linux/types.h>
#include <linux/wait.h>

struct held;
struct kunit;

struct held *hold_start(struct kunit *test, const char *point,
			void (*fn)(void *data), void *data);
void hold_advance(struct kunit *test, struct held *held, const char *point);
bool hold_try_to_advance(struct kunit *test, struct held *held,
			 const char *point);
void hold_let_go(struct held *held);
void hold_signal(struct held *held);
void hold_expect_over(struct kunit *test, struct held *held);
void hold_expect_killed(struct kunit *test, struct held *held);
void hold_finish(struct kunit *test, struct held *held);
bool hold_is_over(struct held *held);
const char *hold_what_it_waits_for(struct kunit *test, struct held *held,
				   const struct held *holder,
				   wait_queue_head_t *const *queues,
				   size_t nr_queues, size_t *queue);

#endif
