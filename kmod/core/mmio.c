// SPDX-License-Identifier: GPL-2.0-only
/*
 * MMIO for guests. See mmio.h.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>

#include "mmio.h"

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

/*
 * The region that is exactly what @vma asks for, its owner held; or NULL. Its memory
 * stays as long as the owner, and until then as long as the lock is held.
 */
static const struct mmio_region *hold_region(struct iommufd_ctx *ictx,
					     const struct vm_area_struct *vma)
{
	MA_STATE(mas, &ictx->mmio, vma->vm_pgoff << PAGE_SHIFT,
		 vma->vm_pgoff << PAGE_SHIFT);
	unsigned long offset_bytes = mas.index;
	const struct mmio_region *region;

	mas_lock(&mas);
	region = mas_walk(&mas);
	if (region && (mas.index != offset_bytes ||
		       region->length_bytes != vma->vm_end - vma->vm_start ||
		       !hold_owner(ictx, region)))
		region = NULL;
	mas_unlock(&mas);
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
	rc = io_remap_pfn_range(vma, vma->vm_start,
				PHYS_PFN(region->start_phys),
				region->length_bytes, vma->vm_page_prot);
	if (rc) {
		object_release(region->owner);
		return rc;
	}
	vma->vm_private_data = region->owner;
	vma->vm_ops = &mmio_vm_ops;
	return 0;
}
