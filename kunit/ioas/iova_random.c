// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IOVA space against a naive model of it: the same random steps for both.
 */
#include "ioas/iova_space.h"
#include "iova_model.h"
#include "iova_random.h"
#include "portable_suite.h"
#include "random.h"

#define STEPS		12000
#define CHECK_EVERY	50

/* Where the window of the model is, and how long its places are. */
static const struct window {
	const char *name;
	unsigned long base;
	unsigned long unit_bytes;
} windows[] = {
	{ "at-0-by-1-byte", 0, 1 },
	{ "at-1-by-1-byte", 1, 1 },
	{ "at-0-by-4KiB", 0, 4096 },
	{ "at-1TiB-by-512-bytes", 1UL << 40, 512 },
	{ "at-the-end-by-1-byte", -(unsigned long)IOVA_MODEL_LEN, 1 },
	{ "at-the-end-by-4KiB", -(unsigned long)IOVA_MODEL_LEN * 4096, 4096 },
};

/**
 * iova_window_gen_params() - the parameters of the case
 * @test: the case
 * @prev: the one before, or NULL
 * @desc: set to its name
 *
 * Return: the next one, or NULL.
 */
const void *iova_window_gen_params(struct kunit *test, const void *prev,
				   char *desc)
{
	const struct window *next = prev ? (const struct window *)prev + 1 :
					   windows;

	if (next == windows + ARRAY_SIZE(windows))
		return NULL;
	strscpy(desc, next->name, KUNIT_PARAM_DESC_SIZE);
	return next;
}

/**
 * struct walk - the random steps of one case
 * @test: the case
 * @space: the space
 * @model: what it should be like
 * @nodes: memory for what is mapped; first is greater than last if unused
 * @rnd: the choices
 * @owners: who reserves things
 */
struct walk {
	struct kunit *test;
	struct iova_space space;
	struct iova_model model;
	struct iova_node nodes[IOVA_MODEL_LEN];
	struct rnd_state rnd;
	int owners[IOVA_MODEL_NR_OWNERS];
};

static void mark_unused(struct iova_node *node)
{
	node->first = 1;
	node->last = 0;
}

static bool is_used(const struct iova_node *node)
{
	return node->first <= node->last;
}

static struct iova_node *unused_node(struct walk *walk)
{
	for (size_t i = 0; i < ARRAY_SIZE(walk->nodes); i++) {
		if (!is_used(&walk->nodes[i]))
			return &walk->nodes[i];
	}
	return NULL;
}

/* A range of places, mostly short. */
static void choose_range(struct walk *walk, unsigned int *first,
			 unsigned int *last)
{
	unsigned int longest = random_below(&walk->rnd, 10) ? 6 : 60;
	unsigned int end;

	*first = random_below(&walk->rnd, IOVA_MODEL_LEN);
	end = *first + random_below(&walk->rnd, longest);
	*last = min(end, IOVA_MODEL_LEN - 1);
}

static void step_insert(struct walk *walk)
{
	struct iova_model *model = &walk->model;
	struct iova_node *node = unused_node(walk);
	unsigned int first, last;
	int rc, expected = 0;

	choose_range(walk, &first, &last);
	if (!node)
		return;
	node->first = iova_model_first(model, first);
	node->last = iova_model_last(model, last);
	if (iova_model_is_reserved(model, first, last))
		expected = -EINVAL;
	else if (iova_model_is_mapped(model, first, last))
		expected = -EEXIST;
	rc = iova_space_insert(&walk->space, node);
	KUNIT_ASSERT_EQ(walk->test, rc, expected);
	if (rc)
		mark_unused(node);
	else
		iova_model_set_mapped(model, first, last, true);
}

static void step_alloc(struct walk *walk)
{
	unsigned int len = random_between(&walk->rnd, 1, 8), first;
	struct iova_model *model = &walk->model;
	struct iova_node *node = unused_node(walk);
	unsigned long align, phase;
	int rc;

	align = model->unit_bytes << random_below(&walk->rnd, 6);
	phase = random_below(&walk->rnd, align / model->unit_bytes) *
		model->unit_bytes;
	if (!node)
		return;
	rc = iova_space_alloc(&walk->space, len * model->unit_bytes, align,
			      phase, node);
	if (rc) {
		mark_unused(node);
		KUNIT_ASSERT_EQ(walk->test, rc, -ENOSPC);
		KUNIT_ASSERT_FALSE(walk->test,
				   iova_model_has_room(model, len, align,
						       phase));
		return;
	}
	first = iova_model_index(model, node->first);
	KUNIT_ASSERT_EQ(walk->test, node->last - node->first + 1,
			len * model->unit_bytes);
	KUNIT_ASSERT_TRUE(walk->test,
			  iova_model_can_alloc(model, first, len, align,
					       phase));
	iova_model_set_mapped(model, first, first + len - 1, true);
}

static void step_erase(struct walk *walk)
{
	struct iova_node *node =
		&walk->nodes[random_below(&walk->rnd, IOVA_MODEL_LEN)];
	struct iova_model *model = &walk->model;

	if (!is_used(node))
		return;
	iova_space_erase(&walk->space, node);
	iova_model_set_mapped(model, iova_model_index(model, node->first),
			      iova_model_index(model, node->last), false);
	mark_unused(node);
}

static void step_find(struct walk *walk)
{
	struct iova_model *model = &walk->model;
	unsigned int first, last, i;
	struct iova_node *node;

	choose_range(walk, &first, &last);
	node = iova_space_find(&walk->space, iova_model_first(model, first),
			       iova_model_last(model, last));
	KUNIT_ASSERT_EQ(walk->test, !!node,
			iova_model_is_mapped(model, first, last));
	if (!node)
		return;
	/* Nothing below it is mapped. */
	for (i = first; !model->place[i].mapped; i++)
		;
	KUNIT_ASSERT_LE(walk->test, node->first, iova_model_first(model, i));
	KUNIT_ASSERT_GE(walk->test, node->last, iova_model_last(model, i));
}

static void step_reserve(struct walk *walk)
{
	unsigned int owner = random_below(&walk->rnd, IOVA_MODEL_NR_OWNERS);
	struct iova_model *model = &walk->model;
	unsigned int first, last;
	int rc, expected = 0;

	choose_range(walk, &first, &last);
	if (iova_model_is_mapped(model, first, last) ||
	    iova_model_is_allowed(model, first, last))
		expected = -EADDRINUSE;
	rc = iova_space_reserve(&walk->space, iova_model_first(model, first),
				iova_model_last(model, last),
				&walk->owners[owner]);
	KUNIT_ASSERT_EQ(walk->test, rc, expected);
	for (unsigned int i = first; !rc && i <= last; i++)
		model->place[i].reserved |= BIT(owner);
}

static void step_unreserve(struct walk *walk)
{
	unsigned int owner = random_below(&walk->rnd, IOVA_MODEL_NR_OWNERS);

	iova_space_unreserve(&walk->space, &walk->owners[owner]);
	for (unsigned int i = 0; i < IOVA_MODEL_LEN; i++)
		walk->model.place[i].reserved &= ~BIT(owner);
}

/* Up to four ranges that do not overlap, or none. */
static void step_allow(struct walk *walk)
{
	struct rb_root_cached ranges = RB_ROOT_CACHED;
	unsigned int nr = random_below(&walk->rnd, 5);
	struct iova_model *model = &walk->model;
	u8 allowed[IOVA_MODEL_LEN] = {};
	bool reserved = false;
	unsigned int at = 0;
	int rc;

	for (unsigned int range = 1; range <= nr; range++) {
		unsigned int first = at + random_below(&walk->rnd, 20);
		unsigned int last = first + random_below(&walk->rnd, 40);

		if (last >= IOVA_MODEL_LEN)
			break;
		rc = iova_ranges_add(&ranges, iova_model_first(model, first),
				     iova_model_last(model, last));
		KUNIT_ASSERT_EQ(walk->test, rc, 0);
		reserved |= iova_model_is_reserved(model, first, last);
		for (unsigned int i = first; i <= last; i++)
			allowed[i] = range;
		at = last + 1;
	}
	rc = iova_space_set_allowed(&walk->space, &ranges);
	iova_ranges_destroy(&ranges);
	KUNIT_ASSERT_EQ(walk->test, rc, reserved ? -EADDRINUSE : 0);
	if (rc)
		return;
	model->any_allowed = at;
	for (unsigned int i = 0; i < IOVA_MODEL_LEN; i++)
		model->place[i].allowed = allowed[i];
}

/* Returns the largest gap below @rb, and checks all of them. */
static unsigned long check_gaps(struct kunit *test, struct rb_node *rb)
{
	struct rb_node *prev_rb = rb ? rb_prev(rb) : NULL;
	unsigned long largest;
	struct iova_node *node;

	if (!rb)
		return 0;
	node = rb_entry(rb, struct iova_node, rb);
	largest = node->first;
	if (prev_rb)
		largest -= rb_entry(prev_rb, struct iova_node, rb)->last + 1;
	KUNIT_ASSERT_EQ(test, node->gap, largest);
	largest = max3(largest, check_gaps(test, rb->rb_left),
		       check_gaps(test, rb->rb_right));
	KUNIT_ASSERT_EQ(test, node->subtree_gap, largest);
	return largest;
}

static void check(struct walk *walk)
{
	struct iova_node *node = iova_space_find(&walk->space, 0, ULONG_MAX);
	struct iova_model *model = &walk->model;
	unsigned int i = 0;

	check_gaps(walk->test, walk->space.mapped.rb_node);
	for (; node; node = iova_space_next(node)) {
		unsigned int first = iova_model_index(model, node->first);
		unsigned int last = iova_model_index(model, node->last);

		KUNIT_ASSERT_LT(walk->test, last, IOVA_MODEL_LEN);
		for (; i < first; i++)
			KUNIT_ASSERT_FALSE(walk->test, model->place[i].mapped);
		for (; i <= last; i++)
			KUNIT_ASSERT_TRUE(walk->test, model->place[i].mapped);
	}
	for (; i < IOVA_MODEL_LEN; i++)
		KUNIT_ASSERT_FALSE(walk->test, model->place[i].mapped);
}

/* More is mapped than unmapped for a while, then the other way round. */
static void step(struct walk *walk, int nr)
{
	unsigned int to_map = nr / 1000 % 2 ? 25 : 50;
	unsigned int choice = random_below(&walk->rnd, 100);

	if (choice < to_map)
		random_below(&walk->rnd, 3) ? step_alloc(walk) :
					      step_insert(walk);
	else if (choice < 80)
		step_erase(walk);
	else if (choice < 92)
		step_find(walk);
	else if (choice < 96)
		step_reserve(walk);
	else if (choice < 98)
		step_unreserve(walk);
	else
		step_allow(walk);
}

static struct walk *start(struct kunit *test)
{
	struct walk *walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);
	const struct window *window = test->param_value;
	unsigned long last;

	KUNIT_ASSERT_NOT_NULL(test, walk);
	walk->test = test;
	walk->model.base = window->base;
	walk->model.unit_bytes = window->unit_bytes;
	iova_space_init(&walk->space);
	walk->space.alignment_bytes = window->unit_bytes;
	for (size_t i = 0; i < ARRAY_SIZE(walk->nodes); i++)
		mark_unused(&walk->nodes[i]);

	last = iova_model_last(&walk->model, IOVA_MODEL_LEN - 1);
	if (window->base)
		KUNIT_ASSERT_EQ(test, iova_space_reserve(&walk->space, 0,
							 window->base - 1,
							 walk), 0);
	if (last != ULONG_MAX)
		KUNIT_ASSERT_EQ(test, iova_space_reserve(&walk->space, last + 1,
							 ULONG_MAX, walk), 0);
	return walk;
}

/** iova_space_agrees_with_a_naive_model() - a case of iova_space_test.c */
void iova_space_agrees_with_a_naive_model(struct kunit *test)
{
	struct walk *walk = start(test);

	random_start(test, &walk->rnd);
	for (int nr = 0; nr < STEPS; nr++) {
		step(walk, nr);
		if (!(nr % CHECK_EVERY))
			check(walk);
	}
	check(walk);
	iova_space_destroy(&walk->space);
}
