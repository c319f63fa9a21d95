// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinned memory into an iommu_domain, and out of it. See domain.h.
 */
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "backing.h"
#include "domain.h"

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

/* One run, in one call, or page by page where runs are not to be combined. */
static int map_run(struct iommu_domain *domain, unsigned long iova,
		   phys_addr_t pa, unsigned long length_bytes, int prot,
		   bool combine, unsigned long *done_bytes)
{
	while (length_bytes) {
		unsigned long n = length_bytes;
		int rc;

		if (!combine)
			n = min(n, PAGE_SIZE - offset_in_page(pa));
		rc = iommu_map(domain, iova, pa, n, prot, GFP_KERNEL_ACCOUNT);
		if (rc)
			return rc;
		iova += n;
		pa += n;
		length_bytes -= n;
		*done_bytes += n;
	}
	return 0;
}

/**
 * domain_map() - map pinned memory
 * @domain: the domain
 * @iova: where to
 * @backing: the memory; a claim covers the range
 * @start_byte: start in @backing, in bytes
 * @length_bytes: how much
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @combine: let neighbouring pages form large entries
 *
 * @iova, @start_byte and @length_bytes are multiples of
 * domain_alignment_bytes().
 *
 * Context: Process; sleeps. Takes @backing->lock.
 * Return: 0, or with nothing mapped what iommu_map() says: -ENOMEM, or -EINVAL
 * or -ERANGE for what the page table can not hold.
 */
int domain_map(struct iommu_domain *domain, unsigned long iova,
	       struct backing *backing, unsigned long start_byte,
	       unsigned long length_bytes, int prot, bool combine)
{
	unsigned long last_byte = start_byte + length_bytes - 1;
	unsigned long skip_bytes = offset_in_page(start_byte);
	unsigned long done_bytes = 0, npages, pfn;
	struct backing_walk walk;
	int rc = 0;

	mutex_lock(&backing->lock);
	backing_walk_start(backing, &walk, start_byte >> PAGE_SHIFT,
			   last_byte >> PAGE_SHIFT);
	while (!rc && (npages = backing_walk_run(&walk, &pfn))) {
		unsigned long n = (npages << PAGE_SHIFT) - skip_bytes;

		n = min(n, length_bytes - done_bytes);
		rc = map_run(domain, iova + done_bytes,
			     PFN_PHYS(pfn) + skip_bytes, n, prot, combine,
			     &done_bytes);
		skip_bytes = 0;
	}
	mutex_unlock(&backing->lock);

	if (rc && done_bytes)
		domain_unmap(domain, iova, done_bytes);
	return rc;
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
	size_t unmapped_bytes = iommu_unmap(domain, iova, length_bytes);

	/* Then devices would still reach pages that are about to be freed. */
	WARN_ON(unmapped_bytes != length_bytes);
}
