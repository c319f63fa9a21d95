// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "../ktap.h"
#include "corpus.h"

/* When there are more, one that was there goes for each. */
#define MAX_PROGS 4096

static struct prog progs[MAX_PROGS];
static unsigned int nr;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

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

	pthread_mutex_lock(&lock);
	if (nr < MAX_PROGS)
		progs[nr++] = *prog;
	else
		progs[ktap_random(&random) % MAX_PROGS] = *prog;
	pthread_mutex_unlock(&lock);
}

unsigned int corpus_count(void)
{
	return __atomic_load_n(&nr, __ATOMIC_RELAXED);
}

void corpus_get(unsigned int n, struct prog *prog)
{
	pthread_mutex_lock(&lock);
	*prog = progs[n % nr];
	pthread_mutex_unlock(&lock);
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
	for (i = from; i < nr; i++) {
		prog_print(to, &progs[i]);
		fprintf(to, "\n");
	}
	return fclose(to) ? -errno : 0;
}
