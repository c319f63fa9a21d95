/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An area: memory that is pinned, as runs of physically contiguous pages, and the one place in a
 * domain where it is mapped. A copy of an area has no runs of its own, it borrows them.
 *
 * No locking here: the file that an area belongs to is locked by the caller around every call.
 */
#ifndef BENCH_FLOOR_AREA_H
#define BENCH_FLOOR_AREA_H

#include <linux/iommu.h>
#include <linux/list.h>

/* What one pin stands for, and so what has to be unpinned. */
enum pin_unit {
	PIN_PAGE,	/* a page of 4 KiB */
	PIN_LEAF,	/* a leaf of the CPU page table: area->leaf_npages pages */
	PIN_FOLIO,	/* a folio, or the part of it that the area covers */
};

struct run {
	unsigned long pfn;
	unsigned long npages;
};

/*
 * Runs are kept in blocks, for nobody knows beforehand how many there will be. The first block is
 * part of the area, each other is a page.
 */
struct run_block {
	struct list_head node;
	unsigned int nruns;
	unsigned int max;
	struct run runs[];
};

#define FIRST_RUNS 4
#define MORE_RUNS ((PAGE_SIZE - sizeof(struct run_block)) / sizeof(struct run))

/**
 * struct area - see above
 * @node: in the file's list of areas
 * @blocks: runs in the order of the IOVA; none in a copy
 * @tail: the last of @blocks
 * @last: the last run in @tail
 * @src: the area that a copy borrows its runs from, or NULL
 * @ncopies: how many borrow from this one
 * @iova: where it is mapped, in bytes
 * @npages: its length in pages of 4 KiB
 * @leaf_npages: pages that one pin stands for, if @unit is PIN_LEAF
 * @unit: what one pin stands for
 * @first: the first of @blocks
 */
struct area {
	struct list_head node;
	struct list_head blocks;
	struct run_block *tail;
	struct run *last;
	struct area *src;
	unsigned int ncopies;
	unsigned long iova;
	unsigned long npages;
	unsigned long leaf_npages;
	enum pin_unit unit;
	struct run_block first; /* ends with an array: must be last */
};

struct area *area_pin_memory(unsigned long va, unsigned long npages, unsigned long leaf_npages);
struct area *area_pin_file(struct file *file, loff_t start, unsigned long npages);
struct area *area_borrow(struct area *src);
void area_free(struct area *area);

int area_map(struct area *area, struct iommu_domain *domain);
void area_unmap(struct area *area, struct iommu_domain *domain);

#endif
