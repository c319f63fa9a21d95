/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Google Benchmark for programs in C.
 *
 * A program calls bench_init(), then bench_register() for every benchmark, then bench_run(), which
 * runs them one after another in the order of registration. All of Google Benchmark's own
 * command-line flags work, and its reports come out as it makes them (--benchmark_out=FILE writes
 * its JSON), with two differences that the names need: a benchmark is reported, listed and filtered
 * by exactly the name it was registered with, without the "/iterations:3/manual_time" that Google
 * Benchmark adds; and --benchmark_out_format is always json.
 *
 * Time is only what a benchmark says (bench_time()), so that what surrounds an operation is not in
 * it.
 *
 * Single-threaded: no function here may be called from two threads.
 */
#ifndef BENCH_SHIM_H
#define BENCH_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One run of one benchmark; only ever handed to its function. */
struct bench;

/**
 * typedef bench_fn - a benchmark
 * @b: its run
 * @ctx: what was given to bench_register()
 *
 * Does what it needs beforehand, then, while bench_next(), one iteration.
 */
typedef void (*bench_fn)(struct bench *b, void *ctx);

/* What bench_now() counts. */
enum bench_clock {
	BENCH_CLOCK_NS,		/* CLOCK_MONOTONIC_RAW */
	BENCH_CLOCK_INSN,	/* the CPU's tick counter, which counts instructions here */
};

/**
 * bench_init() - read the flags that are Google Benchmark's out of the command line
 * @argc: length of @argv; both are left with what is not Google Benchmark's
 * @argv: the command line
 */
void bench_init(int *argc, char **argv);

/**
 * bench_clock() - what bench_now() counts on this machine
 *
 * Found out by bench_init(). Under QEMU's "-icount shift=0" the tick counter goes up by one for
 * each executed instruction; that is proved here with a known number of instructions and not taken
 * from an option. Then the counter is read directly: two readings cost 4 instructions, two of
 * clock_gettime() cost 69, which would be 2 % of a map of one page.
 */
enum bench_clock bench_clock(void);

/**
 * bench_context() - add a line to the "context" of the report
 * @key: must not be one that was used before
 * @value: any text
 */
void bench_context(const char *key, const char *value);

/**
 * bench_register() - add a benchmark, if --benchmark_filter wants it
 * @name: its whole name
 * @fn: called once for each repetition
 * @ctx: passed to @fn; must stay until bench_run() is over
 * @iterations: how often bench_next() returns true in a repetition
 * @repetitions: 1, or more to have statistics; 0 leaves it to --benchmark_repetitions
 */
void bench_register(const char *name, bench_fn fn, void *ctx, unsigned int iterations,
		    unsigned int repetitions);

/**
 * bench_listing() - whether bench_run() is only to list what was registered
 *
 * Return: true with --benchmark_list_tests.
 */
bool bench_listing(void);

/**
 * bench_run() - run, or with --benchmark_list_tests list, what was registered
 *
 * Return: how many benchmarks failed, -1 if none was registered.
 */
int bench_run(void);

/**
 * bench_next() - go on to the next iteration
 * @b: the run
 *
 * Return: true if there is one; each is to end with one bench_time().
 */
bool bench_next(struct bench *b);

/**
 * bench_time() - say what the operation of this iteration took
 * @b: the run
 * @elapsed: difference of two bench_now(); may be a fraction if the iteration was a batch
 */
void bench_time(struct bench *b, double elapsed);

/**
 * bench_mean() - what an iteration of this run took so far
 * @b: the run
 *
 * Return: the mean of all bench_time(), 0 without any.
 */
double bench_mean(const struct bench *b);

/**
 * bench_counter() - report a figure beside the time
 * @b: the run
 * @name: of the counter
 * @value: its value in this run; set again, the last one counts
 */
void bench_counter(struct bench *b, const char *name, double value);

/**
 * bench_fail() - report an error in place of a time; bench_next() returns false from here on
 * @b: the run
 * @text: what went wrong; copied
 */
void bench_fail(struct bench *b, const char *text);

/* Set by bench_init(); in the header so that bench_now() is inlined. */
extern bool bench_ticks_are_insns;

/**
 * bench_ticks() - read what the CPU counts time by, which user space may
 *
 * Return: a count; 0 where it is not known how to.
 */
static inline uint64_t bench_ticks(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	asm volatile("mrs %0, cntvct_el0" : "=r" (ticks));
	return ticks;
#else
	return 0;
#endif
}

/**
 * bench_now() - read the clock
 *
 * Return: a point in time, in what bench_clock() says.
 */
static inline uint64_t bench_now(void)
{
	struct timespec ts;

	if (bench_ticks_are_insns)
		return bench_ticks();
	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

#ifdef __cplusplus
}
#endif

#endif
