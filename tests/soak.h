/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOAK_H
#define SOAK_H

/*
 * The suites of soak_test: much of everything, for long. One file a suite. What they share: how
 * much it is, the longest time that anything kept preemption or interrupts off, and what the kernel
 * has left when it is over.
 */

#include <linux/types.h>
#include <stdbool.h>

#include "ktap.h"

/*
 * How much, from the environment: of a kernel full of sanitizers not as much can be asked. By
 * default 10^7 mappings, 10^5 objects, 4000 iommufds, 64 devices and 120 seconds.
 */
struct soak_size {
	unsigned long mappings;		/* MAPPINGS: live, of one IOAS */
	unsigned long objects;		/* OBJECTS: of all iommufds */
	unsigned int iofds;		/* IOFDS */
	unsigned int devices;		/* DEVICES, with a domain each, of one IOAS */
	unsigned int seconds;		/* FOR: of load; by the guest's clock */
	unsigned long many;		/* MANY: of what a single call has to go through */
};

extern struct soak_size soak;

/*
 * The longest time that preemption or interrupts were off, whoever did it: ftrace's own tracer
 * preemptirqsoff, where the kernel has it. And the longest that one of our spinlocks was held,
 * where the kernel has statistics of locks. HOLD_LIMIT_US is a limit in microseconds, and none
 * without it.
 *
 * holds_begin() forgets what was; holds_end() prints the longest since then, with the functions at
 * both ends or the lock, and fails the case when it is beyond the limit.
 */
int holds_open(void);
void holds_begin(void);
void holds_end(const char *what);

/*
 * What the kernel has of memory that nobody sees, and of what was made here. left_check() waits
 * until it is no more than before, and returns how many of its numbers are more after all, which it
 * prints. Slack is memory that the allocators keep for the next time: see soak_left.c.
 */
struct left {
	long long slab_kib;		/* SUnreclaim */
	long long percpu_kib;
	long long vmalloc_kib;
	long long stack_kib;		/* KernelStack */
	long long tables_kib;		/* PageTables and SecPageTables: IO page tables, too */
	long long pins;
	long long files;		/* open files of the whole system */
	long long module_users;		/* of iommufd.ko */
	long long devices;		/* of the mock IOMMU's bus */
	long long groups;		/* IOMMU groups */
};

struct left left_take(void);
int left_check(const struct left *before);
void left_print(const char *what, const struct left *left);

/* Many iommufds, each with its share of objects. */
struct crowd {
	unsigned int iofds;
	unsigned int devices;		/* the first ones have a mock device */
	unsigned int each;		/* objects */
	int *iofd;
	__u32 *ioas;			/* one of each */
};

void crowd_open(struct crowd *crowd);
void crowd_close(struct crowd *crowd);

/* Closes one of them, and opens another in its place. */
void crowd_renew(struct crowd *crowd, unsigned int index);

/* Destroys its IOAS, and makes another. */
bool crowd_exchange(struct crowd *crowd, unsigned int index);

extern const struct ktap_suite soak_load;
extern const struct ktap_suite soak_long;

#endif
