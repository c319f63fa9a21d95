// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files to extents. See pin.h.
 */
#include <linux/gfp.h>
#include <linux/memfd.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "extent.h"
#include "mock.h"
#include "pin.h"

/* Folios that are pinned by one call: as many pointers as a page holds. */
#define PIN_BATCH_LEN		(PAGE_SIZE / sizeof(struct folio *))

static unsigned long limit_batch(void)
{
	return mock_limit_len(PIN_BATCH_LEN, sizeof(struct folio *));
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
		got = memfd_pin_folios(file, end - ((loff_t)npages << PAGE_SHIFT),
				       end - 1, folio,
				       min(npages, limit_batch()),
				       &skip_bytes);
		if (got <= 0)
			return got ? got : -EFAULT;
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
 * Holes of the file are filled. One pin stands for a folio.
 *
 * Context: Process; sleeps.
 * Return: 0, or with nothing pinned and @ex empty:
 * * -EINVAL: not such a file, or the range ends beyond its size
 * * -ENOMEM: out of memory, or the pages cannot be moved to where they may stay
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
