// SPDX-License-Identifier: GPL-2.0-only
#include "destroy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../shim/bench.h"
#include "edu.h"
#include "pair.h"
#include "report.h"

#define OBJECTS 10000

/**
 * struct destroyer - a benchmark
 * @peer: by whom
 * @who: PAIR_BOTH with look-ups by the second thread
 * @space: where, while it runs
 * @ns: what each destruction took
 * @through: the first thread has destroyed all
 * @lookups: how many look-ups were made
 */
struct destroyer {
	const struct peer *peer;
	enum pair_who who;
	struct space space;
	double ns[OBJECTS];
	bool through;
	unsigned long lookups;
};

static int destroy_all(struct destroyer *destroyer)
{
	const struct peer *peer = destroyer->peer;
	unsigned int n;
	__u64 start;
	__u32 id;
	int rc = 0;

	for (n = 0; n < OBJECTS && !rc; n++) {
		rc = peer->create(&destroyer->space, &id);
		if (rc)
			break;
		start = bench_now();
		rc = peer->destroy(&destroyer->space, id);
		destroyer->ns[n] = bench_now() - start;
	}
	__atomic_store_n(&destroyer->through, true, __ATOMIC_RELEASE);
	return rc;
}

/* Of another object of the same table, again and again. */
static int look_up(struct destroyer *destroyer)
{
	int rc = 0;

	while (!rc && !__atomic_load_n(&destroyer->through, __ATOMIC_ACQUIRE)) {
		rc = destroyer->peer->lookup(&destroyer->space);
		destroyer->lookups++;
	}
	return rc;
}

static int work(void *ctx, unsigned int which)
{
	return which ? look_up(ctx) : destroy_all(ctx);
}

static void run(struct bench *b, void *ctx)
{
	struct destroyer *destroyer = ctx;
	__u64 ns;

	if (report_failed(b, destroyer->peer->name,
			  destroyer->peer->open(&destroyer->space, edu_find(0), NULL)))
		return;
	while (bench_next(b)) {
		destroyer->through = false;
		destroyer->lookups = 0;
		if (report_failed(b, "destroy", pair_run(work, destroyer, destroyer->who, &ns)))
			break;
		bench_time(b, (double)ns / OBJECTS);
		bench_counter(b, "p50_ns", report_percentile(destroyer->ns, OBJECTS, 50));
		bench_counter(b, "p99_ns", report_percentile(destroyer->ns, OBJECTS, 99));
		bench_counter(b, "lookups", destroyer->lookups);
	}
	destroyer->peer->close(&destroyer->space);
}

void destroy_register(const struct peer *peer)
{
	static struct destroyer destroyers[2] = {
		{ .who = PAIR_FIRST }, { .who = PAIR_BOTH },
	};
	static const char *const names[] = { "idle", "lookups" };
	char name[64];
	size_t i;

	for (i = 0; i < REPORT_COUNT(destroyers); i++) {
		destroyers[i].peer = peer;
		snprintf(name, sizeof(name), "destroy/%s/%s", names[i], peer->name);
		bench_register(name, run, &destroyers[i], 1, 0);
	}
}
