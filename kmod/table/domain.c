// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinned memory into an iommu_domain, and out of it. See table.h.
 */
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "core/core.h"
#include "fill.h"
#include "table.h"

/**
 * domain_alignment_bytes() - what IOVAs and lengths must be a multiple of
 * @domain: the domain
 *
 * Return: the smallest page of @domain, at most PAGE_SIZE: a larger one is not
 * for memory that is pinned by the page, and callers refuse it.
 */
unsigned long domain_alignment_bytes(const struct iommu_domain *domain)
{
	return domain->pgsize_bitmap & -domain->pgsize_bitmap;
}

/**
 * struct mapping - pinned memory on its way into a domain
 * @domain: the domain
 * @iova: where it goes
 * @length_bytes: how much there is
 * @done_bytes: how much is mapped
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @combine: let neighbouring pages form large entries
 * @fill: how to map otherwise than by iommu_map(), or NULL
 * @filled: some were mapped so
 * @entry_end_bytes: where the last entry ends that iommu_map() was called for alone
 * @walk: where the memory is, after @done_bytes
 */
struct mapping {
	struct iommu_domain *domain;
	unsigned long iova;
	unsigned long length_bytes;
	unsigned long done_bytes;
	int prot;
	bool combine;
	bool filled;
	unsigned long entry_end_bytes;
	const struct fill_ops *fill;
	struct backing_walk *walk;
};

/* The smallest page of a domain that is larger than @page_bytes, or 0. */
static unsigned long larger_page_bytes(const struct iommu_domain *domain,
				       unsigned long page_bytes)
{
	unsigned long sizes = domain->pgsize_bitmap & ~(2 * page_bytes - 1);

	return sizes & -sizes;
}

/* Does the run that comes next begin with a huge page? */
static bool is_huge(const struct mapping *map, unsigned long iova)
{
	return map->domain->pgsize_bitmap & PMD_SIZE &&
	       map->walk->npages >= PMD_SIZE >> PAGE_SHIFT &&
	       IS_ALIGNED(iova | PFN_PHYS(map->walk->pfn), PMD_SIZE);
}

/* Pages of one size, as many as one table takes; maybe none. */
static int fill_pages(struct mapping *map)
{
	unsigned long iova = map->iova + map->done_bytes;
	struct fill fill = {
		.iova = iova,
		.max_npages = (map->length_bytes - map->done_bytes) >>
			      PAGE_SHIFT,
		.prot = map->prot,
		.page_bytes = PAGE_SIZE,
		.walk = map->walk,
	};
	int rc;

	if (map->combine) {
		if (is_huge(map, iova))
			fill.page_bytes = PMD_SIZE;
		fill.large_bytes = larger_page_bytes(map->domain,
						     fill.page_bytes);
	}
	if (fill_can_be_large(iova, map->walk->pfn, map->walk->npages,
			      fill.large_bytes))
		return 0;
	rc = map->fill->fill(map->domain, &fill);
	map->done_bytes += fill.done_npages << PAGE_SHIFT;
	map->filled |= fill.done_npages;
	return rc;
}

/* Filling so many costs as much less than iommu_map() as a call of that does. */
#define ENTRIES_PER_CALL	32

/*
 * How much of the run that comes next iommu_map() gets in one call: all; one page,
 * where pages are not to be combined; and one entry of many, for that makes the table
 * which the others are filled into. Where that did not help, all.
 */
static unsigned long npages_to_map(struct mapping *map)
{
	unsigned long iova = map->iova + map->done_bytes;
	unsigned long entry_bytes = PAGE_SIZE;

	if (!map->combine)
		return 1;
	if (is_huge(map, iova))
		entry_bytes = PMD_SIZE;
	if (!map->fill || map->done_bytes == map->entry_end_bytes ||
	    map->walk->npages << PAGE_SHIFT <= ENTRIES_PER_CALL * entry_bytes ||
	    fill_can_be_large(iova, map->walk->pfn, map->walk->npages,
			      larger_page_bytes(map->domain, entry_bytes)))
		return map->walk->npages;
	map->entry_end_bytes = map->done_bytes + entry_bytes;
	return entry_bytes >> PAGE_SHIFT;
}

/* By iommu_map(), from @skip_bytes of the first page on. */
static int map_run(struct mapping *map, unsigned long skip_bytes)
{
	unsigned long npages = npages_to_map(map);
	unsigned long n = min((npages << PAGE_SHIFT) - skip_bytes,
			      map->length_bytes - map->done_bytes);
	int rc;

	if (test_should_fail())
		return -ENOMEM;
	rc = iommu_map(map->domain, map->iova + map->done_bytes,
		       PFN_PHYS(map->walk->pfn) + skip_bytes, n, map->prot,
		       GFP_KERNEL_ACCOUNT);
	if (rc)
		return rc;
	map->done_bytes += n;
	backing_walk_skip(map->walk, npages);
	return 0;
}

/* Inline: to map a page is one step of it, and then a call would be 1 %. */
static inline int map_all(struct mapping *map, unsigned long skip_bytes)
{
	/* Parts of pages are not for entries of PAGE_SIZE. */
	if (!IS_ALIGNED(map->iova | map->length_bytes | skip_bytes, PAGE_SIZE))
		map->fill = NULL;

	for (;;) {
		unsigned long old_bytes = map->done_bytes;
		int rc = 0;

		if (map->fill)
			rc = fill_pages(map);
		if (!rc && map->done_bytes == old_bytes)
			rc = map_run(map, skip_bytes);
		if (rc || map->done_bytes == map->length_bytes)
			return rc;
		skip_bytes = 0;
		if (unlikely(cond_resched_killable()))
			return -EINTR;
	}
}

/* What iommu_map() does after each call is done here once for all that filled. */
static int sync_filled(struct mapping *map)
{
	const struct iommu_domain_ops *ops = map->domain->ops;

	if (!map->filled || !ops->iotlb_sync_map)
		return 0;
	return ops->iotlb_sync_map(map->domain, map->iova, map->done_bytes);
}

/**
 * domain_map() - map memory that is there to stay
 * @domain: the domain
 * @iova: where to
 * @backing: the memory; a claim covers the range. Memory without pages maps itself.
 * @start_byte: start in @backing, in bytes
 * @length_bytes: how much
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @combine: let neighbouring pages form large entries
 *
 * @iova, @start_byte and @length_bytes are multiples of
 * domain_alignment_bytes().
 *
 * Context: Process; sleeps. Takes @backing->lock.
 * Return: 0, or with nothing mapped -EINTR for a fatal signal, or what the backing
 * or iommu_map() says: -ENOMEM, or -EINVAL or -ERANGE for what the page table can
 * not hold.
 */
int domain_map(struct iommu_domain *domain, unsigned long iova,
	       struct backing *backing, unsigned long start_byte,
	       unsigned long length_bytes, int prot, bool combine)
{
	unsigned long last_byte = start_byte + length_bytes - 1;
	struct backing_walk walk;
	struct mapping map = {
		.domain = domain,
		.iova = iova,
		.length_bytes = length_bytes,
		.prot = prot,
		.combine = combine,
		.entry_end_bytes = ULONG_MAX,
		.fill = fill_ops_of(domain),
		.walk = &walk,
	};
	int rc;

	if (unlikely(!backing_has_pages(backing)))
		return backing->ops->map(backing, domain, iova, start_byte,
					 length_bytes, prot);
	if (unlikely(mutex_lock_killable(&backing->lock)))
		return -EINTR;
	backing_walk_start(backing, &walk, start_byte >> PAGE_SHIFT,
			   last_byte >> PAGE_SHIFT);
	rc = map_all(&map, offset_in_page(start_byte));
	mutex_unlock(&backing->lock);

	if (!rc)
		rc = sync_filled(&map);
	if (rc && map.done_bytes)
		domain_unmap(domain, iova, map.done_bytes);
	return rc;
}

/* Returns false with nothing done when iommu_unmap() is the only way. */
static bool unmap_all(struct iommu_domain *domain, unsigned long iova,
		      unsigned long length_bytes)
{
	const struct fill_ops *ops = fill_ops_of(domain);
	struct iommu_iotlb_gather gather;

	/* It is what frees the tables. */
	if (!ops || !domain->ops->iotlb_sync)
		return false;
	if (!IS_ALIGNED(iova | length_bytes, PAGE_SIZE))
		return false;
	iommu_iotlb_gather_init(&gather);
	/* Else devices would still reach pages that are about to be freed. */
	WARN_ON(ops->unmap(domain, iova, length_bytes, &gather.freelist));
	iommu_iotlb_gather_add_range(&gather, iova, length_bytes);
	iommu_iotlb_sync(domain, &gather);
	return true;
}

/**
 * domain_unmap() - unmap what domain_map() mapped, whole
 * @domain: the domain
 * @iova: where
 * @length_bytes: how much; may be several mappings, but no part of one
 *
 * Devices can not reach the memory when this returns: it flushes the IOTLB,
 * once.
 */
void domain_unmap(struct iommu_domain *domain, unsigned long iova,
		  unsigned long length_bytes)
{
	size_t unmapped_bytes;

	if (unmap_all(domain, iova, length_bytes))
		return;
	unmapped_bytes = iommu_unmap(domain, iova, length_bytes);
	/* As above. */
	WARN_ON(unmapped_bytes != length_bytes);
}
