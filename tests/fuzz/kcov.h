/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KCOV_H
#define KCOV_H

/*
 * Which code of the module a thread has come through, where the kernel can tell (CONFIG_KCOV) and
 * the module was built to (KCOV_INSTRUMENT=y).
 */

#include <stdbool.h>

/* Before all else, and before a fork. */
void kcov_setup(void);

/* For the calling thread. Returns false without it. */
bool kcov_open(void);

void kcov_start(void);

/* How many ways from place to place there were since kcov_start() that nobody had come before. */
unsigned int kcov_stop(void);

/* All there were so far, of all threads and processes. */
unsigned int kcov_count(void);

#endif
