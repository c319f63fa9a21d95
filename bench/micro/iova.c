// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of IOVAs. See ranges.h.
 *
 *	iova/OP/HOW/NRANGES/WHO
 *
 * Every other page of the space is mapped, each as a range of its own: so there
 * are as many holes as ranges. HOW is the order in which ranges were inserted and
 * are used, which is that of their memory: seq, or random.
 *
 *	insert, erase	a range, and (not timed) the opposite
 *	find		a range that is there
 *	alloc		two pages, for which there is room only above all ranges
 *	refill		a page, which fits in the lowest hole
 */
#include <err.h>
#include <sys/mman.h>

#include "ranges.h"
#include "suite.h"

#define PAGE		4096UL
#define MAX_OPS		4096

enum how { SEQ, RANDOM };

static const char *const how_name[] = { "seq", "random" };

/* What is there now; it stays from one benchmark to the next that needs it. */
static const struct ranges *built;
static unsigned long built_n;
static enum how built_how;
static struct entry *entries;
/* By position: which page. And where the next batch goes on. */
static u32 *place;
static unsigned long position;
/* Those that alloc makes. */
static struct entry extra[MAX_OPS];

static unsigned long first_of(unsigned long i)
{
	return place[i] * 2 * PAGE + PAGE;
}

static bool insert(const struct ranges *who, unsigned long i)
{
	return who->insert(&entries[i], first_of(i), first_of(i) + PAGE - 1);
}

static void shuffle(unsigned long n)
{
	u64 state = 88172645463325252ULL;

	for (unsigned long i = n - 1; i; i--) {
		unsigned long j = next_random(&state) % (i + 1);
		u32 swapped = place[i];

		place[i] = place[j];
		place[j] = swapped;
	}
}

/* In huge pages, as the kernel has all of its memory. */
static struct entry *alloc_entries(unsigned long n)
{
	const size_t huge = 2 << 20;
	size_t size = (n * sizeof(struct entry) + huge - 1) & ~(huge - 1);
	struct entry *memory = aligned_alloc(huge, size);

	if (memory)
		madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

static void start(struct micro *micro)
{
	const struct ranges *who = micro->who;

	if (built == who && built_n == micro->n && built_how == micro->how)
		return;
	free(entries);
	free(place);
	entries = alloc_entries(micro->n);
	place = calloc(micro->n, sizeof(*place));
	if (!entries || !place)
		errx(1, "no memory for %lu ranges", micro->n);
	for (unsigned long i = 0; i < micro->n; i++)
		place[i] = i;
	if (micro->how == RANDOM)
		shuffle(micro->n);
	who->init();
	for (unsigned long i = 0; i < micro->n; i++)
		if (!insert(who, i))
			errx(1, "%s: a range was not taken", micro->name);
	built = who;
	built_n = micro->n;
	built_how = micro->how;
	position = 0;
}

/* Ranges are used one after another, round and round. */
static unsigned long nth(const struct micro *micro, unsigned long i)
{
	unsigned long at = position + i;

	return at < micro->n ? at : at - micro->n;
}

static void move_on(const struct micro *micro, unsigned long ops)
{
	position = nth(micro, ops);
}

static void run_find(struct micro *micro, unsigned int thread, unsigned long ops)
{
	const struct ranges *who = micro->who;

	(void)thread;
	for (unsigned long done = 0; done < ops;) {
		unsigned long n = min(ops - done, micro->n);

		for (unsigned long i = 0; i < n; i++) {
			unsigned long first = first_of(nth(micro, i));

			if (!who->find(first, first + PAGE - 1))
				errx(1, "%s: a range is not there", micro->name);
		}
		done += n;
	}
}

static void reset_find(struct micro *micro, unsigned long ops)
{
	move_on(micro, ops % micro->n);
}

static void erase(struct micro *micro, unsigned int thread, unsigned long ops)
{
	const struct ranges *who = micro->who;

	(void)thread;
	for (unsigned long i = 0; i < ops; i++)
		who->erase(&entries[nth(micro, i)]);
}

static void reinsert(struct micro *micro, unsigned int thread, unsigned long ops)
{
	(void)thread;
	for (unsigned long i = 0; i < ops; i++)
		if (!insert(micro->who, nth(micro, i)))
			errx(1, "%s: a range was not taken", micro->name);
}

static void reset_erase(struct micro *micro, unsigned long ops)
{
	reinsert(micro, 0, ops);
	move_on(micro, ops);
}

/* For insert: what the next batch will insert must not be there before. */
static void reset_insert(struct micro *micro, unsigned long ops)
{
	/* A batch may be longer than the last one: so as many as it can have. */
	for (unsigned long i = ops; i < micro->max_ops; i++)
		insert(micro->who, nth(micro, i));
	move_on(micro, ops);
	erase(micro, 0, micro->max_ops);
}

static void start_insert(struct micro *micro)
{
	start(micro);
	erase(micro, 0, micro->max_ops);
}

static void end_insert(struct micro *micro)
{
	reinsert(micro, 0, micro->max_ops);
}

static void alloc(struct micro *micro, unsigned long length_bytes, unsigned long ops)
{
	const struct ranges *who = micro->who;

	for (unsigned long i = 0; i < ops; i++)
		if (!who->alloc(&extra[i], length_bytes))
			errx(1, "%s: no room", micro->name);
}

static void run_alloc(struct micro *micro, unsigned int thread, unsigned long ops)
{
	(void)thread;
	alloc(micro, 2 * PAGE, ops);
}

static void run_refill(struct micro *micro, unsigned int thread, unsigned long ops)
{
	(void)thread;
	alloc(micro, PAGE, ops);
}

static void reset_alloc(struct micro *micro, unsigned long ops)
{
	const struct ranges *who = micro->who;

	for (unsigned long i = 0; i < ops; i++)
		who->erase(&extra[i]);
}

/* All of one size, order and way one after another: they share what is built. */
static void add(const struct ranges *who, enum how how, unsigned long n)
{
	const bool scan = who == &ranges_itree;
	const unsigned long some = min(n / 2, (unsigned long)MAX_OPS);
	const unsigned long counted = n == 1000 || n == 100000 ? 256 : 0;
	struct micro micro = { .who = who, .how = how, .n = n, .start = start };

	micro.run = run_find;
	micro.reset = reset_find;
	/* What is in the caches is chance: so many that it matters less. */
	micro.min_ops = n >= 100000 ? 8192 : 0;
	micro.max_ops = 1 << 20;
	micro.insn_ops = counted;
	suite_add(&micro, "iova/find/%s/%lu/%s", how_name[how], n, who->name);

	micro.min_ops = 0;
	micro.run = erase;
	micro.reset = reset_erase;
	micro.max_ops = some;
	suite_add(&micro, "iova/erase/%s/%lu/%s", how_name[how], n, who->name);

	micro.run = run_alloc;
	micro.reset = reset_alloc;
	micro.max_ops = MAX_OPS;
	micro.insn_ops = scan ? counted / 64 : counted;
	/* A scan of so many takes its time. */
	micro.batches = scan && n > 10000 ? 3 : 0;
	suite_add(&micro, "iova/alloc/%s/%lu/%s", how_name[how], n, who->name);

	/* Not more than fill the holes that there are. */
	micro.run = run_refill;
	micro.max_ops = min(n / 2, 64UL);
	micro.insn_ops = counted / 4;
	micro.batches = 0;
	suite_add(&micro, "iova/refill/%s/%lu/%s", how_name[how], n, who->name);

	micro.start = start_insert;
	micro.run = reinsert;
	micro.reset = reset_insert;
	micro.end = end_insert;
	micro.max_ops = some;
	micro.insn_ops = counted;
	suite_add(&micro, "iova/insert/%s/%lu/%s", how_name[how], n, who->name);
}

/**
 * iova_add() - add the suite
 * @max_ranges: the most that there are to be
 */
void iova_add(unsigned long max_ranges)
{
	for (unsigned long n = 10; n <= max_ranges; n *= 10) {
		for (enum how how = SEQ; how <= RANDOM; how++) {
			add(&ranges_ours, how, n);
			add(&ranges_itree, how, n);
		}
	}
}
