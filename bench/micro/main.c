// SPDX-License-Identifier: GPL-2.0-only
/*
 * The micro-benchmarks of the portable core.
 *
 *	micro [--max-ranges=N] [Google Benchmark's options]
 *		time them
 *	micro --list-insn
 *		print those that can be counted: name, operations
 *	valgrind --tool=callgrind --instr-atstart=no micro --insn=SUITE
 *		count instructions: a dump of callgrind for each, with its name
 *	qemu-x86_64 -plugin profile.so,... micro --count=FILE
 *		count what bench/profile does, of a batch of each benchmark of which FILE has a
 *		line: name, operations
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include "../profile/mark.h"
#include "../shim/bench.h"
#include "kernel.h"
#include "perf.h"
#include "portable.h"
#include "suite.h"
#include "threads.h"

#define BATCHES		150
/* A batch takes about this long, if it may have that many operations. */
#define BATCH_NS	100000
/* Of so many tries the best counts: another program may have come between. */
#define TRIES		20
/* But this is not another program. */
#define LONG_NS		20000000

static unsigned int nr_perf;

static u64 one_batch(struct micro *micro, unsigned long ops)
{
	u64 elapsed = threads_run(micro, ops);

	if (micro->reset)
		micro->reset(micro, ops);
	return elapsed;
}

/* How many operations to time at once; warms up, too. */
static unsigned long choose_ops(struct micro *micro)
{
	unsigned long ops = micro->min_ops ? micro->min_ops : 1;

	for (; ops < micro->max_ops; ops *= 2) {
		u64 least = UINT64_MAX;

		for (int i = 0; i < TRIES && (!i || least < LONG_NS); i++) {
			u64 elapsed = one_batch(micro, ops);

			least = min(least, elapsed);
			if (least < BATCH_NS)
				break;
		}
		if (least >= BATCH_NS)
			return ops;
	}
	return micro->max_ops;
}

/* Memory that is still to be freed would be so during the next benchmark. */
static void tear_down(struct micro *micro)
{
	if (micro->end)
		micro->end(micro);
	rcu_barrier();
}

static void report(struct micro *micro, struct bench *b, unsigned long ops,
		   double least_ns, const struct perf *sum)
{
	unsigned int batches = micro->batches ? micro->batches : BATCHES;

	bench_counter(b, "best_ns", least_ns);
	bench_counter(b, "ops_per_s", micro->nr_threads * 1e9 / least_ns);
	bench_counter(b, "batch_ops", ops);
	if (micro->op_bytes)
		bench_counter(b, "GB_per_s", micro->op_bytes / least_ns);
	for (unsigned int i = 0; i < nr_perf; i++)
		bench_counter(b, perf_name(i),
			      (double)sum->value[i] / batches / ops / micro->nr_threads);
	if (micro->report)
		micro->report(micro, b);
}

static void run_timed(struct bench *b, void *ctx)
{
	struct micro *micro = ctx;
	struct perf sum = {};
	double least_ns = 1e18;
	unsigned long ops;

	micro->start(micro);
	threads_start(micro);
	ops = choose_ops(micro);
	while (bench_next(b)) {
		struct perf before, after;
		double ns;

		perf_read(&before);
		ns = (double)threads_run(micro, ops) / ops;
		perf_read(&after);
		if (micro->reset)
			micro->reset(micro, ops);
		for (unsigned int i = 0; i < nr_perf; i++)
			sum.value[i] += after.value[i] - before.value[i];
		bench_time(b, ns);
		if (ns < least_ns)
			least_ns = ns;
	}
	threads_end(micro);
	report(micro, b, ops, least_ns, &sum);
	tear_down(micro);
}

/* One batch, of which callgrind sees nothing but the operations. */
static void count(struct micro *micro)
{
	micro->start(micro);
	/* What happens only once, such as the linking of a symbol. */
	micro->run(micro, 0, micro->insn_ops);
	if (micro->reset)
		micro->reset(micro, micro->insn_ops);
	CALLGRIND_START_INSTRUMENTATION;
	CALLGRIND_ZERO_STATS;
	micro->run(micro, 0, micro->insn_ops);
	CALLGRIND_DUMP_STATS_AT(micro->name);
	CALLGRIND_STOP_INSTRUMENTATION;
	if (micro->reset)
		micro->reset(micro, micro->insn_ops);
	tear_down(micro);
}

/* One batch, of which the plugin sees nothing but the operations, after one that does not count. */
static void count_in_model(struct micro *micro, unsigned long ops)
{
	int i;

	mark(MARK_BENCHMARK);
	micro->start(micro);
	for (i = 0; i < 2; i++) {
		mark(MARK_DROP);
		mark(MARK_BEGIN);
		micro->run(micro, 0, ops);
		mark(MARK_END);
		if (micro->reset)
			micro->reset(micro, ops);
	}
	mark(MARK_KEEP_FIRST);
	tear_down(micro);
}

static struct micro *find(const char *name)
{
	struct micro *micro = suite_next(NULL);

	while (micro && strcmp(micro->name, name))
		micro = suite_next(micro);
	return micro;
}

/* Those that a file lists. */
static int count_listed(const char *path)
{
	FILE *file = fopen(path, "re");
	struct micro *micro;
	char name[sizeof(micro->name)];
	unsigned long ops;

	if (!file)
		err(2, "%s", path);
	while (fscanf(file, "%79s %lu", name, &ops) == 2) {
		micro = find(name);
		if (!micro || micro->nr_threads != 1 || ops > micro->max_ops)
			errx(2, "%s: no benchmark %s of one thread and %lu operations", path, name,
			     ops);
		count_in_model(micro, ops);
	}
	fclose(file);
	return 0;
}

/* Those whose name begins with @suite. */
static int count_all(const char *suite, bool list)
{
	struct micro *micro;

	for (micro = suite_next(NULL); micro; micro = suite_next(micro)) {
		if (!micro->insn_ops || strncmp(micro->name, suite, strlen(suite)))
			continue;
		if (list)
			printf("%s %lu\n", micro->name, micro->insn_ops);
		else
			count(micro);
	}
	return 0;
}

static void register_all(void)
{
	struct micro *micro;

	for (micro = suite_next(NULL); micro; micro = suite_next(micro))
		bench_register(micro->name, run_timed, micro,
			       micro->batches ? micro->batches : BATCHES, 0);
}

int main(int argc, char **argv)
{
	unsigned long max_ranges = 1000000;
	const char *insn = NULL, *listed = NULL;
	bool list = false;
	int failed;

	bench_init(&argc, argv);
	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--max-ranges=", 13))
			max_ranges = strtoul(argv[i] + 13, NULL, 0);
		else if (!strncmp(argv[i], "--insn=", 7))
			insn = argv[i] + 7;
		else if (!strncmp(argv[i], "--count=", 8))
			listed = argv[i] + 8;
		else if (!strcmp(argv[i], "--list-insn"))
			list = true;
		else
			errx(2, "what is '%s'?", argv[i]);
	}
	if (!insn && !list && !listed)
		nr_perf = perf_open();
	kernel_start();
	lookup_add(sysconf(_SC_NPROCESSORS_ONLN));
	destroy_add();
	iova_add(max_ranges);
	extents_add();
	if (listed)
		return count_listed(listed);
	if (insn || list)
		return count_all(insn ? insn : "", list);

	if (!nr_perf && !bench_listing())
		fprintf(stderr, "--> no hardware counters here: time only\n");
	bench_context("hardware_counters", nr_perf ? "yes" : "no");
	register_all();
	failed = bench_run();
	if (failed < 0)
		errx(2, "no benchmark has such a name");
	return failed ? 1 : 0;
}
