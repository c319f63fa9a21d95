// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying areas of an IOAS.
 *
 * What is mapped by several calls can be copied by one, if it lies side by
 * side: then the copy is as many areas, in a chain until all are mapped.
 */
#include <linux/iommu.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "area.h"
#include "core/core.h"
#include "ioas.h"
#include "memory/memory.h"

/**
 * area_free_chain() - free areas that are in no IOAS
 * @chain: the first one, or NULL
 *
 * Context: Process; sleeps.
 */
void area_free_chain(struct area *chain)
{
	while (chain) {
		struct area *next = chain->next;

		area_free(chain);
		chain = next;
		cond_resched();
	}
}

/* A further area of what is mapped at @first, as far as @last. */
static struct area *copy_area(struct iommufd_ioas *ioas, unsigned long first,
			      unsigned long last, int prot)
{
	struct backing *backing = NULL;
	unsigned long start_byte = 0;
	struct area *area;

	spin_lock(&ioas->space.lock);
	area = area_of(iova_space_find(&ioas->space, first, first));
	if (area && !area_is_busy(area)) {
		backing = backing_get(area->backing);
		start_byte = area->start_byte + (first - area->node.first);
		last = min(last, area->node.last);
	}
	spin_unlock(&ioas->space.lock);

	if (!backing)
		return ERR_PTR(-ENOENT);
	if ((prot & IOMMU_WRITE) && !backing->writable) {
		backing_put(backing);
		return ERR_PTR(-EPERM);
	}
	return area_create(backing, start_byte, last - first + 1, prot);
}

/**
 * ioas_copy_areas() - make further areas of memory that is mapped already
 * @ioas: where it is mapped
 * @iova: first IOVA
 * @length_bytes: how much; does not wrap
 * @prot: of the new areas
 *
 * Return: a chain of areas that are in no IOAS yet, or ERR_PTR() of
 *
 * * -ENOENT: not all of the range is mapped
 * * -EPERM: @prot has IOMMU_WRITE, and some was mapped for reading only
 * * -ENOMEM: out of memory
 * * -EINTR: a fatal signal, where there are several areas
 */
struct area *ioas_copy_areas(struct iommufd_ioas *ioas, unsigned long iova,
			     unsigned long length_bytes, int prot)
{
	unsigned long last = iova + length_bytes - 1;
	struct area *chain = NULL, **end = &chain;

	for (;;) {
		struct area *area = copy_area(ioas, iova, last, prot);
		int rc;

		if (IS_ERR(area)) {
			area_free_chain(chain);
			return area;
		}
		*end = area;
		end = &area->next;
		if (area->length_bytes > last - iova)
			return chain;
		iova += area->length_bytes;
		rc = cond_resched_killable();
		if (rc) {
			area_free_chain(chain);
			return ERR_PTR(rc);
		}
	}
}

/* Are all areas of a chain what domains and accesses can use, each by itself? */
static bool is_aligned(const struct area *chain, unsigned long align_bytes)
{
	for (; chain; chain = chain->next) {
		if ((chain->start_byte | chain->length_bytes) &
		    (align_bytes - 1))
			return false;
		cond_resched();
	}
	return true;
}

static __always_inline int populate_chain(struct iommufd_ioas *ioas,
					  struct area *chain,
					  unsigned long iova,
					  struct trace_op *op)
{
	struct area *area, *done;
	int rc;

	for (area = chain; area; area = area->next) {
		area->node.first = iova;
		area->node.last = iova + area->length_bytes - 1;
		if (fatal_signal_pending(current))
			rc = -EINTR;
		else
			rc = op ? area_populate_traced(area, ioas, op) :
				  area_populate(area, ioas);
		if (rc)
			goto err_depopulate;
		if (op)
			area_count(area, op);
		cond_resched();
		iova += area->length_bytes;
	}
	return 0;

err_depopulate:
	for (done = chain; done != area; done = done->next) {
		area_depopulate(done, ioas);
		cond_resched();
	}
	return rc;
}

/* How many areas go in before others get the lock. */
#define BATCH_AREAS	32

/*
 * Put some areas of a chain in at the start of @place, which shrinks; the last
 * one takes the rest of it. Returns what is left of the chain.
 */
static struct area *insert_batch(struct iommufd_ioas *ioas, struct area *area,
				 struct iova_node *place)
{
	unsigned int nr = BATCH_AREAS;

	spin_lock(&ioas->space.lock);
	iova_space_erase_locked(&ioas->space, place);
	for (; area && nr; area = area->next, nr--)
		iova_space_insert_locked(&ioas->space, &area->node);
	if (area) {
		place->first = area->node.first;
		iova_space_insert_locked(&ioas->space, place);
	}
	spin_unlock(&ioas->space.lock);
	return area;
}

/*
 * Put the areas of a chain where @place was. All of them are busy until the last
 * one is in, so others find the place taken, and nothing there to be used. Then
 * they become ready one by one, the first one first: another thread that unmaps
 * just then may find only some of them so, which it unmaps, and gets -EBUSY for
 * the rest.
 */
static void insert_chain(struct iommufd_ioas *ioas, struct area *chain,
			 struct iova_node *place)
{
	struct area *area = chain;

	while ((area = insert_batch(ioas, area, place))) {
		race_point("ioas_copy:inserted");
		cond_resched();
	}
	while (chain) {
		struct area *next = chain->next;

		chain->next = NULL;
		area_set_ready(chain);
		chain = next;
		cond_resched();
	}
}

static __always_inline int map_chain(struct iommufd_ioas *ioas,
				     struct area *chain, struct area *place,
				     unsigned long *iova, bool fixed,
				     struct trace_op *op)
{
	u64 begin_ns = trace_stage_begin(op);
	int rc;

	rc = down_read_killable(&ioas->domains_rwsem);
	trace_stage_end(op, TRACE_WAIT, begin_ns);
	if (rc)
		return rc;
	/* Of the place only its ends are looked at. */
	rc = -EINVAL;
	if (!is_aligned(chain, ioas->space.alignment_bytes))
		goto out_unlock;
	rc = ioas_insert(ioas, place, *iova, fixed);
	if (rc)
		goto out_unlock;
	rc = populate_chain(ioas, chain, place->node.first, op);
	if (rc) {
		iova_space_erase(&ioas->space, &place->node);
		goto out_unlock;
	}
	race_point("ioas_copy:populated");
	*iova = place->node.first;
	insert_chain(ioas, chain, &place->node);
out_unlock:
	up_read(&ioas->domains_rwsem);
	return rc;
}

static noinline int map_chain_traced(struct iommufd_ioas *ioas,
				     struct area *chain, struct area *place,
				     unsigned long *iova, bool fixed)
{
	u32 number = ioas->ictx->number, id = ioas->obj.id;
	unsigned long length_bytes = place->length_bytes;
	struct trace_op op;
	int rc;

	trace_ioas_map_begin(number, id, fixed ? *iova : 0, length_bytes);
	trace_op_begin(&op);
	rc = map_chain(ioas, chain, place, iova, fixed, &op);
	trace_op_end(&op);
	trace_ioas_map_end(number, id, !rc || fixed ? *iova : 0, length_bytes,
			   rc, &op);
	return rc;
}

/**
 * ioas_map_chain() - add a chain of areas to an IOAS, side by side
 * @ioas: the IOAS
 * @chain: the areas; on success they belong to @ioas, and the caller must not
 *         touch them again
 * @iova: where to map them; set to where they were mapped
 * @fixed: map them at *@iova, and not at a place of the kernel's choice
 *
 * Context: Process; sleeps.
 * Return: as ioas_map(), and -ENOMEM, or -EINTR for a fatal signal.
 */
int ioas_map_chain(struct iommufd_ioas *ioas, struct area *chain,
		   unsigned long *iova, bool fixed)
{
	struct area *place, *area;
	int rc;

	if (!chain->next)
		return ioas_map(ioas, chain, iova, fixed);

	/* One area holds the place of all, and is busy for as long. */
	place = area_create(backing_get(chain->backing), chain->start_byte, 0,
			    0);
	if (IS_ERR(place))
		return PTR_ERR(place);
	for (area = chain; area; area = area->next) {
		place->length_bytes += area->length_bytes;
		cond_resched();
	}
	if (trace_ioas_map_begin_enabled() || trace_ioas_map_end_enabled())
		rc = map_chain_traced(ioas, chain, place, iova, fixed);
	else
		rc = map_chain(ioas, chain, place, iova, fixed, NULL);
	area_free(place);
	return rc;
}
