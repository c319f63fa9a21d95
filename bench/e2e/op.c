// SPDX-License-Identifier: GPL-2.0-only
#include "op.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/*
 * Where things are mapped: above what a device may not use (the MSI window), and like the memory's
 * own address at a multiple of 1 GiB, so that leaves of every size can form in the IO page table.
 */
#define IOVA (4 * GIB)
#define COPY_IOVA (8 * GIB)

#define LOOKUPS 1000

/* A disturbed round is repeated up to so often. */
#define MAX_TRIES 10
/* Two ticks of 4 ms: longer rounds cannot do without the timer interrupt. */
#define SHORT_NS 8000000
#define FEW_ROUNDS 50

/* What an operation consists of. 0 or -errno. */
typedef int (*step)(const struct op_case *c);

static int do_map(const struct op_case *c)
{
	if (c->kind->by_file)
		return c->peer->map_file(c->shape, c->bytes, IOVA);
	return c->peer->map(c->shape, c->bytes, IOVA);
}

static int do_unmap(const struct op_case *c)
{
	return c->peer->unmap(IOVA, c->bytes);
}

static int do_copy(const struct op_case *c)
{
	return c->peer->copy(IOVA, c->bytes, COPY_IOVA);
}

static int undo_copy(const struct op_case *c)
{
	return c->peer->unmap(COPY_IOVA, c->bytes);
}

static int do_attach(const struct op_case *c)
{
	return c->peer->attach();
}

static int undo_attach(const struct op_case *c)
{
	return c->peer->detach();
}

static int do_nothing(const struct op_case *c)
{
	(void)c;
	return 0;
}

static const char *unit(const char *insn, const char *ns)
{
	return bench_clock() == BENCH_CLOCK_INSN ? insn : ns;
}

static void fail(struct bench *b, const char *what, const char *why)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: %s", what, why);
	bench_fail(b, text);
}

static bool failed(struct bench *b, const char *what, int rc)
{
	if (rc)
		fail(b, what, strerror(-rc));
	return rc;
}

/* Memory of the case's kind, and its number of runs into the report. */
static bool have_shape(struct bench *b, struct op_case *c)
{
	const char *error;
	long runs;

	if (!c->kind)
		return true;
	c->shape = shape_get(c->kind, &error);
	if (!c->shape) {
		fail(b, c->kind->name, error);
		return false;
	}
	runs = shape_runs(c->shape, c->bytes);
	if (failed(b, "pagemap", runs < 0 ? runs : 0))
		return false;
	bench_counter(b, "runs", runs);
	return true;
}

/*
 * Every case has an IO address space of its own, so that a figure does not depend on which cases
 * came before: the in-tree iommufd, for one, needs 1800 instructions less for each map and unmap
 * once a second domain has come and gone.
 */
static bool begin(struct bench *b, struct op_case *c)
{
	return have_shape(b, c) && !failed(b, c->peer->name, c->peer->open(c->bdf));
}

static void end(struct op_case *c)
{
	c->peer->close();
}

/* What can come between the two ends of a round. */
struct disturbance {
	long preemptions;
	struct timespec tick;
};

static struct disturbance disturbances(void)
{
	struct disturbance now;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	now.preemptions = usage.ru_nivcsw;
	/* This clock only moves with the timer interrupt. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now.tick);
	return now;
}

/*
 * Whether a round is to be done again. Another task's time is never the operation's: a kernel
 * thread can take millions of instructions. The timer interrupt is everybody's, but where there are
 * few rounds, and short ones, it would be in one figure and not in the next.
 */
static bool disturbed(const struct op_case *c, const struct disturbance *before,
		      const struct disturbance *after)
{
	long ns = (after->tick.tv_sec - before->tick.tv_sec) * 1000000000l +
		  after->tick.tv_nsec - before->tick.tv_nsec;

	if (after->preemptions != before->preemptions)
		return true;
	return ns > 0 && ns < SHORT_NS && op_iterations(c) <= FEW_ROUNDS;
}

/* The parts of one iteration; only @timed counts. */
struct steps {
	step before;
	step timed;
	step after;
};

/* One iteration, undisturbed if possible: sets @elapsed, returns whether all went well. */
static bool iterate(struct bench *b, const struct op_case *c, const struct steps *steps,
		    __u64 *elapsed)
{
	struct disturbance then, now;
	__u64 start, stop;
	int tries, rc;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		if (failed(b, "before", steps->before(c)))
			return false;
		then = disturbances();
		start = bench_now();
		rc = steps->timed(c);
		stop = bench_now();
		now = disturbances();
		if (failed(b, c->op->name, rc) || failed(b, "after", steps->after(c)))
			return false;
		if (!disturbed(c, &then, &now))
			break;
	}
	*elapsed = stop - start;
	return true;
}

/*
 * The usual benchmark. @setup and @teardown are done once. The first iteration is not counted: it
 * also builds what stays, like the upper IO page tables.
 */
static void run_steps(struct bench *b, struct op_case *c, step setup, struct steps steps,
		      step teardown)
{
	__u64 elapsed;

	if (!begin(b, c))
		return;
	if (!failed(b, "setup", setup(c)) && iterate(b, c, &steps, &elapsed)) {
		while (bench_next(b)) {
			if (!iterate(b, c, &steps, &elapsed))
				break;
			bench_time(b, elapsed);
		}
		failed(b, "teardown", teardown(c));
		bench_counter(b, unit("insn_per_4k", "ns_per_4k"),
			      bench_mean(b) / (c->bytes / PAGE_BYTES));
	}
	end(c);
}

static void run_map(struct bench *b, void *ctx)
{
	run_steps(b, ctx, do_nothing, (struct steps){ do_nothing, do_map, do_unmap }, do_nothing);
}

static void run_unmap(struct bench *b, void *ctx)
{
	run_steps(b, ctx, do_nothing, (struct steps){ do_map, do_unmap, do_nothing }, do_nothing);
}

static void run_copy(struct bench *b, void *ctx)
{
	run_steps(b, ctx, do_map, (struct steps){ do_nothing, do_copy, undo_copy }, do_unmap);
}

static void run_attach(struct bench *b, void *ctx)
{
	run_steps(b, ctx, do_map, (struct steps){ do_nothing, do_attach, undo_attach }, do_unmap);
}

/* A map and an unmap of one page, each with its own figure. */
static void run_small(struct bench *b, void *ctx)
{
	const struct steps map = { do_nothing, do_map, do_unmap };
	const struct steps unmap = { do_map, do_unmap, do_nothing };
	__u64 one, other, map_total = 0, unmap_total = 0;
	struct op_case *c = ctx;
	unsigned int count = 0;

	if (!begin(b, c))
		return;
	if (iterate(b, c, &map, &one)) {
		while (bench_next(b)) {
			if (!iterate(b, c, &map, &one) || !iterate(b, c, &unmap, &other))
				break;
			bench_time(b, one + other);
			map_total += one;
			unmap_total += other;
			count++;
		}
	}
	if (count) {
		bench_counter(b, unit("insn_map", "ns_map"), (double)map_total / count);
		bench_counter(b, unit("insn_unmap", "ns_unmap"), (double)unmap_total / count);
	}
	end(c);
}

/* Back to back, for a call is too short to be timed alone. */
static int do_lookups(const struct op_case *c)
{
	int i, rc = 0;

	for (i = 0; i < LOOKUPS && !rc; i++)
		rc = c->peer->lookup();
	return rc;
}

static void run_lookup(struct bench *b, void *ctx)
{
	const struct steps steps = { do_nothing, do_lookups, do_nothing };
	struct op_case *c = ctx;
	__u64 elapsed;

	if (!begin(b, c))
		return;
	if (iterate(b, c, &steps, &elapsed)) {
		while (bench_next(b)) {
			if (!iterate(b, c, &steps, &elapsed))
				break;
			bench_time(b, (double)elapsed / LOOKUPS);
		}
		bench_counter(b, unit("insn_per_call", "ns_per_call"), bench_mean(b));
	}
	end(c);
}

static bool can_map(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	return kind && bytes <= kind->bytes && (peer->map_file || !kind->by_file);
}

static bool can_copy(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	return peer->copy && can_map(peer, kind, bytes);
}

static bool can_attach(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	return peer->attach && can_map(peer, kind, bytes);
}

static bool is_small(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	return can_map(peer, kind, bytes) && bytes == PAGE_BYTES &&
	       !strcmp(kind->name, "populate4k");
}

static bool can_look_up(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	(void)bytes;
	return peer->lookup && !kind;
}

const struct op op_table[] = {
	{ "map", run_map, can_map },
	{ "unmap", run_unmap, can_map },
	{ "copy", run_copy, can_copy },
	{ "attach", run_attach, can_attach },
	{ "small", run_small, is_small },
	{ "lookup", run_lookup, can_look_up },
	{ NULL }
};

unsigned int op_iterations(const struct op_case *c)
{
	bool huge = c->kind && c->kind->leaf_bytes > PAGE_BYTES;

	if (!c->kind)
		return 20;
	if (c->bytes <= 4 * KIB)
		return 1000;
	if (c->bytes <= 64 * KIB)
		return 300;
	if (c->bytes <= MIB)
		return 200;
	/* Some peers are done with huge pages in so few instructions that an interrupt shows. */
	if (c->bytes <= 16 * MIB)
		return huge ? 50 : 20;
	return huge ? 10 : 3;
}
