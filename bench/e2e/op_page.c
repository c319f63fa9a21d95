// SPDX-License-Identifier: GPL-2.0-only
/* A single page: alone, and among very many that are mapped one by one. */
#include "op_page.h"

#include "../profile/mark.h"
#include "report.h"
#include "round.h"

/* Every other page, so that each of the live mappings has a hole behind it. */
#define LIVE_IOVA (64 * GIB)
#define LIVE_STRIDE (2 * PAGE_BYTES)

/*
 * Maps the live ones, from the lowest IOVA on. Their memory is all that the shape has, over and
 * over, for there is not as much of it.
 */
static int map_live(const struct op_case *c)
{
	struct shape page = *c->shape;
	unsigned long n;
	int rc = 0;

	for (n = 0; n < c->op->live && !rc; n++) {
		page.va = c->shape->va + n * PAGE_BYTES % c->kind->bytes;
		rc = c->peer->map(c->space, &page, PAGE_BYTES,
				  LIVE_IOVA + n * LIVE_STRIDE);
	}
	return rc;
}

/* The IOVA of one of the holes: another one each time, and the same ones for every peer. */
static __u64 next_hole(const struct op_case *c, __u64 *random)
{
	*random = *random * 6364136223846793005 + 1442695040888963407;
	return LIVE_IOVA + (*random >> 32) % c->op->live * LIVE_STRIDE + PAGE_BYTES;
}

static void run_rounds(struct bench *b, struct op_case *c)
{
	const struct steps map = { do_nothing, op_map, op_unmap };
	const struct steps unmap = { op_map, op_unmap, do_nothing };
	__u64 one, other, map_total = 0, unmap_total = 0, random = 1;
	unsigned int count = 0;

	/* The first round is not counted: it also builds what stays. */
	if (!round_once(b, c, &map, &one))
		return;
	while (bench_next(b)) {
		if (c->op->live)
			c->iova = next_hole(c, &random);
		if (!round_once(b, c, &map, &one))
			break;
		mark(MARK_KEEP_FIRST);
		if (!round_once(b, c, &unmap, &other))
			break;
		mark(MARK_KEEP_SECOND);
		bench_time(b, one + other);
		map_total += one;
		unmap_total += other;
		count++;
	}
	if (count) {
		bench_counter(b, round_unit("insn_map", "ns_map"), (double)map_total / count);
		bench_counter(b, round_unit("insn_unmap", "ns_unmap"),
			      (double)unmap_total / count);
	}
}

void op_run_page(struct bench *b, void *ctx)
{
	struct op_case *c = ctx;

	if (!round_begin(b, c))
		return;
	if (!report_failed(b, "live mappings", map_live(c)))
		run_rounds(b, c);
	round_end(c);
}
