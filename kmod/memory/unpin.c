// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extents back to who else has the pages. See pin.h.
 *
 * What unpin_user_page_range_dirty_lock() does, but the statistics are once for a
 * sequence. What is to be made dirty and is not yet, for which the folio is locked, and
 * the page of zeroes, which carries no pin, are left to that call.
 */
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/vmstat.h>

#include "extent.h"
#include "pin.h"

/**
 * struct unpin - the unpinning of runs
 * @dirty: the pages may have been written to
 * @node: where the folios counted in @nr_pins are
 * @nr_pins: pins that are not in the statistics yet
 */
struct unpin {
	bool dirty;
	struct pglist_data *node;
	long nr_pins;
};

static void count_unpins(struct unpin *unpin)
{
	if (unpin->nr_pins)
		mod_node_page_state(unpin->node, NR_FOLL_PIN_RELEASED,
				    unpin->nr_pins);
	unpin->nr_pins = 0;
}

/*
 * @npins pins of @folio, which were taken for pages from @page on. False if it was by
 * the kernel's call.
 */
static bool unpin_folio_pages(struct unpin *unpin, struct folio *folio,
			      struct page *page, int npins)
{
	int refs = npins;

	if (is_zero_folio(folio) || (unpin->dirty && !folio_test_dirty(folio))) {
		unpin_user_page_range_dirty_lock(page, npins, unpin->dirty);
		return false;
	}
	if (folio_pgdat(folio) != unpin->node) {
		count_unpins(unpin);
		unpin->node = folio_pgdat(folio);
	}
	unpin->nr_pins += npins;
	if (folio_has_pincount(folio))
		atomic_sub(npins, &folio->_pincount);
	else
		refs *= GUP_PIN_COUNTING_BIAS;
	folio_put_refs(folio, refs);
	return true;
}

/* Blocks, of each of which there is one pin, or the part of it that the run has. */
static void unpin_blocks(struct unpin *unpin, extent_t e)
{
	unsigned long block_npages = 1UL << extent_pin_order(e);
	unsigned long pfn = extent_pfn(e);

	while (pfn < extent_end_pfn(e)) {
		struct page *page = pfn_to_page(pfn);

		unpin_folio_pages(unpin, page_folio(page), page, 1);
		pfn = ALIGN_DOWN(pfn, block_npages) + block_npages;
	}
}

/* Behind @page in memory; a memory map in one piece is as good as an array. */
static struct page *page_behind(struct page *page)
{
	if (IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP))
		return page + 1;
	return pfn_to_page(page_to_pfn(page) + 1);
}

/*
 * Base pages that follow @page, which was unpinned without the kernel's call,
 * and of which the node, and that they need not be made dirty, is as it was with that
 * one. Returns how many were unpinned; the first one that is not alike is looked at as
 * any other.
 */
static unsigned long unpin_alike(struct unpin *unpin, struct page *page,
				 unsigned long flags, unsigned long max)
{
	unsigned long mask = NODES_MASK << NODES_PGSHIFT | BIT(PG_head);
	unsigned long n;

	if (unpin->dirty) {
		mask |= BIT(PG_dirty);
		flags |= BIT(PG_dirty);
	}
	/* Up to the page of zeroes, which is never the first one. */
	max = min(max, page_to_pfn(ZERO_PAGE(0)) - page_to_pfn(page));
	for (n = 1; n < max; n++) {
		page = page_behind(page);
		if (((READ_ONCE(page->flags.f) ^ flags) & mask) || PageTail(page))
			break;
		folio_put_refs((struct folio *)page, GUP_PIN_COUNTING_BIAS);
	}
	unpin->nr_pins += n - 1;
	return n - 1;
}

/* A pin for each page; of a large folio they go together. */
static void unpin_pages(struct unpin *unpin, extent_t e)
{
	unsigned long pfn = extent_pfn(e);

	while (pfn < extent_end_pfn(e)) {
		unsigned long max = extent_end_pfn(e) - pfn, n = 1;
		struct page *page = pfn_to_page(pfn);
		struct folio *folio = page_folio(page);
		unsigned long flags = READ_ONCE(page->flags.f);

		if (folio_test_large(folio)) {
			n = min(folio_nr_pages(folio) -
				folio_page_idx(folio, page), max);
			unpin_folio_pages(unpin, folio, page, n);
		} else if (unpin_folio_pages(unpin, folio, page, 1) && max > 1) {
			n += unpin_alike(unpin, page, flags, max);
		}
		pfn += n;
	}
}

static void unpin_one_run(struct unpin *unpin, extent_t e)
{
	if (extent_pin_order(e))
		unpin_blocks(unpin, e);
	else
		unpin_pages(unpin, e);
}

/**
 * unpin_run() - give back the pins of one run
 * @e: the run
 * @dirty: the pages were pinned for writing and may have been written to
 *
 * Context: Process; sleeps.
 */
void unpin_run(extent_t e, bool dirty)
{
	struct unpin unpin = { .dirty = dirty };

	unpin_one_run(&unpin, e);
	count_unpins(&unpin);
}

/**
 * unpin_extents() - give back every pin of a sequence, and its memory
 * @ex: the sequence; empty afterwards
 * @dirty: the pages were pinned for writing and may have been written to
 *
 * Context: Process; sleeps.
 */
void unpin_extents(struct extents *ex, bool dirty)
{
	struct unpin unpin = { .dirty = dirty };
	struct extents_iter it;
	unsigned long pfn;

	/* For one page the kernel's call is as good. */
	if (ex->npages == 1 && extents_one_run(ex, 0, 1, &pfn)) {
		unpin_user_page_range_dirty_lock(pfn_to_page(pfn), 1, dirty);
		extents_free(ex);
		return;
	}
	extents_for_each(&it, ex) {
		unpin_one_run(&unpin, it.run);
		if (!extent_pin_order(it.run) && extent_npages(it.run) > 1)
			cond_resched();
		/* Behind many runs of one page, or of few blocks. */
		if (extents_ends_chunk(&it))
			cond_resched();
	}
	count_unpins(&unpin);
	extents_free(ex);
}
