/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Leaves: how large the CPU page table's mapping of an address is.
 *
 * A huge leaf tells that 512 or 262144 neighbouring pages are one folio, mapped
 * in one piece, so that a single pin can stand for all of them.
 */
#ifndef IOMMUFD_LEAF_H
#define IOMMUFD_LEAF_H

#include <linux/types.h>

struct mm_struct;
struct page;

/**
 * enum leaf_kind - what the CPU page table holds for an address
 * @LEAF_ABSENT: nothing yet: a fault may put a leaf of any size there
 * @LEAF_SMALL: a table of base pages
 * @LEAF_HUGE: a huge leaf
 */
enum leaf_kind {
	LEAF_ABSENT,
	LEAF_SMALL,
	LEAF_HUGE,
};

/**
 * struct leaf - one look at the CPU page table
 * @kind: what is there
 * @write: the leaf allows writing; only for LEAF_HUGE
 * @order: log2 of the leaf's size in pages; only for LEAF_HUGE
 * @pfn: its first page frame; only for LEAF_HUGE
 */
struct leaf {
	enum leaf_kind kind;
	bool write;
	unsigned int order;
	unsigned long pfn;
};

struct leaf leaf_look_up(struct mm_struct *mm, unsigned long va);
bool leaf_holds(const struct leaf *leaf, unsigned long va, struct page *page,
		bool write);

#endif
