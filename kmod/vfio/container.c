// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of a VFIO type1 container, on the compatibility IOAS.
 *
 * What type1 does by include/uapi/linux/vfio.h, this does, with these
 * differences: there is no dirty page logging, no updating of addresses
 * (VFIO_UPDATE_VADDR) and no nesting, and none is announced.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>
#include <uapi/linux/vfio.h>

#include "core/core.h"
#include "device/device.h"
#include "ioas/ioas.h"
#include "vfio.h"

/* Can no device on the IOAS bypass the CPU's caches? */
static bool is_coherent(struct iommufd_ioas *ioas)
{
	struct iommufd_hwpt_paging *paging;
	bool coherent = true;

	mutex_lock(&ioas->hwpts_lock);
	list_for_each_entry(paging, &ioas->hwpts, node) {
		coherent &= paging->hwpt.coherent;
		cond_resched();
	}
	mutex_unlock(&ioas->hwpts_lock);
	return coherent;
}

static long check_extension(struct iommufd_ctx *ictx, unsigned long extension)
{
	struct iommufd_ioas *ioas;
	long coherent;

	switch (extension) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_UNMAP_ALL:
		/* Without an IOMMU there is nothing to map, as in a container. */
		return !READ_ONCE(ictx->vfio_no_iommu);
	case VFIO_NOIOMMU_IOMMU:
		return IS_ENABLED(CONFIG_VFIO_NOIOMMU);
	case VFIO_DMA_CC_IOMMU:
		ioas = vfio_compat_ioas(ictx);
		if (IS_ERR(ioas))
			return PTR_ERR(ioas);
		coherent = is_coherent(ioas);
		ioas_put(ioas);
		return coherent;
	default:
		return 0;
	}
}

/*
 * The first version of type1 may unmap a part of a mapping, which large entries
 * of a page table would be in the way of.
 */
static long set_iommu(struct iommufd_ctx *ictx, unsigned long type)
{
	struct iommufd_ioas *ioas;
	int rc = 0;

	if (type == VFIO_NOIOMMU_IOMMU) {
		if (!READ_ONCE(ictx->vfio_no_iommu))
			return -EINVAL;
		return capable(CAP_SYS_RAWIO) ? 0 : -EPERM;
	}
	if ((type != VFIO_TYPE1_IOMMU && type != VFIO_TYPE1v2_IOMMU) ||
	    READ_ONCE(ictx->vfio_no_iommu))
		return -EINVAL;
	ioas = vfio_compat_ioas(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (type == VFIO_TYPE1_IOMMU)
		rc = ioas_set_combine(ioas, false);
	ioas_put(ioas);
	return rc;
}

/*
 * Sizes below PAGE_SIZE are not for pinned pages, but PAGE_SIZE can be made of
 * them.
 */
static u64 page_sizes(struct iommufd_ioas *ioas)
{
	struct ioas_domain *member;
	u64 sizes = U64_MAX;

	list_for_each_entry(member, &ioas->domains, node)
		sizes &= member->domain->pgsize_bitmap;
	if (sizes & ~PAGE_MASK)
		sizes = (sizes & PAGE_MASK) | PAGE_SIZE;
	return sizes;
}

/**
 * struct info - VFIO_IOMMU_GET_INFO with all its capabilities
 * @info: its fixed part
 * @avail: how many mappings there may be
 * @ranges: the usable IOVAs
 */
struct info {
	struct vfio_iommu_type1_info info;
	struct vfio_iommu_type1_info_dma_avail avail;
	/* Capabilities begin at multiples of 8. */
	struct vfio_iommu_type1_info_cap_iova_range ranges __aligned(8);
};

/*
 * The last IOVA that is told. Programs add 1 to the end of a range, which as long as
 * no device is attached would be 2^64; with type1 there always is one, whose range
 * ends below. The page that is left out can be mapped all the same.
 */
#define LAST_TOLD	(ULONG_MAX - PAGE_SIZE)

static u32 count_usable(struct iommufd_ioas *ioas)
{
	struct interval_tree_span_iter span;
	u32 nr = 0;

	interval_tree_for_each_span(&span, &ioas->space.reserved, 0, LAST_TOLD)
		nr += span.is_hole;
	return nr;
}

static void fill_ranges(struct iommufd_ioas *ioas,
			struct vfio_iova_range *range)
{
	struct interval_tree_span_iter span;

	interval_tree_for_each_span(&span, &ioas->space.reserved, 0,
				    LAST_TOLD) {
		if (!span.is_hole)
			continue;
		range->start = span.start_hole;
		range->end = span.last_hole;
		range++;
	}
}

/* Everything there is to say, in the order of struct info. */
static struct info *make_info(struct iommufd_ioas *ioas)
{
	struct info *all;
	u32 nr;

	lockdep_assert_held(&ioas->domains_rwsem);

	nr = count_usable(ioas);
	all = kzalloc(struct_size(all, ranges.iova_ranges, nr), GFP_KERNEL);
	if (!all)
		return NULL;
	all->info.argsz = struct_size(all, ranges.iova_ranges, nr);
	all->info.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	all->info.iova_pgsizes = page_sizes(ioas);

	all->avail.header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL;
	all->avail.header.version = 1;
	all->avail.header.next = offsetof(struct info, ranges);
	/* Memory is the only limit, and that is the memory cgroup's. */
	all->avail.avail = U32_MAX;

	all->ranges.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
	all->ranges.header.version = 1;
	all->ranges.nr_iovas = nr;
	fill_ranges(ioas, all->ranges.iova_ranges);
	return all;
}

static int get_info(struct iommufd_ctx *ictx,
		    struct vfio_iommu_type1_info __user *user)
{
	const u32 min_bytes = offsetof(struct vfio_iommu_type1_info,
				       cap_offset);
	struct iommufd_ioas *ioas;
	u32 user_bytes, n;
	struct info *all;
	int rc;

	if (get_user(user_bytes, &user->argsz))
		return -EFAULT;
	if (user_bytes < min_bytes)
		return -EINVAL;
	ioas = vfio_compat_ioas(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	rc = down_read_killable(&ioas->domains_rwsem);
	if (rc) {
		ioas_put(ioas);
		return rc;
	}
	all = make_info(ioas);
	up_read(&ioas->domains_rwsem);
	ioas_put(ioas);
	if (!all)
		return -ENOMEM;
	n = sizeof(all->info);
	if (user_bytes >= all->info.argsz) {
		all->info.cap_offset = offsetof(struct info, avail);
		n = all->info.argsz;
	}
	rc = copy_to_user(user, all, min(n, user_bytes)) ? -EFAULT : 0;
	kfree(all);
	return rc;
}

static int map_dma(struct iommufd_ctx *ictx,
		   struct vfio_iommu_type1_dma_map __user *user)
{
	struct vfio_iommu_type1_dma_map arg;
	u32 flags = IOMMU_IOAS_MAP_FIXED_IOVA;
	struct iommufd_ioas *ioas;
	int rc;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.argsz < sizeof(arg) ||
	    arg.flags & ~(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE))
		return -EINVAL;
	if (arg.flags & VFIO_DMA_MAP_FLAG_READ)
		flags |= IOMMU_IOAS_MAP_READABLE;
	if (arg.flags & VFIO_DMA_MAP_FLAG_WRITE)
		flags |= IOMMU_IOAS_MAP_WRITEABLE;
	ioas = vfio_compat_ioas(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_map_user(ioas, flags, arg.vaddr, arg.size, arg.iova, NULL);
	ioas_put(ioas);
	return rc;
}

static int unmap_range(struct iommufd_ioas *ioas, u64 iova, u64 length_bytes,
		       unsigned long *unmapped_bytes)
{
	unsigned long last;
	int rc;

	if (!length_bytes)
		return -EINVAL;
	if (check_add_overflow(iova, length_bytes - 1, &last))
		return -EOVERFLOW;
	if (!READ_ONCE(ioas->combine)) {
		rc = ioas_cut(ioas, iova);
		if (!rc && last != ULONG_MAX)
			rc = ioas_cut(ioas, last + 1);
		if (rc)
			return rc;
		race_point("container:cut");
	}
	return ioas_unmap(ioas, iova, last, unmapped_bytes);
}

static int unmap_dma(struct iommufd_ctx *ictx,
		     struct vfio_iommu_type1_dma_unmap __user *user)
{
	const u32 min_bytes = offsetofend(struct vfio_iommu_type1_dma_unmap,
					  size);
	struct vfio_iommu_type1_dma_unmap arg;
	unsigned long unmapped_bytes = 0;
	struct iommufd_ioas *ioas;
	bool all;
	int rc;

	if (copy_from_user(&arg, user, min_bytes))
		return -EFAULT;
	if (arg.argsz < min_bytes || arg.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;
	all = arg.flags & VFIO_DMA_UNMAP_FLAG_ALL;
	if (all && (arg.iova || arg.size))
		return -EINVAL;
	ioas = vfio_compat_ioas(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (all)
		rc = ioas_unmap(ioas, 0, ULONG_MAX, &unmapped_bytes);
	else
		rc = unmap_range(ioas, arg.iova, arg.size, &unmapped_bytes);
	ioas_put(ioas);
	/* Also in case of an error: that much is gone. */
	if (put_user(unmapped_bytes, &user->size))
		return -EFAULT;
	return rc;
}

/**
 * vfio_compat_ioctl() - an ioctl of the VFIO container
 * @ictx: the iommufd
 * @cmd: its number
 * @arg: its argument
 *
 * Return: what the container would; -ENODEV when there is no compatibility
 * IOAS; -ENOTTY when it is none of its ioctls, or not supported; -EINTR for a
 * fatal signal, also while waiting.
 */
long vfio_compat_ioctl(struct iommufd_ctx *ictx, unsigned int cmd,
		       unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return check_extension(ictx, arg);
	case VFIO_SET_IOMMU:
		return set_iommu(ictx, arg);
	case VFIO_IOMMU_GET_INFO:
		return get_info(ictx, user);
	case VFIO_IOMMU_MAP_DMA:
		return map_dma(ictx, user);
	case VFIO_IOMMU_UNMAP_DMA:
		return unmap_dma(ictx, user);
	default:
		return -ENOTTY;
	}
}
