/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STORM_H
#define STORM_H

/*
 * Several threads at the same time. Each has an iommufd and memory of its own, of which its model
 * is exact; the other iommufd is all of theirs, and of what they do in it only the kernel says
 * whether it is well.
 */

#include "run.h"

#define STORM_THREADS 4

struct storm {
	struct prog prog[STORM_THREADS];	/* what each of them runs just now */
	struct prog bad;			/* where an answer was wrong */
	struct outcome outcome;
};

/*
 * For so many seconds, or until stop() says so, which is asked from time to time. Returns false
 * when a model found something.
 */
bool storm_run(struct storm *storm, unsigned int seconds, __u64 seed, bool (*stop)(void));

#endif
