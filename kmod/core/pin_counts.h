/* SPDX-License-Identifier: GPL-2.0-only */
/* What is pinned, in numbers, for people to look at. */
#ifndef IOMMUFD_PIN_COUNTS_H
#define IOMMUFD_PIN_COUNTS_H

#include <linux/types.h>

/**
 * enum pin_leaf - how much one pin stands for
 * @PIN_LEAF_4K: a base page
 * @PIN_LEAF_2M: a leaf of the second level of the CPU page table, or as large a folio
 * @PIN_LEAF_1G: one of the third level
 * @PIN_LEAF_OTHER: a folio of a file, or of hugetlbfs, that is of another size
 * @PIN_NR_LEAVES: how many there are
 */
enum pin_leaf {
	PIN_LEAF_4K,
	PIN_LEAF_2M,
	PIN_LEAF_1G,
	PIN_LEAF_OTHER,
	PIN_NR_LEAVES,
};

/**
 * struct pin_counts - what is pinned
 * @nr_runs: runs of neighbouring page frames
 * @npages: pages, by what a pin stands for
 * @npins: pins, likewise
 * @nr_helpers: how many threads helped to pin it, at once
 * @end_pfn: private: where the last run ended, of which more may come
 */
struct pin_counts {
	u64 nr_runs;
	u64 npages[PIN_NR_LEAVES];
	u64 npins[PIN_NR_LEAVES];
	unsigned int nr_helpers;
	unsigned long end_pfn;
};

#endif
