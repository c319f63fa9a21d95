// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinning and mapping with the calls that every module may use, and nothing else. Why this is the
 * floor of the kernel's public API:
 *
 * - Memory that a device reaches has to be pinned, and there are two ways to pin:
 *   pin_user_pages_fast() for an address range, memfd_pin_folios() for a file. Both are called with
 *   as much as they take at once. The first writes down every page of 4 KiB; where the CPU page
 *   table is made of large leaves, one page pins the whole folio, so one pin a leaf is the least.
 * - What is contiguous is mapped by one iommu_map(), which then uses the largest IO page table
 *   leaves that fit. There is no call that takes several runs and walks the IO page table once:
 *   iommu_map_sg() calls the same function for each run, and iommu_map_nosync() is not exported.
 * - Unmapping is one iommu_unmap() for everything, one IOTLB flush with it, then one call a run to
 *   unpin.
 *
 * Nothing is accounted against RLIMIT_MEMLOCK, no IOVA is looked up or allocated, no overlap is
 * checked except by the page table itself, and nothing can be shared between two files. A peer that
 * does those does them on top of this.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "area.h"

/*
 * The page pointers of a batch are 64 KiB: enough for a call's own cost to vanish, little enough
 * for the cache. There are fewer folios than pages, as a rule.
 */
#define BATCH_NPAGES 8192UL
#define BATCH_NFOLIOS 512UL

static struct area *area_alloc(enum pin_unit unit, unsigned long npages)
{
	struct area *area;

	area = kzalloc(struct_size(area, first.runs, FIRST_RUNS), GFP_KERNEL_ACCOUNT);
	if (!area)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&area->blocks);
	list_add_tail(&area->first.node, &area->blocks);
	area->first.max = FIRST_RUNS;
	area->tail = &area->first;
	/* Empty and at page 0, which is nobody's memory: no page follows on from it. */
	area->last = area->first.runs;
	area->unit = unit;
	area->npages = npages;
	return area;
}

/* Begins a new run at the end of the area. */
static int area_add_run(struct area *area, unsigned long pfn, unsigned long npages)
{
	struct run_block *block = area->tail;
	struct run *run;

	if (block->nruns == block->max) {
		block = kmalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT);
		if (!block)
			return -ENOMEM;
		block->nruns = 0;
		block->max = MORE_RUNS;
		list_add_tail(&block->node, &area->blocks);
		area->tail = block;
	}
	run = &block->runs[block->nruns++];
	run->pfn = pfn;
	run->npages = npages;
	area->last = run;
	return 0;
}

/* Adds @npages pages from @pfn to the end of the area: to its last run if they follow on. */
static int area_append(struct area *area, unsigned long pfn, unsigned long npages)
{
	struct run *last = area->last;

	if (last->pfn + last->npages != pfn)
		return area_add_run(area, pfn, npages);
	last->npages += npages;
	return 0;
}

/*
 * How many pages there are from @index to the end of its leaf; @index is of a page in memory or in
 * an address space.
 */
static unsigned long left_in_leaf(const struct area *area, unsigned long index)
{
	return area->leaf_npages - (index & (area->leaf_npages - 1));
}

/* How many pages from @pfn on the pin of that page keeps. */
static unsigned long pinned_together(const struct area *area, unsigned long pfn)
{
	struct folio *folio;

	if (area->unit == PIN_LEAF)
		return left_in_leaf(area, pfn);
	folio = page_folio(pfn_to_page(pfn));
	return folio_pfn(folio) + folio_nr_pages(folio) - pfn;
}

static void unpin_run(const struct area *area, const struct run *run)
{
	unsigned long pfn = run->pfn, end = run->pfn + run->npages;

	if (area->unit == PIN_PAGE) {
		unpin_user_page_range_dirty_lock(pfn_to_page(pfn), run->npages, true);
		return;
	}
	for (; pfn < end; pfn += pinned_together(area, pfn))
		unpin_user_page_range_dirty_lock(pfn_to_page(pfn), 1, true);
}

/**
 * area_free() - let the memory of an unmapped area go
 * @area: no copy of it may be left; not in any list
 *
 * Pages that a device may have written are marked dirty.
 */
void area_free(struct area *area)
{
	struct run_block *block, *next;
	unsigned int i;

	if (area->src)
		area->src->ncopies--;
	list_for_each_entry_safe(block, next, &area->blocks, node) {
		for (i = 0; i < block->nruns; i++)
			unpin_run(area, &block->runs[i]);
		if (block != &area->first)
			kfree(block);
	}
	kfree(area);
}

/* Pins up to @npages pages of 4 KiB. Returns how many, all in the area, or an error. */
static long pin_batch(struct area *area, unsigned long va, unsigned long npages,
		      struct page **pages)
{
	unsigned long pfn, next_pfn;
	long i, n, next;

	n = pin_user_pages_fast(va, npages, FOLL_LONGTERM | FOLL_WRITE, pages);
	if (n <= 0)
		return n ? n : -EFAULT;
	next_pfn = page_to_pfn(pages[0]);
	for (i = 0; i < n; i = next) {
		pfn = next_pfn;
		for (next = i + 1; next < n; next++) {
			next_pfn = page_to_pfn(pages[next]);
			if (next_pfn != pfn + (next - i))
				break;
		}
		if (area_append(area, pfn, next - i)) {
			unpin_user_pages(pages + i, n - i);
			return -ENOMEM;
		}
	}
	return n;
}

/*
 * Pins one leaf, from @va to its end but no further than @npages. Returns its pages, all in the
 * area, or an error.
 */
static long pin_leaf(struct area *area, unsigned long va, unsigned long npages)
{
	unsigned long left = left_in_leaf(area, va >> PAGE_SHIFT), pfn;
	struct page *page;
	long n;

	n = pin_user_pages_fast(va, 1, FOLL_LONGTERM | FOLL_WRITE, &page);
	if (n <= 0)
		return n ? n : -EFAULT;
	pfn = page_to_pfn(page);
	npages = min(npages, left);
	/*
	 * The caller may be wrong about its page table; what is mapped must be pinned all the same.
	 */
	if (left_in_leaf(area, pfn) != left || folio_nr_pages(page_folio(page)) < area->leaf_npages)
		n = -EINVAL;
	else if (area_append(area, pfn, npages))
		n = -ENOMEM;
	if (n < 0) {
		unpin_user_page(page);
		return n;
	}
	return npages;
}

/**
 * area_pin_memory() - pin memory of the calling process
 * @va: its address
 * @npages: its length in pages of 4 KiB
 * @leaf_npages: 1, or the length of the page-table leaves that the memory is mapped by
 *
 * Context: process context; may sleep.
 * Return: an area that is not mapped yet, or an error pointer with nothing left pinned.
 */
struct area *area_pin_memory(unsigned long va, unsigned long npages, unsigned long leaf_npages)
{
	unsigned long batch = min(npages, BATCH_NPAGES), done = 0;
	struct page *one, **pages = &one;
	struct area *area;
	long n = 0;

	area = area_alloc(leaf_npages > 1 ? PIN_LEAF : PIN_PAGE, npages);
	if (IS_ERR(area))
		return area;
	area->leaf_npages = leaf_npages;
	if (area->unit == PIN_PAGE && batch > 1) {
		pages = kvmalloc_array(batch, sizeof(*pages), GFP_KERNEL);
		if (!pages)
			n = -ENOMEM;
	}

	while (n >= 0 && done < npages) {
		if (area->unit == PIN_LEAF)
			n = pin_leaf(area, va + done * PAGE_SIZE, npages - done);
		else
			n = pin_batch(area, va + done * PAGE_SIZE, min(npages - done, batch),
				      pages);
		if (n > 0)
			done += n;
	}

	if (pages != &one)
		kvfree(pages);
	if (n < 0) {
		area_free(area);
		return ERR_PTR(n);
	}
	return area;
}

/*
 * Pins the folios of up to @npages pages. Returns how many pages came into the area, or an error.
 */
static long pin_folios(struct area *area, struct file *file, loff_t start, unsigned long npages,
		       struct folio **folios, unsigned int max)
{
	loff_t end = start + ((loff_t)npages << PAGE_SHIFT) - 1;
	unsigned long done = 0, first, count;
	pgoff_t offset;
	long i, n;

	n = memfd_pin_folios(file, start, end, folios, max, &offset);
	if (n <= 0)
		return n ? n : -EFAULT;
	for (i = 0; i < n; i++) {
		first = i ? 0 : offset >> PAGE_SHIFT;
		count = min(npages - done, folio_nr_pages(folios[i]) - first);
		if (area_append(area, folio_pfn(folios[i]) + first, count)) {
			unpin_folios(folios + i, n - i);
			return -ENOMEM;
		}
		done += count;
	}
	return done;
}

/**
 * area_pin_file() - pin a range of a memfd
 * @file: the memfd
 * @start: offset in it, in bytes
 * @npages: length in pages of 4 KiB
 *
 * Context: process context; may sleep.
 * Return: an area that is not mapped yet, or an error pointer with nothing left pinned.
 */
struct area *area_pin_file(struct file *file, loff_t start, unsigned long npages)
{
	unsigned int max = min(npages, BATCH_NFOLIOS);
	struct folio *one, **folios = &one;
	unsigned long done = 0;
	struct area *area;
	long n = 0;

	area = area_alloc(PIN_FOLIO, npages);
	if (IS_ERR(area))
		return area;
	if (max > 1) {
		folios = kvmalloc_array(max, sizeof(*folios), GFP_KERNEL);
		if (!folios)
			n = -ENOMEM;
	}

	while (n >= 0 && done < npages) {
		n = pin_folios(area, file, start + ((loff_t)done << PAGE_SHIFT), npages - done,
			       folios, max);
		if (n > 0)
			done += n;
	}

	if (folios != &one)
		kvfree(folios);
	if (n < 0) {
		area_free(area);
		return ERR_PTR(n);
	}
	return area;
}

/**
 * area_borrow() - a second area of the same memory
 * @src: an area with runs of its own; it stays until the copy is freed
 *
 * Return: an area that is not mapped yet, or an error pointer.
 */
struct area *area_borrow(struct area *src)
{
	struct area *area = area_alloc(src->unit, src->npages);

	if (IS_ERR(area))
		return area;
	area->src = src;
	src->ncopies++;
	return area;
}

/**
 * area_map() - map an area at its IOVA, one call a run
 * @area: with @area->iova set
 * @domain: where
 *
 * Return: 0, or an error with nothing of it left in the domain.
 */
int area_map(struct area *area, struct iommu_domain *domain)
{
	struct area *owner = area->src ? area->src : area;
	unsigned long iova = area->iova;
	struct run_block *block;
	unsigned int i;
	int rc;

	list_for_each_entry(block, &owner->blocks, node) {
		for (i = 0; i < block->nruns; i++) {
			const struct run *run = &block->runs[i];

			rc = iommu_map(domain, iova, PFN_PHYS(run->pfn), run->npages << PAGE_SHIFT,
				       IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE, GFP_KERNEL_ACCOUNT);
			if (rc)
				goto undo;
			iova += run->npages << PAGE_SHIFT;
		}
	}
	return 0;
undo:
	if (iova > area->iova)
		iommu_unmap(domain, area->iova, iova - area->iova);
	return rc;
}

/**
 * area_unmap() - take the whole area out of a domain, in one call
 * @area: mapped in it
 * @domain: where
 */
void area_unmap(struct area *area, struct iommu_domain *domain)
{
	size_t bytes = area->npages << PAGE_SHIFT;

	WARN_ON(iommu_unmap(domain, area->iova, bytes) != bytes);
}
