// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware counters. See perf.h.
 */
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "perf.h"

#define CACHE_MISS(which)                                 \
	((which) | PERF_COUNT_HW_CACHE_OP_READ << 8 |     \
	 PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

static const struct event {
	const char *name;
	uint32_t type;
	uint64_t config;
} events[PERF_MAX] = {
	{ "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
	{ "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
	{ "branch_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
	{ "cache_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
	{ "l1d_misses", PERF_TYPE_HW_CACHE, CACHE_MISS(PERF_COUNT_HW_CACHE_L1D) },
	{ "dtlb_misses", PERF_TYPE_HW_CACHE, CACHE_MISS(PERF_COUNT_HW_CACHE_DTLB) },
};

static int fds[PERF_MAX];
static const char *names[PERF_MAX];
static unsigned int nr;

/**
 * perf_open() - start to count
 *
 * To be called before there are threads.
 *
 * Return: how many counters there are.
 */
unsigned int perf_open(void)
{
	for (unsigned int i = 0; i < PERF_MAX; i++) {
		struct perf_event_attr attr = {
			.type = events[i].type,
			.size = sizeof(attr),
			.config = events[i].config,
			.inherit = 1,
			.exclude_kernel = 1,
			.exclude_hv = 1,
		};
		int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

		if (fd < 0)
			continue;
		fds[nr] = fd;
		names[nr++] = events[i].name;
	}
	return nr;
}

/** perf_name() - the name of a counter */
const char *perf_name(unsigned int i)
{
	return names[i];
}

/** perf_read() - read all counters */
void perf_read(struct perf *perf)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (read(fds[i], &perf->value[i], sizeof(uint64_t)) != sizeof(uint64_t))
			perf->value[i] = 0;
	}
}
