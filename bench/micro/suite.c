// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of micro-benchmarks. See suite.h.
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>

#include "suite.h"

static struct micro all[1024];
static unsigned int nr_all;

/**
 * suite_add() - there is one more benchmark
 * @micro: it, but for its name; copied
 * @fmt: its name
 *
 * Return: the copy, which stays.
 */
struct micro *suite_add(const struct micro *micro, const char *fmt, ...)
{
	struct micro *added = &all[nr_all++];
	va_list args;

	if (nr_all > ARRAY_SIZE(all))
		errx(1, "more benchmarks than suite.c has room for");
	*added = *micro;
	if (!added->nr_threads)
		added->nr_threads = 1;
	va_start(args, fmt);
	vsnprintf(added->name, sizeof(added->name), fmt, args);
	va_end(args);
	return added;
}

/**
 * suite_next() - go through all benchmarks
 * @micro: one, or NULL
 *
 * Return: the one after it, the first one, or NULL.
 */
struct micro *suite_next(struct micro *micro)
{
	struct micro *next = micro ? micro + 1 : all;

	return next < all + nr_all ? next : NULL;
}
