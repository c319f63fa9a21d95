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

/* Append the part of @folio from @skip_bytes on; returns its pages, or errno. */
static long append_folio(struct extents *ex, struct folio *folio,
			 size_t skip_bytes, unsigned long max_npages)
{
	unsigned long skip_npages = skip_bytes >> PAGE_SHIFT;
	unsigned long npages = min(folio_nr_pages(folio) - skip_npages,
				   max_npages);
	int rc;

	rc = extents_append(ex, folio_pfn(folio) + skip_npages, npages,
			    folio_order(folio));
	return rc ? rc : npages;
}

static int pin_file_batches(struct file *file, loff_t start,
			    unsigned long npages, struct folio **folio,
			    struct extents *ex)
{
	loff_t end = start + ((loff_t)npages << PAGE_SHIFT);

	while (npages) {
		pgoff_t skip_bytes = 0;
		long got, i;

		if (mock_should_fail())
			return -ENOMEM;
		got = memfd_pin_folios(file, end - ((loff_t)npages << PAGE_SHIFT),
				       end - 1, folio,
				       min(npages, limit_batch()),
				       &skip_bytes);
		if (got <= 0)
			return got ? got : -EFAULT;
		for (i = 0; i < got; i++) {
			long n = append_folio(ex, folio[i], i ? 0 : skip_bytes,
					      npages);

			if (n < 0) {
				unpin_folios(folio + i, got - i);
				return n;
			}
			npages -= n;
		}
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
