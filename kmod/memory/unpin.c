// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extents back to who else has the pages. See pin.h.
 *
 * What unpin_user_page_range_dirty_lock() does, but the statistics are once for a
 * sequence. The page of zeroes, which carries no pin, and file memory that is to be made
 * dirty and is not yet, for which the folio is locked, are left to that call.
 */
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/unroll.h>
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
 * Makes a folio dirty that is pinned, where that takes no lock: of anonymous memory there
 * is no file that could go away meanwhile, and it does not become part of the swap cache
 * while it is pinned. Returns whether it is dirty.
 */
static __always_inline bool make_dirty(struct folio *folio)
{
	if (folio_test_dirty(folio))
		return true;
	if (!folio_test_anon(folio) || folio_test_swapcache(folio))
		return false;
	folio_mark_dirty(folio);
	return true;
}

/*
 * @npins pins of @folio, which is large or not, taken for pages from @page on. False if
 * it was by the kernel's call.
 */
static __always_inline bool unpin_folio_pages(struct unpin *unpin, struct folio *folio,
					      bool large, struct page *page, int npins)
{
	int refs = npins;

	if ((!large && is_zero_folio(folio)) ||
	    (unpin->dirty && !make_dirty(folio))) {
		unpin_user_page_range_dirty_lock(page, npins, unpin->dirty);
		return false;
	}
	if (folio_pgdat(folio) != unpin->node) {
		count_unpins(unpin);
		unpin->node = folio_pgdat(folio);
	}
	unpin->nr_pins += npins;
	if (large)
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

		unpin_folio_pages(unpin, page_folio(page), true, page, 1);
		pfn = ALIGN_DOWN(pfn, block_npages) + block_npages;
	}
}

/* So many pages are looked at in one go, where there are as many: it is cheaper. */
#define STEP		8

/*
 * Are @nr pages from @page on base pages, whose flags of @mask are these? They are
 * pinned, so none of it changes.
 */
static __always_inline bool are_alike(struct page *page, unsigned long nr,
				      unsigned long flags, unsigned long mask)
{
	unsigned long other = 0, tail = 0;

	unrolled_count(STEP)
	for (unsigned long i = 0; i < nr; i++) {
		/* Other flags may change. */
		other |= data_race(page[i].flags.f) ^ flags;
		tail |= PageTail(page + i);
	}
	return !((other & mask) | tail);
}

/* Are they all dirty, or can be made so here? */
static noinline bool make_pages_dirty(struct page *page, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++) {
		if (PageTail(page + i) || !make_dirty((struct folio *)(page + i)))
			return false;
	}
	return true;
}

/* Unpins them if they are alike, with @unpin->dirty once they are dirty; or returns false. */
static __always_inline bool unpin_if_alike(const struct unpin *unpin, struct page *page,
					   unsigned long nr, unsigned long flags,
					   unsigned long mask)
{
	if (!are_alike(page, nr, flags, mask) &&
	    !(unpin->dirty && make_pages_dirty(page, nr) &&
	      are_alike(page, nr, flags, mask)))
		return false;
	unrolled_count(STEP)
	for (unsigned long i = 0; i < nr; i++)
		folio_put_refs((struct folio *)(page + i), GUP_PIN_COUNTING_BIAS);
	return true;
}

/*
 * Base pages that follow @page, which was unpinned without the kernel's call, and which
 * are of its node. Returns how many were unpinned; the first one that is not alike is
 * looked at as any other.
 */
static unsigned long unpin_alike(struct unpin *unpin, struct page *page,
				 unsigned long flags, unsigned long max)
{
	unsigned long mask = NODES_MASK << NODES_PGSHIFT | BIT(PG_head);
	unsigned long pfn = page_to_pfn(page);
	unsigned long n = 1;

	if (unpin->dirty) {
		mask |= BIT(PG_dirty);
		flags |= BIT(PG_dirty);
	}
	/* Up to the page of zeroes, which is never the first one. */
	max = min(max, page_to_pfn(ZERO_PAGE(0)) - pfn);
	/* And to the end of the page block: so far the memory map is an array. */
	max = min(max, pageblock_end_pfn(pfn) - pfn);
	while (n + STEP <= max && unpin_if_alike(unpin, page + n, STEP, flags, mask))
		n += STEP;
	while (n < max && unpin_if_alike(unpin, page + n, 1, flags, mask))
		n++;
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
		bool large = folio_test_large(folio);

		if (large)
			n = min(folio_nr_pages(folio) -
				folio_page_idx(folio, page), max);
		if (unpin_folio_pages(unpin, folio, large, page, n) && !large)
			n += unpin_alike(unpin, page, flags, max);
		pfn += n;
	}
}

/*
 * What scattered memory mostly is: a base page alone, which need not be made dirty, where
 * the one before it was. Returns false with nothing done for all others.
 */
static __always_inline bool unpin_lone_page(struct unpin *unpin, extent_t e)
{
	unsigned long pfn = extent_pfn(e), flags;
	struct page *page = pfn_to_page(pfn);

	if (extent_npages(e) > 1 || extent_pin_order(e))
		return false;
	flags = READ_ONCE(page->flags.f);
	if (PageTail(page) || flags & BIT(PG_head) || is_zero_pfn(pfn) ||
	    page_pgdat(page) != unpin->node ||
	    (unpin->dirty && !make_dirty((struct folio *)page)))
		return false;
	folio_put_refs((struct folio *)page, GUP_PIN_COUNTING_BIAS);
	unpin->nr_pins++;
	return true;
}

/* Not inline: a lone page has no use for what this keeps on the stack. */
static noinline void unpin_one_run(struct unpin *unpin, extent_t e)
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
		if (!unpin_lone_page(&unpin, it.run))
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
