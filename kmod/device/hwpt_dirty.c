// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of dirty tracking. See ioas/dirty.c for how marks are read.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/iova_bitmap.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "device.h"
#include "hwpt.h"

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
		rc = ioas_track_dirty(paging->hwpt.ioas, paging->hwpt.domain,
				      arg->flags &
					      IOMMU_HWPT_DIRTY_TRACKING_ENABLE);
	object_put(&call->ictx->objects, &paging->hwpt.obj);
	return rc;
}

static int read_bitmap(struct iommufd_hwpt *hwpt,
		       const struct iommu_hwpt_get_dirty_bitmap *arg)
{
	struct iova_bitmap *bitmap;
	int rc;

	static_assert((int)IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR ==
		      IOMMU_DIRTY_NO_CLEAR);

	bitmap = iova_bitmap_alloc(arg->iova, arg->length, arg->page_size,
				   u64_to_user_ptr(arg->data));
	if (IS_ERR(bitmap))
		return PTR_ERR(bitmap);
	rc = ioas_read_dirty(hwpt->ioas, hwpt->domain, arg->flags, bitmap);
	iova_bitmap_free(bitmap);
	return rc;
}

/*
 * The IOMMU core's helper pins the page after the bitmap, too, and of the last page of
 * user space it says nothing and sets no bit. Marks would be lost.
 */
static bool is_in_reach(const struct iommu_hwpt_get_dirty_bitmap *arg)
{
	u64 nr_bytes = DIV_ROUND_UP_ULL(arg->length / arg->page_size, BITS_PER_BYTE);
	u64 end;

	return !check_add_overflow(arg->data, nr_bytes, &end) &&
	       end <= TASK_SIZE_MAX - PAGE_SIZE;
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
	return is_in_reach(arg) ? 0 : -EFAULT;
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
 * range that is not in such pages; -EOVERFLOW; -EFAULT for a bitmap that reaches into
 * the last page of user space; -ENOENT; what the IOMMU driver says; -ENOMEM; -EINTR
 * for a fatal signal, with some of the marks cleared.
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
