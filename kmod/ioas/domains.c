// SPDX-License-Identifier: GPL-2.0-only
/*
 * The domains that mirror an IOAS.
 */
#include <linux/iommu.h>
#include <linux/sched/signal.h>

#include "area.h"
#include "core/core.h"
#include "ioas.h"
#include "table/table.h"

/* What a domain can not address is as good as reserved. */
static int reserve_outside(struct iommufd_ioas *ioas,
			   struct ioas_domain *member)
{
	const struct iommu_domain_geometry *geometry =
		&member->domain->geometry;
	int rc = 0;

	if (geometry->aperture_start)
		rc = iova_space_reserve(&ioas->space, 0,
					geometry->aperture_start - 1, member);
	if (!rc && geometry->aperture_end < ULONG_MAX)
		rc = iova_space_reserve(&ioas->space,
					geometry->aperture_end + 1, ULONG_MAX,
					member);
	if (rc)
		iova_space_unreserve(&ioas->space, member);
	return rc;
}

static bool is_aligned(const struct area *area, unsigned long align_bytes)
{
	return !((area->node.first | area->start_byte | area->length_bytes) &
		 (align_bytes - 1));
}

/**
 * ioas_raise_alignment() - ask for a larger alignment
 * @ioas: the IOAS
 * @align_bytes: what mappings must be aligned to
 *
 * Context: domains_rwsem is held for writing.
 * Return: 0, -EADDRINUSE when something is mapped that is not, -EINVAL for more
 * than PAGE_SIZE, or -EINTR for a fatal signal.
 */
int ioas_raise_alignment(struct iommufd_ioas *ioas, unsigned long align_bytes)
{
	struct area *area;

	if (align_bytes > PAGE_SIZE)
		return -EINVAL;
	if (align_bytes <= ioas->space.alignment_bytes)
		return 0;
	for_each_area(area, ioas) {
		if (!is_aligned(area, align_bytes))
			return -EADDRINUSE;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	ioas->space.alignment_bytes = align_bytes;
	return 0;
}

/**
 * ioas_reset_alignment() - set the alignment that is needed
 * @ioas: the IOAS
 *
 * Context: domains_rwsem is held for writing.
 */
void ioas_reset_alignment(struct iommufd_ioas *ioas)
{
	unsigned long align_bytes = ioas->combine && !ioas->nr_whole_pages ?
				    1 : PAGE_SIZE;
	struct ioas_domain *member;

	list_for_each_entry(member, &ioas->domains, node)
		align_bytes = max(align_bytes,
				  domain_alignment_bytes(member->domain));
	ioas->space.alignment_bytes = align_bytes;
}

/* The first domain of an IOAS has its areas pinned, the last one unpinned. */
static __always_inline int map_area(struct iommufd_ioas *ioas,
				    struct area *area,
				    struct ioas_domain *member,
				    struct trace_op *op)
{
	bool pin = list_empty(&ioas->domains);
	u64 begin_ns;
	int rc;

	if (pin) {
		begin_ns = trace_stage_begin(op);
		rc = area_claim(area);
		trace_stage_end(op, TRACE_PIN, begin_ns);
		if (rc < 0)
			return rc;
		trace_op_helped(op, rc);
	}
	begin_ns = trace_stage_begin(op);
	rc = area_map(area, member, ioas->combine);
	trace_stage_end(op, TRACE_FILL, begin_ns);
	if (rc && pin)
		area_unclaim(area);
	return rc;
}

static __always_inline void unmap_area(struct iommufd_ioas *ioas,
				       struct area *area,
				       struct ioas_domain *member,
				       struct trace_op *op)
{
	u64 begin_ns = trace_stage_begin(op);

	area_unmap(area, member);
	trace_stage_end(op, TRACE_FILL, begin_ns);
	if (!list_empty(&ioas->domains))
		return;
	begin_ns = trace_stage_begin(op);
	area_unclaim(area);
	trace_stage_end(op, TRACE_PIN, begin_ns);
}

static __always_inline int map_all(struct iommufd_ioas *ioas,
				   struct ioas_domain *member,
				   struct trace_op *op)
{
	struct area *area, *failed;
	int rc;

	member->filled_bytes = 0;
	for_each_area(area, ioas) {
		race_point("ioas:mapping");
		rc = fatal_signal_pending(current) ?
			     -EINTR : map_area(ioas, area, member, op);
		if (rc)
			goto err_unmap;
		member->filled_bytes += area->length_bytes;
		if (op)
			area_count(area, op);
	}
	return 0;

err_unmap:
	failed = area;
	for_each_area(area, ioas) {
		if (area == failed)
			break;
		unmap_area(ioas, area, member, NULL);
	}
	return rc;
}

/**
 * ioas_reserve() - keep ranges of IOVAs from being mapped
 * @ioas: the IOAS
 * @regions: the ranges, struct iommu_resv_region
 * @owner: on whose behalf; what ioas_unreserve() will name
 *
 * Context: Process; sleeps. Takes domains_rwsem for writing.
 * Return: 0, or with nothing reserved -EADDRINUSE when something is mapped or
 * allowed there, -ENOMEM, or -EINTR for a fatal signal.
 */
int ioas_reserve(struct iommufd_ioas *ioas, const struct list_head *regions,
		 const void *owner)
{
	const struct iommu_resv_region *region;
	int rc;

	rc = down_write_killable(&ioas->domains_rwsem);
	if (rc)
		return rc;
	list_for_each_entry(region, regions, list) {
		rc = iova_space_reserve(&ioas->space, region->start,
					region->start + region->length - 1,
					owner);
		if (rc) {
			iova_space_unreserve(&ioas->space, owner);
			break;
		}
	}
	up_write(&ioas->domains_rwsem);
	return rc;
}

/**
 * ioas_unreserve() - undo every ioas_reserve() of an owner
 * @ioas: the IOAS
 * @owner: on whose behalf it was
 *
 * Context: Process; sleeps. Takes domains_rwsem for writing.
 */
void ioas_unreserve(struct iommufd_ioas *ioas, const void *owner)
{
	down_write(&ioas->domains_rwsem);
	iova_space_unreserve(&ioas->space, owner);
	up_write(&ioas->domains_rwsem);
}

static __always_inline int add_domain(struct iommufd_ioas *ioas,
				      struct ioas_domain *member,
				      struct trace_op *op)
{
	u64 begin_ns = trace_stage_begin(op);
	int rc;

	rc = down_write_killable(&ioas->domains_rwsem);
	trace_stage_end(op, TRACE_WAIT, begin_ns);
	if (rc)
		return rc;
	if (member->joined)
		goto out_unlock;
	rc = reserve_outside(ioas, member);
	if (rc)
		goto out_unlock;
	rc = ioas_raise_alignment(ioas, domain_alignment_bytes(member->domain));
	if (rc)
		goto err_unreserve;
	rc = map_all(ioas, member, op);
	if (rc)
		goto err_reset;
	list_add_tail(&member->node, &ioas->domains);
	member->joined = true;
	WRITE_ONCE(ioas->nr_domains, ioas->nr_domains + 1);
	race_point("domains:added");
	goto out_unlock;

err_reset:
	ioas_reset_alignment(ioas);
err_unreserve:
	iova_space_unreserve(&ioas->space, member);
out_unlock:
	up_write(&ioas->domains_rwsem);
	return rc;
}

static noinline int add_domain_traced(struct iommufd_ioas *ioas,
				      struct ioas_domain *member)
{
	u32 number = ioas->ictx->number, id = ioas->obj.id;
	struct trace_op op;
	int rc;

	trace_ioas_add_domain_begin(number, id, 0, 0);
	trace_op_begin(&op);
	rc = add_domain(ioas, member, &op);
	trace_op_end(&op);
	trace_ioas_add_domain_end(number, id, 0, op.length_bytes, rc, &op);
	return rc;
}

/**
 * ioas_add_domain() - have a domain mirror an IOAS
 * @ioas: the IOAS
 * @member: the domain; to nothing else than this does it belong
 *
 * All that is mapped in @ioas is mapped in the domain, and from here on what
 * will be. If it is the first one, memory is pinned now. Where it is a member already,
 * there is nothing to do.
 *
 * Context: Process; sleeps, faults in user memory. Takes domains_rwsem for
 * writing.
 * Return: 0, or with both as they were
 *
 * * -EADDRINUSE: something is mapped or allowed that the domain can not address
 * * -EINVAL: the domain has no pages as small as PAGE_SIZE
 * * -EINTR: a fatal signal
 * * what backing_claim() and domain_map() say
 */
int ioas_add_domain(struct iommufd_ioas *ioas, struct ioas_domain *member)
{
	if (trace_ioas_add_domain_begin_enabled() ||
	    trace_ioas_add_domain_end_enabled())
		return add_domain_traced(ioas, member);
	return add_domain(ioas, member, NULL);
}

static __always_inline void remove_domain(struct iommufd_ioas *ioas,
					  struct ioas_domain *member,
					  struct trace_op *op)
{
	u64 begin_ns = trace_stage_begin(op);
	struct area *area;

	down_write(&ioas->domains_rwsem);
	trace_stage_end(op, TRACE_WAIT, begin_ns);
	if (!member->joined)
		goto out_unlock;
	member->joined = false;
	list_del(&member->node);
	WRITE_ONCE(ioas->nr_domains, ioas->nr_domains - 1);
	race_point("domains:removed");
	for_each_area(area, ioas) {
		if (op)
			area_count(area, op);
		unmap_area(ioas, area, member, op);
	}
	ioas_reset_alignment(ioas);
	iova_space_unreserve(&ioas->space, member);
out_unlock:
	up_write(&ioas->domains_rwsem);
}

static noinline void remove_domain_traced(struct iommufd_ioas *ioas,
					  struct ioas_domain *member)
{
	u32 number = ioas->ictx->number, id = ioas->obj.id;
	struct trace_op op;

	trace_ioas_remove_domain_begin(number, id, 0, 0);
	trace_op_begin(&op);
	remove_domain(ioas, member, &op);
	trace_op_end(&op);
	trace_ioas_remove_domain_end(number, id, 0, op.length_bytes, 0, &op);
}

/**
 * ioas_remove_domain() - end a domain's membership in an IOAS
 * @ioas: the IOAS
 * @member: the domain; nothing is mapped in it any more. If it is no member, there is
 *          nothing to do.
 *
 * If it is the last one, memory is unpinned now.
 *
 * Context: Process; sleeps. Takes domains_rwsem for writing.
 */
void ioas_remove_domain(struct iommufd_ioas *ioas, struct ioas_domain *member)
{
	if (trace_ioas_remove_domain_begin_enabled() ||
	    trace_ioas_remove_domain_end_enabled())
		remove_domain_traced(ioas, member);
	else
		remove_domain(ioas, member, NULL);
}
