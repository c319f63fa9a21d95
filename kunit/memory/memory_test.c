// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory to pin: what kunit/memory.h promises.
 */
#include <kunit/test.h>
#include <linux/mm_types.h>
#include <linux/sched.h>

#include "memory.h"

/*
 * Nobody but who uses it holds it: so it ends with the thread, and is no leak. The
 * leak detector does not see that everywhere, for on x86-64 a page table says whose
 * it is.
 */
static void memory_attach_ends_with_the_thread(struct kunit *test)
{
	struct mm_struct *mm;

	KUNIT_ASSERT_NULL(test, current->mm);
	KUNIT_ASSERT_EQ(test, memory_attach(), 0);
	mm = current->mm;
	KUNIT_ASSERT_NOT_NULL(test, mm);
	KUNIT_EXPECT_EQ(test, atomic_read(&mm->mm_users), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&mm->mm_count), 1);

	/* There is one. */
	KUNIT_EXPECT_EQ(test, memory_attach(), 0);
	KUNIT_EXPECT_PTR_EQ(test, current->mm, mm);
	KUNIT_EXPECT_EQ(test, atomic_read(&mm->mm_count), 1);
}

static void memory_map_ends_with_the_thread(struct kunit *test)
{
	memory_map_prot(test, 1, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&current->mm->mm_users), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&current->mm->mm_count), 1);
}

static struct kunit_case memory_test_cases[] = {
	KUNIT_CASE(memory_attach_ends_with_the_thread),
	KUNIT_CASE(memory_map_ends_with_the_thread),
	{}
};

static struct kunit_suite memory_test_suite = {
	.name = "iommufd-memory",
	.test_cases = memory_test_cases,
};

kunit_test_suite(memory_test_suite);
