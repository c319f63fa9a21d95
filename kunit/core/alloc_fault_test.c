// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the other suites count on when they have allocations fail
 * (alloc_fault.h): that each is reached, though the allocator's debugging has
 * some of its own now and then.
 */
#include <kunit/test.h>

#include "alloc_fault.h"

/**
 * struct operation - one that allocates twice, and does without the first
 * @nr_runs: how often it has been run
 * @debugs: in which run, from 0 on, a third is made between the two, without
 *	which it does, too
 */
struct operation {
	unsigned int nr_runs;
	unsigned int debugs;
};

/* Run @op with one of its allocations failing, as fault_arm() would have it. */
static int operation_run(struct operation *op, struct fault *fault)
{
	unsigned int nr = op->nr_runs++ == op->debugs ? 3 : 2;

	fault->fired = fault->nth <= nr;
	return fault->nth == nr ? -ENOMEM : 0;
}

/* Wherever it is, the one that matters fails, and more than once. */
static void fault_passes_over_none(struct kunit *test)
{
	for (unsigned int debugs = 0; debugs < 12; debugs++) {
		struct operation op = { .debugs = debugs };
		struct fault fault;

		for_each_fault(&fault)
			fault_failed(test, &fault, operation_run(&op, &fault));
		KUNIT_EXPECT_GE_MSG(test, fault.nr_failed, 2, "run %u", debugs);
		KUNIT_EXPECT_LT(test, fault.sweep, FAULT_SWEEPS_MAX);
	}
}

/* Nor does it go on for ever where none does. */
static void fault_ends_where_none_fails(struct kunit *test)
{
	struct fault fault;

	for_each_fault(&fault) {
		fault.fired = fault.nth <= 3;
		fault_failed(test, &fault, 0);
	}
	KUNIT_EXPECT_EQ(test, fault.nr_failed, 0);
	KUNIT_EXPECT_EQ(test, fault.sweep, FAULT_SWEEPS_MAX);
}

static struct kunit_case alloc_fault_test_cases[] = {
	KUNIT_CASE(fault_passes_over_none),
	KUNIT_CASE(fault_ends_where_none_fails),
	{}
};

static struct kunit_suite alloc_fault_test_suite = {
	.name = "iommufd-alloc-fault",
	.test_cases = alloc_fault_test_cases,
};

kunit_test_suite(alloc_fault_test_suite);
