/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is counted beside instructions, in the windows of mark.h: what happened (loads, stores,
 * locked operations, iterations of string instructions), and what a model of a CPU says that it led
 * to (model.h). Data only: what fetching instructions costs is not in it.
 */
#ifndef PROFILE_COUNTS_H
#define PROFILE_COUNTS_H

#include <stdint.h>

enum what {
	INSNS,		/* executed */
	CALLS,		/* how often a function was entered */
	LOADS,
	STORES,
	MMIO,		/* of the two, those that went to a device */
	LINES,		/* different cache lines in a round, at the first access */
	STREAMED,	/* misses of the first cache that a prefetcher has foreseen; in none of: */
	L1_MISSES,
	L2_MISSES,
	LLC_MISSES,
	TLB_MISSES,	/* of the first level */
	WALKS,		/* misses of the last level: the page table is read */
	ATOMICS,	/* atomic operations on memory */
	MISPREDICTED,
	STRINGS,	/* iterations of a repeated stos or movs, which are instructions as well */
	STRING_BYTES,	/* what those have written */
	COUNTS
};

struct counts {
	uint64_t of[COUNTS];
};

#endif
