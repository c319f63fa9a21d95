// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is pinned of a backing, counted for people to look at.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "backing.h"
#include "core/core.h"

/* Where a level is folded into the one above, both are of one size. */
static enum pin_leaf leaf_of(extent_t e)
{
	unsigned int order = extent_pin_order(e);

	if (!order)
		return PIN_LEAF_4K;
	if (order == PMD_ORDER)
		return PIN_LEAF_2M;
	if (order == PUD_ORDER)
		return PIN_LEAF_1G;
	return PIN_LEAF_OTHER;
}

static void count(struct pin_counts *counts, extent_t e)
{
	enum pin_leaf leaf = leaf_of(e);

	counts->npages[leaf] += extent_npages(e);
	counts->npins[leaf] += extent_npins(e);
	/* One run may be several extents: what a pin stands for differs, or it is long. */
	counts->nr_runs += extent_pfn(e) != counts->end_pfn;
	counts->end_pfn = extent_end_pfn(e);
}

/*
 * Count what @segment has of [@index, @last_index], which is something; at most
 * *@left extents. Returns where to go on.
 */
static unsigned long count_segment(const struct segment *segment,
				   unsigned long index,
				   unsigned long last_index, unsigned int *left,
				   struct pin_counts *counts)
{
	unsigned long at = index - segment->first_index;
	struct extents_iter it;
	unsigned long skip_npages;

	if (!extents_seek(&segment->extents, at, &it))
		return last_index + 1;
	counts->nr_helpers = max(counts->nr_helpers, segment->nr_helpers);
	skip_npages = at - it.index;
	do {
		unsigned long npages = min(extent_npages(it.run) - skip_npages,
					   last_index - index + 1);

		count(counts, extent_clip(it.run, skip_npages, npages));
		index += npages;
		skip_npages = 0;
	} while (--*left && index <= last_index && extents_next(&it));
	return index;
}

/**
 * backing_count_some() - count what is pinned of a range, as far as one step goes
 * @backing: the backing
 * @index: the first page
 * @last_index: the last page, inclusive
 * @max_extents: the step, at least 1
 * @counts: added to
 *
 * Context: @backing->lock is held. Does not sleep.
 * Return: the page to go on from; one after @last_index when all is counted.
 */
unsigned long backing_count_some(struct backing *backing, unsigned long index,
				 unsigned long last_index,
				 unsigned int max_extents,
				 struct pin_counts *counts)
{
	struct segment *segment;

	lockdep_assert_held(&backing->lock);

	while (max_extents && index <= last_index) {
		segment = backing_segment(backing, index);
		if (!segment || segment->first_index > last_index)
			return last_index + 1;
		index = count_segment(segment, max(index, segment->first_index),
				      last_index, &max_extents, counts);
	}
	return index;
}

/**
 * backing_count() - count what is pinned of a range
 * @backing: the backing
 * @first_index: the first page
 * @last_index: the last page, inclusive
 * @counts: added to
 *
 * Context: Process; takes @backing->lock, as long as there are extents.
 */
void backing_count(struct backing *backing, unsigned long first_index,
		   unsigned long last_index, struct pin_counts *counts)
{
	if (!backing_has_pages(backing))
		return;
	/* No frame comes after the last one of another range. */
	counts->end_pfn = 0;
	mutex_lock(&backing->lock);
	backing_count_some(backing, first_index, last_index, UINT_MAX, counts);
	mutex_unlock(&backing->lock);
}
