/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail: each in turn, of all that an operation makes.
 *
 *	for_each_fault(&fault) {
 *		fault_arm(&fault);
 *		rc = operation();
 *		fault_disarm(&fault);
 *		if (fault_failed(test, &fault, rc)) {
 *			(expect that nothing has changed)
 *			continue;
 *		}
 *		(undo the operation)
 *	}
 *	KUNIT_EXPECT_GE(test, fault.nr_failed, 3);
 *
 * This uses the kernel's fault injection (failslab, fail_page_alloc) for the
 * calling task; see Documentation/fault-injection/fault-injection.rst. It also
 * meets allocations that can fail without harm, like those of the allocator's
 * debugging, and their number varies: one that is there once only stands in the
 * place of another, which is passed over then. So all are gone through until
 * the operation has failed as often as the time before.
 */
#ifndef KUNIT_ALLOC_FAULT_H
#define KUNIT_ALLOC_FAULT_H

#include "portable_suite.h"

/**
 * struct fault - a failing allocation
 * @nth: which one fails, counted from 1
 * @sweep: how often all of them have been gone through
 * @nr_failed: how often the operation failed for it
 * @nr_before: the same, when this sweep began
 * @nr_last: how often it failed in the sweep before
 * @again: it failed as often in the last two, and did fail
 * @fired: one did fail; so there were at least @nth of them
 */
struct fault {
	unsigned int nth;
	unsigned int sweep;
	unsigned int nr_failed;
	unsigned int nr_before;
	unsigned int nr_last;
	bool again;
	bool fired;
};

#define FAULT_SWEEPS_MAX	20
/* No operation of ours allocates that often; else it does not end. */
#define FAULT_MAX		2000

#define for_each_fault(f) \
	for (*(f) = (struct fault){ .nth = 1 }; fault_more(f); fault_next(f))

/** fault_more() - is there something left to try? */
static inline bool fault_more(const struct fault *fault)
{
	return fault->sweep < FAULT_SWEEPS_MAX && !fault->again &&
	       fault->nth < FAULT_MAX;
}

/** fault_next() - the next allocation, or the first one again */
static inline void fault_next(struct fault *fault)
{
	unsigned int nr;

	if (fault->fired) {
		fault->nth++;
		return;
	}
	nr = fault->nr_failed - fault->nr_before;
	fault->again = nr && nr == fault->nr_last;
	fault->nr_last = nr;
	fault->nr_before = fault->nr_failed;
	fault->nth = 1;
	fault->sweep++;
}

#ifdef CONFIG_FAULT_INJECTION

/** fault_arm() - have an allocation of this task fail */
static inline void fault_arm(const struct fault *fault)
{
	current->fail_nth = fault->nth;
}

/** fault_disarm() - have allocations succeed again */
static inline void fault_disarm(struct fault *fault)
{
	fault->fired = !current->fail_nth;
	current->fail_nth = 0;
}

#else

static inline void fault_arm(const struct fault *fault)
{
}

static inline void fault_disarm(struct fault *fault)
{
	fault->fired = false;
}

#endif

/**
 * fault_failed() - did the operation fail?
 * @test: the case
 * @fault: what failed, if anything
 * @rc: what the operation said
 *
 * Return: true if so; which is expected only if an allocation failed.
 */
static inline bool fault_failed(struct kunit *test, struct fault *fault, int rc)
{
	if (!rc)
		return false;
	KUNIT_EXPECT_TRUE_MSG(test, fault->fired, "rc=%d", rc);
	fault->nr_failed++;
	return true;
}

/**
 * fault_require() - skip the case where the kernel fails no allocations
 * @test: the case
 *
 * It does once it is told to in its debugfs, which scripts/test/kunit.sh does.
 */
static inline void fault_require(struct kunit *test)
{
	struct fault fault = { .nth = 1 };
	void *memory;

	fault_arm(&fault);
	memory = kmalloc(32, GFP_KERNEL);
	fault_disarm(&fault);
	kfree(memory);
	if (!fault.fired)
		kunit_skip(test, "failslab is not there or off");
}

#endif
