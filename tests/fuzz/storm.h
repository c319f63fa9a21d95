/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STORM_H
#define STORM_H

/*
 * Several threads at the same time. Each has an iommufd and memory of its own, of which its model
 * is exact; the other iommufd is all of theirs, and of what they do in it only the kernel says
 * whether it is well.
 */

#include <stdbool.h>

#define STORM_THREADS 4

/*
 * For so many seconds, or until stop() says so, which is asked from time to time. Each thread has a
 * seat. Returns false when a model found something.
 */
bool storm_run(unsigned int seconds, bool (*stop)(void));

#endif
