/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EXACT_H
#define EXACT_H

/* The exact mode: processes, one a CPU, each with all that a program can name for itself. */

#include <stdbool.h>

enum exact_end {
	EXACT_GOOD,
	EXACT_FOUND,
	EXACT_DIED,	/* a process was killed, or does not end: the kernel is not to be trusted */
};

/*
 * Programs of the corpus, and then new ones, for so many seconds, or so many programs of each
 * process. progress() is called from time to time.
 */
enum exact_end exact_run(unsigned int nr_workers, unsigned int seconds, unsigned long max,
			 void (*progress)(void));

#endif
