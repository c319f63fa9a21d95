// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping, unmapping and copying areas of an IOAS.
 */
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "area.h"
#include "core/race_point.h"
#include "ioas.h"
#include "memory/backing.h"
#include "pages.h"

/*
 * Large entries of an IO page table need IOVA and memory to be at the same
 * distance from a large boundary. The address in the backing stands for that in
 * memory: huge pages are at multiples of their size in an address space too.
 */
static unsigned long address_of(const struct area *area)
{
	const struct backing *backing = area->backing;
	unsigned long address = backing->file ? backing->file_start :
						backing->va;

	return address + area->start_byte;
}

/* For the largest entries there can be. */
static unsigned long best_alignment(const struct area *area)
{
	if (area->length_bytes >= PUD_SIZE)
		return PUD_SIZE;
	if (area->length_bytes >= PMD_SIZE)
		return PMD_SIZE;
	return max(roundup_pow_of_two(area->length_bytes), PAGE_SIZE);
}

/*
 * What is tried where there was no room at @align_bytes, or 0 for nothing: a
 * place at which huge pages stay whole, and then one that is aligned as the
 * memory is. The kernel's selftests ask for no less than that. But userspace that
 * has said which IOVAs are allowed knows of no alignment, and is given any place
 * in there.
 */
static unsigned long next_alignment(const struct iommufd_ioas *ioas,
				    const struct area *area,
				    unsigned long align_bytes)
{
	unsigned long address = address_of(area) & PAGE_MASK;
	unsigned long own_bytes = address & -address;

	if (align_bytes > PMD_SIZE)
		return PMD_SIZE;
	if (own_bytes && own_bytes < align_bytes)
		return own_bytes;
	if (align_bytes > PAGE_SIZE &&
	    !RB_EMPTY_ROOT(&ioas->space.allowed.rb_root))
		return PAGE_SIZE;
	return 0;
}

static int insert_fixed(struct iommufd_ioas *ioas, struct area *area,
			unsigned long iova)
{
	/* Page offsets of memory and IOVA agree as far as domains need it. */
	if (area->start_byte & (ioas->space.alignment_bytes - 1))
		return -EINVAL;
	area->node.first = iova;
	area->node.last = iova + area->length_bytes - 1;
	return iova_space_insert(&ioas->space, &area->node);
}

static int insert_anywhere(struct iommufd_ioas *ioas, struct area *area)
{
	unsigned long align_bytes = best_alignment(area);
	int rc = -ENOSPC;

	while (rc == -ENOSPC && align_bytes) {
		rc = iova_space_alloc(&ioas->space, area->length_bytes,
				      align_bytes,
				      address_of(area) & (align_bytes - 1),
				      &area->node);
		align_bytes = next_alignment(ioas, area, align_bytes);
	}
	return rc;
}

/**
 * ioas_insert() - find a place for an area, which is busy
 * @ioas: the IOAS
 * @area: the area
 * @iova: where to
 * @fixed: there, and not at a place of the kernel's choice
 *
 * Context: May sleep. domains_rwsem is held for reading.
 * Return: 0, or -EINVAL, -EEXIST, -ENOSPC, -EINTR as ioas_map() says.
 */
int ioas_insert(struct iommufd_ioas *ioas, struct area *area,
		unsigned long iova, bool fixed)
{
	return fixed ? insert_fixed(ioas, area, iova) :
		       insert_anywhere(ioas, area);
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
 * * -EINTR: a fatal signal while waiting, or in a long search
 * * what area_populate() says
 */
int ioas_map(struct iommufd_ioas *ioas, struct area *area, unsigned long *iova,
	     bool fixed)
{
	int rc;

	rc = down_read_killable(&ioas->domains_rwsem);
	if (rc)
		return rc;
	rc = ioas_insert(ioas, area, *iova, fixed);
	if (rc)
		goto out_unlock;
	rc = area_populate(area, ioas);
	if (rc) {
		iova_space_erase(&ioas->space, &area->node);
		goto out_unlock;
	}
	*iova = area->node.first;
	area_set_ready(area);
out_unlock:
	up_read(&ioas->domains_rwsem);
	return rc;
}

static bool reaches_beyond(const struct iommufd_ioas *ioas, unsigned long last)
{
	const struct iova_node *node = iova_space_find(&ioas->space, last, last);

	return node && node->last > last;
}

/**
 * struct unmap - an unmapping under way
 * @first: first IOVA that is left to unmap
 * @last: last IOVA, inclusive
 * @begun: the ends of the range have been looked at
 * @used_first: first IOVA of an area that accesses still use
 * @used_last: last IOVA of it
 */
struct unmap {
	unsigned long first;
	unsigned long last;
	bool begun;
	unsigned long used_first;
	unsigned long used_last;
};

static bool cuts(const struct area *area, const struct unmap *unmap)
{
	return area->node.first < unmap->first || area->node.last > unmap->last;
}

/* The area after @area, if it begins at or before @last. */
static struct area *next_in(struct area *area, unsigned long last)
{
	struct area *next = area_of(iova_space_next(&area->node));

	return next && next->node.first <= last ? next : NULL;
}

/*
 * The next area, made busy; NULL at the end, or an error. The first time both
 * ends of the range are looked at: an area that reaches into it is an error
 * before anything is unmapped. An area that accesses use is blocked for further
 * use: -EAGAIN, and @unmap says where.
 */
static struct area *take_area(struct iommufd_ioas *ioas, struct unmap *unmap)
{
	struct area *area;

	spin_lock(&ioas->space.lock);
	area = area_of(iova_space_find(&ioas->space, unmap->first,
				       unmap->last));
	/*
	 * It was mapped meanwhile, where this has been: it comes later. There
	 * are two at most, one at each end of what is left.
	 */
	while (area && unmap->begun && cuts(area, unmap))
		area = next_in(area, unmap->last);
	if (!area)
		goto out_unlock;
	if (cuts(area, unmap) ||
	    (!unmap->begun && area->node.last < unmap->last &&
	     reaches_beyond(ioas, unmap->last))) {
		area = ERR_PTR(-ENOENT);
	} else if (area_is_busy(area) || area->nr_owners) {
		area = ERR_PTR(-EBUSY);
	} else if (area->nr_users) {
		unmap->used_first = area->node.first;
		unmap->used_last = area->node.last;
		area->blocked = true;
		area = ERR_PTR(-EAGAIN);
	} else {
		area->busy = true;
	}
	unmap->begun = true;
out_unlock:
	spin_unlock(&ioas->space.lock);
	return area;
}

/* It will not be unmapped after all; if it is not gone, that is. */
static void unblock(struct iommufd_ioas *ioas, const struct unmap *unmap)
{
	struct area *area;

	spin_lock(&ioas->space.lock);
	area = area_of(iova_space_find(&ioas->space, unmap->used_first,
				       unmap->used_last));
	if (area)
		area->blocked = false;
	spin_unlock(&ioas->space.lock);
}

static int lock_domains(struct iommufd_ioas *ioas, bool killable)
{
	if (killable)
		return down_read_killable(&ioas->domains_rwsem);
	down_read(&ioas->domains_rwsem);
	return 0;
}

/*
 * Wait for accesses, without the lock that they need to finish; on failure it is
 * not taken again.
 */
static int wait_unused(struct iommufd_ioas *ioas, const struct unmap *unmap,
		       bool killable)
{
	int rc;

	up_read(&ioas->domains_rwsem);
	rc = ioas_wait_unused(ioas, unmap->used_first, unmap->used_last);
	race_point("ioas:unused");
	if (!rc)
		rc = lock_domains(ioas, killable);
	if (rc)
		unblock(ioas, unmap);
	return rc;
}

/**
 * ioas_unmap_range() - remove all areas in a range
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @killable: a fatal signal ends it early; a wait for accesses ends by one, or
 *            after a time, in any case
 * @unmapped_bytes: set to how much was mapped there, also in case of an error
 *
 * Neither devices nor accesses can reach the memory when this returns.
 *
 * Context: Process; sleeps. Calls the unmap callbacks of accesses.
 * Return: 0, also when nothing is mapped there; or
 * * -ENOENT: the range cuts an area; nothing is unmapped
 * * with what lies before unmapped: -EBUSY when another thread is just mapping
 *   or unmapping there, -EINTR for a fatal signal if @killable, or what
 *   ioas_wait_unused() says
 */
int ioas_unmap_range(struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last, bool killable,
		     unsigned long *unmapped_bytes)
{
	struct unmap unmap = { .first = first, .last = last };
	struct area *area;
	int rc;

	*unmapped_bytes = 0;
	rc = lock_domains(ioas, killable);
	if (rc)
		return rc;
	while (!rc && (area = take_area(ioas, &unmap))) {
		unsigned long area_last;

		if (IS_ERR(area)) {
			rc = PTR_ERR(area);
			if (rc != -EAGAIN)
				break;
			rc = wait_unused(ioas, &unmap, killable);
			if (rc)
				return rc;
			continue;
		}
		area_last = area->node.last;
		area_depopulate(area, ioas);
		iova_space_erase(&ioas->space, &area->node);
		*unmapped_bytes += area->length_bytes;
		area_free(area);
		if (area_last == last)
			break;
		unmap.first = area_last + 1;
		race_point("ioas:unmapped");
		if (killable && fatal_signal_pending(current))
			rc = -EINTR;
		cond_resched();
	}
	up_read(&ioas->domains_rwsem);
	return rc;
}
