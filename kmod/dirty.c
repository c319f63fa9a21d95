// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: which IOVAs have devices written to?
 *
 * The IO page table holds the answer. Reading it must not meet who changes the
 * table, so domains_rwsem of the IOAS is held for writing meanwhile.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/iova_bitmap.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <uapi/linux/iommufd.h>

#include "area.h"
#include "hwpt.h"
#include "ioctl.h"

/* Read the marks of one range, and clear them or not. */
static int read_range(struct iommu_domain *domain, unsigned long first,
		      unsigned long length_bytes, unsigned long flags,
		      struct iova_bitmap *bitmap)
{
	struct iommu_iotlb_gather gather;
	struct iommu_dirty_bitmap dirty;
	int rc;

	iommu_dirty_bitmap_init(&dirty, bitmap, &gather);
	rc = domain->dirty_ops->read_and_clear_dirty(domain, first,
						     length_bytes, flags,
						     &dirty);
	/* Hardware may remember that it has set a mark which is clear now. */
	if (!(flags & IOMMU_DIRTY_NO_CLEAR))
		iommu_iotlb_sync(domain, &gather);
	return rc;
}

static int clear_all(struct iommufd_hwpt *hwpt)
{
	struct iova_space *space = &hwpt->ioas->space;
	struct iova_node *node;
	int rc;

	for (node = iova_space_find(space, 0, ULONG_MAX); node;
	     node = iova_space_next(node)) {
		rc = read_range(hwpt->domain, node->first,
				node->last - node->first + 1, 0, NULL);
		if (rc)
			return rc;
	}
	return 0;
}

static int set_tracking(struct iommufd_hwpt *hwpt, bool enable)
{
	const struct iommu_dirty_ops *ops = hwpt->domain->dirty_ops;
	int rc = 0;

	down_write(&hwpt->ioas->domains_rwsem);
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
 * not allocated for it; -ENOENT; what the IOMMU driver says.
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

/* Is all of the range mapped? With the lock held that stays. */
static bool is_mapped(const struct iova_space *space, unsigned long first,
		      unsigned long last)
{
	const struct iova_node *node;

	for (;;) {
		node = iova_space_find(space, first, first);
		if (!node)
			return false;
		if (node->last >= last)
			return true;
		first = node->last + 1;
	}
}

/**
 * struct reading - what is to be read
 * @hwpt: from which HWPT
 * @flags: IOMMU_DIRTY_NO_CLEAR
 */
struct reading {
	struct iommufd_hwpt *hwpt;
	unsigned long flags;
};

static int read_into(struct iova_bitmap *bitmap, unsigned long iova,
		     size_t length_bytes, void *opaque)
{
	const struct reading *reading = opaque;

	return read_range(reading->hwpt->domain, iova, length_bytes,
			  reading->flags, bitmap);
}

static int read_bitmap(struct iommufd_hwpt *hwpt,
		       const struct iommu_hwpt_get_dirty_bitmap *arg)
{
	struct reading reading = { .hwpt = hwpt };
	struct iova_bitmap *bitmap;
	int rc = -EINVAL;

	static_assert((int)IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR ==
		      IOMMU_DIRTY_NO_CLEAR);

	reading.flags = arg->flags;
	bitmap = iova_bitmap_alloc(arg->iova, arg->length, arg->page_size,
				   u64_to_user_ptr(arg->data));
	if (IS_ERR(bitmap))
		return PTR_ERR(bitmap);
	down_write(&hwpt->ioas->domains_rwsem);
	if (is_mapped(&hwpt->ioas->space, arg->iova,
		      arg->iova + arg->length - 1))
		rc = iova_bitmap_for_each(bitmap, &reading, read_into);
	up_write(&hwpt->ioas->domains_rwsem);
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
 * Bits are only set: those of pages that are clean stay as they are.
 *
 * Return: 0; -EOPNOTSUPP for unknown flags, a reserved field, or a HWPT that was
 * not allocated for it; -EINVAL for a page size that the HWPT can not have, a
 * range that is not in such pages, or not all mapped; -EOVERFLOW; -ENOENT; what
 * the IOMMU driver says; -ENOMEM.
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
