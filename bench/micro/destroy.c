// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long destroying an object takes. See scheme.h.
 *
 *	destroy/idle/WHO	nobody else does anything
 *	destroy/load/WHO	another thread looks that very object up all the time
 *
 * Time is that of creating and destroying, p50_ns and p99_ns that of destroying.
 */
#include <err.h>

#include "../shim/bench.h"
#include "portable.h"
#include "scheme.h"
#include "suite.h"

#define NR_SAMPLES	10000
#define BACKGROUND_STEP	16

static u32 samples[NR_SAMPLES];
static unsigned long nr_samples;
static u32 current_id;

static const struct scheme *scheme_of(const struct micro *micro)
{
	return micro->who;
}

static void start(struct micro *micro)
{
	scheme_of(micro)->init();
	nr_samples = 0;
}

static void run(struct micro *micro, unsigned int thread, unsigned long ops)
{
	(void)thread;
	for (unsigned long i = 0; i < ops; i++) {
		u32 id = scheme_of(micro)->create();
		u64 before;

		__atomic_store_n(&current_id, id, __ATOMIC_RELEASE);
		/* So that the other thread is at it. */
		if (micro->background)
			for (int spin = 0; spin < 100; spin++)
				__builtin_ia32_pause();
		before = bench_now();
		scheme_of(micro)->destroy(id);
		/* The last ones stay. */
		samples[nr_samples++ % NR_SAMPLES] = bench_now() - before;
		rcu_quiescent_state();
	}
}

static void look_up(struct micro *micro)
{
	u32 id = __atomic_load_n(&current_id, __ATOMIC_ACQUIRE);

	scheme_of(micro)->look_up(&id, 1, BACKGROUND_STEP);
}

static int by_value(const void *a, const void *b)
{
	u32 left = *(const u32 *)a, right = *(const u32 *)b;

	return left < right ? -1 : left > right;
}

static void report(struct micro *micro, struct bench *b)
{
	unsigned long nr = nr_samples < NR_SAMPLES ? nr_samples : NR_SAMPLES;

	(void)micro;
	qsort(samples, nr, sizeof(*samples), by_value);
	bench_counter(b, "p50_ns", samples[nr / 2]);
	bench_counter(b, "p99_ns", samples[nr * 99 / 100]);
	bench_counter(b, "samples", nr);
}

static void end(struct micro *micro)
{
	scheme_of(micro)->exit();
}

/** destroy_add() - add the suite */
void destroy_add(void)
{
	static const struct scheme *const schemes[] = {
		&scheme_rcu, &scheme_spin, &scheme_mutex, &scheme_lfht,
		&scheme_xarray, &scheme_percpu, &scheme_striped, &scheme_srcu,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(schemes); i++) {
		struct micro micro = {
			.who = schemes[i],
			.max_ops = 500,
			.batches = 20,
			.start = start,
			.run = run,
			.report = report,
			.end = end,
		};

		suite_add(&micro, "destroy/idle/%s", schemes[i]->name);
		micro.background = look_up;
		suite_add(&micro, "destroy/load/%s", schemes[i]->name);
	}
}
