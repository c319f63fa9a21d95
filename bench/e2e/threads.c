// SPDX-License-Identifier: GPL-2.0-only
/*
 * threads: what two threads do at the same time, beside what each does alone.
 *
 *	threads --peer=type1|iommufd|fast [Google Benchmark's flags]
 *
 * As root, on a machine with two CPUs and two edu devices in IOMMU groups of their own that
 * vfio-pci has. Each benchmark is load/place/peer. Alone and together take turns in each round, so
 * that a ratio compares what was done within milliseconds; of all rounds the best is reported, for
 * what else this machine does only adds time.
 *
 * Exit status: as that of e2e.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "destroy.h"
#include "edu.h"
#include "pair.h"
#include "peer.h"
#include "report.h"
#include "whole.h"

#define ROUNDS 41

/* Where the two threads map. */
enum place {
	ONE_IOAS,	/* disjoint ranges of one IO address space */
	TWO_IOAS,	/* each one of its own, of one file */
	TWO_FDS,	/* each one of its own, of a file of its own */
	NR_PLACES,
};

static const char *const place_names[] = { "one_ioas", "two_ioas", "two_fds" };

/**
 * struct load - what a thread does in a round
 * @name: as in the names of benchmarks
 * @shape: the kind of memory that it maps; NULL for look-ups, which map nothing
 * @bytes: how much is mapped by a call
 * @calls: how many calls
 *
 * So much that a phase takes milliseconds, against microseconds for beginning and ending it.
 */
struct load {
	const char *name;
	const char *shape;
	size_t bytes;
	unsigned int calls;
};

static const struct load loads[] = {
	{ "populate4k", "populate4k", 64 * MIB, 1 },
	{ "thp", "thp", 2 * MIB, 64 },
	{ "small", "populate4k", PAGE_BYTES, 1000 },
	{ "lookup", NULL, 0, 10000 },
};

/* Each thread has one of its own: the ranges do not touch, in memory or in the IO page table. */
#define SHAPE_STRIDE (128 * MIB)
#define IOVA_BASE (4 * GIB)
#define IOVA_STRIDE (64 * GIB)

/**
 * struct duo - a benchmark
 * @peer: by whom
 * @load: what
 * @place: where
 * @shape: the memory, while it runs
 * @spaces: where the threads map, while it runs
 * @used: of each thread, which of @spaces
 */
struct duo {
	const struct peer *peer;
	const struct load *load;
	enum place place;
	const struct shape *shape;
	struct space spaces[2];
	const struct space *used[2];
};

static int map_all(void *ctx, unsigned int which)
{
	const struct duo *duo = ctx;
	struct shape part = *duo->shape;
	size_t bytes = duo->load->bytes, at;
	unsigned int n;
	int rc = 0;

	for (n = 0; n < duo->load->calls && !rc; n++) {
		at = n * bytes;
		part.va = duo->shape->va + which * SHAPE_STRIDE + at;
		rc = duo->peer->map(duo->used[which], &part, bytes,
				    IOVA_BASE + which * IOVA_STRIDE + at);
	}
	return rc;
}

static int unmap_all(void *ctx, unsigned int which)
{
	const struct duo *duo = ctx;
	size_t bytes = duo->load->bytes;
	unsigned int n;
	int rc = 0;

	for (n = 0; n < duo->load->calls && !rc; n++)
		rc = duo->peer->unmap(duo->used[which],
				      IOVA_BASE + which * IOVA_STRIDE + n * bytes, bytes);
	return rc;
}

static int look_up_all(void *ctx, unsigned int which)
{
	const struct duo *duo = ctx;
	unsigned int n;
	int rc = 0;

	for (n = 0; n < duo->load->calls && !rc; n++)
		rc = duo->peer->lookup(duo->used[which]);
	return rc;
}

/**
 * struct phase - a part of a round
 * @name: as in the names of counters
 * @fn: what is done
 * @alone: by round, what it takes one thread; the mean of both
 * @together: by round, what it takes both
 */
struct phase {
	const char *name;
	pair_fn fn;
	double alone[ROUNDS];
	double together[ROUNDS];
};

/* All phases by @who; adds what each took. */
static int run_phases(struct duo *duo, struct phase *phases, unsigned int round, enum pair_who who)
{
	struct phase *phase;
	__u64 ns;
	int rc;

	for (phase = phases; phase->name; phase++) {
		rc = pair_run(phase->fn, duo, who, &ns);
		if (rc)
			return rc;
		if (who == PAIR_BOTH)
			phase->together[round] = ns;
		else
			phase->alone[round] += ns / 2.0;
	}
	return 0;
}

static int run_round(struct duo *duo, struct phase *phases, unsigned int round)
{
	int rc = run_phases(duo, phases, round, PAIR_FIRST);

	if (!rc)
		rc = run_phases(duo, phases, round, PAIR_SECOND);
	if (!rc)
		rc = run_phases(duo, phases, round, PAIR_BOTH);
	return rc;
}

/* Of a thread and second: pages of 4 KiB where more than one is mapped by a call, or calls. */
static double work_of(const struct load *load)
{
	return load->shape ? load->calls * (load->bytes / (double)PAGE_BYTES) : load->calls;
}

static void report_phase(struct bench *b, const struct duo *duo, struct phase *phase,
			 unsigned int rounds)
{
	double work = work_of(duo->load), alone, together;
	char name[64];

	alone = work * 1e9 / report_percentile(phase->alone, rounds, 0);
	together = 2 * work * 1e9 / report_percentile(phase->together, rounds, 0);
	snprintf(name, sizeof(name), "%s_per_second_1", phase->name);
	bench_counter(b, name, alone);
	snprintf(name, sizeof(name), "%s_per_second_2", phase->name);
	bench_counter(b, name, together);
	snprintf(name, sizeof(name), "%s_speedup", phase->name);
	bench_counter(b, name, together / alone);
}

static void run_rounds(struct bench *b, struct duo *duo)
{
	static struct phase mapping[3], looking[2];
	struct phase *phases = duo->load->shape ? mapping : looking, *phase;
	unsigned int round = 0;

	memset(mapping, 0, sizeof(mapping));
	memset(looking, 0, sizeof(looking));
	mapping[0].name = "map";
	mapping[0].fn = map_all;
	mapping[1].name = "unmap";
	mapping[1].fn = unmap_all;
	looking[0].name = "lookup";
	looking[0].fn = look_up_all;

	/* The first one is not counted: it builds what stays. */
	if (report_failed(b, "first round", run_round(duo, phases, 0)))
		return;
	for (phase = phases; phase->name; phase++)
		phase->alone[0] = 0;
	while (bench_next(b)) {
		if (report_failed(b, duo->load->name, run_round(duo, phases, round)))
			return;
		bench_time(b, phases[0].together[round]);
		round++;
	}
	for (phase = phases; phase->name; phase++)
		report_phase(b, duo, phase, round);
}

static int open_spaces(struct duo *duo)
{
	char first[256];
	int rc;

	/* That there are two was seen at the start. */
	snprintf(first, sizeof(first), "%s", edu_find(0));
	rc = duo->peer->open(&duo->spaces[0], first, NULL);
	duo->used[0] = &duo->spaces[0];
	duo->used[1] = &duo->spaces[0];
	if (rc || duo->place == ONE_IOAS)
		return rc;
	rc = duo->peer->open(&duo->spaces[1], edu_find(1),
			     duo->place == TWO_IOAS ? &duo->spaces[0] : NULL);
	duo->used[1] = &duo->spaces[1];
	if (rc)
		duo->peer->close(&duo->spaces[0]);
	return rc;
}

static void close_spaces(struct duo *duo)
{
	duo->peer->close(&duo->spaces[0]);
	if (duo->place != ONE_IOAS)
		duo->peer->close(&duo->spaces[1]);
}

static void run_duo(struct bench *b, void *ctx)
{
	struct duo *duo = ctx;

	if (duo->load->shape) {
		duo->shape = report_shape(b, shape_find(duo->load->shape, SHAPE_RANGES));
		if (!duo->shape)
			return;
	}
	if (report_failed(b, duo->peer->name, open_spaces(duo)))
		return;
	run_rounds(b, duo);
	close_spaces(duo);
}

static bool applies(const struct peer *peer, const struct load *load, enum place place)
{
	return (load->shape || peer->lookup) && (place != TWO_IOAS || peer->beside);
}

static void add_all(const struct peer *peer)
{
	static struct duo duos[REPORT_COUNT(loads) * NR_PLACES];
	struct duo *duo = duos;
	enum place place;
	char name[128];
	size_t i;

	for (i = 0; i < REPORT_COUNT(loads); i++) {
		for (place = 0; place < NR_PLACES; place++) {
			if (!applies(peer, &loads[i], place))
				continue;
			*duo = (struct duo){ .peer = peer, .load = &loads[i], .place = place };
			snprintf(name, sizeof(name), "%s/%s/%s", loads[i].name, place_names[place],
				 peer->name);
			bench_register(name, run_duo, duo, ROUNDS, 0);
			duo++;
		}
	}
	if (peer->lookup)
		destroy_register(peer);
	whole_register(peer);
	/* Helpers are no peer's but this one's. */
	if (peer == &peer_fast)
		crowd_register(peer);
}

int main(int argc, char **argv)
{
	static const struct peer *const peers[] = { &peer_type1, &peer_iommufd, &peer_fast, NULL };
	const struct peer *peer;
	int rc;

	bench_init(&argc, argv);
	peer = report_options(argc, argv, "threads", peers, NULL);
	add_all(peer);
	if (!bench_listing()) {
		if (!edu_find(1))
			report_die("edu", "two of them are needed");
		rc = pair_start();
		if (rc)
			report_die("two threads", strerror(-rc));
		report_context(peer);
	}
	return report_run();
}
