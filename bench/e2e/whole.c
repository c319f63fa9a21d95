// SPDX-License-Identifier: GPL-2.0-only
#include "whole.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../shim/bench.h"
#include "edu.h"
#include "pair.h"
#include "report.h"
#include "shape.h"

#define ROUNDS 7
#define IOVA (4 * GIB)

/* How two CPUs come to be at work. */
enum way {
	HALVES,		/* two threads of the program, each with a call for a half */
	HELPERS,	/* one call, of a thread that may run on both */
	NR_WAYS,
};

static const char *const way_names[] = { "halves", "helpers" };

/**
 * struct load - what is mapped
 * @name: as in the names of benchmarks
 * @shape: the kind of memory
 * @fresh: it is not touched before it is mapped
 */
struct load {
	const char *name;
	const char *shape;
	bool fresh;
};

static const struct load loads[] = {
	{ "fresh_thp", "thp", true },
	{ "fresh_huge2m", "hugetlb2m", true },
	{ "fresh4k", "populate4k", true },
	{ "there_thp", "thp", false },
	{ "there4k", "populate4k", false },
	{ "scatter4k", "scatter4k", false },
};

/**
 * struct whole - a benchmark
 * @peer: by whom
 * @load: what
 * @way: how
 * @shape: the memory, while it runs
 * @space: where it is mapped, while it runs
 * @parts: how many calls map it
 */
struct whole {
	const struct peer *peer;
	const struct load *load;
	enum way way;
	const struct shape *shape;
	struct space space;
	unsigned int parts;
};

static int map_part(void *ctx, unsigned int which)
{
	const struct whole *whole = ctx;
	size_t bytes = whole->shape->kind->bytes / whole->parts;
	struct shape part = *whole->shape;

	part.va += which * bytes;
	return whole->peer->map(&whole->space, &part, bytes, IOVA + which * bytes);
}

static int unmap_part(void *ctx, unsigned int which)
{
	const struct whole *whole = ctx;
	size_t bytes = whole->shape->kind->bytes / whole->parts;

	return whole->peer->unmap(&whole->space, IOVA + which * bytes, bytes);
}

/**
 * struct taken - what a round took
 * @map_ns: to map
 * @unmap_ns: to unmap
 * @runs: in how many runs the memory lay
 */
struct taken {
	double map_ns[ROUNDS];
	double unmap_ns[ROUNDS];
	double runs[ROUNDS];
};

static int run_once(struct whole *whole, enum pair_who who, unsigned int round,
		    struct taken *taken)
{
	int rc = whole->load->fresh ? shape_discard(whole->shape) : 0;
	long runs;
	__u64 ns;

	if (!rc)
		rc = pair_run(map_part, whole, who, &ns);
	if (rc)
		return rc;
	taken->map_ns[round] = ns;
	runs = shape_runs(whole->shape, whole->shape->kind->bytes);
	if (runs < 0)
		return runs;
	taken->runs[round] = runs;
	rc = pair_run(unmap_part, whole, who, &ns);
	taken->unmap_ns[round] = ns;
	return rc;
}

static int run_alone(struct whole *whole, unsigned int round, struct taken *taken)
{
	whole->parts = 1;
	return run_once(whole, PAIR_FIRST, round, taken);
}

static int run_halves(struct whole *whole, unsigned int round, struct taken *taken)
{
	whole->parts = 2;
	return run_once(whole, PAIR_BOTH, round, taken);
}

/* The calling thread is bound to one CPU, where nothing can help it. */
static int run_helped(struct whole *whole, unsigned int round, struct taken *taken)
{
	int rc = pair_bind(false), bound;

	if (rc)
		return rc;
	whole->parts = 1;
	rc = run_once(whole, PAIR_FIRST, round, taken);
	bound = pair_bind(true);
	return rc ? rc : bound;
}

static int run_round(struct whole *whole, unsigned int round, struct taken *alone,
		     struct taken *together)
{
	int rc = run_alone(whole, round, alone);

	if (rc)
		return rc;
	return whole->way == HALVES ? run_halves(whole, round, together) :
				      run_helped(whole, round, together);
}

static void report_phase(struct bench *b, const struct whole *whole, const char *phase,
			 double *alone_ns, double *together_ns, unsigned int rounds)
{
	double npages = whole->shape->kind->bytes / (double)PAGE_BYTES, alone, together;
	char name[64];

	alone = npages * 1e9 / report_percentile(alone_ns, rounds, 0);
	together = npages * 1e9 / report_percentile(together_ns, rounds, 0);
	snprintf(name, sizeof(name), "%s_per_second_1", phase);
	bench_counter(b, name, alone);
	snprintf(name, sizeof(name), "%s_per_second_2", phase);
	bench_counter(b, name, together);
	snprintf(name, sizeof(name), "%s_speedup", phase);
	bench_counter(b, name, together / alone);
}

static void run_rounds(struct bench *b, struct whole *whole)
{
	static struct taken alone, together;
	unsigned int round = 0;

	/* The first one is not counted: it builds what stays. */
	if (report_failed(b, "first round", run_round(whole, 0, &alone, &together)))
		return;
	while (bench_next(b)) {
		if (report_failed(b, whole->load->name,
				  run_round(whole, round, &alone, &together)))
			return;
		bench_time(b, together.map_ns[round]);
		round++;
	}
	report_phase(b, whole, "map", alone.map_ns, together.map_ns, round);
	report_phase(b, whole, "unmap", alone.unmap_ns, together.unmap_ns, round);
	bench_counter(b, "runs_1", report_percentile(alone.runs, round, 50));
	bench_counter(b, "runs_2", report_percentile(together.runs, round, 50));
}

static void run_whole(struct bench *b, void *ctx)
{
	struct whole *whole = ctx;
	enum shape_use use = whole->load->fresh ? SHAPE_WHOLE : SHAPE_LARGE;

	whole->shape = report_shape(b, shape_find(whole->load->shape, use));
	if (!whole->shape)
		return;
	if (report_failed(b, whole->peer->name,
			  whole->peer->open(&whole->space, edu_find(0), NULL)))
		return;
	run_rounds(b, whole);
	whole->peer->close(&whole->space);
}

void whole_register(const struct peer *peer)
{
	static struct whole wholes[REPORT_COUNT(loads) * NR_WAYS];
	struct whole *whole = wholes;
	char name[128];
	size_t i, way;

	for (i = 0; i < REPORT_COUNT(loads); i++) {
		for (way = 0; way < NR_WAYS; way++) {
			*whole = (struct whole){ .peer = peer, .load = &loads[i], .way = way };
			snprintf(name, sizeof(name), "%s/%s/%s", loads[i].name, way_names[way],
				 peer->name);
			bench_register(name, run_whole, whole, ROUNDS, 0);
			whole++;
		}
	}
}
