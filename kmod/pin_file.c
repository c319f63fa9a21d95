// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files to extents. See pin.h.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/memfd.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "extent.h"
#include "mock.h"
#include "pin.h"
#include "race_point.h"

/* Folios that are pinned by one call: as many pointers as a page holds. */
#define PIN_BATCH_LEN		(PAGE_SIZE / sizeof(struct folio *))

static unsigned long limit_batch(void)
{
	return mock_limit_len(PIN_BATCH_LEN, sizeof(struct folio *));
}

/*
 * A folio of shmem that is not up to date has not been used yet, and whoever
 * uses it first clears it under its lock. It may have left the file since it was
 * pinned; it is cleared all the same. One of hugetlbfs is clear before it is in
 * a file, and not up to date once it has left it, with data that others who have
 * it pinned look at.
 */
static int clear_unused(struct folio *folio)
{
	int rc;

	race_point("pin_file:found-unused");
	/* There may be many, and they may be large. */
	cond_resched();
	if (fatal_signal_pending(current))
		return -EINTR;
	rc = folio_lock_killable(folio);
	if (rc)
		return rc;
	if (!folio_test_uptodate(folio) && !folio_test_hugetlb(folio)) {
		folio_zero_range(folio, 0, folio_size(folio));
		flush_dcache_folio(folio);
		folio_mark_uptodate(folio);
	}
	folio_unlock(folio);
	return 0;
}

/* Before a device or a driver sees them. */
static int bring_up_to_date(struct folio **folio, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++) {
		int rc;

		if (likely(folio_test_uptodate(folio[i])))
			continue;
		rc = clear_unused(folio[i]);
		if (rc)
			return rc;
	}
	return 0;
}

/* How many folios from the first on are neighbours in memory, and as large. */
static unsigned long nr_neighbours(struct folio **folio, unsigned long nr)
{
	unsigned long npages = folio_nr_pages(folio[0]);
	unsigned long pfn = folio_pfn(folio[0]);
	unsigned long n;

	for (n = 1; n < nr; n++) {
		pfn += npages;
		if (folio_pfn(folio[n]) != pfn ||
		    folio_nr_pages(folio[n]) != npages)
			break;
	}
	return n;
}

/*
 * Append what the folios have from page @skip_npages on, at most @max_npages;
 * neighbours are put together here, where it costs least. On failure those that
 * are not in @ex are unpinned.
 */
static int append_folios(struct extents *ex, struct folio **folio,
			 unsigned long nr, unsigned long skip_npages,
			 unsigned long max_npages)
{
	while (nr) {
		unsigned long n = nr_neighbours(folio, nr);
		unsigned int order = folio_order(folio[0]);
		unsigned long npages = min((n << order) - skip_npages,
					   max_npages);
		unsigned long old_npages = ex->npages;
		int rc;

		rc = extents_append(ex, folio_pfn(folio[0]) + skip_npages,
				    npages, order);
		if (rc) {
			n = (skip_npages + ex->npages - old_npages) >> order;
			unpin_folios(folio + n, nr - n);
			return rc;
		}
		folio += n;
		nr -= n;
		max_npages -= npages;
		skip_npages = 0;
	}
	return 0;
}

static int pin_file_batches(struct file *file, loff_t start,
			    unsigned long npages, struct folio **folio,
			    struct extents *ex)
{
	loff_t end = start + ((loff_t)npages << PAGE_SHIFT);

	while (npages) {
		unsigned long old_npages = ex->npages;
		pgoff_t skip_bytes = 0;
		long got;
		int rc;

		if (mock_should_fail())
			return -ENOMEM;
		if (fatal_signal_pending(current))
			return -EINTR;
		got = memfd_pin_folios(file, end - ((loff_t)npages << PAGE_SHIFT),
				       end - 1, folio,
				       min(npages, limit_batch()),
				       &skip_bytes);
		if (got <= 0)
			return got ? got : -EFAULT;
		race_point("pin_file:pinned");
		rc = bring_up_to_date(folio, got);
		if (rc) {
			unpin_folios(folio, got);
			return rc;
		}
		rc = append_folios(ex, folio, got, skip_bytes >> PAGE_SHIFT,
				   npages);
		if (rc)
			return rc;
		npages -= ex->npages - old_npages;
	}
	return 0;
}

/**
 * pin_file_range() - pin a range of a memfd
 * @file: a shmem or hugetlbfs file
 * @start: byte offset, page aligned
 * @npages: how many pages, at least 1
 * @ex: an empty sequence, which then describes the pages
 *
 * Holes of the file are filled, and pages that it has but that nobody has used
 * are cleared, so that they are what the file shows to everyone. One pin stands
 * for a folio.
 *
 * Context: Process; sleeps, locks folios.
 * Return: 0, or with nothing pinned and @ex empty:
 * * -EINVAL: not such a file, or the range ends beyond its size
 * * -ENOMEM: out of memory, or the pages cannot be moved to where they may stay
 * * -ENOSPC: a hole, and the file system is full
 * * -EIO: a page that can not be read back from swap
 * * -EINTR: a fatal signal
 */
int pin_file_range(struct file *file, loff_t start, unsigned long npages,
		   struct extents *ex)
{
	struct folio **folio = (struct folio **)__get_free_page(GFP_KERNEL);
	int rc;

	if (!folio)
		return -ENOMEM;
	rc = pin_file_batches(file, start, npages, folio, ex);
	if (rc)
		unpin_extents(ex, false);
	free_page((unsigned long)folio);
	return rc;
}
