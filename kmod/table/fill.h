/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filling: many neighbouring pages of one size into an IO page table in one walk;
 * and unmapping, of which the same is true.
 *
 * iommu_map() walks the table from its top for every run, which is most of what
 * mapping scattered base pages, or huge pages, costs. Of the formats that are built from
 * generic_pt the table can be walked here too, once for a whole table of
 * them, with the format's own functions; the entries are the ones that
 * iommu_map() would write.
 *
 * What keeps this correct:
 *
 * - The caller owns the IOVAs (generic_pt's range lock): nobody else maps or
 *   unmaps them, so no table that leads to them goes away.
 * - Tables are never made here. Where one is missing, or another thread has not
 *   finished with making it, nothing is filled, and iommu_map() does it.
 * - Only what can not be part of a larger entry is filled, so the same page
 *   sizes result. A huge page that takes the place of a table is iommu_map()'s.
 * - Entries are flushed from the CPU's caches where the IOMMU does not snoop
 *   them, and the driver's iotlb_sync_map() is the caller's to call: once, for
 *   all of a mapping.
 *
 * iommu_unmap() looks at each entry, for it has to say what was mapped. Who maps
 * here knows that all of it was: a table that lies in the range whole is taken out by
 * the one entry that leads to it, and what it holds is not read.
 *
 * - Tables that others' IOVAs need as well stay: only one that is covered whole goes,
 *   and by generic_pt's range lock nobody else is in it.
 * - What was taken out is freed after the IOTLB's flush, which is told that there
 *   are tables among it: a device may go on walking them until then. Both are the
 *   caller's, by an iommu_iotlb_gather.
 */
#ifndef IOMMUFD_FILL_H
#define IOMMUFD_FILL_H

#include "memory/memory.h"

struct iommu_domain;
struct iommu_pages_list;

/**
 * struct fill - pages on their way into an IO page table
 * @iova: where the next one goes; a multiple of @page_bytes, and so is the memory
 * @max_npages: how many there are to fill, in pages of PAGE_SIZE
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @page_bytes: size of an entry: PAGE_SIZE or PMD_SIZE
 * @large_bytes: the next larger one that the domain has: runs that can form it
 *               end the filling; 0 when there is none, or nothing is to be
 *               combined
 * @walk: where the pages come from; the current run is one that can be filled
 * @done_npages: how many were filled, in pages of PAGE_SIZE; added to, also in
 *               case of an error
 */
struct fill {
	unsigned long iova;
	unsigned long max_npages;
	int prot;
	unsigned long page_bytes;
	unsigned long large_bytes;
	struct backing_walk *walk;
	unsigned long done_npages;
};

/**
 * typedef fill_fn - fill entries of one table
 * @domain: the domain
 * @fill: what to fill
 *
 * Ends at the end of the table, of the pages, or before a run that can form a
 * larger entry, or no entry of this size.
 *
 * Context: Does not sleep.
 * Return: 0, also when nothing was filled; or -EADDRINUSE or -EINVAL, as
 * iommu_map() would say.
 */
typedef int (*fill_fn)(struct iommu_domain *domain, struct fill *fill);

/**
 * typedef unmap_fn - unmap what was mapped, whole
 * @domain: the domain
 * @iova: the first page
 * @length_bytes: of the pages, all of which are mapped, and none of which shares an
 *                entry with others
 * @tables: gets the tables that are no longer needed
 *
 * Context: May sleep, where there is much.
 * Return: 0, or -EINVAL or -ERANGE with some still mapped: the caller was wrong.
 */
typedef int (*unmap_fn)(struct iommu_domain *domain, unsigned long iova,
			unsigned long length_bytes,
			struct iommu_pages_list *tables);

/**
 * struct fill_ops - what can be done to the tables of a format
 * @fill: see fill_fn
 * @unmap: see unmap_fn
 */
struct fill_ops {
	fill_fn fill;
	unmap_fn unmap;
};

const struct fill_ops *fill_ops_of(const struct iommu_domain *domain);

extern const struct fill_ops fill_amdv1;
extern const struct fill_ops fill_vtdss;
extern const struct fill_ops fill_x86_64;

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
