/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A batch of operations by several threads at the same time, and another one in
 * the background.
 */
#ifndef MICRO_THREADS_H
#define MICRO_THREADS_H

#include "portable.h"

struct micro;

void threads_start(struct micro *micro);
u64 threads_run(struct micro *micro, unsigned long ops);
void threads_end(struct micro *micro);

/* A number of its own for each thread, from 0; the background has one, too. */
extern __thread unsigned int thread_nr;

#define THREADS_MAX	64

#endif
