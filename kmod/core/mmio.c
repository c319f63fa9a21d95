// SPDX-License-Identifier: GPL-2.0-only
/*
 * MMIO for guests. See mmio.h.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "mmio.h"
#include "race_point.h"

/**
 * struct mmio_region - MMIO that can be mapped
 * @owner: whose it is
 * @first_pfn: where it is
 * @npages: how long it is
 */
struct mmio_region {
	struct iommufd_object *owner;
	unsigned long first_pfn;
	unsigned long npages;
};

/**
 * mmio_add() - let a region be mapped
 * @ictx: the iommufd
 * @owner: whose it is: it must outlive mappings
 * @start_phys: where it is, at the start of a page
 * @length_bytes: how long it is, in whole pages
 * @offset_bytes: set to where in the file it is
 *
 * Context: Process; sleeps.
 * Return: 0, -EINVAL for what is not in pages, -ENOMEM, or -EBUSY when there is
 * no offset left.
 */
int mmio_add(struct iommufd_ctx *ictx, struct iommufd_object *owner,
	     phys_addr_t start_phys, size_t length_bytes,
	     unsigned long *offset_bytes)
{
	struct mmio_region *region;
	unsigned long pgoff;
	int rc;

	if (!length_bytes || !PAGE_ALIGNED(start_phys | length_bytes))
		return -EINVAL;
	region = kmalloc_obj(*region, GFP_KERNEL_ACCOUNT);
	if (!region)
		return -ENOMEM;
	region->owner = owner;
	region->first_pfn = PHYS_PFN(start_phys);
	region->npages = length_bytes >> PAGE_SHIFT;

	mutex_lock(&ictx->mmio_lock);
	rc = mtree_alloc_range(&ictx->mmio, &pgoff, region, region->npages, 1,
			       LONG_MAX >> PAGE_SHIFT, GFP_KERNEL_ACCOUNT);
	mutex_unlock(&ictx->mmio_lock);
	if (rc) {
		kfree(region);
		return rc;
	}
	*offset_bytes = pgoff << PAGE_SHIFT;
	race_point("mmio:added");
	return 0;
}

/**
 * mmio_remove() - undo mmio_add()
 * @ictx: the iommufd
 * @offset_bytes: where the region is; its owner has no users, so it is mapped
 *                nowhere
 */
void mmio_remove(struct iommufd_ctx *ictx, unsigned long offset_bytes)
{
	mutex_lock(&ictx->mmio_lock);
	kfree(mtree_erase(&ictx->mmio, offset_bytes >> PAGE_SHIFT));
	mutex_unlock(&ictx->mmio_lock);
}

static void vma_open(struct vm_area_struct *vma)
{
	/* Can not fail: the mapping that this is a copy of has one. */
	object_hold(vma->vm_private_data);
}

static void vma_close(struct vm_area_struct *vma)
{
	object_release(vma->vm_private_data);
}

static const struct vm_operations_struct mmio_vm_ops = {
	.open = vma_open,
	.close = vma_close,
};

/*
 * Become a long-term user of a region's owner. Not before userspace can see it:
 * who makes it may still give it up, and the region with it.
 */
static bool hold_owner(struct iommufd_ctx *ictx,
		       const struct mmio_region *region)
{
	struct iommufd_object *owner = object_get(&ictx->objects,
						  region->owner->id,
						  IOMMUFD_OBJ_ANY);
	bool held;

	if (IS_ERR(owner))
		return false;
	held = object_hold(owner);
	object_put(&ictx->objects, owner);
	return held;
}

/* The region that is exactly what @vma asks for, its owner held; or NULL. */
static const struct mmio_region *hold_region(struct iommufd_ctx *ictx,
					     const struct vm_area_struct *vma)
{
	MA_STATE(mas, &ictx->mmio, vma->vm_pgoff, vma->vm_pgoff);
	const struct mmio_region *region;

	mutex_lock(&ictx->mmio_lock);
	mas_lock(&mas);
	region = mas_walk(&mas);
	if (region && (mas.index != vma->vm_pgoff ||
		       region->npages != vma_pages(vma) ||
		       !hold_owner(ictx, region)))
		region = NULL;
	mas_unlock(&mas);
	mutex_unlock(&ictx->mmio_lock);
	return region;
}

/**
 * mmio_mmap() - mmap() of /dev/iommu
 * @file: the file
 * @vma: what is to be mapped
 *
 * Return: 0; -EINVAL for a private mapping; -EPERM for one that can be executed;
 * -ENXIO for what is not exactly a region; -ENOMEM.
 */
int mmio_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct mmio_region *region;
	int rc;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	region = hold_region(file->private_data, vma);
	if (!region)
		return -ENXIO;
	vm_flags_clear(vma, VM_MAYEXEC);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	rc = io_remap_pfn_range(vma, vma->vm_start, region->first_pfn,
				vma->vm_end - vma->vm_start, vma->vm_page_prot);
	if (rc) {
		object_release(region->owner);
		return rc;
	}
	vma->vm_private_data = region->owner;
	vma->vm_ops = &mmio_vm_ops;
	return 0;
}
