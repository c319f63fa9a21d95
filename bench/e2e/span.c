// SPDX-License-Identifier: GPL-2.0-only
/*
 * span: what one call costs that maps much memory which nobody has touched, by the number of
 * threads that are at it.
 *
 *	span --peer=type1|iommufd|fast [Google Benchmark's flags]
 *
 * As root, with an edu device that vfio-pci has, and for fast with twice as many CPUs as there are
 * threads. It only marks what is to be counted (bench/profile/span.c counts). Each benchmark is
 * span/shape/threads/peer; peers without helpers have one thread.
 *
 * Exit status: as that of e2e.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../profile/mark.h"
#include "edu.h"
#include "helpers.h"
#include "peer.h"
#include "report.h"
#include "shape.h"

#define IOVA (4 * GIB)
/* After the call helpers still have to end. */
#define HELPERS_END_US 100000

static const unsigned int threads[] = { 1, 2, 4, 8, 16, 32, 64 };

/**
 * struct span - a benchmark
 * @peer: by whom
 * @kind: what is mapped
 * @nr_threads: by how many threads
 */
struct span {
	const struct peer *peer;
	const struct shape_kind *kind;
	unsigned int nr_threads;
};

/*
 * Every second CPU, and as many as threads: to the one behind a CPU whose turn has ended QEMU 7.2
 * gives none, so that of two neighbours one would do all the work.
 */
static int choose_cpus(unsigned int nr)
{
	cpu_set_t cpus;
	unsigned int i;

	CPU_ZERO(&cpus);
	for (i = 0; i < nr; i++)
		CPU_SET(2 * i, &cpus);
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 * (long)nr - 1)
		return -ENODEV;
	return sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : 0;
}

/* Maps and unmaps all of it; @insns is set to what all CPUs together execute while it is mapped. */
static int run_once(const struct span *span, const struct space *space, const struct shape *shape,
		    uint64_t *insns)
{
	uint64_t begun;
	int rc;

	rc = shape_discard(shape);
	if (rc)
		return rc;
	begun = bench_now();
	mark(MARK_BEGIN);
	rc = span->peer->map(space, shape, span->kind->bytes, IOVA);
	mark(MARK_END);
	*insns = bench_now() - begun;
	if (rc)
		return rc;
	usleep(HELPERS_END_US);
	mark(MARK_KEEP_FIRST);
	return span->peer->unmap(space, IOVA, span->kind->bytes);
}

static void run_rounds(struct bench *b, const struct span *span, const struct space *space,
		       const struct shape *shape)
{
	uint64_t insns = 0;

	while (bench_next(b)) {
		if (report_failed(b, "a round", run_once(span, space, shape, &insns)))
			return;
		bench_time(b, insns);
	}
	bench_counter(b, "npages", span->kind->bytes / PAGE_BYTES);
}

static void run_span(struct bench *b, void *ctx)
{
	const struct shape *shape;
	struct span *span = ctx;
	struct space space;

	mark(MARK_BENCHMARK);
	shape = report_shape(b, span->kind);
	if (!shape)
		return;
	if (report_failed(b, "CPUs", choose_cpus(span->nr_threads)) ||
	    (span->peer == &peer_fast &&
	     report_failed(b, HELPERS_PATH, helpers_set(span->nr_threads))) ||
	    report_failed(b, span->peer->name, span->peer->open(&space, edu_find(0), NULL)))
		return;
	run_rounds(b, span, &space, shape);
	span->peer->close(&space);
}

/* The benchmarks stay until the end. */
static void add(const struct peer *peer, const struct shape_kind *kind, unsigned int nr_threads)
{
	struct span *span = malloc(sizeof(*span));
	char name[64];

	if (!span)
		report_die("malloc", strerror(errno));
	*span = (struct span){ .peer = peer, .kind = kind, .nr_threads = nr_threads };
	snprintf(name, sizeof(name), "span/%s/%u/%s", kind->name, nr_threads, peer->name);
	bench_register(name, run_span, span, 1, 0);
}

int main(int argc, char **argv)
{
	static const struct peer *const peers[] = {
		&peer_type1, &peer_iommufd, &peer_fast, NULL
	};
	const struct shape_kind *kind;
	const struct peer *peer;
	size_t i;

	bench_init(&argc, argv);
	peer = report_options(argc, argv, "span", peers, NULL);
	for (kind = shape_kinds; kind->name; kind++) {
		if (kind->use != SHAPE_SPAN)
			continue;
		for (i = 0; i < (peer == &peer_fast ? REPORT_COUNT(threads) : 1); i++)
			add(peer, kind, threads[i]);
	}
	if (!bench_listing()) {
		if (!edu_find(0))
			report_die("edu", "no such device");
		report_context(peer);
	}
	return report_run();
}
