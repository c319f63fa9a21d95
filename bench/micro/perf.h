/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hardware counters, as far as the machine has them and lets us: of this
 * process and all its threads.
 */
#ifndef MICRO_PERF_H
#define MICRO_PERF_H

#include <stdint.h>

#define PERF_MAX	6

/**
 * struct perf - a reading
 * @value: of each counter that there is
 */
struct perf {
	uint64_t value[PERF_MAX];
};

unsigned int perf_open(void);
const char *perf_name(unsigned int i);
void perf_read(struct perf *perf);

#endif
