// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking an object up and putting it back. See scheme.h.
 *
 *	lookup/own/WHO/N	N threads, each on objects of its own
 *	lookup/same/WHO/N	N threads, all on the same object
 *	lookup/churn/WHO/N	as own, while one more thread creates and destroys
 */
#include <err.h>

#include "portable.h"
#include "scheme.h"
#include "suite.h"

#define IDS_A_THREAD	64
#define BACKGROUND_STEP	64
/* After so many a thread says that it holds nothing. */
#define STRETCH		4096

enum how { OWN, SAME, CHURN };

static u32 *ids;

static const struct scheme *scheme_of(const struct micro *micro)
{
	return micro->who;
}

static unsigned int nr_ids(const struct micro *micro)
{
	return micro->how == SAME ? 1 : micro->nr_threads * IDS_A_THREAD;
}

static void start(struct micro *micro)
{
	ids = calloc(nr_ids(micro), sizeof(*ids));
	if (!ids)
		errx(1, "no memory");
	scheme_of(micro)->init();
	for (unsigned int i = 0; i < nr_ids(micro); i++)
		ids[i] = scheme_of(micro)->create();
}

static void end(struct micro *micro)
{
	for (unsigned int i = 0; i < nr_ids(micro); i++)
		scheme_of(micro)->destroy(ids[i]);
	scheme_of(micro)->exit();
	free(ids);
}

static void run(struct micro *micro, unsigned int thread, unsigned long ops)
{
	bool same = micro->how == SAME;
	const u32 *mine = same ? ids : ids + thread * IDS_A_THREAD;
	unsigned long found = 0;

	for (unsigned long done = 0; done < ops; done += STRETCH) {
		found += scheme_of(micro)->look_up(mine, same ? 1 : IDS_A_THREAD,
						   min(ops - done, (unsigned long)STRETCH));
		rcu_quiescent_state();
	}
	if (found != ops)
		errx(1, "%s: found %lu of %lu objects", micro->name, found, ops);
}

static void churn(struct micro *micro)
{
	for (int i = 0; i < BACKGROUND_STEP; i++)
		scheme_of(micro)->destroy(scheme_of(micro)->create());
}

static void add(const struct scheme *scheme, enum how how, const char *name,
		unsigned int nr_threads)
{
	const struct micro micro = {
		.who = scheme,
		.how = how,
		.nr_threads = nr_threads,
		.max_ops = 1 << 24,
		.insn_ops = nr_threads == 1 && how == OWN ? 1024 : 0,
		/* All threads have to be undisturbed, which is rarer. */
		.batches = nr_threads == 1 ? 300 : 1000,
		.start = start,
		.run = run,
		.background = how == CHURN ? churn : NULL,
		.end = end,
	};

	suite_add(&micro, "lookup/%s/%s/%u", name, scheme->name, nr_threads);
}

/**
 * lookup_add() - add the suite
 * @nr_cpus: more threads than this would only wait for each other
 */
void lookup_add(unsigned int nr_cpus)
{
	static const struct scheme *const schemes[] = {
		&scheme_rcu, &scheme_spin, &scheme_mutex, &scheme_lfht,
		&scheme_xarray, &scheme_percpu, &scheme_striped, &scheme_srcu,
	};
	unsigned int most = nr_cpus > 32 ? 32 : nr_cpus;

	for (unsigned int i = 0; i < ARRAY_SIZE(schemes); i++) {
		for (unsigned int n = 1; n <= most; n = n < 4 ? n + 1 : n * 2) {
			add(schemes[i], OWN, "own", n);
			add(schemes[i], SAME, "same", n);
		}
		/* The thread that creates and destroys needs a CPU, too. */
		for (unsigned int n = 1; n < most || n == 1; n = n < 4 ? n + 1 : n * 2)
			add(schemes[i], CHURN, "churn", n);
	}
}
