// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files to extents. See pin.h.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/hugetlb.h>
#include <linux/memfd.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/shmem_fs.h>
#include <linux/xarray.h>

#include "core/core.h"
#include "extent.h"
#include "pin.h"
#include "pin_parts.h"
#include "walk.h"

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
	rc = cond_resched_killable();
	if (rc)
		return rc;
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

/*
 * Before a device or a driver sees them. The file keeps pages that have gone bad, so that
 * nobody reads others in their place; in a large one that could not be split any may be.
 */
static int bring_up_to_date(struct folio **folio, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++) {
		int rc;

		if (unlikely(folio_contain_hwpoisoned_page(folio[i])))
			return -EHWPOISON;
		if (likely(folio_test_uptodate(folio[i])))
			continue;
		rc = clear_unused(folio[i]);
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * How many folios from the first on are neighbours, in memory and in the file,
 * and as large.
 */
static unsigned long nr_neighbours(struct folio **folio, unsigned long nr)
{
	unsigned long npages = folio_nr_pages(folio[0]);
	unsigned long pfn = folio_pfn(folio[0]);
	pgoff_t index = folio[0]->index;
	unsigned long n;

	for (n = 1; n < nr; n++) {
		pfn += npages;
		index += npages;
		if (folio_pfn(folio[n]) != pfn || folio[n]->index != index ||
		    folio_nr_pages(folio[n]) != npages)
			break;
	}
	return n;
}

/*
 * Append what the folios have from page @skip_npages on, at most @max_npages;
 * neighbours are put together here, where it costs least.
 *
 * The folios were not all looked up at once. The file may have been given larger
 * ones in between, and then one of them begins before the page that it was found
 * for: it, and all that follow, have to be looked up again. The first one never
 * does: the offset into it is known. A folio keeps its index when it leaves the
 * file.
 *
 * Those that are not in @ex afterwards are unpinned, on failure too.
 */
static int append_folios(struct extents *ex, struct folio **folio,
			 unsigned long nr, unsigned long skip_npages,
			 unsigned long max_npages)
{
	pgoff_t next = folio[0]->index;

	while (nr && max_npages && folio[0]->index == next) {
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
		next += n << order;
		max_npages -= npages;
		skip_npages = 0;
	}
	if (unlikely(nr))
		unpin_folios(folio, nr);
	return 0;
}

/**
 * union file_batch - what is pinned and not written down yet
 * @folio: by the kernel's call
 * @run: by walk_pin_file()
 */
union file_batch {
	struct folio **folio;
	extent_t *run;
};

static_assert(sizeof(extent_t) == sizeof(struct folio *));

/*
 * What the file has. Of more than its size, which a large folio may reach beyond, that
 * is nothing: it is refused. Returns how many pages, or an errno.
 */
static long pin_there(struct file *file, loff_t at, unsigned long npages,
		      union file_batch batch, unsigned long batch_len,
		      struct extents *ex)
{
	unsigned int nr_runs;

	if (!READ_ONCE(walk_allowed) || !shmem_file(file) ||
	    at + ((loff_t)npages << PAGE_SHIFT) > i_size_read(file_inode(file)))
		return 0;
	nr_runs = walk_pin_file(file->f_mapping, at >> PAGE_SHIFT, npages,
				batch.run, batch_len);
	if (nr_runs)
		race_point("pin_file:pinned");
	return pin_add_runs(ex, batch.run, nr_runs);
}

/*
 * Pin what follows the pages that @ex has, in up to @batch_len folios or runs; at
 * least one of them is then in @ex. Mostly the file has them. Those that it has not,
 * or that nobody has used, are the kernel's call's to find.
 */
static int pin_batch(struct file *file, loff_t start, unsigned long npages,
		     union file_batch batch, unsigned long batch_len,
		     struct extents *ex)
{
	struct folio **folio = batch.folio;
	loff_t at = start + ((loff_t)ex->npages << PAGE_SHIFT);
	loff_t end = start + ((loff_t)npages << PAGE_SHIFT);
	pgoff_t skip_bytes = 0;
	long got;
	int rc;

	if (test_should_fail())
		return -ENOMEM;
	npages -= ex->npages;
	batch_len = test_limit_len(batch_len, sizeof(*folio));
	got = pin_there(file, at, npages, batch, batch_len, ex);
	if (got)
		return got < 0 ? got : 0;
	got = memfd_pin_folios(file, at, end - 1, folio, min(npages, batch_len),
			       &skip_bytes);
	if (got <= 0)
		return got ? got : -EFAULT;
	race_point("pin_file:pinned");
	rc = bring_up_to_date(folio, got);
	if (rc) {
		unpin_folios(folio, got);
		return rc;
	}
	return append_folios(ex, folio, got, skip_bytes >> PAGE_SHIFT, npages);
}

/* What is not in @ex yet; unless it is @stop that says that nobody wants it. */
static int pin_rest(struct file *file, loff_t start, unsigned long npages,
		    const int *stop, struct extents *ex)
{
	union file_batch batch = {
		.folio = (struct folio **)__get_free_page(GFP_KERNEL),
	};
	int rc = batch.folio ? 0 : -ENOMEM;

	while (!rc && ex->npages < npages) {
		rc = stop && READ_ONCE(*stop) ? -ECANCELED :
						cond_resched_killable();
		if (!rc)
			rc = pin_batch(file, start, npages, batch,
				       PIN_BATCH_LEN, ex);
	}
	free_page((unsigned long)batch.folio);
	return rc;
}

/**
 * struct file_memory - a range of a file
 * @source: what it is pinned in parts as
 * @file: the file
 * @start: byte offset, where it begins
 */
struct file_memory {
	struct pin_source source;
	struct file *file;
	loff_t start;
};

static const struct file_memory *file_memory(const struct pin_source *source)
{
	return container_of(source, struct file_memory, source);
}

static int pin_file_part(const struct pin_source *source, unsigned long first,
			 unsigned long npages, const int *stop,
			 struct extents *ex)
{
	loff_t start = file_memory(source)->start;
	int rc;

	/* As if @ex, which may have pages already, began there. */
	start += (loff_t)(first - ex->npages) << PAGE_SHIFT;
	rc = pin_rest(file_memory(source)->file, start, ex->npages + npages,
		      stop, ex);
	if (rc)
		unpin_extents(ex, false);
	return rc;
}

static bool file_is_absent(const struct pin_source *source, unsigned long index)
{
	const struct file_memory *memory = file_memory(source);
	struct folio *folio;

	guard(rcu)();
	folio = xa_load(&memory->file->f_mapping->i_pages,
			(memory->start >> PAGE_SHIFT) + index);
	/* What is swapped out is not there either. */
	return !folio || xa_is_value(folio);
}

static unsigned long file_leaf_npages(const struct pin_source *source,
				      unsigned long first)
{
	struct file *file = file_memory(source)->file;
	unsigned long leaf_bytes = PMD_SIZE;

	if (is_file_hugepages(file))
		leaf_bytes = max(leaf_bytes, huge_page_size(hstate_file(file)));
	return leaf_bytes >> PAGE_SHIFT;
}

static int pin_much(struct file *file, loff_t start, unsigned long npages,
		    struct extents *ex)
{
	struct file_memory memory = {
		.source.pin = pin_file_part,
		.source.is_absent = file_is_absent,
		.source.leaf_npages = file_leaf_npages,
		.source.phase_npages = start >> PAGE_SHIFT,
		.file = file,
		.start = start,
	};

	return pin_in_parts(&memory.source, npages, ex);
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
 * Return: how many threads helped the caller, mostly 0; or with nothing pinned and @ex
 * empty:
 *
 * * -EINVAL: not such a file, or the range ends beyond its size
 * * -ENOMEM: out of memory, or the pages cannot be moved to where they may stay
 * * -ENOSPC: a hole, and the file system is full
 * * -EIO: a page that can not be read back from swap
 * * -EHWPOISON: a page that has gone bad
 * * -EINTR: a fatal signal
 */
int pin_file_range(struct file *file, loff_t start, unsigned long npages,
		   struct extents *ex)
{
	struct folio *folio[PIN_STACK_LEN];
	int rc;

	if (pin_may_be_in_parts(npages))
		return pin_much(file, start, npages, ex);
	rc = pin_batch(file, start, npages, (union file_batch){ .folio = folio },
		       PIN_STACK_LEN, ex);
	if (!rc && ex->npages < npages)
		rc = pin_rest(file, start, npages, NULL, ex);
	if (rc)
		unpin_extents(ex, false);
	return rc;
}
