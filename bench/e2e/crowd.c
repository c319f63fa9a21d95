// SPDX-License-Identifier: GPL-2.0-only
#include "crowd.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../shim/bench.h"
#include "edu.h"
#include "helpers.h"
#include "pair.h"
#include "report.h"
#include "shape.h"

#define ROUNDS 7
#define IOVA (4 * GIB)
/* How many threads map at the same time, and how many have something else to do. */
#define NR_MAPPING 8
#define NR_BUSY 2

/**
 * struct place - what else the CPUs have to do
 * @name: as in the names of benchmarks
 * @nr_mapping: how many threads map a part each of what is mapped
 * @nr_busy: how many count, until all is mapped
 */
struct place {
	const char *name;
	unsigned int nr_mapping;
	unsigned int nr_busy;
};

static const struct place places[] = {
	{ "crowd", NR_MAPPING, 0 },
	{ "busy", 1, NR_BUSY },
};

static const struct {
	const char *name;
	const char *shape;
} loads[] = {
	{ "fresh_thp", "thp" },
	{ "fresh4k", "populate4k" },
};

/**
 * struct crowd - a benchmark
 * @peer: by whom
 * @kind: what is mapped
 * @place: beside what
 * @shape: the memory, while it runs
 * @space: where it is mapped, while it runs
 * @start: of a round, passed by all threads as it begins
 * @is_over: of a round
 * @rc: of the first map that failed
 */
struct crowd {
	const struct peer *peer;
	const struct shape_kind *kind;
	const struct place *place;
	const struct shape *shape;
	struct space space;
	pthread_barrier_t start;
	bool is_over;
	int rc;
};

/* One of the threads of a round. */
struct member {
	struct crowd *crowd;
	unsigned int which;
	pthread_t thread;
};

static void *map_part(void *arg)
{
	struct member *member = arg;
	struct crowd *crowd = member->crowd;
	size_t bytes = crowd->kind->bytes / crowd->place->nr_mapping;
	struct shape part = *crowd->shape;
	int rc;

	part.va += member->which * bytes;
	pthread_barrier_wait(&crowd->start);
	rc = crowd->peer->map(&crowd->space, &part, bytes, IOVA + member->which * bytes);
	if (rc)
		__atomic_store_n(&crowd->rc, rc, __ATOMIC_RELAXED);
	return NULL;
}

static void *count(void *arg)
{
	struct member *member = arg;

	pthread_barrier_wait(&member->crowd->start);
	while (!__atomic_load_n(&member->crowd->is_over, __ATOMIC_RELAXED))
		;
	return NULL;
}

static int unmap_all(const struct crowd *crowd)
{
	size_t bytes = crowd->kind->bytes / crowd->place->nr_mapping;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < crowd->place->nr_mapping && !rc; i++)
		rc = crowd->peer->unmap(&crowd->space, IOVA + i * bytes, bytes);
	return rc;
}

/* Sets *@ns to the time until the last thread has mapped its part. */
static int map_all(struct crowd *crowd, double *ns)
{
	unsigned int nr = crowd->place->nr_mapping, all = nr + crowd->place->nr_busy, i;
	struct member members[NR_MAPPING + NR_BUSY];
	__u64 start;

	if (pthread_barrier_init(&crowd->start, NULL, all + 1))
		return -ENOMEM;
	crowd->is_over = false;
	crowd->rc = 0;
	for (i = 0; i < all; i++) {
		members[i] = (struct member){ .crowd = crowd, .which = i };
		/* Those that are there would wait for the others for good. */
		if (pthread_create(&members[i].thread, NULL, i < nr ? map_part : count,
				   &members[i]))
			report_die("threads", "no more of them");
	}
	start = bench_now();
	pthread_barrier_wait(&crowd->start);
	for (i = 0; i < nr; i++)
		pthread_join(members[i].thread, NULL);
	*ns = bench_now() - start;
	__atomic_store_n(&crowd->is_over, true, __ATOMIC_RELAXED);
	for (; i < all; i++)
		pthread_join(members[i].thread, NULL);
	pthread_barrier_destroy(&crowd->start);
	return crowd->rc;
}

static int run_once(struct crowd *crowd, unsigned int nr_threads, double *ns)
{
	int rc = helpers_set(nr_threads);

	if (!rc)
		rc = shape_discard(crowd->shape);
	if (!rc)
		rc = map_all(crowd, ns);
	return rc ? rc : unmap_all(crowd);
}

static void run_rounds(struct bench *b, struct crowd *crowd)
{
	double npages = crowd->kind->bytes / (double)PAGE_BYTES, without, with;
	static double without_ns[ROUNDS], with_ns[ROUNDS];
	unsigned int round = 0, as_loaded;

	if (report_failed(b, HELPERS_PATH, helpers_get(&as_loaded)))
		return;
	while (bench_next(b)) {
		if (report_failed(b, "without helpers", run_once(crowd, 1, &without_ns[round])) ||
		    report_failed(b, "with helpers", run_once(crowd, as_loaded, &with_ns[round])))
			return;
		bench_time(b, with_ns[round]);
		round++;
	}
	without = npages * 1e9 / report_percentile(without_ns, round, 0);
	with = npages * 1e9 / report_percentile(with_ns, round, 0);
	bench_counter(b, "map_per_second_1", without);
	bench_counter(b, "map_per_second_2", with);
	bench_counter(b, "map_speedup", with / without);
}

static void run_crowd(struct bench *b, void *ctx)
{
	struct crowd *crowd = ctx;

	crowd->shape = report_shape(b, crowd->kind);
	if (!crowd->shape)
		return;
	if (report_failed(b, crowd->peer->name,
			  crowd->peer->open(&crowd->space, edu_find(0), NULL)))
		return;
	if (!report_failed(b, "all CPUs", pair_bind(false)))
		run_rounds(b, crowd);
	report_failed(b, "one CPU", pair_bind(true));
	crowd->peer->close(&crowd->space);
}

void crowd_register(const struct peer *peer)
{
	static struct crowd crowds[REPORT_COUNT(loads) * REPORT_COUNT(places)];
	struct crowd *crowd = crowds;
	char name[128];
	size_t i, place;

	for (i = 0; i < REPORT_COUNT(loads); i++) {
		for (place = 0; place < REPORT_COUNT(places); place++) {
			*crowd = (struct crowd){ .peer = peer, .place = &places[place],
						 .kind = shape_find(loads[i].shape,
								    SHAPE_CROWD) };
			snprintf(name, sizeof(name), "%s/%s/%s", loads[i].name, places[place].name,
				 peer->name);
			bench_register(name, run_crowd, crowd, ROUNDS, 0);
			crowd++;
		}
	}
}
