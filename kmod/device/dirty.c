// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: which IOVAs have devices written to?
 *
 * The IO page table holds the answer. Reading it must not meet who changes the
 * table, so domains_rwsem of the IOAS is held for writing meanwhile. That keeps
 * all out but who revokes a dma-buf.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/iova_bitmap.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "core/ioctl.h"
#include "core/killed.h"
#include "core/race_point.h"
#include "hwpt.h"
#include "ioas/area.h"
#include "memory/backing.h"
#include "memory/dmabuf.h"

/**
 * struct reading - marks on their way out of an IO page table
 * @hwpt: which HWPT
 * @flags: IOMMU_DIRTY_NO_CLEAR
 * @gather: what the IOTLB may hold of marks that were cleared
 * @dirty: where marks go, and @gather
 */
struct reading {
	struct iommufd_hwpt *hwpt;
	unsigned long flags;
	struct iommu_iotlb_gather gather;
	struct iommu_dirty_bitmap dirty;
};

static void start_reading(struct reading *reading, struct iommufd_hwpt *hwpt,
			  unsigned long flags, struct iova_bitmap *bitmap)
{
	reading->hwpt = hwpt;
	reading->flags = flags;
	iommu_dirty_bitmap_init(&reading->dirty, bitmap, &reading->gather);
}

static void finish_reading(struct reading *reading)
{
	/* Hardware may remember that it has set a mark which is clear now. */
	if (!(reading->flags & IOMMU_DIRTY_NO_CLEAR))
		iommu_iotlb_sync(reading->hwpt->domain, &reading->gather);
}

/* How much of an IO page table is read in one go. */
#define READ_BYTES	SZ_1G

/* [first, last] lies in one area. */
static int read_table(struct reading *reading, unsigned long first,
		      unsigned long last)
{
	struct iommu_domain *domain = reading->hwpt->domain;

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
	    !dmabuf_is_revoked(area->backing))
		iova_bitmap_set(reading->dirty.bitmap, first, last - first + 1);
	return 0;
}

/* What is mapped in [first, last]. With the lock held that stays. */
static int read_areas(struct reading *reading, unsigned long first,
		      unsigned long last)
{
	struct iova_space *space = &reading->hwpt->ioas->space;
	struct iova_node *node = iova_space_find(space, first, last);

	for (; node && node->first <= last; node = iova_space_next(node)) {
		const struct area *area = area_of(node);
		unsigned long part_first = max(first, node->first);
		unsigned long part_last = min(last, node->last);
		int rc;

		if (area->backing->dmabuf)
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

static int clear_all(struct iommufd_hwpt *hwpt)
{
	struct reading reading;
	int rc;

	start_reading(&reading, hwpt, 0, NULL);
	rc = read_areas(&reading, 0, ULONG_MAX);
	finish_reading(&reading);
	return rc;
}

static int set_tracking(struct iommufd_hwpt *hwpt, bool enable)
{
	const struct iommu_dirty_ops *ops = hwpt->domain->dirty_ops;
	int rc;

	rc = down_write_killable(&hwpt->ioas->domains_rwsem);
	if (rc)
		return rc;
	/* Marks from before would be taken for new ones. */
	if (enable)
		rc = clear_all(hwpt);
	if (!rc)
		rc = ops->set_dirty_tracking(hwpt->domain, enable);
	up_write(&hwpt->ioas->domains_rwsem);
	return rc;
}

/**
 * ioctl_set_dirty_tracking() - IOMMU_HWPT_SET_DIRTY_TRACKING
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for unknown flags, a reserved field, or a HWPT that was
 * not allocated for it; -ENOENT; -EINTR for a fatal signal; what the IOMMU driver
 * says.
 */
int ioctl_set_dirty_tracking(struct ioctl_call *call)
{
	const struct iommu_hwpt_set_dirty_tracking *arg = call->arg;
	struct iommufd_hwpt_paging *paging;
	int rc = -EOPNOTSUPP;

	if (arg->flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE || arg->__reserved)
		return -EOPNOTSUPP;
	paging = hwpt_get_paging(call->ictx, arg->hwpt_id);
	if (IS_ERR(paging))
		return PTR_ERR(paging);
	if (paging->hwpt.domain->dirty_ops)
		rc = set_tracking(&paging->hwpt,
				  arg->flags & IOMMU_HWPT_DIRTY_TRACKING_ENABLE);
	object_put(&call->ictx->objects, &paging->hwpt.obj);
	return rc;
}

static int read_into(struct iova_bitmap *bitmap, unsigned long iova,
		     size_t length_bytes, void *opaque)
{
	return read_areas(opaque, iova, iova + length_bytes - 1);
}

static int read_bitmap(struct iommufd_hwpt *hwpt,
		       const struct iommu_hwpt_get_dirty_bitmap *arg)
{
	struct iova_bitmap *bitmap;
	struct reading reading;
	int rc;

	static_assert((int)IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR ==
		      IOMMU_DIRTY_NO_CLEAR);

	bitmap = iova_bitmap_alloc(arg->iova, arg->length, arg->page_size,
				   u64_to_user_ptr(arg->data));
	if (IS_ERR(bitmap))
		return PTR_ERR(bitmap);
	start_reading(&reading, hwpt, arg->flags, bitmap);
	rc = down_write_killable(&hwpt->ioas->domains_rwsem);
	if (!rc) {
		rc = iova_bitmap_for_each(bitmap, &reading, read_into);
		finish_reading(&reading);
		up_write(&hwpt->ioas->domains_rwsem);
	}
	iova_bitmap_free(bitmap);
	return rc;
}

/* A bit stands for a page that the domain can have, or several of them. */
static int check_range(const struct iommu_domain *domain,
		       const struct iommu_hwpt_get_dirty_bitmap *arg)
{
	unsigned long last;

	if (!arg->length || !is_power_of_2(arg->page_size) ||
	    arg->page_size < 1UL << __ffs(domain->pgsize_bitmap) ||
	    (arg->iova | arg->length) & (arg->page_size - 1))
		return -EINVAL;
	if (check_add_overflow(arg->iova, arg->length - 1, &last))
		return -EOVERFLOW;
	return 0;
}

/**
 * ioctl_get_dirty_bitmap() - IOMMU_HWPT_GET_DIRTY_BITMAP
 * @call: the ioctl
 *
 * Bits are only set: those of pages that are clean, or not mapped, stay as they
 * are.
 *
 * Return: 0; -EOPNOTSUPP for unknown flags, a reserved field, or a HWPT that was
 * not allocated for it; -EINVAL for a page size that the HWPT can not have, or a
 * range that is not in such pages; -EOVERFLOW; -ENOENT; what the IOMMU driver
 * says; -ENOMEM; -EINTR for a fatal signal, with some of the marks cleared.
 */
int ioctl_get_dirty_bitmap(struct ioctl_call *call)
{
	const struct iommu_hwpt_get_dirty_bitmap *arg = call->arg;
	struct iommufd_hwpt_paging *paging;
	int rc = -EOPNOTSUPP;

	if (arg->flags & ~IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR ||
	    arg->__reserved)
		return -EOPNOTSUPP;
	paging = hwpt_get_paging(call->ictx, arg->hwpt_id);
	if (IS_ERR(paging))
		return PTR_ERR(paging);
	if (paging->hwpt.domain->dirty_ops) {
		rc = check_range(paging->hwpt.domain, arg);
		if (!rc)
			rc = read_bitmap(&paging->hwpt, arg);
	}
	object_put(&call->ictx->objects, &paging->hwpt.obj);
	return rc;
}
