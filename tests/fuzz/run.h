/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RUN_H
#define RUN_H

/* Programs, run: with a model of what must be true beside them. */

#include "prog.h"

struct outcome {
	const char *wrong;	/* NULL: nothing */
	unsigned int at;	/* the call */
	long ret;
	unsigned int reached;	/* how many that were to fail or to stand still have */
	bool waited;		/* one had to wait for another that stood still */
};

struct answer {
	long ret;
	__u64 out;		/* such as an ID */
	bool fired;		/* what was to fail in it has */
};

/* What the calls of the last program of the calling thread answered, up to the one in outcome. */
extern __thread struct answer run_answer[MAX_CALLS];

void run_print_answer(const struct call *call, const struct answer *answer);

/* Before all else, and before a fork: what is counted is counted for all. */
void run_setup(void);

/* For the calling thread, once. shared: iommufds of all threads, or NULL. */
void run_init(struct world *shared);

/* Only what a thread needs that makes calls for another. */
void run_init_thread(void);

/* In a world as it was at first, which it is again afterwards. */
struct outcome run_prog(const struct prog *prog);

/* The calls so far, of all threads and processes; and those of them that succeeded. */
unsigned long long run_ioctls(void);
unsigned long long run_good(void);

/* Print each call with its answer. */
extern bool run_verbose;

/* How often each call was made, and succeeded. */
void run_print_counts(FILE *to);

#endif
