// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping, unmapping and copying areas of an IOAS.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "area.h"
#include "backing.h"
#include "ioas.h"

/*
 * Large entries of an IO page table need IOVA and memory to be at the same
 * distance from a large boundary. The address in the backing stands for that in
 * memory: huge pages are at multiples of their size in an address space too.
 */
static void choose_alignment(const struct area *area, unsigned long *align_bytes,
			     unsigned long *phase_bytes)
{
	const struct backing *backing = area->backing;
	unsigned long address = backing->file ? backing->file_start :
						backing->va;

	if (area->length_bytes >= PUD_SIZE)
		*align_bytes = PUD_SIZE;
	else if (area->length_bytes >= PMD_SIZE)
		*align_bytes = PMD_SIZE;
	else
		*align_bytes = PAGE_SIZE;
	*phase_bytes = (address + area->start_byte) & (*align_bytes - 1);
}

static int insert_fixed(struct iommufd_ioas *ioas, struct area *area)
{
	/* Page offsets of memory and IOVA agree as far as domains need it. */
	if (area->start_byte & (ioas->space.alignment_bytes - 1))
		return -EINVAL;
	return iova_space_insert(&ioas->space, &area->node);
}

static int insert_anywhere(struct iommufd_ioas *ioas, struct area *area)
{
	unsigned long align_bytes, phase_bytes;

	choose_alignment(area, &align_bytes, &phase_bytes);
	return iova_space_alloc(&ioas->space, area->length_bytes, align_bytes,
				phase_bytes, &area->node);
}

/**
 * ioas_map() - add an area to an IOAS
 * @ioas: the IOAS
 * @area: the area; on success it belongs to @ioas, and the caller must not touch
 *        it again, for another thread may unmap it
 * @iova: where to map it; set to where it was mapped
 * @fixed: map it at *@iova, and not at a place of the kernel's choice
 *
 * Context: Process; sleeps, faults in user memory.
 * Return: 0, or with @ioas as it was
 * * -EINVAL: not aligned, or reserved
 * * -EEXIST: @fixed, and partly mapped already
 * * -ENOSPC: not @fixed, and no room
 * * what area_populate() says
 */
int ioas_map(struct iommufd_ioas *ioas, struct area *area, unsigned long *iova,
	     bool fixed)
{
	int rc;

	area->node.first = *iova;
	area->node.last = *iova + area->length_bytes - 1;
	down_read(&ioas->domains_rwsem);
	area->combine = ioas->combine;
	rc = fixed ? insert_fixed(ioas, area) : insert_anywhere(ioas, area);
	if (rc)
		goto out_unlock;
	rc = area_populate(area, &ioas->domains);
	if (rc) {
		iova_space_erase(&ioas->space, &area->node);
		goto out_unlock;
	}
	*iova = area->node.first;
	/* Whoever sees it is no longer busy sees all of the above. */
	smp_store_release(&area->busy, false);
out_unlock:
	up_read(&ioas->domains_rwsem);
	return rc;
}

static bool reaches_beyond(const struct iommufd_ioas *ioas, unsigned long last)
{
	const struct iova_node *node = iova_space_find(&ioas->space, last, last);

	return node && node->last > last;
}

/*
 * The next area to unmap, made busy; NULL at the end, or an error. The first
 * time it is looked at both ends of the range: an area that reaches into it is
 * an error before anything is unmapped.
 */
static struct area *take_area(struct iommufd_ioas *ioas, unsigned long first,
			      unsigned long last, bool first_time)
{
	struct area *area;

	spin_lock(&ioas->space.lock);
	area = area_of(iova_space_find(&ioas->space, first, last));
	if (!area)
		goto out_unlock;
	if (area->node.first < first || area->node.last > last ||
	    (first_time && area->node.last < last && reaches_beyond(ioas, last)))
		area = ERR_PTR(-ENOENT);
	else if (smp_load_acquire(&area->busy))
		area = ERR_PTR(-EBUSY);
	else
		area->busy = true;
out_unlock:
	spin_unlock(&ioas->space.lock);
	return area;
}

/**
 * ioas_unmap() - remove all areas in a range
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @unmapped_bytes: set to how much was mapped there, also in case of an error
 *
 * Devices can not reach the memory when this returns.
 *
 * Context: Process; sleeps.
 * Return: 0, also when nothing is mapped there; or
 * * -ENOENT: the range cuts an area; nothing is unmapped
 * * -EBUSY: another thread is just mapping or unmapping there; what lies before
 *   is unmapped
 */
int ioas_unmap(struct iommufd_ioas *ioas, unsigned long first,
	       unsigned long last, unsigned long *unmapped_bytes)
{
	bool first_time = true;
	struct area *area;
	int rc = 0;

	*unmapped_bytes = 0;
	down_read(&ioas->domains_rwsem);
	while ((area = take_area(ioas, first, last, first_time))) {
		unsigned long area_last;

		if (IS_ERR(area)) {
			rc = PTR_ERR(area);
			break;
		}
		area_last = area->node.last;
		area_depopulate(area, &ioas->domains);
		iova_space_erase(&ioas->space, &area->node);
		*unmapped_bytes += area->length_bytes;
		area_free(area);
		if (area_last == last)
			break;
		first = area_last + 1;
		first_time = false;
		cond_resched();
	}
	up_read(&ioas->domains_rwsem);
	return rc;
}

/**
 * ioas_copy_area() - make a further area of memory that is mapped already
 * @ioas: where it is mapped
 * @iova: first IOVA
 * @length_bytes: how much
 * @prot: of the new area
 *
 * Return: an area that is in no IOAS yet, or ERR_PTR() of
 * * -ENOENT: the range is not in one area
 * * -EPERM: @prot has IOMMU_WRITE, and the memory was mapped for reading only
 * * -ENOMEM: out of memory
 */
struct area *ioas_copy_area(struct iommufd_ioas *ioas, unsigned long iova,
			    unsigned long length_bytes, int prot)
{
	unsigned long last = iova + length_bytes - 1;
	struct backing *backing = NULL;
	unsigned long start_byte = 0;
	struct area *area;

	spin_lock(&ioas->space.lock);
	area = area_of(iova_space_find(&ioas->space, iova, last));
	if (area && !smp_load_acquire(&area->busy) &&
	    area->node.first <= iova && area->node.last >= last) {
		backing = backing_get(area->backing);
		start_byte = area->start_byte + (iova - area->node.first);
	}
	spin_unlock(&ioas->space.lock);

	if (!backing)
		return ERR_PTR(-ENOENT);
	if ((prot & IOMMU_WRITE) && !backing->writable) {
		backing_put(backing);
		return ERR_PTR(-EPERM);
	}
	return area_create(backing, start_byte, length_bytes, prot);
}
