// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sequences of runs of pages (kmod/memory/extent.c).
 *
 *	extent/OP/LAYOUT/WHO
 *
 * LAYOUT is how 1 GiB lies in memory: as one run, or as runs of 2 MiB, of 64 KiB
 * or of a page, whose order is random. WHO is ours, or what has a loop over pages
 * in its place, each one looked at and added by itself:
 *
 * - append: calls extents_append() for each page.
 * - batch: has an array of page frames and lengths, with nothing to find a page
 *   by; lengthens the last entry or adds one.
 * - array: has an array with a page frame for each page.
 *
 *	build		from an array of page frames, as pinning returns them
 *	find		a page by its index, random
 *	iterate		all runs; or all pages
 *	split		in the middle, and join again what was split
 */
#include <err.h>

#include "memory/extent.h"
#include "suite.h"

#define PAGE		4096.0
#define NPAGES		(1UL << 18)

static const struct layout {
	const char *name;
	unsigned long run_npages;
} layouts[] = {
	{ "contiguous", NPAGES },
	{ "2MiB", 512 },
	{ "64KiB", 16 },
	{ "scattered", 1 },
};

static unsigned long *pfns;
static struct extents ex, tail;
static u64 choice;
/* What a loop over pages has in place of extents: a page frame for each. */
static unsigned long *pages;

static const struct layout *layout_of(const struct micro *micro)
{
	return micro->who;
}

/* Runs in random order; between any two there is a page that is not used. */
static void lay_out(const struct layout *layout)
{
	unsigned long nr = NPAGES / layout->run_npages;
	u32 *order = calloc(nr, sizeof(*order));
	u64 state = 88172645463325252ULL;

	pfns = calloc(NPAGES, sizeof(*pfns));
	pages = calloc(NPAGES, sizeof(*pages));
	if (!order || !pfns || !pages)
		errx(1, "no memory");
	for (unsigned long i = 0; i < nr; i++)
		order[i] = i;
	for (unsigned long i = nr - 1; i; i--) {
		unsigned long j = next_random(&state) % (i + 1);
		u32 swapped = order[i];

		order[i] = order[j];
		order[j] = swapped;
	}
	for (unsigned long i = 0; i < NPAGES; i++)
		pfns[i] = 0x100000 + order[i / layout->run_npages] * (layout->run_npages + 1) +
			  i % layout->run_npages;
	free(order);
}

/* How many page frames from @pfn on follow each other. As kmod/memory/pin.c finds out. */
static unsigned long nr_contiguous(const unsigned long *pfn, unsigned long n)
{
	unsigned long i = 1;

	while (i < n && pfn[i] == pfn[0] + i)
		i++;
	return i;
}

static void build_runs(void)
{
	for (unsigned long i = 0; i < NPAGES;) {
		unsigned long n = nr_contiguous(pfns + i, NPAGES - i);

		if (extents_append(&ex, pfns[i], n, 0))
			errx(1, "no memory");
		i += n;
	}
}

static void append_each(void)
{
	for (unsigned long i = 0; i < NPAGES; i++)
		if (extents_append(&ex, pfns[i], 1, 0))
			errx(1, "no memory");
}

/**
 * struct batch_entry - what batch has
 * @pfn: the first page frame
 * @npages: how many follow it, itself included
 */
struct batch_entry {
	unsigned long pfn;
	unsigned long npages;
};

static struct batch_entry *batch;
static unsigned long batch_len, batch_room;

static noinline void batch_add(unsigned long pfn)
{
	struct batch_entry *last = batch + batch_len - 1;

	if (batch_len && last->pfn + last->npages == pfn) {
		last->npages++;
		return;
	}
	if (batch_len == batch_room) {
		batch_room = batch_room ? 2 * batch_room : 16;
		batch = realloc(batch, batch_room * sizeof(*batch));
		if (!batch)
			errx(1, "no memory");
	}
	batch[batch_len++] = (struct batch_entry){ pfn, 1 };
}

static void start(struct micro *micro)
{
	lay_out(layout_of(micro));
	extents_init(&ex);
	extents_init(&tail);
	choice = 88172645463325252ULL;
}

static void start_built(struct micro *micro)
{
	start(micro);
	build_runs();
	memcpy(pages, pfns, NPAGES * sizeof(*pages));
}

static void end(struct micro *micro)
{
	(void)micro;
	extents_free(&ex);
	extents_free(&tail);
	free(pfns);
	free(pages);
}

static void check_length(const struct micro *micro, unsigned long length,
			 unsigned long expected)
{
	if (length != expected)
		errx(1, "%s: wrong length", micro->name);
}

static void run_build(struct micro *micro, unsigned int thread, unsigned long ops)
{
	(void)thread;
	for (unsigned long i = 0; i < ops; i++) {
		build_runs();
		check_length(micro, ex.npages, NPAGES);
		extents_free(&ex);
	}
}

static void run_build_append(struct micro *micro, unsigned int thread, unsigned long ops)
{
	(void)thread;
	for (unsigned long i = 0; i < ops; i++) {
		append_each();
		check_length(micro, ex.npages, NPAGES);
		extents_free(&ex);
	}
}

static void run_build_batch(struct micro *micro, unsigned int thread, unsigned long ops)
{
	(void)thread;
	for (unsigned long i = 0; i < ops; i++) {
		for (unsigned long page = 0; page < NPAGES; page++)
			batch_add(pfns[page]);
		check_length(micro, batch_len, NPAGES / layout_of(micro)->run_npages);
		free(batch);
		batch = NULL;
		batch_len = 0;
		batch_room = 0;
	}
}

static void run_find(struct micro *micro, unsigned int thread, unsigned long ops)
{
	unsigned long sum = 0;

	(void)thread;
	for (unsigned long i = 0; i < ops; i++) {
		unsigned long index = next_random(&choice) % NPAGES;
		struct extents_iter it;

		if (micro->how) {
			sum += pages[index];
			continue;
		}
		if (!extents_seek(&ex, index, &it))
			errx(1, "%s: a page is not there", micro->name);
		sum += extent_pfn(it.run) + index - it.index;
	}
	use(sum);
}

static void run_iterate(struct micro *micro, unsigned int thread, unsigned long ops)
{
	unsigned long sum = 0;

	(void)thread;
	for (unsigned long i = 0; i < ops; i++) {
		struct extents_iter it;

		if (micro->how) {
			for (unsigned long page = 0; page < NPAGES; page++) {
				sum += pages[page];
				use(sum);
			}
			continue;
		}
		extents_for_each(&it, &ex) {
			sum += extent_pfn(it.run) + extent_npages(it.run);
			use(sum);
		}
	}
}

static void run_split(struct micro *micro, unsigned int thread, unsigned long ops)
{
	(void)thread;
	for (unsigned long i = 0; i < ops; i++) {
		struct extents_iter it;

		if (extents_cut(&ex, NPAGES / 2, &tail))
			errx(1, "%s: no memory", micro->name);
		extents_for_each(&it, &tail) {
			if (extents_append(&ex, extent_pfn(it.run), extent_npages(it.run), 0))
				errx(1, "%s: no memory", micro->name);
		}
		extents_free(&tail);
		if (ex.npages != NPAGES)
			errx(1, "%s: wrong length", micro->name);
	}
}

static void add(const struct layout *layout, struct micro micro, const char *op,
		const char *who)
{
	micro.who = layout;
	micro.end = end;
	suite_add(&micro, "extent/%s/%s/%s", op, layout->name, who);
}

/* @how says whether there are extents (0) or an array (1). */
static void add_built(const struct layout *layout, unsigned int how, const char *who)
{
	struct micro micro = { .start = start_built, .how = how };

	micro.run = run_iterate;
	micro.max_ops = 1 << 16;
	micro.insn_ops = 1;
	add(layout, micro, "iterate", who);

	micro.run = run_find;
	micro.max_ops = 1 << 20;
	micro.insn_ops = 1024;
	add(layout, micro, "find", who);
}

/** extents_add() - add the suite */
void extents_add(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct layout *layout = &layouts[i];
		struct micro build = {
			.start = start,
			.max_ops = 64,
			.insn_ops = 1,
			.op_bytes = NPAGES * PAGE,
		};
		const struct micro split = {
			.start = start_built,
			.run = run_split,
			.max_ops = 64,
			.insn_ops = 1,
		};

		build.run = run_build;
		add(layout, build, "build", "ours");
		build.run = run_build_append;
		add(layout, build, "build", "append");
		build.run = run_build_batch;
		add(layout, build, "build", "batch");
		add_built(layout, 0, "ours");
		add_built(layout, 1, "array");
		add(layout, split, "split", "ours");
	}
}
