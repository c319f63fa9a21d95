/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways to know which IOVAs are mapped. Each keeps many ranges of a page, in
 * memory of the suite's: an array of struct entry, one cache line each.
 *
 * - ours: kmod/ioas/iova_space.c.
 * - itree: the kernel's interval tree (interval_tree_generic.h over rbtree); room
 *   is found by a scan of the holes.
 */
#ifndef MICRO_RANGES_H
#define MICRO_RANGES_H

#include "ioas/iova_space.h"
#include "portable.h"

/**
 * struct entry - a range
 * @ours: as kmod/ioas/iova_space.c knows it
 * @itree: as the interval tree does
 */
struct entry {
	union {
		struct iova_node ours;
		struct interval_tree_node itree;
	};
} __attribute__((aligned(64)));

/**
 * struct ranges - a way
 * @name: see above
 * @init: start with no ranges
 * @insert: add a range that does not overlap another; false when it does
 * @erase: remove a range
 * @find: the lowest range that has an IOVA in [first, last], or NULL
 * @alloc: add a range of this length, aligned to its length, at the lowest place
 */
struct ranges {
	const char *name;
	void (*init)(void);
	bool (*insert)(struct entry *entry, unsigned long first, unsigned long last);
	void (*erase)(struct entry *entry);
	struct entry *(*find)(unsigned long first, unsigned long last);
	bool (*alloc)(struct entry *entry, unsigned long length_bytes);
};

extern const struct ranges ranges_ours, ranges_itree;

#endif
