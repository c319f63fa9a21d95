/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Micro-benchmarks: small operations, timed in batches, or counted.
 *
 * A file adds its benchmarks with suite_add(); main.c then runs them through
 * Google Benchmark at the machine's speed, or once each under callgrind, for
 * the number of instructions.
 */
#ifndef MICRO_SUITE_H
#define MICRO_SUITE_H

#include "portable.h"

struct bench;

/**
 * struct micro - a benchmark
 * @name: suite/operation/.../who, unique
 * @nr_threads: how many do it at the same time; all but the first are extra
 * @min_ops: how many operations a batch has at least, where chance must be evened
 *           out; or 0
 * @max_ops: how many operations a batch may have for each thread
 * @insn_ops: the same when instructions are counted; 0 if they are not to be
 * @batches: how many batches are timed; 0 for the usual number
 * @op_bytes: memory that an operation is about, for a rate; 0 if it has none
 * @start: set up; by the first thread, untimed, before the first batch
 * @reset: be as before the last batch of @ops; the first thread, untimed; or NULL
 * @run: do @ops operations; every thread
 * @background: one step of what another thread does all the while; or NULL
 * @report: add figures of its own; or NULL
 * @end: tear down; or NULL
 * @who: what is measured; for the suite
 * @n: how many there are of it; for the suite
 * @how: in which way; for the suite
 */
struct micro {
	char name[80];
	unsigned int nr_threads;
	unsigned long min_ops;
	unsigned long max_ops;
	unsigned long insn_ops;
	unsigned int batches;
	double op_bytes;
	void (*start)(struct micro *micro);
	void (*reset)(struct micro *micro, unsigned long ops);
	void (*run)(struct micro *micro, unsigned int thread,
		    unsigned long ops);
	void (*background)(struct micro *micro);
	void (*report)(struct micro *micro, struct bench *b);
	void (*end)(struct micro *micro);
	const void *who;
	unsigned long n;
	unsigned int how;
};

struct micro *suite_add(const struct micro *micro, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct micro *suite_next(struct micro *micro);

/* What there is; each adds its benchmarks. */
void lookup_add(unsigned int nr_cpus);
void destroy_add(void);
void iova_add(unsigned long max_ranges);
void extents_add(void);

/* Keep the compiler from seeing that nobody looks at the result. */
static inline void use(unsigned long value)
{
	__asm__ volatile("" : : "r" (value));
}

/** next_random() - a number that is hard to foretell; @state is not 0 */
static inline u32 next_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 32;
}

#endif
