// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is pinned in parts: what kmod/memory/pin_parts.h promises.
 *
 * Mostly it is a source of the case's own: few pages, each of which is pinned very
 * often, so that much memory costs little. Who pins which part is as the case wants it
 * (crew_hook.h).
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "alloc_fault.h"
#include "balance.h"
#include "crew_hook.h"
#include "hold.h"
#include "memory.h"
#include "memory/extent.h"
#include "memory/leaf.h"
#include "memory/pin.h"
#include "memory/pin_parts.h"
#include "pin_hook.h"

#define HUGE		MEMORY_HUGE_NPAGES
#define PART_NPAGES	MEMORY_PART_NPAGES
/* So much is pinned before memory is looked at again. */
#define STRETCH_NPAGES	(SZ_1G / PAGE_SIZE)
#define NR_PAGES	7
#define MAX_PINS	64
/* Only for what hangs: in seconds. */
#define HANGS_S		60

/**
 * struct few - a source that is a few pages, again and again
 * @source: the source
 * @pfn: their page frames
 * @absent: is anything absent, as it says
 * @largest_npages: how large a leaf may be, as it says
 * @failing: the page that can not be pinned
 * @lock: protects what follows
 * @first: what it was asked to pin
 * @npages: and how much of it
 * @nr: how often
 */
struct few {
	struct pin_source source;
	unsigned long pfn[NR_PAGES];
	bool absent;
	unsigned long largest_npages;
	unsigned long failing;
	spinlock_t lock; /* @first, @npages, @nr */
	unsigned long first[MAX_PINS];
	unsigned long npages[MAX_PINS];
	unsigned int nr;
};

static struct few few;
static struct extents ex, held_pages;
static int pin_rc;

static unsigned long few_pfn(unsigned long index)
{
	return few.pfn[index % NR_PAGES];
}

static int pin_index(struct extents *to, unsigned long index)
{
	struct folio *folio = pfn_folio(few_pfn(index));
	int rc;

	if (index == few.failing)
		return -EFAULT;
	rc = folio_add_pins(folio, 1);
	if (rc)
		return rc;
	rc = extents_append(to, few_pfn(index), 1, 0);
	if (rc)
		unpin_folio(folio);
	return rc;
}

static int few_pin(const struct pin_source *source, unsigned long first,
		   unsigned long npages, const int *stop, struct extents *to)
{
	int rc = 0;

	spin_lock(&few.lock);
	if (few.nr < MAX_PINS) {
		few.first[few.nr] = first;
		few.npages[few.nr] = npages;
		few.nr++;
	}
	spin_unlock(&few.lock);
	for (unsigned long i = first; !rc && i < first + npages; i++)
		rc = pin_index(to, i);
	if (rc)
		unpin_extents(to, false);
	cond_resched();
	return rc;
}

static bool few_is_absent(const struct pin_source *source, unsigned long index)
{
	return few.absent;
}

static unsigned long few_leaf_npages(const struct pin_source *source,
				     unsigned long first)
{
	return few.largest_npages;
}

static void few_prepare(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 2 * NR_PAGES);

	memset(&few, 0, sizeof(few));
	few.source.pin = few_pin;
	few.source.is_absent = few_is_absent;
	few.source.leaf_npages = few_leaf_npages;
	few.absent = true;
	few.largest_npages = HUGE;
	few.failing = ULONG_MAX;
	spin_lock_init(&few.lock);
	for (int i = 0; i < NR_PAGES; i++)
		few.pfn[i] = memory_pfn(va + 2 * i * PAGE_SIZE);
	/* Further pins are added to pages that have one. */
	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va, 2 * NR_PAGES, true,
					     &held_pages), 0);
}

static void few_end(void)
{
	unpin_extents(&held_pages, true);
}

static void expect_few(struct kunit *test, unsigned long npages)
{
	unsigned long index = 0;
	struct extents_iter it;

	KUNIT_ASSERT_EQ(test, ex.npages, npages);
	extents_for_each(&it, &ex) {
		for (unsigned long i = 0; i < extent_npages(it.run); i++, index++)
			KUNIT_ASSERT_EQ(test, extent_pfn(it.run) + i,
					few_pfn(index));
	}
	KUNIT_ASSERT_EQ(test, index, npages);
}

static const enum crew_hook_way ways[] = {
	CREW_HOOK_OFF,
	CREW_HOOK_THREADS,
	CREW_HOOK_FIRST,
	CREW_HOOK_KILLED,
	CREW_HOOK_REFUSED,
};

static void describe_way(const enum crew_hook_way *way, char *desc)
{
	strscpy(desc, crew_hook_way_name[*way], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(way, ways, describe_way);

static enum crew_hook_way arm(struct kunit *test)
{
	enum crew_hook_way way = *(const enum crew_hook_way *)test->param_value;

	crew_hook_arm(test, way);
	return way;
}

/* What a pin that did not fail has said: how many threads helped. */
static void expect_helped(struct kunit *test, enum crew_hook_way way, int nr)
{
	KUNIT_ASSERT_GE(test, nr, 0);
	/* Of a thread, the caller may have done all before it was there. */
	if (way == CREW_HOOK_THREADS)
		KUNIT_EXPECT_LE(test, nr, 1);
	else
		KUNIT_EXPECT_EQ(test, nr, way == CREW_HOOK_FIRST);
}

static void pin_in_parts_is_in_order(struct kunit *test)
{
	const unsigned long npages = 4 * PART_NPAGES + 5;
	enum crew_hook_way way = arm(test);
	struct balance before;

	few_prepare(test);
	before = balance_now();
	expect_helped(test, way, pin_in_parts(&few.source, npages, &ex));
	expect_few(test, npages);
	KUNIT_EXPECT_EQ(test, crew_hook_nr_asked(), way != CREW_HOOK_OFF);
	KUNIT_EXPECT_EQ(test, few.nr, way == CREW_HOOK_OFF ?
			DIV_ROUND_UP(npages, STRETCH_NPAGES) : 5);
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
	few_end();
}

static const struct cut_case {
	const char *name;
	unsigned long phase_npages;
	unsigned long npages;
	unsigned long largest_npages;
} cut_cases[] = {
	{ "aligned", 0, 4 * PART_NPAGES, HUGE },
	{ "begins-in-a-leaf", 100, 4 * PART_NPAGES, HUGE },
	{ "ends-in-a-leaf", 0, 4 * PART_NPAGES + 100, HUGE },
	{ "begins-before-an-edge", HUGE - 1, 4 * PART_NPAGES, HUGE },
	{ "larger-leaves", 0, 8 * PART_NPAGES, 4 * PART_NPAGES },
	{ "begins-in-a-larger-leaf", PART_NPAGES + 7, 8 * PART_NPAGES,
	  4 * PART_NPAGES },
	{ "within-a-larger-leaf", 7, 4 * PART_NPAGES, 8 * PART_NPAGES },
};

KUNIT_ARRAY_PARAM_DESC(cut, cut_cases, name);

/* By a helper alone they are in order. */
static void pin_in_parts_cuts_no_leaf(struct kunit *test)
{
	const struct cut_case *param = test->param_value;
	unsigned long at = 0;
	int nr_helpers;

	crew_hook_arm(test, CREW_HOOK_FIRST);
	few_prepare(test);
	few.source.phase_npages = param->phase_npages;
	few.largest_npages = param->largest_npages;
	nr_helpers = pin_in_parts(&few.source, param->npages, &ex);
	KUNIT_ASSERT_GE(test, nr_helpers, 0);
	/* For one part nobody is asked. */
	KUNIT_EXPECT_EQ(test, nr_helpers, few.nr > 1);
	expect_few(test, param->npages);
	for (unsigned int i = 0; i < few.nr; i++) {
		KUNIT_EXPECT_EQ(test, few.first[i], at);
		KUNIT_EXPECT_GT(test, few.npages[i], 0);
		if (at)
			KUNIT_EXPECT_EQ(test, (at + param->phase_npages) %
					      param->largest_npages, 0);
		at += few.npages[i];
	}
	KUNIT_EXPECT_EQ(test, at, param->npages);
	unpin_extents(&ex, true);
	few_end();
}

static void pin_in_parts_fails_without_a_trace(struct kunit *test)
{
	static const unsigned long failing[] = {
		0, 1, PART_NPAGES - 1, PART_NPAGES, 2 * PART_NPAGES + 777,
		4 * PART_NPAGES + 4,
	};
	struct balance before;

	arm(test);
	few_prepare(test);
	before = balance_now();
	for (int i = 0; i < ARRAY_SIZE(failing); i++) {
		few.failing = failing[i];
		KUNIT_EXPECT_EQ(test, pin_in_parts(&few.source,
						   4 * PART_NPAGES + 5, &ex),
				-EFAULT);
		KUNIT_ASSERT_EQ(test, ex.npages, 0);
		balance_expect_even(test, &before);
	}
	few_end();
}

/* Also what a helper allocates, which is done by this thread here. */
static void pin_in_parts_out_of_memory_leaves_no_trace(struct kunit *test)
{
	const unsigned long npages = 3 * PART_NPAGES + 5;
	struct balance before;
	struct fault fault;

	fault_require(test);
	crew_hook_arm(test, CREW_HOOK_FIRST);
	few_prepare(test);
	before = balance_now();
	for_each_fault(&fault) {
		int rc;

		fault_arm(&fault);
		rc = pin_in_parts(&few.source, npages, &ex);
		fault_disarm(&fault);
		/* It may have been a helper for which there was no memory. */
		if (fault_failed(test, &fault, min(rc, 0))) {
			KUNIT_ASSERT_EQ(test, rc, -ENOMEM);
			KUNIT_ASSERT_EQ(test, ex.npages, 0);
		} else {
			expect_few(test, npages);
			unpin_extents(&ex, true);
		}
		balance_expect_even(test, &before);
	}
	/* The list of parts, four times five chunks and a list, and the list of all. */
	KUNIT_EXPECT_GE(test, fault.nr_failed, 20);
	few_end();
}

/* The first part is under way until it is told that the second one has failed. */
static int wait_for_stop(const struct pin_source *source, unsigned long first,
			 unsigned long npages, const int *stop,
			 struct extents *to)
{
	unsigned long end = jiffies + HANGS_S * HZ;

	if (first)
		return -EFAULT;
	while (!READ_ONCE(*stop) && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	return READ_ONCE(*stop) ? -ECANCELED : -ETIMEDOUT;
}

static void pin_in_parts_says_what_went_wrong_first(struct kunit *test)
{
	crew_hook_arm(test, CREW_HOOK_THREADS);
	few_prepare(test);
	few.source.pin = wait_for_stop;
	KUNIT_EXPECT_EQ(test, pin_in_parts(&few.source, 4 * PART_NPAGES, &ex),
			-EFAULT);
	few_end();
}

static void pin_few(void *data)
{
	pin_rc = pin_in_parts(&few.source, STRETCH_NPAGES + 4 * PART_NPAGES, &ex);
}

/* What is not divided is looked at again, and a signal is seen. */
static void pin_in_parts_ends_between_stretches(struct kunit *test)
{
	struct balance before;
	struct held *held;

	few_prepare(test);
	few.absent = false;
	before = balance_now();
	held = hold_start(test, "pin_parts:stretch-pinned", pin_few, NULL);
	KUNIT_EXPECT_EQ(test, few.nr, 1);
	hold_expect_killed(test, held);
	hold_finish(test, held);
	KUNIT_EXPECT_EQ(test, pin_rc, -EINTR);
	KUNIT_EXPECT_EQ(test, few.nr, 1);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	balance_expect_even(test, &before);
	few_end();
}

/* What begins as if it were there is divided from where it is not any more. */
static void pin_in_parts_divides_the_rest(struct kunit *test)
{
	struct balance before;
	struct held *held;

	crew_hook_arm(test, CREW_HOOK_FIRST);
	few_prepare(test);
	few.absent = false;
	before = balance_now();
	held = hold_start(test, "pin_parts:stretch-pinned", pin_few, NULL);
	few.absent = true;
	hold_finish(test, held);
	KUNIT_ASSERT_EQ(test, pin_rc, 1);
	expect_few(test, STRETCH_NPAGES + 4 * PART_NPAGES);
	KUNIT_EXPECT_EQ(test, few.nr, 1 + 4);
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
	few_end();
}

#define USER_NPAGES	(4 * PART_NPAGES + 3)

static void pin_user_range_of_untouched_memory(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_UNTOUCHED, USER_NPAGES + 1);
	enum crew_hook_way way = arm(test);
	struct balance before;

	va += PAGE_SIZE;
	before = balance_now();
	expect_helped(test, way, pin_user_range(current->mm, va, USER_NPAGES,
						true, &ex));
	KUNIT_ASSERT_EQ(test, ex.npages, USER_NPAGES);
	for (unsigned long i = 0; i < USER_NPAGES; i += 13) {
		struct extents_iter it;

		KUNIT_ASSERT_TRUE(test, extents_seek(&ex, i, &it));
		KUNIT_ASSERT_EQ(test, extent_pfn(it.run) + i - it.index,
				memory_pfn(va + i * PAGE_SIZE));
	}
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, USER_NPAGES);
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

/* By whomever it was brought: there is nothing for helpers to do. */
static void pin_user_range_of_what_is_there(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, USER_NPAGES);

	crew_hook_arm(test, CREW_HOOK_THREADS);
	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va, USER_NPAGES, true,
					     &ex), 0);
	KUNIT_EXPECT_EQ(test, crew_hook_nr_asked(), 0);
	unpin_extents(&ex, true);
	KUNIT_EXPECT_EQ(test, crew_hook_nr_asked(), 0);
}

/* There are tables, with an entry each. */
static void pin_user_range_of_tables_with_holes(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_UNTOUCHED, USER_NPAGES);

	for (unsigned long i = HUGE - 1; i < USER_NPAGES; i += HUGE)
		memory_touch(test, va + i * PAGE_SIZE);
	crew_hook_arm(test, CREW_HOOK_FIRST);
	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va, USER_NPAGES, true,
					     &ex), 1);
	KUNIT_EXPECT_EQ(test, ex.npages, USER_NPAGES);
	unpin_extents(&ex, true);
}

/* The end of it is not mapped. */
static void pin_user_range_with_a_hole_at_the_end(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_UNTOUCHED, USER_NPAGES);
	struct balance before;

	KUNIT_ASSERT_EQ(test, vm_munmap(va + (USER_NPAGES - 1) * PAGE_SIZE,
					PMD_SIZE), 0);
	arm(test);
	before = balance_now();
	KUNIT_EXPECT_EQ(test, pin_user_range(current->mm, va, USER_NPAGES, true,
					     &ex), -EFAULT);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	balance_expect_even(test, &before);
}

/*
 * A helper finds a hole as the caller has its first huge page: the second one, of the
 * same part, is not faulted in any more.
 */
static void pin_user_range_ends_between_huge_pages(struct kunit *test)
{
	unsigned long npages = 4 * PART_NPAGES;
	struct balance before;
	struct file *file;
	unsigned long va;

	if (PART_NPAGES == HUGE)
		kunit_skip(test, "a part has no second huge page");
	file = memory_shmem_huge(test, npages);
	va = memory_map_file(test, file, npages);
	KUNIT_ASSERT_EQ(test, vm_munmap(va + (PART_NPAGES << PAGE_SHIFT),
					PAGE_SIZE), 0);
	crew_hook_arm(test, CREW_HOOK_LATE);
	before = balance_now();
	pin_hook_arm(crew_hook_run_late, NULL);
	KUNIT_EXPECT_EQ(test, pin_user_range(current->mm, va, npages, true, &ex),
			-EFAULT);
	KUNIT_EXPECT_FALSE(test, pin_hook_disarm());
	KUNIT_EXPECT_EQ(test, leaf_look_up(current->mm, va).kind, LEAF_HUGE);
	KUNIT_EXPECT_EQ(test, leaf_look_up(current->mm, va + PMD_SIZE).kind,
			LEAF_ABSENT);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	balance_expect_even(test, &before);
}

static void pin_file_range_of_untouched_memory(struct kunit *test)
{
	struct file *file = memory_shmem(test, USER_NPAGES + 1);
	unsigned long va = memory_map_file(test, file, USER_NPAGES + 1);
	enum crew_hook_way way = arm(test);
	struct balance before;

	before = balance_now();
	expect_helped(test, way, pin_file_range(file, PAGE_SIZE, USER_NPAGES,
						&ex));
	KUNIT_ASSERT_EQ(test, ex.npages, USER_NPAGES);
	for (unsigned long i = 0; i < USER_NPAGES; i += 101) {
		struct extents_iter it;

		memory_touch(test, va + (i + 1) * PAGE_SIZE);
		KUNIT_ASSERT_TRUE(test, extents_seek(&ex, i, &it));
		KUNIT_ASSERT_EQ(test, extent_pfn(it.run) + i - it.index,
				memory_pfn(va + (i + 1) * PAGE_SIZE));
	}
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

/* What was pinned once is there the second time. */
static void pin_file_range_of_what_is_there(struct kunit *test)
{
	struct file *file = memory_shmem(test, USER_NPAGES);

	crew_hook_arm(test, CREW_HOOK_FIRST);
	for (int nr = 1; nr >= 0; nr--) {
		KUNIT_ASSERT_EQ(test, pin_file_range(file, 0, USER_NPAGES, &ex), nr);
		KUNIT_EXPECT_EQ(test, crew_hook_nr_asked(), 1);
		KUNIT_EXPECT_EQ(test, ex.npages, USER_NPAGES);
		unpin_extents(&ex, true);
	}
}

static void pin_file_range_beyond_its_end(struct kunit *test)
{
	struct file *file = memory_shmem(test, USER_NPAGES);
	struct balance before;

	arm(test);
	before = balance_now();
	KUNIT_EXPECT_EQ(test, pin_file_range(file, PAGE_SIZE, USER_NPAGES, &ex),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	balance_expect_even(test, &before);
}

static int pin_parts_test_init(struct kunit *test)
{
	extents_init(&ex);
	extents_init(&held_pages);
	return memory_attach();
}

static struct kunit_case pin_parts_test_cases[] = {
	KUNIT_CASE_PARAM(pin_in_parts_is_in_order, way_gen_params),
	KUNIT_CASE_PARAM(pin_in_parts_cuts_no_leaf, cut_gen_params),
	KUNIT_CASE_PARAM(pin_in_parts_fails_without_a_trace, way_gen_params),
	KUNIT_CASE(pin_in_parts_out_of_memory_leaves_no_trace),
	KUNIT_CASE(pin_in_parts_says_what_went_wrong_first),
	KUNIT_CASE(pin_in_parts_ends_between_stretches),
	KUNIT_CASE(pin_in_parts_divides_the_rest),
	KUNIT_CASE_PARAM(pin_user_range_of_untouched_memory, way_gen_params),
	KUNIT_CASE(pin_user_range_of_what_is_there),
	KUNIT_CASE(pin_user_range_of_tables_with_holes),
	KUNIT_CASE_PARAM(pin_user_range_with_a_hole_at_the_end, way_gen_params),
	KUNIT_CASE(pin_user_range_ends_between_huge_pages),
	KUNIT_CASE_PARAM(pin_file_range_of_untouched_memory, way_gen_params),
	KUNIT_CASE(pin_file_range_of_what_is_there),
	KUNIT_CASE_PARAM(pin_file_range_beyond_its_end, way_gen_params),
	{}
};

static struct kunit_suite pin_parts_test_suite = {
	.name = "iommufd-pin-parts",
	.init = pin_parts_test_init,
	.test_cases = pin_parts_test_cases,
};

kunit_test_suite(pin_parts_test_suite);
