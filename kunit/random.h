/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers that can be had again.
 */
#ifndef KUNIT_RANDOM_H
#define KUNIT_RANDOM_H

#include "portable_suite.h"

struct kunit;

void random_start(struct kunit *test, struct rnd_state *rnd);

/** random_below() - a number from 0 to @n - 1 */
static inline u32 random_below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

/** random_between() - a number from @low to @high, both included */
static inline u32 random_between(struct rnd_state *rnd, u32 low, u32 high)
{
	return low + random_below(rnd, high - low + 1);
}

#endif
