// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that comes late. See late.h.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/slab.h>

#include "core/race_point.h"
#include "late.h"
#include "memory.h"

/* To be read only, so that the first write is a fault of its own. */
static vm_fault_t late_fault(struct vm_fault *vmf)
{
	struct late *late = vmf->vma->vm_private_data;

	race_point("late:read");
	WRITE_ONCE(late->read, true);
	return vmf_insert_pfn(vmf->vma, vmf->address,
			      PHYS_PFN(__pa(late->data)));
}

static vm_fault_t late_mkwrite(struct vm_fault *vmf)
{
	struct late *late = vmf->vma->vm_private_data;

	race_point("late:write");
	WRITE_ONCE(late->written, true);
	return 0;
}

static const struct vm_operations_struct late_vm_ops = {
	.fault = late_fault,
	.pfn_mkwrite = late_mkwrite,
};

static int late_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_PFNMAP);
	vma->vm_private_data = file->private_data;
	vma->vm_ops = &late_vm_ops;
	return 0;
}

static int late_release(struct inode *inode, struct file *file)
{
	struct late *late = file->private_data;

	free_page((unsigned long)late->data);
	kfree(late);
	return 0;
}

static const struct file_operations late_fops = {
	.mmap = late_mmap,
	.release = late_release,
};

/**
 * late_map() - map a page of memory that comes late
 * @test: the case, which it ends with
 *
 * Return: the memory, zeroed.
 */
struct late *late_map(struct kunit *test)
{
	struct late *late = kzalloc_obj(*late);
	struct file *file;

	KUNIT_ASSERT_NOT_NULL(test, late);
	late->data = (void *)get_zeroed_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, late->data);
	file = anon_inode_getfile("[kunit-late]", &late_fops, late, O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	late->va = memory_map_as(test, file, 0, PAGE_SIZE,
				 PROT_READ | PROT_WRITE, MAP_SHARED);
	/* The mapping keeps it. */
	fput(file);
	return late;
}
