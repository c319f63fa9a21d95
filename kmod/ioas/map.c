// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping: a place in the IOAS for an area, its memory claimed, the tables of all
 * domains filled, and then it is there for all to see; or all of it undone.
 */
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "area.h"
#include "core/core.h"
#include "ioas.h"

/*
 * Large entries of an IO page table need IOVA and memory to be at the same
 * distance from a large boundary. The address in the backing stands for that in
 * memory: huge pages are at multiples of their size in an address space too.
 */
static unsigned long address_of(const struct area *area)
{
	return area->backing->start + area->start_byte;
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

static __always_inline int populate(struct area *area,
				    struct iommufd_ioas *ioas,
				    struct trace_op *op)
{
	struct ioas_domain *member;
	u64 begin_ns;
	int rc;

	if (list_empty(&ioas->domains))
		return 0;
	begin_ns = trace_stage_begin(op);
	rc = area_claim(area);
	trace_stage_end(op, TRACE_PIN, begin_ns);
	if (rc < 0)
		return rc;
	trace_op_helped(op, rc);
	race_point("map:claimed");
	begin_ns = trace_stage_begin(op);
	list_for_each_entry(member, &ioas->domains, node) {
		rc = area_map(area, member, ioas->combine);
		if (rc)
			goto err_unmap;
	}
	trace_stage_end(op, TRACE_FILL, begin_ns);
	return 0;

err_unmap:
	list_for_each_entry_continue_reverse(member, &ioas->domains, node)
		area_unmap(area, member);
	trace_stage_end(op, TRACE_FILL, begin_ns);
	area_unclaim(area);
	return rc;
}

/**
 * area_populate() - pin an area and map it in every domain of its IOAS
 * @area: the area
 * @ioas: the IOAS; where it has no domain, nothing is pinned either
 *
 * Context: Process; sleeps. domains_rwsem is held for reading.
 * Return: 0, or with nothing done what backing_claim() or domain_map() say.
 */
int area_populate(struct area *area, struct iommufd_ioas *ioas)
{
	return populate(area, ioas, NULL);
}

/**
 * area_populate_traced() - area_populate(), and take down what takes the time
 * @area: the area
 * @ioas: the IOAS
 * @op: what it is a part of
 *
 * Return: as area_populate().
 */
int area_populate_traced(struct area *area, struct iommufd_ioas *ioas,
			 struct trace_op *op)
{
	return populate(area, ioas, op);
}

static __always_inline void depopulate(struct area *area,
				       struct iommufd_ioas *ioas,
				       struct trace_op *op)
{
	struct ioas_domain *member;
	u64 begin_ns;

	if (list_empty(&ioas->domains))
		return;
	begin_ns = trace_stage_begin(op);
	list_for_each_entry(member, &ioas->domains, node)
		area_unmap(area, member);
	trace_stage_end(op, TRACE_FILL, begin_ns);
	begin_ns = trace_stage_begin(op);
	area_unclaim(area);
	trace_stage_end(op, TRACE_PIN, begin_ns);
}

/**
 * area_depopulate() - undo area_populate()
 * @area: the area
 * @ioas: the IOAS
 *
 * Context: Process; sleeps. domains_rwsem is held for reading.
 */
void area_depopulate(struct area *area, struct iommufd_ioas *ioas)
{
	depopulate(area, ioas, NULL);
}

/**
 * area_depopulate_traced() - area_depopulate(), and take down what takes the time
 * @area: the area
 * @ioas: the IOAS
 * @op: what it is a part of
 */
void area_depopulate_traced(struct area *area, struct iommufd_ioas *ioas,
			    struct trace_op *op)
{
	depopulate(area, ioas, op);
}

static __always_inline int map_area(struct iommufd_ioas *ioas,
				    struct area *area, unsigned long *iova,
				    bool fixed, struct trace_op *op)
{
	u64 begin_ns = trace_stage_begin(op);
	int rc;

	rc = down_read_killable(&ioas->domains_rwsem);
	trace_stage_end(op, TRACE_WAIT, begin_ns);
	if (rc)
		return rc;
	rc = ioas_insert(ioas, area, *iova, fixed);
	if (rc)
		goto out_unlock;
	race_point("map:inserted");
	rc = op ? area_populate_traced(area, ioas, op) :
		  area_populate(area, ioas);
	if (rc) {
		iova_space_erase(&ioas->space, &area->node);
		goto out_unlock;
	}
	race_point("map:populated");
	*iova = area->node.first;
	if (op)
		area_count(area, op);
	area_set_ready(area);
out_unlock:
	up_read(&ioas->domains_rwsem);
	return rc;
}

static noinline int map_area_traced(struct iommufd_ioas *ioas,
				    struct area *area, unsigned long *iova,
				    bool fixed)
{
	u32 number = ioas->ictx->number, id = ioas->obj.id;
	unsigned long length_bytes = area->length_bytes;
	struct trace_op op;
	int rc;

	trace_ioas_map_begin(number, id, fixed ? *iova : 0, length_bytes);
	trace_op_begin(&op);
	rc = map_area(ioas, area, iova, fixed, &op);
	trace_op_end(&op);
	trace_ioas_map_end(number, id, !rc || fixed ? *iova : 0, length_bytes,
			   rc, &op);
	return rc;
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
 *
 * * -EINVAL: not aligned, or reserved
 * * -EEXIST: @fixed, and partly mapped already
 * * -ENOSPC: not @fixed, and no room
 * * -EINTR: a fatal signal while waiting, or in a long search
 * * what area_populate() says
 */
int ioas_map(struct iommufd_ioas *ioas, struct area *area, unsigned long *iova,
	     bool fixed)
{
	if (trace_ioas_map_begin_enabled() || trace_ioas_map_end_enabled())
		return map_area_traced(ioas, area, iova, fixed);
	return map_area(ioas, area, iova, fixed, NULL);
}
