// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges that are not user space, or not all of it: nobody looks what is there.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "balance.h"
#include "memory.h"
#include "memory/extent.h"
#include "memory/pin.h"
#include "pin_hook.h"

static struct extents ex;

static const struct range_case {
	const char *name;
	unsigned long va;
	unsigned long npages;
} range_cases[] = {
	{ "kernel", 0xffff888000000000, 1 },
	{ "kernel-many", 0xffff888000000000, 600 },
	{ "between", 1UL << 60, 1 },
	{ "between-many", 1UL << 60, 20 },
	{ "last-page", -PAGE_SIZE, 1 },
	{ "wraps", -PAGE_SIZE, 2 },
	{ "all-there-is", 0, 1UL << (BITS_PER_LONG - PAGE_SHIFT) },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

static void never(void *data)
{
}

static void expect_not_looked_at(struct kunit *test, unsigned long va,
				 unsigned long npages)
{
	struct balance before = balance_now();

	pin_hook_arm(never, NULL);
	KUNIT_EXPECT_EQ(test, pin_user_range(current->mm, va, npages, false,
					     &ex), -EFAULT);
	KUNIT_EXPECT_TRUE(test, pin_hook_disarm());
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	balance_expect_even(test, &before);
}

static void pin_user_range_looks_at_user_space_alone(struct kunit *test)
{
	const struct range_case *param = test->param_value;

	expect_not_looked_at(test, param->va, param->npages);
}

static void pin_user_range_does_not_begin_what_it_cannot_end(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 20);

	expect_not_looked_at(test, va, (TASK_SIZE_MAX - va) / PAGE_SIZE + 1);
	expect_not_looked_at(test, TASK_SIZE_MAX - PAGE_SIZE, 2);
}

static int pin_range_test_init(struct kunit *test)
{
	extents_init(&ex);
	return memory_attach();
}

static void pin_range_test_exit(struct kunit *test)
{
	pin_hook_disarm();
}

static struct kunit_case pin_range_test_cases[] = {
	KUNIT_CASE_PARAM(pin_user_range_looks_at_user_space_alone,
			 range_gen_params),
	KUNIT_CASE(pin_user_range_does_not_begin_what_it_cannot_end),
	{}
};

static struct kunit_suite pin_range_test_suite = {
	.name = "iommufd-pin-range",
	.init = pin_range_test_init,
	.exit = pin_range_test_exit,
	.test_cases = pin_range_test_cases,
};

kunit_test_suite(pin_range_test_suite);
