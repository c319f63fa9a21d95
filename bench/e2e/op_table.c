// SPDX-License-Identifier: GPL-2.0-only
#include "op_table.h"

#include <string.h>

#include "../profile/mark.h"
#include "metadata.h"
#include "op_page.h"
#include "report.h"
#include "round.h"

/* Another place for the same memory. */
#define COPY_IOVA (8 * GIB)

#define LOOKUPS 1000

static int do_copy(const struct op_case *c)
{
	return c->peer->copy(c->space, c->iova, c->bytes, COPY_IOVA);
}

static int undo_copy(const struct op_case *c)
{
	return c->peer->unmap(c->space, COPY_IOVA, c->bytes);
}

static int do_attach(const struct op_case *c)
{
	return c->peer->attach(c->space);
}

static int undo_attach(const struct op_case *c)
{
	return c->peer->detach(c->space);
}

/* The memory is as if never touched. */
static int do_discard(const struct op_case *c)
{
	return shape_discard(c->shape);
}

/*
 * The usual benchmark. @setup and @teardown are done once. The first round is not counted: it also
 * builds what stays, like the upper IO page tables. Returns whether all went well.
 */
static bool run_steps(struct bench *b, struct op_case *c, step setup, struct steps steps,
		      step teardown)
{
	bool good = false;
	__u64 elapsed;

	if (!report_failed(b, "setup", setup(c)) && round_once(b, c, &steps, &elapsed)) {
		good = true;
		while (good && bench_next(b)) {
			good = round_once(b, c, &steps, &elapsed);
			mark(MARK_KEEP_FIRST);
			bench_time(b, elapsed);
		}
		good &= !report_failed(b, "teardown", teardown(c));
		bench_counter(b, round_unit("insn_per_4k", "ns_per_4k"),
			      bench_mean(b) / (c->bytes / FIGURE_BYTES));
	}
	return good;
}

static void run_map(struct bench *b, void *ctx)
{
	struct op_case *c = ctx;
	bool good;

	if (!round_begin(b, c))
		return;
	good = run_steps(b, c, do_nothing, (struct steps){ do_nothing, op_map, op_unmap },
			 do_nothing);
	round_end(c);
	if (good && metadata_applies(c) && round_begin(b, c)) {
		metadata_report(b, c);
		round_end(c);
	}
}

static void run_unmap(struct bench *b, void *ctx)
{
	struct op_case *c = ctx;

	if (!round_begin(b, c))
		return;
	run_steps(b, c, do_nothing, (struct steps){ op_map, op_unmap, do_nothing }, do_nothing);
	round_end(c);
}

static void run_copy(struct bench *b, void *ctx)
{
	struct op_case *c = ctx;

	if (!round_begin(b, c))
		return;
	run_steps(b, c, op_map, (struct steps){ do_nothing, do_copy, undo_copy }, op_unmap);
	round_end(c);
}

static void run_attach(struct bench *b, void *ctx)
{
	struct op_case *c = ctx;

	if (!round_begin(b, c))
		return;
	run_steps(b, c, op_map, (struct steps){ do_nothing, do_attach, undo_attach }, op_unmap);
	round_end(c);
}

/* Maps memory that has to be found and cleared for it. How it came to lie is seen afterwards. */
static void run_fault_in(struct bench *b, void *ctx)
{
	struct op_case *c = ctx;
	long runs;

	if (!round_begin(b, c))
		return;
	if (run_steps(b, c, do_nothing, (struct steps){ do_discard, op_map, op_unmap },
		      do_nothing)) {
		runs = shape_runs(c->shape, c->bytes);
		if (!report_failed(b, "pagemap", runs < 0 ? runs : 0))
			bench_counter(b, "runs", runs);
	}
	round_end(c);
}

/* Back to back, for a call is too short to be timed alone. */
static int do_lookups(const struct op_case *c)
{
	int i, rc = 0;

	for (i = 0; i < LOOKUPS && !rc; i++)
		rc = c->peer->lookup(c->space);
	return rc;
}

static void run_lookup(struct bench *b, void *ctx)
{
	const struct steps steps = { do_nothing, do_lookups, do_nothing };
	struct op_case *c = ctx;
	__u64 elapsed;

	if (!round_begin(b, c))
		return;
	if (round_once(b, c, &steps, &elapsed)) {
		while (bench_next(b)) {
			if (!round_once(b, c, &steps, &elapsed))
				break;
			mark(MARK_KEEP_FIRST);
			bench_time(b, (double)elapsed / LOOKUPS);
		}
		bench_counter(b, round_unit("insn_per_call", "ns_per_call"), bench_mean(b));
	}
	round_end(c);
}

static bool fits(const struct peer *peer, const struct shape_kind *kind, size_t bytes,
		 enum shape_use use)
{
	return kind && kind->use == use && bytes <= kind->bytes && bytes >= PAGE_BYTES &&
	       (peer->map_file || !kind->by_file);
}

static bool can_map(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	return fits(peer, kind, bytes, SHAPE_RANGES) ||
	       (fits(peer, kind, bytes, SHAPE_LARGE) && bytes == kind->bytes);
}

static bool can_copy(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	return peer->copy && fits(peer, kind, bytes, SHAPE_RANGES);
}

static bool can_attach(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	return peer->attach && fits(peer, kind, bytes, SHAPE_RANGES);
}

static bool can_fault_in(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	return fits(peer, kind, bytes, SHAPE_FRESH) && bytes == kind->bytes;
}

static bool is_small(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	return fits(peer, kind, bytes, SHAPE_RANGES) && bytes == PAGE_BYTES &&
	       !strcmp(kind->name, SHAPE_BASE);
}

static bool is_among_live(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	return fits(peer, kind, bytes, SHAPE_LIVE) && bytes == PAGE_BYTES;
}

static bool can_look_up(const struct peer *peer, const struct shape_kind *kind, size_t bytes)
{
	(void)bytes;
	return peer->lookup && !kind;
}

const struct op op_table[] = {
	{ .name = "map", .run = run_map, .applies = can_map },
	{ .name = "unmap", .run = run_unmap, .applies = can_map },
	{ .name = "copy", .run = run_copy, .applies = can_copy },
	{ .name = "attach", .run = run_attach, .applies = can_attach },
	{ .name = "fault_in", .run = run_fault_in, .applies = can_fault_in },
	{ .name = "small", .run = op_run_page, .applies = is_small },
	{ .name = "deep", .run = op_run_page, .applies = is_among_live, .live = 100000 },
	{ .name = "million", .run = op_run_page, .applies = is_among_live, .live = 1000000 },
	{ .name = "lookup", .run = run_lookup, .applies = can_look_up },
	{ .name = NULL }
};
