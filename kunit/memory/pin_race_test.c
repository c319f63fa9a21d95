// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that another thread changes while it is pinned: whatever it was that
 * was pinned, every page that the extents have is in place, and is what was
 * mapped there at some time meanwhile.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "balance.h"
#include "memory.h"
#include "memory/extent.h"
#include "memory/pin.h"
#include "pin_hook.h"

#define HUGE	MEMORY_HUGE_NPAGES

static struct extents ex;

/**
 * struct change - memory that becomes another just after its first page is pinned
 * @test: the case
 * @va: its address
 * @layout: what it becomes
 */
struct change {
	struct kunit *test;
	unsigned long va;
	enum memory_layout layout;
};

static void change(void *data)
{
	const struct change *change = data;

	memory_replace(change->test, change->va, change->layout, HUGE);
}

static const struct change_case {
	const char *name;
	enum memory_layout from;
	enum memory_layout to;
} change_cases[] = {
	{ "huge-to-other-huge", MEMORY_THP, MEMORY_THP },
	{ "huge-to-base", MEMORY_THP, MEMORY_SCATTERED },
	{ "absent-to-huge", MEMORY_UNTOUCHED, MEMORY_THP },
	{ "absent-to-base", MEMORY_UNTOUCHED, MEMORY_SCATTERED },
};

KUNIT_ARRAY_PARAM_DESC(change, change_cases, name);

/* Is every page of the extents pinned, by a folio as large as they say? */
static void expect_sound(struct kunit *test)
{
	struct extents_iter it;

	extents_for_each(&it, &ex) {
		unsigned long pfn = extent_pfn(it.run);

		for (; pfn < extent_end_pfn(it.run); pfn++) {
			KUNIT_ASSERT_GT(test, pfn_npins(pfn), 0);
			KUNIT_ASSERT_GE(test,
					folio_order(page_folio(pfn_to_page(pfn))),
					extent_pin_order(it.run));
		}
	}
}

static void pin_user_range_while_memory_changes(struct kunit *test)
{
	const struct change_case *param = test->param_value;
	struct change args = { .test = test, .layout = param->to };
	struct extents_iter it;
	struct balance before;
	unsigned long first_pfn;

	args.va = memory_map(test, param->from, HUGE);
	first_pfn = param->from == MEMORY_THP ? memory_pfn(args.va) : 0;
	before = balance_now();
	pin_hook_arm(change, &args);
	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, args.va, HUGE, true,
					     &ex), 0);
	KUNIT_ASSERT_EQ(test, ex.npages, HUGE);
	/* None of them stands for more than the page that was pinned. */
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, HUGE);
	expect_sound(test);

	/* The first page is the old one, which is nowhere mapped any more. */
	KUNIT_ASSERT_TRUE(test, extents_seek(&ex, 0, &it));
	if (first_pfn)
		KUNIT_EXPECT_EQ(test, extent_pfn(it.run), first_pfn);
	KUNIT_EXPECT_NE(test, extent_pfn(it.run), memory_pfn(args.va));
	for (unsigned long i = 1; i < HUGE; i++) {
		KUNIT_ASSERT_TRUE(test, extents_seek(&ex, i, &it));
		KUNIT_ASSERT_EQ(test, extent_pfn(it.run) + i - it.index,
				memory_pfn(args.va + i * PAGE_SIZE));
	}
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

static void unmap(void *data)
{
	const struct change *change = data;

	KUNIT_ASSERT_EQ(change->test, vm_munmap(change->va, PMD_SIZE), 0);
}

static const enum memory_layout layouts[] = { MEMORY_THP, MEMORY_UNTOUCHED };

static void describe_layout(const enum memory_layout *layout, char *desc)
{
	strscpy(desc, memory_layout_name[*layout], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(layout, layouts, describe_layout);

/* Then the rest is not there, and nothing may stay pinned. */
static void pin_user_range_while_memory_goes(struct kunit *test)
{
	const enum memory_layout *layout = test->param_value;
	struct change args = { .test = test };
	struct balance before;

	args.va = memory_map(test, *layout, HUGE);
	before = balance_now();
	pin_hook_arm(unmap, &args);
	KUNIT_EXPECT_EQ(test, pin_user_range(current->mm, args.va, HUGE, true,
					     &ex), -EFAULT);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

static int pin_race_test_init(struct kunit *test)
{
	extents_init(&ex);
	return memory_attach();
}

static struct kunit_case pin_race_test_cases[] = {
	KUNIT_CASE_PARAM(pin_user_range_while_memory_changes,
			 change_gen_params),
	KUNIT_CASE_PARAM(pin_user_range_while_memory_goes, layout_gen_params),
	{}
};

static struct kunit_suite pin_race_test_suite = {
	.name = "iommufd-pin-race",
	.init = pin_race_test_init,
	.test_cases = pin_race_test_cases,
};

kunit_test_suite(pin_race_test_suite);
