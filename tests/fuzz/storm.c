// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../ktap.h"
#include "corpus.h"
#include "kcov.h"
#include "state.h"
#include "storm.h"

/* So many programs of a thread until what is shared is another one. */
#define RENEW	64

static struct world shared;
static bool over;

static bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_RELAXED);
}

/*
 * Of half of the programs all calls go to what is shared, of the others none. Nor do these name
 * what is in there, which the model does not know. Returns which it is.
 */
static bool share(struct prog *prog, __u64 *random)
{
	bool all = ktap_random(random) >> 8 & 1;
	unsigned int i, j;

	for (i = 0; i < prog->nr; i++) {
		struct call *call = &prog->call[i];

		/* Threads meet as it is. */
		call->hold = 0;
		if (ops[call->op].arg[0] != ARG_FD)
			continue;
		call->arg[0] = all ? NR_FDS - 1 : 0;
		for (j = 1; j < 4 && j < ops[call->op].nr_args; j++) {
			if (ops[call->op].arg[j] <= ARG_OBJECT)
				call->arg[j] &= ~65536ULL;
		}
	}
	return all;
}

/* What is mapped where others write to is not what the model knows the content of. */
static struct outcome run_with(const struct prog *prog, bool shared_memory)
{
	struct outcome outcome;

	if (shared_memory)
		world_swap();
	outcome = run_prog(prog);
	if (shared_memory)
		world_swap();
	return outcome;
}

/*
 * Another one in place of what is shared, with whatever calls are on their way in the old one. It
 * would else grow for as long as there is time.
 */
static void renew_shared(void)
{
	int *fd = &shared.fd[NR_FDS - 1], new = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	if (new < 0 || dup3(new, *fd, O_CLOEXEC) != *fd)
		exit(2);
	close(new);
}

static void *work(void *arg)
{
	unsigned int n = (long)arg;
	__u64 random = ktap_seed() + 1000 + n;
	struct seat *seat = &state->seat[n];
	struct outcome outcome;
	struct prog prog;
	bool all;

	run_init(&shared);
	kcov_open();
	while (!is_over()) {
		if (!n && seat->programs % RENEW == RENEW - 1)
			renew_shared();
		corpus_next(&prog, &random);
		all = share(&prog, &random);
		seat_enter(seat, &prog);
		kcov_start();
		outcome = run_with(&prog, all);
		if (kcov_stop())
			corpus_add(&prog);
		seat_leave(seat);
		if (!outcome.wrong)
			continue;
		snprintf(seat->why, sizeof(seat->why), "call %u, %s: %s", outcome.at + 1,
			 ops[prog.call[outcome.at].op].name, outcome.wrong);
		memcpy(seat->answer, run_answer, sizeof(seat->answer));
		seat->outcome = outcome;
		seat->found = true;
		__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void open_shared(void)
{
	unsigned int f = NR_FDS - 1;

	memset(&shared, 0, sizeof(shared));
	shared.t[f] = &shared.own[f];
	memset(shared.own[f].file, -1, sizeof(shared.own[f].file));
	shared.fd[f] = open("/dev/iommu", O_RDWR | O_CLOEXEC);
}

static void close_shared(void)
{
	struct table *table = shared.t[NR_FDS - 1];
	unsigned int kind, slot;

	for (kind = 0; kind < NR_FILE_KINDS; kind++) {
		for (slot = 0; slot < NR_SLOTS; slot++) {
			if (table->file[kind][slot] >= 0)
				close(table->file[kind][slot]);
		}
	}
	close(shared.fd[NR_FDS - 1]);
}

bool storm_run(unsigned int seconds, bool (*stop)(void))
{
	const struct timespec nap = { .tv_nsec = 200 * 1000 * 1000 };
	time_t end = time(NULL) + seconds;
	pthread_t thread[STORM_THREADS];
	bool good = true;
	unsigned int i;

	open_shared();
	for (i = 0; i < STORM_THREADS; i++) {
		if (pthread_create(&thread[i], NULL, work, (void *)(long)i))
			exit(2);
	}
	while (!is_over() && time(NULL) < end) {
		nanosleep(&nap, NULL);
		if (stop())
			break;
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (i = 0; i < STORM_THREADS; i++) {
		pthread_join(thread[i], NULL);
		good = good && !state->seat[i].found;
	}
	close_shared();
	return good;
}
