// SPDX-License-Identifier: GPL-2.0-only
/*
 * Places at which a test can hold a thread. See race_point.h.
 */
#include <linux/compiler.h>
#include <linux/kernel.h>

#include "race_point.h"

static race_point_fn at_point;

/**
 * race_point() - let a test hold the calling thread here
 * @name: of the point
 *
 * Context: Process; sleeps for as long as the test likes.
 */
void race_point(const char *name)
{
	race_point_fn fn;

	might_sleep();
	/* Acquire: what the test wrote before it set this. */
	fn = smp_load_acquire(&at_point);
	if (fn)
		fn(name);
}

/**
 * race_point_set() - say what threads do at points
 * @fn: what to call, in the thread that passes one; NULL for nothing, when no
 *      thread is at a point any more
 */
void race_point_set(race_point_fn fn)
{
	/* Pairs with race_point(). */
	smp_store_release(&at_point, fn);
}
