/* SPDX-License-Identifier: GPL-2.0-only */
/* What a program has to say: what ran, what went wrong, and figures made of many. */
#ifndef E2E_REPORT_H
#define E2E_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "../shim/bench.h"
#include "peer.h"
#include "shape.h"

#define REPORT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Ends the program with a line on standard error and exit status 2: nothing could be run. */
void report_die(const char *what, const char *why);

/**
 * report_peer() - the peer of this name
 * @name: from the command line
 * @peers: which there are; ends with NULL
 *
 * Return: the peer; without one the program ends.
 */
const struct peer *report_peer(const char *name, const struct peer *const *peers);

/**
 * report_options() - what a program was told that Google Benchmark left
 * @argc: as main() has it
 * @argv: as main() has it
 * @program: its name
 * @peers: which there are; ends with NULL
 * @bdf: set to the device if one is named; NULL if none may be
 *
 * Return: the peer; without one, or where there is more, the program ends.
 */
const struct peer *report_options(int argc, char **argv, const char *program,
				  const struct peer *const *peers, const char **bdf);

/* Runs the benchmarks that are wanted; returns the exit status. Without any the program ends. */
int report_run(void);

/* What the report has to say about what ran: the kernel, and exactly which modules. */
void report_context(const struct peer *peer);

/* Reports what failed with -errno, unless @rc is 0; returns whether it did. */
bool report_failed(struct bench *b, const char *what, int rc);

/* shape_get(), and reports what went wrong. */
const struct shape *report_shape(struct bench *b, const struct shape_kind *kind);

/**
 * report_percentile() - the value that so many of a hundred do not exceed
 * @values: are sorted
 * @count: how many there are, at least one
 * @percent: 50 for the median, 0 for the least
 */
double report_percentile(double *values, size_t count, unsigned int percent);

#endif
