// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: which IOVAs have devices written to?
 *
 * The IO page table holds the answer. Reading it must not meet who changes the
 * table, so domains_rwsem of the IOAS is held for writing meanwhile. That keeps
 * all out but who revokes a dma-buf.
 */
#include <linux/iommu.h>
#include <linux/iova_bitmap.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "area.h"
#include "core/core.h"
#include "ioas.h"
#include "memory/memory.h"

/**
 * struct reading - marks on their way out of an IO page table
 * @ioas: what the table mirrors
 * @domain: the table
 * @flags: IOMMU_DIRTY_NO_CLEAR
 * @gather: what the IOTLB may hold of marks that were cleared
 * @dirty: where marks go, and @gather
 */
struct reading {
	struct iommufd_ioas *ioas;
	struct iommu_domain *domain;
	unsigned long flags;
	struct iommu_iotlb_gather gather;
	struct iommu_dirty_bitmap dirty;
};

static void start_reading(struct reading *reading, struct iommufd_ioas *ioas,
			  struct iommu_domain *domain, unsigned long flags,
			  struct iova_bitmap *bitmap)
{
	reading->ioas = ioas;
	reading->domain = domain;
	reading->flags = flags;
	iommu_dirty_bitmap_init(&reading->dirty, bitmap, &reading->gather);
}

static void finish_reading(struct reading *reading)
{
	/* Hardware may remember that it has set a mark which is clear now. */
	if (!(reading->flags & IOMMU_DIRTY_NO_CLEAR))
		iommu_iotlb_sync(reading->domain, &reading->gather);
}

/* How much of an IO page table is read in one go. */
#define READ_BYTES	SZ_1G

/* [first, last] lies in one area. */
static int read_table(struct reading *reading, unsigned long first,
		      unsigned long last)
{
	struct iommu_domain *domain = reading->domain;

	for (;;) {
		unsigned long part_last = min(last, first | (READ_BYTES - 1));
		int rc = domain->dirty_ops->read_and_clear_dirty(domain, first,
				part_last - first + 1, reading->flags,
				&reading->dirty);

		if (rc)
			return rc;
		race_point("dirty:read");
		if (part_last == last)
			return 0;
		rc = cond_resched_killable();
		if (rc)
			return rc;
		first = part_last + 1;
	}
}

/*
 * A dma-buf can be revoked at any time, and tables that map nothing else are then
 * freed. They are not looked at: reading into the user's bitmap takes page faults,
 * which the lock that would keep a revocation out must not wait for. A device may
 * have written to all of it.
 */
static int read_dmabuf(struct reading *reading, const struct area *area,
		       unsigned long first, unsigned long last)
{
	if (reading->dirty.bitmap && area->prot & IOMMU_WRITE &&
	    !area->backing->ops->is_lost(area->backing))
		iova_bitmap_set(reading->dirty.bitmap, first, last - first + 1);
	return 0;
}

/* What is mapped in [first, last]. With the lock held that stays. */
static int read_areas(struct reading *reading, unsigned long first,
		      unsigned long last)
{
	struct iova_space *space = &reading->ioas->space;
	struct iova_node *node = iova_space_find(space, first, last);

	for (; node && node->first <= last; node = iova_space_next(node)) {
		const struct area *area = area_of(node);
		unsigned long part_first = max(first, node->first);
		unsigned long part_last = min(last, node->last);
		int rc;

		if (!backing_has_pages(area->backing))
			rc = read_dmabuf(reading, area, part_first, part_last);
		else
			rc = read_table(reading, part_first, part_last);
		if (!rc)
			rc = cond_resched_killable();
		if (rc)
			return rc;
	}
	return 0;
}

static int clear_all(struct iommufd_ioas *ioas, struct iommu_domain *domain)
{
	struct reading reading;
	int rc;

	start_reading(&reading, ioas, domain, 0, NULL);
	rc = read_areas(&reading, 0, ULONG_MAX);
	finish_reading(&reading);
	return rc;
}

/**
 * ioas_track_dirty() - begin or end to track what devices write to
 * @ioas: the IOAS
 * @domain: one that mirrors it, with dirty_ops
 * @enable: begin, with all clean
 *
 * Context: Process; sleeps. Takes domains_rwsem for writing.
 * Return: 0, -EINTR for a fatal signal, or what the IOMMU driver says.
 */
int ioas_track_dirty(struct iommufd_ioas *ioas, struct iommu_domain *domain,
		     bool enable)
{
	int rc;

	rc = down_write_killable(&ioas->domains_rwsem);
	if (rc)
		return rc;
	/* Marks from before would be taken for new ones. */
	if (enable)
		rc = clear_all(ioas, domain);
	race_point("dirty:cleared");
	if (!rc)
		rc = domain->dirty_ops->set_dirty_tracking(domain, enable);
	up_write(&ioas->domains_rwsem);
	return rc;
}

static int read_into(struct iova_bitmap *bitmap, unsigned long iova,
		     size_t length_bytes, void *opaque)
{
	return read_areas(opaque, iova, iova + length_bytes - 1);
}

/**
 * ioas_read_dirty() - which IOVAs have devices written to?
 * @ioas: the IOAS
 * @domain: one that mirrors it, with dirty_ops
 * @flags: IOMMU_DIRTY_NO_CLEAR: do not clear what is read
 * @bitmap: where marks are set, and which IOVAs are read
 *
 * Context: Process; sleeps, faults in user memory. Takes domains_rwsem for writing.
 * Return: 0, -EINTR for a fatal signal, with some of the marks cleared; what the
 * IOMMU driver says.
 */
int ioas_read_dirty(struct iommufd_ioas *ioas, struct iommu_domain *domain,
		    unsigned long flags, struct iova_bitmap *bitmap)
{
	struct reading reading;
	int rc;

	start_reading(&reading, ioas, domain, flags, bitmap);
	rc = down_write_killable(&ioas->domains_rwsem);
	if (rc)
		return rc;
	rc = iova_bitmap_for_each(bitmap, &reading, read_into);
	finish_reading(&reading);
	up_write(&ioas->domains_rwsem);
	return rc;
}
