// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a file has already. See walk.h.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/xarray.h>

#include "found.h"
#include "walk.h"

/* Folios that one section of RCU is for: as many as one run holds all that they may have of. */
#define MAX_FOLIOS	MIN(512UL, EXTENT_MAX_NPAGES >> PMD_ORDER)

/*
 * A pin, of what may leave the file at any time. False if it did, or is about to: what
 * took the folio's place is not what was asked for.
 */
static bool get_pin(struct xa_state *xas, struct folio *folio)
{
	if (!found_try_pin(folio))
		return false;
	if (folio == xas_reload(xas))
		return true;
	found_undo_pin(folio);
	return false;
}

/* Pin what a folio has from @index on, at most @npages. Returns how many, or 0. */
static unsigned long pin_folio(struct found *found, struct xa_state *xas,
			       struct folio *folio, pgoff_t index,
			       unsigned long npages)
{
	unsigned int order = 0;
	unsigned long pfn, skip;

	if (!get_pin(xas, folio))
		return 0;
	pfn = folio_pfn(folio);
	if (folio_test_large(folio)) {
		order = folio_large_order(folio);
		skip = index - folio->index;
		npages = min(npages, (1UL << order) - skip);
		pfn += skip;
	} else {
		npages = 1;
	}
	if (!folio_test_uptodate(folio) || folio_contain_hwpoisoned_page(folio) ||
	    !found_may_be_pinned(found, folio) ||
	    !found_add(found, pfn, npages, order)) {
		found_undo_pin(folio);
		return 0;
	}
	found_count(found, folio);
	return npages;
}

/* What of a folio's flags is the same for folios that are alike. */
#define ALIKE_FLAGS	(ZONES_MASK << ZONES_PGSHIFT | NODES_MASK << NODES_PGSHIFT | \
			 BIT(PG_head) | BIT(PG_uptodate) | __PG_HWPOISON)

/*
 * Base pages that follow @folio, the one that was pinned last and is a base page, in memory
 * and in the file, and of which all is the same that was asked of that one. @next is what
 * follows it in the file, and then what follows them. Returns how many were pinned.
 */
static unsigned long pin_neighbours(struct found *found, struct xa_state *xas,
				    struct folio *folio, struct folio **next,
				    unsigned long max)
{
	unsigned long pfn = folio_pfn(folio), flags = READ_ONCE(folio->flags.f);
	struct page *page = &folio->page;
	unsigned long n;

	/* To the end of the page block: the next one may not be pinnable. */
	max = min(max, pageblock_end_pfn(pfn) - pfn - 1);
	for (n = 0; n < max && *next == (struct folio *)(page + 1); n++) {
		if (!folio_ref_try_add(*next, GUP_PIN_COUNTING_BIAS))
			break;
		/* With the reference it stays what it is: see get_pin(). */
		if (*next != xas_reload(xas) ||
		    (READ_ONCE((*next)->flags.f) ^ flags) & ALIKE_FLAGS ||
		    folio_ref_count(*next) <= 0) {
			folio_put_refs(*next, GUP_PIN_COUNTING_BIAS);
			break;
		}
		page++;
		*next = xas_next(xas);
	}
	/* Behind the look at PG_uptodate, as folio_test_uptodate() has it. */
	smp_rmb();
	found->nr_pins += n;
	if (n)
		found_lengthen(found, n);
	return n;
}

/* And nothing that was swapped out, or is about to change. */
static bool is_folio(const void *entry)
{
	return entry && !xa_is_value(entry) && !xa_is_internal(entry);
}

/**
 * walk_pin_file() - pin pages that a file has already
 * @mapping: of a shmem file
 * @index: the first page
 * @npages: how many pages, at least 1
 * @run: where to put the runs; of a large folio one pin stands for what a run
 *       has of it
 * @max_runs: how many there is room for
 *
 * Pins from @index on, without a hole, up to what only the kernel's call may decide
 * about, but not more folios than can be looked at in one go.
 *
 * Context: Process. Does not sleep.
 * Return: the number of runs; 0 if nothing was pinned.
 */
unsigned int walk_pin_file(struct address_space *mapping, pgoff_t index,
			   unsigned long npages, extent_t *run,
			   unsigned int max_runs)
{
	struct found found = FOUND_NONE(run, max_runs);
	XA_STATE(xas, &mapping->i_pages, index);
	unsigned long nr_folios = 0;
	struct folio *folio;

	rcu_read_lock();
	folio = xas_load(&xas);
	while (is_folio(folio) && nr_folios < MAX_FOLIOS) {
		unsigned long n = pin_folio(&found, &xas, folio, index, npages);
		struct folio *pinned = folio;

		npages -= n;
		index += n;
		nr_folios++;
		if (!n || !npages)
			break;
		/* To the end of it, where it is large. */
		xas_advance(&xas, index - 1);
		folio = xas_next(&xas);
		if (folio_test_large(pinned))
			continue;
		n = pin_neighbours(&found, &xas, pinned, &folio,
				   min(npages, MAX_FOLIOS - nr_folios));
		nr_folios += n;
		npages -= n;
		index += n;
		if (!npages)
			break;
	}
	rcu_read_unlock();
	found_settle(&found);
	return found.nr_runs;
}
