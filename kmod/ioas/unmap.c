// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmapping: every area in a range, once nobody uses it any more.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "area.h"
#include "core/core.h"
#include "ioas.h"
#include "notify.h"

static inline bool reaches_beyond(const struct iommufd_ioas *ioas,
				  unsigned long last)
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

static inline bool cuts(const struct area *area, const struct unmap *unmap)
{
	return area->node.first < unmap->first || area->node.last > unmap->last;
}

/* The area after @area, if it begins at or before @last. */
static inline struct area *next_in(struct area *area, unsigned long last)
{
	struct area *next = area_of(iova_space_next(&area->node));

	return next && next->node.first <= last ? next : NULL;
}

/*
 * The next area, made busy; NULL at the end, or an error. The first time both
 * ends of the range are looked at: an area that reaches into it is an error
 * before anything is unmapped. An area that accesses use is blocked for further
 * use: -EAGAIN, and @unmap says where. Inline, for a call would be half a percent of
 * unmapping a page.
 */
static __always_inline struct area *take_area(struct iommufd_ioas *ioas,
					      struct unmap *unmap)
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

static inline int lock_domains(struct iommufd_ioas *ioas, bool killable)
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
	race_point("unmap:blocked");
	rc = ioas_wait_unused(ioas, unmap->used_first, unmap->used_last);
	race_point("ioas:unused");
	if (!rc)
		rc = lock_domains(ioas, killable);
	if (rc)
		unblock(ioas, unmap);
	return rc;
}

static __always_inline int unmap_range(struct iommufd_ioas *ioas,
				       unsigned long first, unsigned long last,
				       bool killable,
				       unsigned long *unmapped_bytes,
				       struct trace_op *op)
{
	struct unmap unmap = { .first = first, .last = last };
	u64 begin_ns = trace_stage_begin(op);
	struct area *area;
	int rc;

	*unmapped_bytes = 0;
	rc = lock_domains(ioas, killable);
	trace_stage_end(op, TRACE_WAIT, begin_ns);
	if (rc)
		return rc;
	while (!rc && (area = take_area(ioas, &unmap))) {
		unsigned long area_last;

		if (IS_ERR(area)) {
			rc = PTR_ERR(area);
			if (rc != -EAGAIN)
				break;
			begin_ns = trace_stage_begin(op);
			rc = wait_unused(ioas, &unmap, killable);
			trace_stage_end(op, TRACE_WAIT, begin_ns);
			if (rc)
				return rc;
			continue;
		}
		area_last = area->node.last;
		race_point("unmap:busy");
		if (op) {
			area_count(area, op);
			area_depopulate_traced(area, ioas, op);
		} else {
			area_depopulate(area, ioas);
		}
		race_point("unmap:depopulated");
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

static noinline int unmap_range_traced(struct iommufd_ioas *ioas,
				       unsigned long first, unsigned long last,
				       bool killable,
				       unsigned long *unmapped_bytes)
{
	u32 number = ioas->ictx->number, id = ioas->obj.id;
	struct trace_op op;
	int rc;

	/* A length of 0 is that of all there is. */
	trace_ioas_unmap_begin(number, id, first, last - first + 1);
	trace_op_begin(&op);
	rc = unmap_range(ioas, first, last, killable, unmapped_bytes, &op);
	trace_op_end(&op);
	trace_ioas_unmap_end(number, id, first, *unmapped_bytes, rc, &op);
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
 *
 * * -ENOENT: the range cuts an area; nothing is unmapped
 * * with what lies before unmapped: -EBUSY when another thread is just mapping
 *   or unmapping there, -EINTR for a fatal signal if @killable, or what
 *   ioas_wait_unused() says
 */
int ioas_unmap_range(struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last, bool killable,
		     unsigned long *unmapped_bytes)
{
	if (trace_ioas_unmap_begin_enabled() || trace_ioas_unmap_end_enabled())
		return unmap_range_traced(ioas, first, last, killable,
					  unmapped_bytes);
	return unmap_range(ioas, first, last, killable, unmapped_bytes, NULL);
}
