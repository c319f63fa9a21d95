// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "../ktap.h"
#include "corpus.h"
#include "state.h"

/* When there are more, one that was there goes for each. */
#define MAX_PROGS 4096

/* Of all threads and processes. */
static struct corpus {
	pthread_mutex_t lock;
	unsigned int nr;
	struct prog prog[MAX_PROGS];
} *corpus;

void corpus_setup(void)
{
	pthread_mutexattr_t attr;

	corpus = shared_alloc(sizeof(*corpus));
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&corpus->lock, &attr);
}

int corpus_load(const char *path)
{
	FILE *from = fopen(path, "re");
	struct prog prog;
	int loaded = 0;

	if (!from)
		return -errno;
	for (; prog_parse(from, &prog); loaded++)
		corpus_add(&prog);
	fclose(from);
	return loaded;
}

void corpus_add(const struct prog *prog)
{
	static __u64 random = 1;

	pthread_mutex_lock(&corpus->lock);
	if (corpus->nr < MAX_PROGS)
		corpus->prog[corpus->nr++] = *prog;
	else
		corpus->prog[ktap_random(&random) % MAX_PROGS] = *prog;
	pthread_mutex_unlock(&corpus->lock);
}

unsigned int corpus_count(void)
{
	return __atomic_load_n(&corpus->nr, __ATOMIC_RELAXED);
}

void corpus_get(unsigned int n, struct prog *prog)
{
	pthread_mutex_lock(&corpus->lock);
	*prog = corpus->prog[n % corpus->nr];
	pthread_mutex_unlock(&corpus->lock);
}

void corpus_next(struct prog *prog, __u64 *random)
{
	struct prog other;

	if (!corpus_count() || !(ktap_random(random) % 5)) {
		prog_make(prog, random);
		return;
	}
	corpus_get(ktap_random(random) >> 8, prog);
	corpus_get(ktap_random(random) >> 8, &other);
	prog_change(prog, &other, random);
}

int corpus_save(const char *path, unsigned int from)
{
	FILE *to = fopen(path, "we");
	unsigned int i;

	if (!to)
		return -errno;
	for (i = from; i < corpus->nr; i++) {
		prog_print(to, &corpus->prog[i]);
		fprintf(to, "\n");
	}
	return fclose(to) ? -errno : 0;
}
