/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filling: many neighbouring base pages into an IO page table in one walk.
 *
 * iommu_map() walks the table from its top for every run, which is most of what
 * mapping scattered memory costs. Of the formats that are built from
 * generic_pt the table can be walked here too, once for a whole table of
 * leaves, with the format's own functions; the entries are the ones that
 * iommu_map() would write.
 *
 * What keeps this correct:
 *
 * - The caller owns the IOVAs (generic_pt's range lock): nobody else maps or
 *   unmaps them, so no table that leads to them goes away.
 * - Tables are never made here. Where one is missing, or another thread has not
 *   finished with making it, nothing is filled, and iommu_map() does it.
 * - Only what can not be part of a larger entry is filled, so the same page
 *   sizes result.
 * - Entries are flushed from the CPU's caches where the IOMMU does not snoop
 *   them, and the driver's iotlb_sync_map() is the caller's to call: once, for
 *   all of a mapping.
 */
#ifndef IOMMUFD_FILL_H
#define IOMMUFD_FILL_H

#include "backing.h"

struct iommu_domain;

/**
 * struct fill - base pages on their way into an IO page table
 * @iova: where the next one goes
 * @max_npages: how many there are to fill
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @large_bytes: the page size above PAGE_SIZE: runs that can form it are left
 *               to iommu_map(); 0 when nothing is to be combined
 * @walk: where the pages come from
 * @done_npages: how many were filled; added to, also in case of an error
 */
struct fill {
	unsigned long iova;
	unsigned long max_npages;
	int prot;
	unsigned long large_bytes;
	struct backing_walk *walk;
	unsigned long done_npages;
};

/**
 * typedef fill_fn - fill entries of one table of leaves
 * @domain: the domain
 * @fill: what to fill
 *
 * Ends at the end of the table, of the pages, or before a run that can form a
 * large entry.
 *
 * Context: Does not sleep.
 * Return: 0, also when nothing was filled; or -EADDRINUSE or -EINVAL, as
 * iommu_map() would say.
 */
typedef int (*fill_fn)(struct iommu_domain *domain, struct fill *fill);

fill_fn fill_fn_of(const struct iommu_domain *domain);

int fill_amdv1(struct iommu_domain *domain, struct fill *fill);
int fill_vtdss(struct iommu_domain *domain, struct fill *fill);
int fill_x86_64(struct iommu_domain *domain, struct fill *fill);

/**
 * fill_can_be_large() - can a run of pages form a large entry?
 * @iova: where the run goes
 * @pfn: its first page frame
 * @npages: its length
 * @large_bytes: size of the entry, or 0
 *
 * Return: true when IOVA and memory are alike within such an entry, and one
 * lies in the run.
 */
static inline bool fill_can_be_large(unsigned long iova, unsigned long pfn,
				     unsigned long npages,
				     unsigned long large_bytes)
{
	unsigned long mask = large_bytes - 1;

	if (npages << PAGE_SHIFT < large_bytes || !large_bytes ||
	    (iova ^ (pfn << PAGE_SHIFT)) & mask)
		return false;
	return ((iova + mask) & ~mask) + large_bytes <=
	       iova + (npages << PAGE_SHIFT);
}

#endif
