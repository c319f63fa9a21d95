// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOVA space: what kmod/ioas/iova_space.h promises, case by case. How it agrees
 * with a naive model is in iova_random.c.
 */
#include "alloc_fault.h"
#include "ioas/iova_space.h"
#include "iova_random.h"
#include "portable_suite.h"
#include "race.h"
#include "random.h"

static struct iova_space space;
/* Whoever reserves something in these tests. */
static const int one, other;

static struct iova_node *insert(struct kunit *test, unsigned long first,
				unsigned long last)
{
	struct iova_node *node = kunit_kzalloc(test, sizeof(*node), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, node);
	node->first = first;
	node->last = last;
	KUNIT_ASSERT_EQ(test, iova_space_insert(&space, node), 0);
	return node;
}

static int try_insert(unsigned long first, unsigned long last)
{
	struct iova_node node = { .first = first, .last = last };
	int rc = iova_space_insert(&space, &node);

	if (!rc)
		iova_space_erase(&space, &node);
	return rc;
}

static const struct insert_case {
	const char *name;
	unsigned long first;
	unsigned long last;
	int rc;
} insert_cases[] = {
	/* 0x2000 to 0x3fff are mapped, 0x8000 to 0x8fff reserved. */
	{ "below", 0x1000, 0x1fff, 0 },
	{ "above", 0x4000, 0x4fff, 0 },
	{ "around", 0x1000, 0x4fff, -EEXIST },
	{ "same", 0x2000, 0x3fff, -EEXIST },
	{ "inside", 0x2000, 0x2fff, -EEXIST },
	{ "reaches-in-from-below", 0x1000, 0x2fff, -EEXIST },
	{ "reaches-out-above", 0x3000, 0x4fff, -EEXIST },
	{ "reserved", 0x8000, 0x8fff, -EINVAL },
	{ "reaches-into-reserved", 0x7000, 0x8fff, -EINVAL },
	{ "below-reserved", 0x7000, 0x7fff, 0 },
	{ "above-reserved", 0x9000, 0x9fff, 0 },
	{ "start-not-aligned", 0x5800, 0x5fff, -EINVAL },
	{ "end-not-aligned", 0x5000, 0x57ff, -EINVAL },
	{ "first-iova", 0, 0xfff, 0 },
	{ "last-iova", ULONG_MAX - 0xfff, ULONG_MAX, 0 },
	{ "everything", 0, ULONG_MAX, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(insert, insert_cases, name);

static void iova_space_insert_at_a_given_place(struct kunit *test)
{
	const struct insert_case *param = test->param_value;

	space.alignment_bytes = 0x1000;
	insert(test, 0x2000, 0x3fff);
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&space, 0x8000, 0x8fff, &one),
			0);
	KUNIT_EXPECT_EQ(test, try_insert(param->first, param->last), param->rc);
}

static void iova_space_holds_all_of_2_to_the_64(struct kunit *test)
{
	struct iova_node *node = insert(test, 0, ULONG_MAX), more;

	KUNIT_EXPECT_PTR_EQ(test, iova_space_find(&space, 77, 77), node);
	KUNIT_EXPECT_EQ(test, try_insert(ULONG_MAX, ULONG_MAX), -EEXIST);
	KUNIT_EXPECT_EQ(test, iova_space_alloc(&space, 1, 1, 0, &more),
			-ENOSPC);
	iova_space_erase(&space, node);
	KUNIT_EXPECT_NULL(test, iova_space_find(&space, 0, ULONG_MAX));
}

static const struct find_case {
	const char *name;
	unsigned long first;
	unsigned long last;
	unsigned long found;
} find_cases[] = {
	/* 0x100 to 0x1ff, 0x200 to 0x2ff and 0x500 to 0x5ff are mapped. */
	{ "everything", 0, ULONG_MAX, 0x100 },
	{ "below-all", 0, 0xff, 0 },
	{ "above-all", 0x600, ULONG_MAX, 0 },
	{ "in-the-gap", 0x300, 0x4ff, 0 },
	{ "first-of-one", 0x200, 0x200, 0x200 },
	{ "last-of-one", 0x1ff, 0x1ff, 0x100 },
	{ "last-and-next", 0x1ff, 0x200, 0x100 },
	{ "gap-and-next", 0x300, 0x500, 0x500 },
	{ "inside-one", 0x520, 0x530, 0x500 },
};

KUNIT_ARRAY_PARAM_DESC(find, find_cases, name);

static void iova_space_find_gives_the_lowest(struct kunit *test)
{
	const struct find_case *param = test->param_value;
	struct iova_node *node;

	insert(test, 0x500, 0x5ff);
	insert(test, 0x100, 0x1ff);
	insert(test, 0x200, 0x2ff);
	node = iova_space_find(&space, param->first, param->last);
	KUNIT_EXPECT_EQ(test, node ? node->first : 0, param->found);
}

static void iova_space_next_goes_up(struct kunit *test)
{
	struct iova_node *node;
	unsigned long at = 0;

	for (unsigned long i = 50; i; i--)
		insert(test, i * 0x1000, i * 0x1000 + 0xfff);
	node = iova_space_find(&space, 0, ULONG_MAX);
	for (; node; node = iova_space_next(node)) {
		at += 0x1000;
		KUNIT_EXPECT_EQ(test, node->first, at);
	}
	KUNIT_EXPECT_EQ(test, at, 50 * 0x1000);
}

static const struct alloc_case {
	const char *name;
	unsigned long length;
	unsigned long align;
	unsigned long phase;
	int rc;
	unsigned long first;
} alloc_cases[] = {
	/*
	 * The space is 0x10000 to 0x4ffff; 0x10000 to 0x10fff, and 0x18000 to
	 * 0x1ffff are mapped.
	 */
	{ "first-gap", 0x1000, 0x1000, 0, 0, 0x11000 },
	{ "just-fits-the-first-gap", 0x7000, 0x1000, 0, 0, 0x11000 },
	{ "too-long-for-the-first-gap", 0x8000, 0x1000, 0, 0, 0x20000 },
	{ "aligned", 0x1000, 0x4000, 0, 0, 0x14000 },
	{ "aligned-does-not-fit-the-gap", 0x5000, 0x4000, 0, 0, 0x20000 },
	{ "phase", 0x1000, 0x4000, 0x3000, 0, 0x13000 },
	{ "less-than-the-alignment", 0x1000, 1, 0, 0, 0x11000 },
	{ "up-to-the-end", 0x30000, 0x1000, 0, 0, 0x20000 },
	{ "longer-than-that", 0x31000, 0x1000, 0, -ENOSPC, 0 },
	{ "alignment-beyond-the-end", 0x1000, 0x100000, 0, -ENOSPC, 0 },
	{ "phase-at-the-end", 0x1000, 0x100000, 0x4f000, 0, 0x4f000 },
	{ "length-not-aligned", 0x1800, 0x1000, 0, -EINVAL, 0 },
	{ "phase-not-aligned", 0x1000, 0x4000, 0x800, -EINVAL, 0 },
};

KUNIT_ARRAY_PARAM_DESC(alloc, alloc_cases, name);

static void iova_space_alloc_finds_a_low_place(struct kunit *test)
{
	const struct alloc_case *param = test->param_value;
	struct iova_node node;

	space.alignment_bytes = 0x1000;
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&space, 0, 0xffff, &one), 0);
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&space, 0x50000, ULONG_MAX,
						 &one), 0);
	insert(test, 0x10000, 0x10fff);
	insert(test, 0x18000, 0x1ffff);
	KUNIT_ASSERT_EQ(test, iova_space_alloc(&space, param->length,
					       param->align, param->phase,
					       &node), param->rc);
	if (param->rc)
		return;
	KUNIT_EXPECT_EQ(test, node.first, param->first);
	KUNIT_EXPECT_EQ(test, node.last, param->first + param->length - 1);
	KUNIT_EXPECT_PTR_EQ(test, iova_space_find(&space, node.first,
						  node.first), &node);
}

/* A hundred gaps, each long enough, and none with an aligned place in it. */
static void iova_space_alloc_gets_past_gaps_that_do_not_suit(struct kunit *test)
{
	struct iova_node node;

	for (unsigned long i = 0; i < 100; i++)
		insert(test, i * 0x4000, i * 0x4000 + 0xfff);
	KUNIT_ASSERT_EQ(test, iova_space_alloc(&space, 0x3000, 0x4000, 0,
					       &node), 0);
	KUNIT_EXPECT_EQ(test, node.first, 100 * 0x4000);
}

/* And then one that is long enough wherever it begins: before new space is taken. */
static void iova_space_alloc_takes_a_roomy_gap_before_the_end(struct kunit *test)
{
	struct iova_node node;

	for (unsigned long i = 0; i < 100; i++)
		insert(test, i * 0x4000, i * 0x4000 + 0xfff);
	insert(test, 110 * 0x4000, 110 * 0x4000 + 0xfff);
	KUNIT_ASSERT_EQ(test, iova_space_alloc(&space, 0x3000, 0x4000, 0,
					       &node), 0);
	KUNIT_EXPECT_EQ(test, node.first, 100 * 0x4000);
}

/* Wherever 0 is free, it is not for who asks for no place. */
static void iova_space_alloc_never_gives_0(struct kunit *test)
{
	struct rb_root_cached ranges = RB_ROOT_CACHED;
	struct iova_node nodes[3];

	KUNIT_ASSERT_EQ(test, iova_space_alloc(&space, 1, 1, 0, &nodes[0]), 0);
	KUNIT_EXPECT_EQ(test, nodes[0].first, 1);
	KUNIT_ASSERT_EQ(test, iova_space_alloc(&space, 0x2000, 0x1000, 0,
					       &nodes[1]), 0);
	KUNIT_EXPECT_EQ(test, nodes[1].first, 0x1000);
	KUNIT_ASSERT_EQ(test, iova_ranges_add(&ranges, 0, 0xfff), 0);
	KUNIT_ASSERT_EQ(test, iova_space_set_allowed(&space, &ranges), 0);
	KUNIT_EXPECT_EQ(test, iova_space_alloc(&space, 0x1000, 1, 0, &nodes[2]),
			-ENOSPC);
	iova_space_erase(&space, &nodes[0]);
	KUNIT_EXPECT_EQ(test, iova_space_alloc(&space, 0x1000, 1, 0, &nodes[2]),
			-ENOSPC);
	/* Who asks for it gets it. */
	KUNIT_EXPECT_EQ(test, try_insert(0, 0xfff), 0);
	iova_ranges_destroy(&ranges);
}

/* The end of a reservation need not be aligned. */
static void iova_space_alloc_keeps_to_the_alignment(struct kunit *test)
{
	struct iova_node node;

	space.alignment_bytes = 0x1000;
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&space, 0, 0x2345, &one), 0);
	KUNIT_ASSERT_EQ(test, iova_space_alloc(&space, 0x1000, 1, 0, &node), 0);
	KUNIT_EXPECT_EQ(test, node.first, 0x3000);
}

static void iova_space_alloc_keeps_to_allowed_ranges(struct kunit *test)
{
	struct rb_root_cached ranges = RB_ROOT_CACHED;
	struct iova_node nodes[3];

	KUNIT_ASSERT_EQ(test, iova_ranges_add(&ranges, 0x9000, 0x9fff), 0);
	KUNIT_ASSERT_EQ(test, iova_ranges_add(&ranges, 0x5000, 0x5fff), 0);
	KUNIT_ASSERT_EQ(test, iova_space_set_allowed(&space, &ranges), 0);
	KUNIT_ASSERT_EQ(test, iova_space_alloc(&space, 0x1000, 1, 0, &nodes[0]),
			0);
	KUNIT_ASSERT_EQ(test, iova_space_alloc(&space, 0x1000, 1, 0, &nodes[1]),
			0);
	KUNIT_EXPECT_EQ(test, nodes[0].first, 0x5000);
	KUNIT_EXPECT_EQ(test, nodes[1].first, 0x9000);
	KUNIT_EXPECT_EQ(test, iova_space_alloc(&space, 1, 1, 0, &nodes[2]),
			-ENOSPC);
	/* What is asked for by name may be elsewhere. */
	KUNIT_EXPECT_EQ(test, try_insert(0x7000, 0x7fff), 0);
	iova_ranges_destroy(&ranges);
}

static void iova_space_set_allowed_gives_the_old_set_back(struct kunit *test)
{
	struct rb_root_cached ranges = RB_ROOT_CACHED;
	struct interval_tree_node *range;

	KUNIT_ASSERT_EQ(test, iova_ranges_add(&ranges, 0x5000, 0x5fff), 0);
	KUNIT_ASSERT_EQ(test, iova_space_set_allowed(&space, &ranges), 0);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&ranges.rb_root));
	KUNIT_ASSERT_EQ(test, iova_space_set_allowed(&space, &ranges), 0);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&space.allowed.rb_root));
	range = interval_tree_iter_first(&ranges, 0, ULONG_MAX);
	KUNIT_ASSERT_NOT_NULL(test, range);
	KUNIT_EXPECT_EQ(test, range->start, 0x5000);
	KUNIT_EXPECT_EQ(test, range->last, 0x5fff);
	iova_ranges_destroy(&ranges);
}

static const struct range_case {
	const char *name;
	unsigned long first;
	unsigned long last;
	int rc;
} range_cases[] = {
	/* 0x5000 to 0x5fff are in the set. */
	{ "beside", 0x6000, 0x6fff, 0 },
	{ "one-iova", 7, 7, 0 },
	{ "everything-above", 0x6000, ULONG_MAX, 0 },
	{ "empty", 0x7000, 0x6fff, -EINVAL },
	{ "same", 0x5000, 0x5fff, -EINVAL },
	{ "overlaps-one-iova", 0x5fff, 0x6fff, -EINVAL },
	{ "around", 0, ULONG_MAX, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

static void iova_ranges_add_takes_disjoint_ranges(struct kunit *test)
{
	struct rb_root_cached ranges = RB_ROOT_CACHED;
	const struct range_case *param = test->param_value;

	KUNIT_ASSERT_EQ(test, iova_ranges_add(&ranges, 0x5000, 0x5fff), 0);
	KUNIT_EXPECT_EQ(test, iova_ranges_add(&ranges, param->first,
					      param->last), param->rc);
	iova_ranges_destroy(&ranges);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&ranges.rb_root));
}

static const struct reserve_case {
	const char *name;
	unsigned long first;
	unsigned long last;
	int rc;
} reserve_cases[] = {
	/*
	 * 0x2000 to 0x2fff are mapped, 0x5000 to 0x5fff allowed, 0x8000 to
	 * 0x8fff reserved already.
	 */
	{ "free", 0x3000, 0x3fff, 0 },
	{ "mapped", 0x2000, 0x2fff, -EADDRINUSE },
	{ "last-iova-of-mapped", 0x2fff, 0x3fff, -EADDRINUSE },
	{ "allowed", 0x5000, 0x5fff, -EADDRINUSE },
	{ "reaches-into-allowed", 0x4000, 0x5000, -EADDRINUSE },
	{ "reserved", 0x8000, 0x8fff, 0 },
	{ "around-reserved", 0x7000, 0x9fff, 0 },
	{ "to-the-end", 0x9000, ULONG_MAX, 0 },
};

KUNIT_ARRAY_PARAM_DESC(reserve, reserve_cases, name);

static void iova_space_reserve_what_is_not_in_use(struct kunit *test)
{
	struct rb_root_cached ranges = RB_ROOT_CACHED;
	const struct reserve_case *param = test->param_value;

	insert(test, 0x2000, 0x2fff);
	KUNIT_ASSERT_EQ(test, iova_ranges_add(&ranges, 0x5000, 0x5fff), 0);
	KUNIT_ASSERT_EQ(test, iova_space_set_allowed(&space, &ranges), 0);
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&space, 0x8000, 0x8fff, &one),
			0);
	KUNIT_EXPECT_EQ(test, iova_space_reserve(&space, param->first,
						 param->last, &other),
			param->rc);
	if (!param->rc)
		KUNIT_EXPECT_EQ(test, try_insert(param->last, param->last),
				-EINVAL);
}

static void iova_space_unreserve_ends_those_of_one_owner(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&space, 0, 9, &one), 0);
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&space, 5, 14, &other), 0);
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&space, 20, 29, &one), 0);
	iova_space_unreserve(&space, &one);
	KUNIT_EXPECT_EQ(test, try_insert(0, 4), 0);
	KUNIT_EXPECT_EQ(test, try_insert(5, 5), -EINVAL);
	KUNIT_EXPECT_EQ(test, try_insert(14, 14), -EINVAL);
	KUNIT_EXPECT_EQ(test, try_insert(15, 100), 0);
}

static void iova_space_set_allowed_refuses_reserved(struct kunit *test)
{
	struct rb_root_cached ranges = RB_ROOT_CACHED;

	KUNIT_ASSERT_EQ(test, iova_space_reserve(&space, 0x1000, 0x1fff, &one),
			0);
	KUNIT_ASSERT_EQ(test, iova_ranges_add(&ranges, 0x5000, 0x5fff), 0);
	KUNIT_ASSERT_EQ(test, iova_ranges_add(&ranges, 0x1fff, 0x2fff), 0);
	KUNIT_EXPECT_EQ(test, iova_space_set_allowed(&space, &ranges),
			-EADDRINUSE);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&space.allowed.rb_root));
	iova_ranges_destroy(&ranges);
}

/* The header promises it, and unmapping could not fail. */
static void iova_space_maps_and_unmaps_without_memory(struct kunit *test)
{
	struct iova_node fixed = { .first = 0x1000, .last = 0x1fff }, chosen;
	struct fault fault = { .nth = 1 };
	int rc_fixed, rc_chosen;

	fault_require(test);
	fault_arm(&fault);
	rc_fixed = iova_space_insert(&space, &fixed);
	rc_chosen = iova_space_alloc(&space, 0x1000, 0x1000, 0, &chosen);
	if (!rc_fixed)
		iova_space_erase(&space, &fixed);
	if (!rc_chosen)
		iova_space_erase(&space, &chosen);
	fault_disarm(&fault);
	KUNIT_EXPECT_FALSE(test, fault.fired);
	KUNIT_EXPECT_EQ(test, rc_fixed, 0);
	KUNIT_EXPECT_EQ(test, rc_chosen, 0);
}

static void iova_space_reserve_out_of_memory_changes_nothing(struct kunit *test)
{
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		int rc;

		fault_arm(&fault);
		rc = iova_space_reserve(&space, 5, 9, &one);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc)) {
			KUNIT_EXPECT_EQ(test, rc, -ENOMEM);
			KUNIT_EXPECT_EQ(test, try_insert(5, 9), 0);
		}
		iova_space_unreserve(&space, &one);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

static void iova_ranges_add_out_of_memory_changes_nothing(struct kunit *test)
{
	struct rb_root_cached ranges = RB_ROOT_CACHED;
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		int rc;

		fault_arm(&fault);
		rc = iova_ranges_add(&ranges, 5, 9);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc)) {
			KUNIT_EXPECT_EQ(test, rc, -ENOMEM);
			KUNIT_EXPECT_TRUE(test,
					  RB_EMPTY_ROOT(&ranges.rb_root));
		}
		iova_ranges_destroy(&ranges);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

/**
 * struct space_race - threads that share a space
 * @test: the case
 * @taken: the IOVAs that one of them has, in units of 0x1000
 * @nr_taken: how often one had some
 */
struct space_race {
	struct kunit *test;
	DECLARE_BITMAP(taken, 256);
	atomic_t nr_taken;
};

#define SPACE_RACE_ROUNDS	3000

/* Nobody else has the IOVAs that one has. */
static void race_take(void *data)
{
	struct space_race *run = data;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, current->pid);
	for (int i = 0; i < SPACE_RACE_ROUNDS; i++) {
		unsigned int len = random_between(&rnd, 1, 4), bit;
		struct iova_node node = {};
		int rc;

		node.first = random_below(&rnd, 252) * 0x1000UL;
		node.last = node.first + len * 0x1000 - 1;
		if (i % 2)
			rc = iova_space_insert(&space, &node);
		else
			rc = iova_space_alloc(&space, len * 0x1000, 0x1000, 0,
					      &node);
		if (rc)
			continue;
		atomic_inc(&run->nr_taken);
		bit = node.first / 0x1000;
		for (unsigned int j = 0; j < len; j++)
			KUNIT_EXPECT_FALSE(run->test,
					   test_and_set_bit(bit + j,
							    run->taken));
		cond_resched();
		for (unsigned int j = 0; j < len; j++)
			clear_bit(bit + j, run->taken);
		iova_space_erase(&space, &node);
	}
}

static void iova_space_is_shared_by_threads(struct kunit *test)
{
	struct space_race *run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);
	const struct racer racers[] = {
		{ race_take, run },
		{ race_take, run },
		{ race_take, run },
	};

	KUNIT_ASSERT_NOT_NULL(test, run);
	run->test = test;
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&space, 256 * 0x1000,
						 ULONG_MAX, &one), 0);
	race(test, racers, ARRAY_SIZE(racers));
	KUNIT_EXPECT_NULL(test, iova_space_find(&space, 0, ULONG_MAX));
	KUNIT_EXPECT_GT(test, atomic_read(&run->nr_taken), SPACE_RACE_ROUNDS);
}

static int iova_space_test_init(struct kunit *test)
{
	iova_space_init(&space);
	return 0;
}

static void iova_space_test_exit(struct kunit *test)
{
	iova_space_destroy(&space);
}

static struct kunit_case iova_space_test_cases[] = {
	KUNIT_CASE_PARAM(iova_space_insert_at_a_given_place, insert_gen_params),
	KUNIT_CASE(iova_space_holds_all_of_2_to_the_64),
	KUNIT_CASE_PARAM(iova_space_find_gives_the_lowest, find_gen_params),
	KUNIT_CASE(iova_space_next_goes_up),
	KUNIT_CASE_PARAM(iova_space_alloc_finds_a_low_place, alloc_gen_params),
	KUNIT_CASE(iova_space_alloc_gets_past_gaps_that_do_not_suit),
	KUNIT_CASE(iova_space_alloc_takes_a_roomy_gap_before_the_end),
	KUNIT_CASE(iova_space_alloc_never_gives_0),
	KUNIT_CASE(iova_space_alloc_keeps_to_the_alignment),
	KUNIT_CASE(iova_space_alloc_keeps_to_allowed_ranges),
	KUNIT_CASE(iova_space_set_allowed_gives_the_old_set_back),
	KUNIT_CASE_PARAM(iova_ranges_add_takes_disjoint_ranges,
			 range_gen_params),
	KUNIT_CASE_PARAM(iova_space_reserve_what_is_not_in_use,
			 reserve_gen_params),
	KUNIT_CASE(iova_space_unreserve_ends_those_of_one_owner),
	KUNIT_CASE(iova_space_set_allowed_refuses_reserved),
	KUNIT_CASE(iova_space_maps_and_unmaps_without_memory),
	KUNIT_CASE(iova_space_reserve_out_of_memory_changes_nothing),
	KUNIT_CASE(iova_ranges_add_out_of_memory_changes_nothing),
	KUNIT_CASE(iova_space_is_shared_by_threads),
	KUNIT_CASE_PARAM(iova_space_agrees_with_a_naive_model,
			 iova_window_gen_params),
	{}
};

static struct kunit_suite iova_space_test_suite = {
	.name = "iommufd-iova-space",
	.init = iova_space_test_init,
	.exit = iova_space_test_exit,
	.test_cases = iova_space_test_cases,
};

kunit_test_suite(iova_space_test_suite);
