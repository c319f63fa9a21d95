// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory to pin: what kunit/memory.h promises.
 */
#include <kunit/test.h>
#include <linux/mm_types.h>
#include <linux/sched.h>

#include "memory.h"

#define NPAGES		100

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

static unsigned long nr_runs(unsigned long va, unsigned long npages)
{
	unsigned long pfn = memory_pfn(va), nr = 1;

	for (unsigned long i = 1; i < npages; i++) {
		unsigned long next = memory_pfn(va + i * PAGE_SIZE);

		nr += next != pfn + 1;
		pfn = next;
	}
	return nr;
}

/* Those of a huge page are all neighbours; what one thread takes one by one often is. */
static void memory_scatter_leaves_no_neighbours(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, MEMORY_HUGE_NPAGES);

	KUNIT_ASSERT_EQ(test, nr_runs(va, NPAGES), 1);
	memory_scatter(test, va, NPAGES);
	KUNIT_EXPECT_EQ(test, nr_runs(va, NPAGES), NPAGES);
	/* So few are all of them touched in order. */
	va = memory_map(test, MEMORY_SCATTERED, 4);
	KUNIT_EXPECT_EQ(test, nr_runs(va, 4), 4);
}

static struct kunit_case memory_test_cases[] = {
	KUNIT_CASE(memory_attach_ends_with_the_thread),
	KUNIT_CASE(memory_map_ends_with_the_thread),
	KUNIT_CASE(memory_scatter_leaves_no_neighbours),
	{}
};

static struct kunit_suite memory_test_suite = {
	.name = "iommufd-memory",
	.test_cases = memory_test_cases,
};

kunit_test_suite(memory_test_suite);
