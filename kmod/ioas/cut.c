// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cutting an area in two, for the first version of VFIO type1.
 */
#include "area.h"
#include "core/core.h"
#include "ioas.h"
#include "memory/memory.h"

static struct area *find(struct iommufd_ioas *ioas, unsigned long iova)
{
	return area_of(iova_space_find(&ioas->space, iova, iova));
}

/* @tail takes over what @area has from @iova on. */
static void shorten(struct iommufd_ioas *ioas, struct area *area,
		    struct area *tail, unsigned long iova)
{
	tail->node.first = iova;
	tail->node.last = area->node.last;
	tail->busy = false;

	spin_lock(&ioas->space.lock);
	iova_space_erase_locked(&ioas->space, &area->node);
	area->node.last = iova - 1;
	area->length_bytes = iova - area->node.first;
	iova_space_insert_locked(&ioas->space, &area->node);
	iova_space_insert_locked(&ioas->space, &tail->node);
	spin_unlock(&ioas->space.lock);
}

static int cut_area(struct iommufd_ioas *ioas, struct area *area,
		    unsigned long iova)
{
	unsigned long head_bytes = iova - area->node.first;
	struct area *tail;
	int rc;

	if (iova & (ioas->space.alignment_bytes - 1))
		return -EINVAL;
	/* Entries of a page table that lie on both sides can not be cut. */
	if (ioas->combine && !list_empty(&ioas->domains))
		return -EINVAL;
	if (!backing_has_pages(area->backing))
		return -EINVAL;
	if (area->nr_users)
		return -EBUSY;

	tail = area_create(backing_get(area->backing),
			   area->start_byte + head_bytes,
			   area->length_bytes - head_bytes, area->prot);
	if (IS_ERR(tail))
		return PTR_ERR(tail);
	if (!list_empty(&ioas->domains)) {
		unsigned long last_byte = area->start_byte + head_bytes - 1;

		/* All of it is pinned already. */
		rc = area_claim(tail);
		if (rc < 0) {
			area_free(tail);
			return rc;
		}
		backing_shrink_claim(area->backing, &area->claim,
				     last_byte >> PAGE_SHIFT);
	}
	race_point("cut:claimed");
	shorten(ioas, area, tail, iova);
	return 0;
}

/**
 * ioas_cut() - have an area begin at an IOVA
 * @ioas: the IOAS
 * @iova: where, if an area goes across it; else there is nothing to do
 *
 * What devices and accesses can reach does not change.
 *
 * Context: Process; sleeps. Takes domains_rwsem for writing.
 * Return: 0, or
 *
 * * -EINVAL: not aligned, a dma-buf, or the area may have large entries
 * * -EBUSY: accesses use the area
 * * -ENOMEM: out of memory
 * * -EINTR: a fatal signal while waiting
 */
int ioas_cut(struct iommufd_ioas *ioas, unsigned long iova)
{
	struct area *area;
	int rc;

	rc = down_write_killable(&ioas->domains_rwsem);
	if (rc)
		return rc;
	area = find(ioas, iova);
	if (area && area->node.first != iova)
		rc = cut_area(ioas, area, iova);
	up_write(&ioas->domains_rwsem);
	return rc;
}
