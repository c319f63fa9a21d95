/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Found: pages that are pinned where they are found, and not by the kernel's calls.
 * Which of them may be pinned for long, the runs that they become, and how many there
 * are for the statistics.
 *
 * Folios of ZONE_MOVABLE, of CMA and of page blocks about to be isolated are left to
 * the kernel, which moves them, and device memory, which it may refuse. The kernel's
 * own question for the page block is not exported: is_pinnable_block() reads the bits,
 * of the kernels that Kbuild knows. As with the kernel, who isolates a block at this
 * moment finds a pinned page and gives up.
 *
 * All of it is inline: it is done once for each folio.
 */
#ifndef IOMMUFD_FOUND_H
#define IOMMUFD_FOUND_H

#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page_ref.h>
#include <linux/vmstat.h>

#include "extent.h"

/* So many page blocks need not be asked for again; scattered memory changes between. */
#define FOUND_NR_BLOCKS	8

/**
 * struct found - what was pinned
 * @block: page blocks that were seen to be pinnable, each at its place (found_slot())
 * @node: where the folios counted in @nr_pins are
 * @nr_pins: pins that are not in the statistics yet
 * @run: room for runs
 * @max_runs: for how many
 * @nr_runs: how many there are
 */
struct found {
	unsigned long block[FOUND_NR_BLOCKS];
	struct pglist_data *node;
	long nr_pins;
	extent_t *run;
	unsigned int max_runs;
	unsigned int nr_runs;
};

/* Nothing yet: no page block has this number. */
#define FOUND_NONE(_run, _max_runs)				\
	{							\
		.block = { [0 ... FOUND_NR_BLOCKS - 1] = ULONG_MAX },	\
		.run = (_run),					\
		.max_runs = (_max_runs),			\
	}

/* Blocks that are a power of two apart have places of their own, too. */
static inline unsigned int found_slot(unsigned long block)
{
	return (block ^ block >> 4) % FOUND_NR_BLOCKS;
}

#ifdef CONFIG_CMA
#if !defined(CONFIG_SPARSEMEM) || !defined(__LITTLE_ENDIAN)
#error "The migrate type of a page block is not where it is looked for"
#endif

/* As the kernel's own code has it: one that has it otherwise is to be read first. */
static_assert(NR_PAGEBLOCK_BITS == BITS_PER_BYTE);
static_assert(PAGEBLOCK_MIGRATETYPE_MASK == 7 && PAGEBLOCK_ISO_MASK == 0x10 &&
	      !(MIGRATE_CMA & ~PAGEBLOCK_MIGRATETYPE_MASK));

/* What get_pfnblock_migratetype() does, which modules can not call. */
static inline bool is_pinnable_block(unsigned long pfn)
{
	const u8 *flags = (const u8 *)__pfn_to_section(pfn)->usage->pageblock_flags;
	u8 block = READ_ONCE(flags[(pfn & (PAGES_PER_SECTION - 1)) >>
				   pageblock_order]);

	return !(block & PAGEBLOCK_ISO_MASK) &&
	       (block & PAGEBLOCK_MIGRATETYPE_MASK) != MIGRATE_CMA;
}
#else
static inline bool is_pinnable_block(unsigned long pfn)
{
	return true;
}
#endif

/**
 * found_is_pinnable() - is a folio of such memory as may be pinned for long?
 * @folio: the folio; it can not be freed
 *
 * Return: true if it may, false if that is for the kernel to say.
 */
static inline bool found_is_pinnable(struct folio *folio)
{
	return !folio_is_zone_movable(folio) && !folio_is_zone_device(folio) &&
	       is_pinnable_block(folio_pfn(folio)) &&
	       /* Beyond what can be counted: for the kernel to refuse. */
	       folio_ref_count(folio) > 0;
}

/**
 * found_try_pin() - take a pin of what may be freed at any time
 * @folio: what is believed to be a folio
 *
 * A count of 0, which what is free or a tail has, is not raised. With the pin it stays
 * the folio that it is, and as large.
 *
 * Return: true if it was taken. It is not in the statistics.
 */
static inline bool found_try_pin(struct folio *folio)
{
	bool large = test_bit(PG_head, &folio->flags.f);
	int refs = large ? 1 : GUP_PIN_COUNTING_BIAS;

	if (!folio_ref_try_add(folio, refs))
		return false;
	if (unlikely(test_bit(PG_head, &folio->flags.f) != large)) {
		folio_put_refs(folio, refs);
		return false;
	}
	if (large)
		atomic_inc(&folio->_pincount);
	/* Before the next look at where it was found. */
	smp_mb__after_atomic();
	return true;
}

/**
 * found_undo_pin() - take back a pin that is not in the statistics
 * @folio: what found_try_pin() pinned
 */
static inline void found_undo_pin(struct folio *folio)
{
	int refs = 1;

	if (folio_has_pincount(folio))
		atomic_dec(&folio->_pincount);
	else
		refs = GUP_PIN_COUNTING_BIAS;
	folio_put_refs(folio, refs);
}

/**
 * found_block_is_pinnable() - may what is in the page block of a page be pinned for long?
 * @found: what was pinned before; gets the block
 * @pfn: the page, of which the zone is known to be one that may
 *
 * Return: true if it may, false if that is for the kernel to say.
 */
static inline bool found_block_is_pinnable(struct found *found, unsigned long pfn)
{
	unsigned long block = pfn >> pageblock_order;
	unsigned long *seen = &found->block[found_slot(block)];

	if (*seen != block) {
		if (!is_pinnable_block(pfn))
			return false;
		*seen = block;
	}
	return true;
}

/**
 * found_may_be_pinned() - found_is_pinnable(), of many
 * @found: what was pinned before
 * @folio: the folio; it can not be freed
 *
 * Return: true if it may, false if that is for the kernel to say.
 */
static inline bool found_may_be_pinned(struct found *found, struct folio *folio)
{
	return !folio_is_zone_movable(folio) && !folio_is_zone_device(folio) &&
	       found_block_is_pinnable(found, folio_pfn(folio)) &&
	       /* Beyond what can be counted: for the kernel to refuse. */
	       folio_ref_count(folio) > 0;
}

/**
 * found_add() - write a run down
 * @found: what was pinned before
 * @pfn: the first page frame
 * @npages: how many pages
 * @order: log2 of the pages of their folio, of which one pin stands for them
 *
 * Neighbours join as extents do, and not within a block: there each has a pin of
 * its own.
 *
 * Return: false if there is no room.
 */
static inline bool found_add(struct found *found, unsigned long pfn,
			     unsigned long npages, unsigned int order)
{
	if (found->nr_runs) {
		extent_t *last = &found->run[found->nr_runs - 1];

		if (extent_end_pfn(*last) == pfn &&
		    extent_pin_order(*last) == order &&
		    IS_ALIGNED(pfn, 1UL << order)) {
			*last = extent_make(extent_pfn(*last),
					    extent_npages(*last) + npages, order);
			return true;
		}
	}
	if (found->nr_runs == found->max_runs)
		return false;
	found->run[found->nr_runs++] = extent_make(pfn, npages, order);
	return true;
}

/**
 * found_lengthen() - add base pages that follow the last run
 * @found: what was pinned before; the last page of it is a base page
 * @npages: how many
 */
static inline void found_lengthen(struct found *found, unsigned long npages)
{
	extent_t *last = &found->run[found->nr_runs - 1];

	*last = extent_make(extent_pfn(*last), extent_npages(*last) + npages, 0);
}

/**
 * found_settle() - bring the statistics up to date
 * @found: what was pinned
 */
static inline void found_settle(struct found *found)
{
	if (found->nr_pins)
		mod_node_page_state(found->node, NR_FOLL_PIN_ACQUIRED,
				    found->nr_pins);
	found->nr_pins = 0;
}

/**
 * found_count() - count one pin
 * @found: what was pinned before
 * @folio: of which
 */
static inline void found_count(struct found *found, struct folio *folio)
{
	if (folio_pgdat(folio) != found->node) {
		found_settle(found);
		found->node = folio_pgdat(folio);
	}
	found->nr_pins++;
}

#endif
