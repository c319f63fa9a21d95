/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads, each on a CPU of its own, that do a thing alone or at the same time.
 */
#ifndef E2E_PAIR_H
#define E2E_PAIR_H

#include <linux/types.h>
#include <stdbool.h>

/**
 * typedef pair_fn - what there is to do
 * @ctx: what was given to pair_run()
 * @which: 0 is the caller of pair_run(), 1 the other thread
 *
 * Return: 0 or -errno.
 */
typedef int (*pair_fn)(void *ctx, unsigned int which);

/* Who takes part. */
enum pair_who {
	PAIR_FIRST = 1 << 0,
	PAIR_SECOND = 1 << 1,
	PAIR_BOTH = PAIR_FIRST | PAIR_SECOND,
};

/**
 * pair_start() - bind the caller to the first CPU that it may use, and have another thread on the
 * second one
 *
 * Return: 0, -ENODEV if there is no second CPU, or another -errno.
 */
int pair_start(void);

/**
 * pair_bind() - let the first thread run on its CPU alone, as pair_start() did, or on all
 * @bound: on its own
 *
 * Return: 0 or -errno.
 */
int pair_bind(bool bound);

/**
 * pair_run() - do a thing
 * @fn: what
 * @ctx: for @fn
 * @who: by whom; the other one sleeps
 * @ns: set to the time from the beginning until all are through
 *
 * Return: 0, or what @fn returned if that was an error.
 */
int pair_run(pair_fn fn, void *ctx, enum pair_who who, __u64 *ns);

#endif
