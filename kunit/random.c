// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random numbers that can be had again. See random.h.
 */
#include "portable_suite.h"
#include "random.h"

static unsigned long long seed;
module_param(seed, ullong, 0400);
MODULE_PARM_DESC(seed, "Of the suites' random choices; 0 for another one each time");

/**
 * random_start() - start a sequence of random numbers
 * @test: the case; its log says how to have the same sequence again
 * @rnd: the sequence
 */
void random_start(struct kunit *test, struct rnd_state *rnd)
{
	unsigned long long this_seed = seed ? seed : get_random_u64();

	kunit_info(test, "seed=0x%llx\n", this_seed);
	prandom_seed_state(rnd, this_seed);
}
