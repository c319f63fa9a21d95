/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Race points: places between two steps at which a test can hold a thread, until
 * another one has done what must not go wrong there.
 *
 * A point is named after its file and what was done last, "object:released".
 * Only in kernels that are configured for tests; in others it is nothing.
 *
 * This file is portable, as memory/extent.h says.
 */
#ifndef IOMMUFD_RACE_POINT_H
#define IOMMUFD_RACE_POINT_H

#ifdef CONFIG_IOMMUFD_TEST

struct task_struct;

/* What a test does at a point; set while it has threads that pass some. */
typedef void (*race_point_fn)(const char *name);

void race_point(const char *name);
void race_point_set(race_point_fn fn);
const char *race_point_lock_between(const struct task_struct *waiter,
				    const struct task_struct *holder);

#else

/**
 * race_point() - nothing, outside of tests
 * @name: of the point
 */
static inline void race_point(const char *name)
{
}

#endif

#endif
