/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Extents: what is pinned, as runs of physically contiguous pages.
 *
 * An extent_t is one run in one 64-bit word: its first pfn, its length, and how
 * many pages one pin stands for. A struct extents is a sequence of them that
 * describes a range of page indexes without holes. Extents are the only record
 * of what was pinned: mapping, unmapping, a second domain, copying and access
 * by the CPU all read them, and never ask an IO page table for an address.
 *
 * Size: 8 bytes a run in chunks of 512, and 48 bytes a chunk to find them by,
 * so 8.1 bytes a page where no two pages are neighbours. Up to
 * EXTENTS_INLINE runs need no allocation at all. No more than a page of memory
 * has to be in one piece, so fragmented memory describes itself: up to 2^34
 * runs, which are 64 TiB of scattered pages.
 *
 * Locking: none here. The owner of a struct extents serializes its changes
 * against everything else; any number of readers may read it at once.
 *
 * This file and extent.c are portable: they build in the kernel and, unchanged,
 * in user space over the kernel tree's own shims.
 */
#ifndef IOMMUFD_EXTENT_H
#define IOMMUFD_EXTENT_H

#include "portable.h"

/* x86, arm64, s390, riscv: a physical address has at most 52 bits. */
#define EXTENT_PFN_BITS		40
#define EXTENT_NPAGES_BITS	19
#define EXTENT_PIN_BITS		5

/* The longest run that one word holds: 2 GiB of 4 KiB pages. */
#define EXTENT_MAX_NPAGES	BIT(EXTENT_NPAGES_BITS)

/**
 * typedef extent_t - a run of physically contiguous, pinned pages
 * @val: packed; use the extent_* functions
 *
 * The pin order says what one pin stands for: an aligned block of
 * 2^order pages. Order 0 is a pin for each page. A run need not begin or end at
 * the edge of a block; each block that it touches carries one pin for it.
 */
typedef struct {
	u64 val;
} extent_t;

/**
 * extent_make() - describe a run
 * @pfn: the first page frame
 * @npages: length in pages, 1 to EXTENT_MAX_NPAGES
 * @pin_order: log2 of the number of pages that one pin stands for
 *
 * Return: the packed run.
 */
static inline extent_t extent_make(unsigned long pfn, unsigned long npages,
				   unsigned int pin_order)
{
	return (extent_t){
		.val = (u64)pfn |
		       (u64)(npages - 1) << EXTENT_PFN_BITS |
		       (u64)pin_order << (EXTENT_PFN_BITS + EXTENT_NPAGES_BITS),
	};
}

/**
 * extent_pfn() - where a run begins
 * @e: the run
 *
 * Return: its first page frame.
 */
static inline unsigned long extent_pfn(extent_t e)
{
	return e.val & ((1ULL << EXTENT_PFN_BITS) - 1);
}

/**
 * extent_npages() - how long a run is
 * @e: the run
 *
 * Return: its length in pages, at least 1.
 */
static inline unsigned long extent_npages(extent_t e)
{
	return ((e.val >> EXTENT_PFN_BITS) & (EXTENT_MAX_NPAGES - 1)) + 1;
}

/**
 * extent_pin_order() - what one pin of a run stands for
 * @e: the run
 *
 * Return: log2 of the number of pages.
 */
static inline unsigned int extent_pin_order(extent_t e)
{
	return e.val >> (EXTENT_PFN_BITS + EXTENT_NPAGES_BITS);
}

/**
 * extent_end_pfn() - where a run ends
 * @e: the run
 *
 * Return: the page frame after its last one.
 */
static inline unsigned long extent_end_pfn(extent_t e)
{
	return extent_pfn(e) + extent_npages(e);
}

/**
 * extent_npins() - how many pins a run holds
 * @e: the run
 *
 * Return: one for each block that it touches.
 */
static inline unsigned long extent_npins(extent_t e)
{
	unsigned int order = extent_pin_order(e);

	return ((extent_end_pfn(e) - 1) >> order) - (extent_pfn(e) >> order) + 1;
}

/**
 * extent_splits_block() - does cutting a run divide a block with one pin?
 * @e: the run
 * @npages: where to cut, in pages from its start, less than its length
 *
 * Return: true when both sides would touch the same block, so that the one pin
 * of the block no longer does and a second one must be taken.
 */
static inline bool extent_splits_block(extent_t e, unsigned long npages)
{
	unsigned long block_npages = 1UL << extent_pin_order(e);

	return npages && ((extent_pfn(e) + npages) & (block_npages - 1));
}

/**
 * extent_clip() - a part of a run
 * @e: the run
 * @skip_npages: where the part begins, in pages from the start of @e
 * @npages: its length
 *
 * Return: the part.
 */
static inline extent_t extent_clip(extent_t e, unsigned long skip_npages,
				   unsigned long npages)
{
	return extent_make(extent_pfn(e) + skip_npages, npages,
			   extent_pin_order(e));
}

#define EXTENTS_INLINE		2
#define EXTENT_CHUNK_LEN	512
#define EXTENT_GROUP_LEN	64
#define EXTENT_CHUNK_NGROUPS	(EXTENT_CHUNK_LEN / EXTENT_GROUP_LEN)

/**
 * struct extent_chunk - up to 512 runs and how to find one of them
 * @run: the runs
 * @first_index: page index of the first run
 * @group_npages: for every group of 64 runs after the first, how far from
 *                @first_index it begins, in pages
 * @nr: number of runs
 * @capacity: number of runs that @run has room for
 */
struct extent_chunk {
	extent_t *run;
	unsigned long first_index;
	u32 group_npages[EXTENT_CHUNK_NGROUPS - 1];
	u16 nr;
	u16 capacity;
};

/**
 * struct extents - a sequence of runs for page indexes 0 to @npages - 1
 * @npages: number of pages described
 * @nr_chunks: number of chunks in use; 0 when all runs are in @few
 * @nr_few: number of runs in @few
 * @chunk: the chunks, in order of index; room for the next power of two
 * @few: the runs of a short sequence
 */
struct extents {
	unsigned long npages;
	u32 nr_chunks;
	u32 nr_few;
	struct extent_chunk *chunk;
	extent_t few[EXTENTS_INLINE];
};

/**
 * struct extents_iter - a position in a sequence of runs
 * @run: the current run
 * @index: the page index of the run that extents_seek() found
 * @extents: private: the sequence
 * @pos: private: where @run is
 * @end: private: the end of its chunk
 * @chunk: private: the number of its chunk
 */
struct extents_iter {
	extent_t run;
	unsigned long index;
	const struct extents *extents;
	const extent_t *pos;
	const extent_t *end;
	u32 chunk;
};

void extents_init(struct extents *ex);
void extents_free(struct extents *ex);
int extents_append(struct extents *ex, unsigned long pfn, unsigned long npages,
		   unsigned int pin_order);
int extents_append_runs(struct extents *ex, const extent_t *run, size_t nr);
int extents_splice(struct extents *ex, struct extents *tail);
int extents_cut(struct extents *ex, unsigned long index, struct extents *tail);
bool extents_seek(const struct extents *ex, unsigned long index,
		  struct extents_iter *it);
bool extents_next_chunk(struct extents_iter *it);
size_t extents_nr_runs(const struct extents *ex);

/**
 * extents_ends_chunk() - do all runs of a chunk lie behind?
 * @it: a position in it
 *
 * Return: true when it is at the last one.
 */
static inline bool extents_ends_chunk(const struct extents_iter *it)
{
	return it->pos + 1 == it->end;
}

/**
 * extents_next() - go on to the next run
 * @it: a position that extents_seek() or extents_next() returned true for
 *
 * Return: false when there is none; @it is then as before.
 */
static inline bool extents_next(struct extents_iter *it)
{
	if (extents_ends_chunk(it))
		return extents_next_chunk(it);
	it->run = *++it->pos;
	return true;
}

/**
 * extents_one_run() - look up pages of a sequence that is just one run
 * @ex: the sequence
 * @index: the first page
 * @npages: how many
 * @pfn: set to the first page frame
 *
 * The short way for the mapping of one page or one huge page.
 *
 * Return: false when there are more runs, or it ends before the pages do.
 */
static inline bool extents_one_run(const struct extents *ex,
				   unsigned long index, unsigned long npages,
				   unsigned long *pfn)
{
	if (ex->nr_few != 1 || index + npages > ex->npages)
		return false;
	*pfn = extent_pfn(ex->few[0]) + index;
	return true;
}

/**
 * extents_first() - extents_seek() to the start
 * @ex: the sequence
 * @it: where to put the position
 *
 * Return: false when there is nothing.
 */
static inline bool extents_first(const struct extents *ex,
				 struct extents_iter *it)
{
	if (!ex->npages)
		return false;
	it->extents = ex;
	it->chunk = 0;
	it->pos = ex->nr_chunks ? ex->chunk->run : ex->few;
	it->end = it->pos + (ex->nr_chunks ? ex->chunk->nr : ex->nr_few);
	it->run = *it->pos;
	it->index = 0;
	return true;
}

/**
 * extents_for_each() - visit every run, in order of index
 * @it: a pointer to the position, which is at each of them in turn
 * @ex: the sequence
 */
#define extents_for_each(it, ex)                       \
	for (bool __more = extents_first(ex, it); __more; \
	     __more = extents_next(it))

#endif
