// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sequences of runs: what kmod/memory/extent.h promises.
 */
#include "alloc_fault.h"
#include "memory/extent.h"
#include "portable_suite.h"
#include "random.h"

static struct extents ex, tail;

static const struct run_case {
	const char *name;
	unsigned long pfn;
	unsigned long npages;
	unsigned int pin_order;
	unsigned long npins;
} run_cases[] = {
	{ "one-page", 1, 1, 0, 1 },
	{ "base-pages", 1000, 77, 0, 77 },
	{ "whole-block", 512, 512, 9, 1 },
	{ "start-of-a-block", 512, 3, 9, 1 },
	{ "end-of-a-block", 1020, 4, 9, 1 },
	{ "middle-of-a-block", 600, 10, 9, 1 },
	{ "across-two-blocks", 1023, 2, 9, 2 },
	{ "whole-and-two-parts", 500, 1030, 9, 3 },
	{ "1gib-leaf", 1 << 18, 1 << 18, 18, 1 },
	{ "longest", 0, EXTENT_MAX_NPAGES, 0, EXTENT_MAX_NPAGES },
	{ "highest-pfn", (1UL << EXTENT_PFN_BITS) - 1, 1, 0, 1 },
	{ "highest-order", 1UL << 30, 5, 31, 1 },
};

KUNIT_ARRAY_PARAM_DESC(run, run_cases, name);

static void extent_packs_and_unpacks(struct kunit *test)
{
	const struct run_case *param = test->param_value;
	extent_t e = extent_make(param->pfn, param->npages, param->pin_order);

	KUNIT_EXPECT_EQ(test, extent_pfn(e), param->pfn);
	KUNIT_EXPECT_EQ(test, extent_npages(e), param->npages);
	KUNIT_EXPECT_EQ(test, extent_pin_order(e), param->pin_order);
	KUNIT_EXPECT_EQ(test, extent_end_pfn(e), param->pfn + param->npages);
	KUNIT_EXPECT_EQ(test, extent_npins(e), param->npins);
}

static void extent_clip_keeps_the_rest_as_it_was(struct kunit *test)
{
	const struct run_case *param = test->param_value;
	extent_t e = extent_make(param->pfn, param->npages, param->pin_order);
	unsigned long skip = param->npages / 3, left = param->npages - skip;
	extent_t part = extent_clip(e, skip, left);

	KUNIT_EXPECT_EQ(test, extent_pfn(part), param->pfn + skip);
	KUNIT_EXPECT_EQ(test, extent_npages(part), left);
	KUNIT_EXPECT_EQ(test, extent_pin_order(part), param->pin_order);
}

static const struct split_case {
	const char *name;
	unsigned long pfn;
	unsigned int pin_order;
	unsigned long cut;
	bool splits;
} split_cases[] = {
	{ "base-pages", 7, 0, 5, false },
	{ "at-the-start", 700, 9, 0, false },
	{ "in-a-block", 512, 9, 1, true },
	{ "at-an-edge", 512, 9, 512, false },
	{ "at-an-edge-of-a-part", 1000, 9, 24, false },
	{ "beside-an-edge", 1000, 9, 25, true },
};

KUNIT_ARRAY_PARAM_DESC(split, split_cases, name);

static void extent_splits_block_inside_only(struct kunit *test)
{
	const struct split_case *param = test->param_value;
	extent_t e = extent_make(param->pfn, 2000, param->pin_order);

	KUNIT_EXPECT_EQ(test, extent_splits_block(e, param->cut),
			param->splits);
}

static const struct join_case {
	const char *name;
	unsigned long pfn;
	unsigned long npages;
	unsigned int pin_order;
	unsigned long then_pfn;
	unsigned int then_pin_order;
	size_t nr_runs;
} join_cases[] = {
	{ "neighbours", 100, 5, 0, 105, 0, 1 },
	{ "gap", 100, 5, 0, 106, 0, 2 },
	{ "before", 100, 5, 0, 99, 0, 2 },
	{ "same-again", 100, 5, 0, 100, 0, 2 },
	{ "other-order", 512, 512, 9, 1024, 0, 2 },
	{ "next-block", 512, 512, 9, 1024, 9, 1 },
	{ "same-block", 512, 100, 9, 612, 9, 2 },
	{ "too-long", 0, EXTENT_MAX_NPAGES, 0, EXTENT_MAX_NPAGES, 0, 2 },
};

KUNIT_ARRAY_PARAM_DESC(join, join_cases, name);

/* Two runs become one only where no pin is lost by that. */
static void extents_append_joins_neighbours(struct kunit *test)
{
	const struct join_case *param = test->param_value;
	unsigned long npins = 0;
	struct extents_iter it;

	KUNIT_ASSERT_EQ(test, extents_append(&ex, param->pfn, param->npages,
					     param->pin_order), 0);
	KUNIT_ASSERT_EQ(test, extents_append(&ex, param->then_pfn, 1,
					     param->then_pin_order), 0);
	KUNIT_EXPECT_EQ(test, extents_nr_runs(&ex), param->nr_runs);
	KUNIT_EXPECT_EQ(test, ex.npages, param->npages + 1);
	extents_for_each(&it, &ex)
		npins += extent_npins(it.run);
	KUNIT_EXPECT_EQ(test, npins,
			extent_npins(extent_make(param->pfn, param->npages,
						 param->pin_order)) + 1);
}

/* 2.5 times the longest run, and a bit: at multiples of that, so in no block. */
static void extents_append_splits_long_runs_between_blocks(struct kunit *test)
{
	const unsigned long pfn = EXTENT_MAX_NPAGES - 512;
	const unsigned long npages = 5 * EXTENT_MAX_NPAGES / 2 + 1024;
	unsigned long at = pfn, npins = 0;
	struct extents_iter it;

	KUNIT_ASSERT_EQ(test, extents_append(&ex, pfn, npages, 9), 0);
	KUNIT_EXPECT_EQ(test, ex.npages, npages);
	KUNIT_EXPECT_EQ(test, extents_nr_runs(&ex), 4);
	extents_for_each(&it, &ex) {
		KUNIT_EXPECT_EQ(test, extent_pfn(it.run), at);
		KUNIT_EXPECT_EQ(test, extent_pin_order(it.run), 9);
		at = extent_end_pfn(it.run);
		npins += extent_npins(it.run);
	}
	KUNIT_EXPECT_EQ(test, at, pfn + npages);
	KUNIT_EXPECT_EQ(test, npins, npages / 512);
}

static const unsigned int lengths[] = {
	1, 2, 3, 16, 17, 64, 65, 128, 129, 512, 513, 1025, 1600,
};

static void describe_length(const unsigned int *length, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u-runs", *length);
}

KUNIT_ARRAY_PARAM(length, lengths, describe_length);

/* The pages of the i-th run of a sequence in which no two runs join. */
static unsigned long nth_npages(unsigned int i)
{
	return 1 + i % 5;
}

static unsigned long nth_pfn(unsigned int i)
{
	return 10 * (unsigned long)(i + 1);
}

static void append_n(struct kunit *test, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(test, extents_append(&ex, nth_pfn(i),
						     nth_npages(i), 0), 0);
}

static void extents_hold_many_runs(struct kunit *test)
{
	unsigned int n = *(const unsigned int *)test->param_value, i = 0;
	unsigned long npages = 0;
	struct extents_iter it;

	append_n(test, n);
	extents_for_each(&it, &ex) {
		KUNIT_ASSERT_EQ(test, extent_pfn(it.run), nth_pfn(i));
		KUNIT_ASSERT_EQ(test, extent_npages(it.run), nth_npages(i));
		npages += nth_npages(i);
		i++;
	}
	KUNIT_EXPECT_EQ(test, i, n);
	KUNIT_EXPECT_EQ(test, ex.npages, npages);
	KUNIT_EXPECT_EQ(test, extents_nr_runs(&ex), n);
}

static void extents_seek_finds_every_page(struct kunit *test)
{
	unsigned int n = *(const unsigned int *)test->param_value;
	unsigned long index = 0;
	struct extents_iter it;

	append_n(test, n);
	for (unsigned int i = 0; i < n; i++) {
		unsigned long first = index;

		for (; index < first + nth_npages(i); index++) {
			KUNIT_ASSERT_TRUE(test, extents_seek(&ex, index, &it));
			KUNIT_ASSERT_EQ(test, it.index, first);
			KUNIT_ASSERT_EQ(test, extent_pfn(it.run), nth_pfn(i));
			KUNIT_ASSERT_EQ(test, extent_npages(it.run),
					nth_npages(i));
		}
	}
	KUNIT_EXPECT_FALSE(test, extents_seek(&ex, index, &it));
	KUNIT_EXPECT_FALSE(test, extents_seek(&ex, ULONG_MAX, &it));
}

static void extents_next_goes_on_from_anywhere(struct kunit *test)
{
	unsigned int n = *(const unsigned int *)test->param_value, i = n / 2;
	struct extents_iter it;
	unsigned long index = 0;

	append_n(test, n);
	for (unsigned int j = 0; j < i; j++)
		index += nth_npages(j);
	KUNIT_ASSERT_TRUE(test, extents_seek(&ex, index, &it));
	do {
		KUNIT_ASSERT_EQ(test, extent_pfn(it.run), nth_pfn(i));
		i++;
	} while (extents_next(&it));
	KUNIT_EXPECT_EQ(test, i, n);
	/* At the end it stays where it is. */
	KUNIT_EXPECT_FALSE(test, extents_next(&it));
	KUNIT_EXPECT_EQ(test, extent_pfn(it.run), nth_pfn(n - 1));
}

static void extents_empty_has_no_runs(struct kunit *test)
{
	struct extents_iter it;

	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	KUNIT_EXPECT_EQ(test, extents_nr_runs(&ex), 0);
	KUNIT_EXPECT_FALSE(test, extents_seek(&ex, 0, &it));
	extents_for_each(&it, &ex)
		KUNIT_FAIL(test, "there is a run");
}

/* The promise of the header: 8 bytes a run, and 64 more for 512 of them. */
static void extents_are_small(struct kunit *test)
{
	size_t bytes = 0;

	append_n(test, EXTENTS_INLINE);
	KUNIT_EXPECT_EQ(test, ex.nr_chunks, 0);
	extents_free(&ex);

	append_n(test, 16 * EXTENT_CHUNK_LEN);
	bytes = ex.nr_chunks * sizeof(*ex.chunk);
	for (u32 i = 0; i < ex.nr_chunks; i++)
		bytes += ex.chunk[i].capacity * sizeof(extent_t);
	KUNIT_EXPECT_LE(test, bytes, 16 * EXTENT_CHUNK_LEN * 85 / 10);
}

static void extents_free_leaves_an_empty_sequence(struct kunit *test)
{
	append_n(test, 600);
	extents_free(&ex);
	extents_empty_has_no_runs(test);
	append_n(test, 3);
	KUNIT_EXPECT_EQ(test, extents_nr_runs(&ex), 3);
}

/* What the runs of a sequence say of one page. */
static unsigned long pfn_at(const struct extents *extents, unsigned long index)
{
	struct extents_iter it;

	if (!extents_seek(extents, index, &it))
		return 0;
	return extent_pfn(it.run) + index - it.index;
}

/* At every page of a short sequence; at a few pages of a long one. */
static void extents_cut_moves_the_end(struct kunit *test)
{
	unsigned int n = *(const unsigned int *)test->param_value;
	unsigned long npages, step;

	append_n(test, n);
	npages = ex.npages;
	step = npages > 100 ? npages / 13 : 1;
	extents_free(&ex);

	for (unsigned long cut = 0; cut < npages; cut += step) {
		unsigned long index = 0;

		append_n(test, n);
		KUNIT_ASSERT_EQ(test, extents_cut(&ex, cut, &tail), 0);
		KUNIT_ASSERT_EQ(test, ex.npages, cut);
		KUNIT_ASSERT_EQ(test, tail.npages, npages - cut);
		for (unsigned int i = 0; i < n; i++) {
			for (unsigned long j = 0; j < nth_npages(i); j++) {
				unsigned long pfn = index < cut ?
					pfn_at(&ex, index) :
					pfn_at(&tail, index - cut);

				KUNIT_ASSERT_EQ(test, pfn, nth_pfn(i) + j);
				index++;
			}
		}
		extents_free(&ex);
		extents_free(&tail);
	}
}

static void extents_cut_beyond_the_end_moves_nothing(struct kunit *test)
{
	append_n(test, 5);
	KUNIT_EXPECT_EQ(test, extents_cut(&ex, ex.npages, &tail), 0);
	KUNIT_EXPECT_EQ(test, extents_nr_runs(&ex), 5);
	KUNIT_EXPECT_EQ(test, tail.npages, 0);
}

static void extents_append_out_of_memory_keeps_what_there_is(struct kunit *test)
{
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		unsigned int i = 0;
		int rc = 0;

		fault_arm(&fault);
		while (!rc && i < 1100) {
			rc = extents_append(&ex, nth_pfn(i), nth_npages(i), 0);
			i += !rc;
		}
		fault_disarm(&fault);
		KUNIT_ASSERT_EQ(test, extents_nr_runs(&ex), i);
		KUNIT_ASSERT_EQ(test, pfn_at(&ex, ex.npages - 1),
				nth_pfn(i - 1) + nth_npages(i - 1) - 1);
		/* It can go on from there. */
		if (fault_failed(test, &fault, rc)) {
			KUNIT_ASSERT_EQ(test, rc, -ENOMEM);
			KUNIT_ASSERT_EQ(test, extents_append(&ex, 5, 1, 0), 0);
			KUNIT_ASSERT_EQ(test, extents_nr_runs(&ex), i + 1);
		}
		extents_free(&ex);
	}
	/* Of three chunks, the enlargements of the first one, their list. */
	KUNIT_EXPECT_GE(test, fault.nr_failed, 4);
}

/* A run that is longer than one may be, among others. */
static void extents_append_runs_splits_long_runs(struct kunit *test)
{
	const extent_t run[] = {
		extent_make(1, 1, 0), extent_make(3, 1, 0), extent_make(5, 1, 0),
		extent_make(7, EXTENT_MAX_NPAGES, 0), extent_make(2, 1, 0),
	};
	struct extents_iter it;

	KUNIT_ASSERT_EQ(test, extents_append_runs(&ex, run, ARRAY_SIZE(run)), 0);
	KUNIT_EXPECT_EQ(test, ex.npages, EXTENT_MAX_NPAGES + 4);
	KUNIT_EXPECT_EQ(test, extents_nr_runs(&ex), ARRAY_SIZE(run) + 1);
	KUNIT_ASSERT_TRUE(test, extents_seek(&ex, 3, &it));
	KUNIT_EXPECT_EQ(test, extent_end_pfn(it.run), EXTENT_MAX_NPAGES);
	extents_free(&ex);
}

/* A list of chunks that is larger than a page need not be in one piece. */
static void extents_append_where_memory_is_in_pieces(struct kunit *test)
{
	const u32 nr_chunks = rounddown_pow_of_two(PAGE_SIZE / sizeof(*ex.chunk));
	struct fault fault = { .nth = 1 };
	int rc;

	fault_require(test);
	/* Of a page each, so that none is cut, however many there are. */
	for (unsigned long i = 0; i < nr_chunks * EXTENT_CHUNK_LEN; i++)
		KUNIT_ASSERT_EQ(test, extents_append(&ex, 2 * i, 1, 0), 0);
	KUNIT_ASSERT_EQ(test, ex.nr_chunks, nr_chunks);
	fault_arm(&fault);
	rc = extents_append(&ex, 5, 1, 0);
	fault_disarm(&fault);
	KUNIT_EXPECT_TRUE(test, fault.fired);
	KUNIT_EXPECT_EQ(test, rc, 0);
	KUNIT_EXPECT_EQ(test, pfn_at(&ex, ex.npages - 1), 5);
}

/* As many as kmalloc() has room for, all of them full. */
#define NR_CHUNKS	65536

/*
 * A sequence as it is after 128 GiB of scattered pages, but that of its chunks
 * only the last one has runs.
 */
static void extents_hold_more_runs_than_there_were(struct kunit *test)
{
	struct extent_chunk *chunk;

	append_n(test, EXTENT_CHUNK_LEN);
	chunk = kvrealloc(ex.chunk, NR_CHUNKS * sizeof(*chunk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	ex.chunk = chunk;
	chunk[NR_CHUNKS - 1] = chunk[0];
	for (u32 i = 0; i < NR_CHUNKS; i++) {
		if (i < NR_CHUNKS - 1)
			chunk[i] = (struct extent_chunk){};
		chunk[i].first_index = i;
	}
	ex.nr_chunks = NR_CHUNKS;
	ex.npages += NR_CHUNKS - 1;

	KUNIT_EXPECT_EQ(test, extents_append(&ex, 5, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, ex.nr_chunks, NR_CHUNKS + 1);
	KUNIT_EXPECT_EQ(test, pfn_at(&ex, NR_CHUNKS - 1), nth_pfn(0));
	KUNIT_EXPECT_EQ(test, pfn_at(&ex, ex.npages - 1), 5);
}

static void extents_cut_out_of_memory_changes_nothing(struct kunit *test)
{
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		int rc;

		append_n(test, 1100);
		fault_arm(&fault);
		rc = extents_cut(&ex, 7, &tail);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc)) {
			KUNIT_ASSERT_EQ(test, rc, -ENOMEM);
			KUNIT_ASSERT_EQ(test, extents_nr_runs(&ex), 1100);
			KUNIT_ASSERT_EQ(test, tail.npages, 0);
		}
		extents_free(&ex);
		extents_free(&tail);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 4);
}

/* Runs @first to @first + @n - 1 at the end of @to. */
static void append_from(struct kunit *test, struct extents *to,
			unsigned int first, unsigned int n)
{
	for (unsigned int i = first; i < first + n; i++)
		KUNIT_ASSERT_EQ(test, extents_append(to, nth_pfn(i),
						     nth_npages(i), 0), 0);
}

/* Of run @i: what it is longer by, where it joins the one before it. */
static void expect_spliced(struct kunit *test, unsigned int n, unsigned int seam,
			   bool joins)
{
	unsigned long index = 0;
	struct extents_iter it;

	KUNIT_ASSERT_EQ(test, extents_nr_runs(&ex), n);
	for (unsigned int i = 0; i < n; i++) {
		unsigned long npages = nth_npages(i);

		if (joins && i == seam - 1)
			npages += 3;
		KUNIT_ASSERT_TRUE(test, extents_seek(&ex, index + npages - 1, &it));
		KUNIT_ASSERT_EQ(test, it.index, index);
		KUNIT_ASSERT_EQ(test, extent_pfn(it.run), nth_pfn(i));
		KUNIT_ASSERT_EQ(test, extent_npages(it.run), npages);
		index += npages;
	}
	KUNIT_ASSERT_EQ(test, ex.npages, index);
	KUNIT_ASSERT_FALSE(test, extents_seek(&ex, index, &it));
}

/* Runs @a to @a + @b - 1, and before them 3 pages that go on with the one before. */
static void append_tail(struct kunit *test, unsigned int a, unsigned int b,
			bool joins)
{
	if (joins)
		KUNIT_ASSERT_EQ(test, extents_append(&tail, nth_pfn(a - 1) +
						     nth_npages(a - 1), 3, 0), 0);
	append_from(test, &tail, a, b);
}

/* @a runs, and @b, of which the first may go on with the last of these; and 5 more. */
static void splice(struct kunit *test, unsigned int a, unsigned int b, bool joins)
{
	joins &= a > 0;
	append_from(test, &ex, 0, a);
	append_tail(test, a, b, joins);
	KUNIT_ASSERT_EQ(test, extents_splice(&ex, &tail), 0);
	KUNIT_ASSERT_EQ(test, tail.npages, 0);
	KUNIT_ASSERT_EQ(test, extents_nr_runs(&tail), 0);
	expect_spliced(test, a + b, a, joins);
	append_from(test, &tail, a + b, 3);
	KUNIT_ASSERT_EQ(test, extents_splice(&ex, &tail), 0);
	append_from(test, &ex, a + b + 3, 2);
	expect_spliced(test, a + b + 5, a, joins);
	extents_free(&ex);
}

static void extents_splice_is_as_if_appended(struct kunit *test)
{
	unsigned int a = *(const unsigned int *)test->param_value;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		splice(test, a, lengths[i], false);
		splice(test, a, lengths[i], true);
		splice(test, 0, lengths[i], false);
	}
	splice(test, a, 0, false);
	splice(test, a, 0, true);
}

/* Inside of a block, and beyond the longest, runs stay two. */
static void extents_splice_joins_as_append_does(struct kunit *test)
{
	const struct join_case *param = test->param_value;

	KUNIT_ASSERT_EQ(test, extents_append(&ex, param->pfn, param->npages,
					     param->pin_order), 0);
	KUNIT_ASSERT_EQ(test, extents_append(&tail, param->then_pfn, 1,
					     param->then_pin_order), 0);
	KUNIT_ASSERT_EQ(test, extents_splice(&ex, &tail), 0);
	KUNIT_EXPECT_EQ(test, extents_nr_runs(&ex), param->nr_runs);
	KUNIT_EXPECT_EQ(test, ex.npages, param->npages + 1);
}

static const struct splice_case {
	const char *name;
	unsigned int a;
	unsigned int b;
	bool joins;
	unsigned int nr_failed;
} splice_cases[] = {
	{ "few-to-few", 2, 2, false, 2 },
	{ "few-to-a-full-chunk", 512, 2, false, 2 },
	{ "few-that-join-a-full-chunk", 512, 2, true, 2 },
	{ "100-to-few", 2, 100, false, 3 },
	{ "100-that-join-few", 2, 100, true, 3 },
	{ "chunks-to-few", 2, 1100, false, 3 },
	/* Only the list grows, which the kernel may have from elsewhere then. */
	{ "chunks-to-a-full-one", 512, 1100, false, 0 },
	{ "chunks-to-chunks", 1100, 1100, false, 0 },
	{ "chunks-that-join-chunks", 1100, 1100, true, 0 },
};

KUNIT_ARRAY_PARAM_DESC(splice, splice_cases, name);

static void extents_splice_out_of_memory_changes_nothing(struct kunit *test)
{
	const struct splice_case *param = test->param_value;
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		int rc;

		append_from(test, &ex, 0, param->a);
		append_tail(test, param->a, param->b, param->joins);
		fault_arm(&fault);
		rc = extents_splice(&ex, &tail);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc)) {
			KUNIT_ASSERT_EQ(test, rc, -ENOMEM);
			expect_spliced(test, param->a, 0, false);
			KUNIT_ASSERT_EQ(test, extents_nr_runs(&tail),
					param->b + param->joins);
			KUNIT_ASSERT_EQ(test, extents_splice(&ex, &tail), 0);
		}
		expect_spliced(test, param->a + param->b, param->a, param->joins);
		extents_free(&ex);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, param->nr_failed);
}

#define MODEL_NPAGES	6000
#define MODEL_STEPS	10000

/**
 * struct model - a sequence, as simple as can be: an array of pages
 * @npages: how many
 * @pfn: each one's page frame
 */
struct model {
	unsigned long npages;
	unsigned long *pfn;
};

static void model_append(struct kunit *test, struct model *model,
			 struct rnd_state *rnd)
{
	bool follow = model->npages && random_below(rnd, 3);
	unsigned long npages = random_between(rnd, 1, 8);
	unsigned long pfn = follow ? model->pfn[model->npages - 1] + 1 :
				     random_between(rnd, 1, 100000);

	if (model->npages + npages > MODEL_NPAGES)
		return;
	KUNIT_ASSERT_EQ(test, extents_append(&ex, pfn, npages, 0), 0);
	for (unsigned long i = 0; i < npages; i++)
		model->pfn[model->npages++] = pfn + i;
}

/* Many at once, of which some follow each other. */
static void model_append_runs(struct kunit *test, struct model *model,
			      struct rnd_state *rnd)
{
	static extent_t run[200];
	size_t nr = random_between(rnd, 1, ARRAY_SIZE(run));
	unsigned long pfn = 0;

	if (model->npages + 8 * nr > MODEL_NPAGES)
		return;
	for (size_t i = 0; i < nr; i++) {
		unsigned long npages = random_between(rnd, 1, 8);

		if (!pfn || random_below(rnd, 10))
			pfn = random_between(rnd, 1, 100000);
		run[i] = extent_make(pfn, npages, 0);
		while (npages--)
			model->pfn[model->npages++] = pfn++;
	}
	KUNIT_ASSERT_EQ(test, extents_append_runs(&ex, run, nr), 0);
}

static void model_cut(struct kunit *test, struct model *model,
		      struct rnd_state *rnd)
{
	/* Mostly near the end, so that the sequence gets long. */
	unsigned long near = model->npages - min(model->npages, 100);
	unsigned long cut = random_below(rnd, 20) ?
		random_between(rnd, near, model->npages) :
		random_below(rnd, model->npages + 1);

	KUNIT_ASSERT_EQ(test, extents_cut(&ex, cut, &tail), 0);
	KUNIT_ASSERT_EQ(test, tail.npages, model->npages - cut);
	for (unsigned long i = cut; i < model->npages; i++)
		KUNIT_ASSERT_EQ(test, pfn_at(&tail, i - cut), model->pfn[i]);
	if (random_below(rnd, 3)) {
		KUNIT_ASSERT_EQ(test, extents_splice(&ex, &tail), 0);
		return;
	}
	extents_free(&tail);
	model->npages = cut;
}

static void model_compare(struct kunit *test, const struct model *model,
			  struct rnd_state *rnd)
{
	unsigned long index = model->npages ?
		random_below(rnd, model->npages) : 0;
	bool more = model->npages;
	struct extents_iter it;

	KUNIT_ASSERT_EQ(test, ex.npages, model->npages);
	KUNIT_ASSERT_EQ(test, extents_seek(&ex, index, &it), more);
	if (!more)
		return;
	/* From a page in the middle to the end, run by run. */
	index = it.index;
	for (; more; more = extents_next(&it)) {
		unsigned long npages = extent_npages(it.run);

		for (unsigned long i = 0; i < npages; i++)
			KUNIT_ASSERT_EQ(test, extent_pfn(it.run) + i,
					model->pfn[index + i]);
		index += npages;
	}
	KUNIT_ASSERT_EQ(test, index, model->npages);
}

static void extents_agree_with_an_array(struct kunit *test)
{
	struct model model = {};
	struct rnd_state rnd;

	model.pfn = kunit_kcalloc(test, MODEL_NPAGES, sizeof(*model.pfn),
				  GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model.pfn);
	random_start(test, &rnd);
	for (int step = 0; step < MODEL_STEPS; step++) {
		if (random_below(&rnd, 12))
			model_append(test, &model, &rnd);
		else if (random_below(&rnd, 2))
			model_append_runs(test, &model, &rnd);
		else
			model_cut(test, &model, &rnd);
		if (!(step % 4))
			model_compare(test, &model, &rnd);
	}
}

static int extent_test_init(struct kunit *test)
{
	extents_init(&ex);
	extents_init(&tail);
	return 0;
}

static void extent_test_exit(struct kunit *test)
{
	extents_free(&ex);
	extents_free(&tail);
}

static struct kunit_case extent_test_cases[] = {
	KUNIT_CASE_PARAM(extent_packs_and_unpacks, run_gen_params),
	KUNIT_CASE_PARAM(extent_clip_keeps_the_rest_as_it_was, run_gen_params),
	KUNIT_CASE_PARAM(extent_splits_block_inside_only, split_gen_params),
	KUNIT_CASE_PARAM(extents_append_joins_neighbours, join_gen_params),
	KUNIT_CASE(extents_append_splits_long_runs_between_blocks),
	KUNIT_CASE_PARAM(extents_hold_many_runs, length_gen_params),
	KUNIT_CASE_PARAM(extents_seek_finds_every_page, length_gen_params),
	KUNIT_CASE_PARAM(extents_next_goes_on_from_anywhere, length_gen_params),
	KUNIT_CASE(extents_empty_has_no_runs),
	KUNIT_CASE(extents_are_small),
	KUNIT_CASE(extents_free_leaves_an_empty_sequence),
	KUNIT_CASE_PARAM(extents_cut_moves_the_end, length_gen_params),
	KUNIT_CASE(extents_cut_beyond_the_end_moves_nothing),
	KUNIT_CASE(extents_append_out_of_memory_keeps_what_there_is),
	KUNIT_CASE(extents_append_runs_splits_long_runs),
	KUNIT_CASE(extents_append_where_memory_is_in_pieces),
	KUNIT_CASE(extents_hold_more_runs_than_there_were),
	KUNIT_CASE(extents_cut_out_of_memory_changes_nothing),
	KUNIT_CASE_PARAM(extents_splice_is_as_if_appended, length_gen_params),
	KUNIT_CASE_PARAM(extents_splice_joins_as_append_does, join_gen_params),
	KUNIT_CASE_PARAM(extents_splice_out_of_memory_changes_nothing,
			 splice_gen_params),
	KUNIT_CASE(extents_agree_with_an_array),
	{}
};

static struct kunit_suite extent_test_suite = {
	.name = "iommufd-extent",
	.init = extent_test_init,
	.exit = extent_test_exit,
	.test_cases = extent_test_cases,
};

kunit_test_suite(extent_test_suite);
