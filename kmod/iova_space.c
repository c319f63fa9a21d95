// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which IOVAs are mapped, reserved, and allowed. See iova_space.h.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "iova_space.h"

/**
 * iova_space_init() - start with everything free
 * @space: the space
 */
void iova_space_init(struct iova_space *space)
{
	mt_init_flags(&space->mapped, MT_FLAGS_ALLOC_RANGE);
	space->reserved = RB_ROOT_CACHED;
	space->allowed = RB_ROOT_CACHED;
	space->alignment_bytes = 1;
}

/**
 * iova_ranges_destroy() - free a set of ranges
 * @ranges: the set; empty afterwards
 */
void iova_ranges_destroy(struct rb_root_cached *ranges)
{
	struct iova_range *range, *next;

	rbtree_postorder_for_each_entry_safe(range, next, &ranges->rb_root,
					     node.rb)
		kfree(range);
	*ranges = RB_ROOT_CACHED;
}

/**
 * iova_space_destroy() - free all memory of a space
 * @space: the space; nothing is mapped any more
 */
void iova_space_destroy(struct iova_space *space)
{
	mtree_destroy(&space->mapped);
	iova_ranges_destroy(&space->reserved);
	iova_ranges_destroy(&space->allowed);
}

static int new_range(struct rb_root_cached *ranges, unsigned long first,
		     unsigned long last, const void *owner)
{
	struct iova_range *range = kmalloc_obj(*range, GFP_KERNEL_ACCOUNT);

	if (!range)
		return -ENOMEM;
	range->node.start = first;
	range->node.last = last;
	range->owner = owner;
	interval_tree_insert(&range->node, ranges);
	return 0;
}

static bool overlaps(struct rb_root_cached *ranges, unsigned long first,
		     unsigned long last)
{
	return interval_tree_iter_first(ranges, first, last);
}

/**
 * iova_space_insert() - map a range at a given place
 * @space: the space
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @entry: what is mapped there
 *
 * Context: The owner's lock is held. May sleep.
 * Return: 0, or
 * * -EINVAL: not aligned, or partly reserved
 * * -EEXIST: partly mapped already
 * * -ENOMEM: out of memory
 */
int iova_space_insert(struct iova_space *space, unsigned long first,
		      unsigned long last, void *entry)
{
	if ((first | (last + 1)) & (space->alignment_bytes - 1))
		return -EINVAL;
	if (overlaps(&space->reserved, first, last))
		return -EINVAL;
	return mtree_insert_range(&space->mapped, first, last, entry,
				  GFP_KERNEL_ACCOUNT);
}

/*
 * The lowest place in [low, high] that is free, and @phase_bytes beyond a
 * multiple of @align_bytes.
 */
static int find_free(struct iova_space *space, unsigned long low,
		     unsigned long high, unsigned long length_bytes,
		     unsigned long align_bytes, unsigned long phase_bytes,
		     unsigned long *first)
{
	MA_STATE(mas, &space->mapped, 0, 0);
	unsigned long slack = align_bytes - 1;
	int rc;

	/* O(log n): a gap this long has such a place wherever it begins. */
	if (length_bytes + slack >= length_bytes &&
	    high - low >= length_bytes + slack - 1) {
		rc = mas_empty_area(&mas, low, high, length_bytes + slack);
		if (!rc) {
			*first = mas.index +
				 ((phase_bytes - mas.index) & slack);
			return 0;
		}
	}

	/* There may still be a shorter one that begins at the right place. */
	while (high >= low && high - low >= length_bytes - 1) {
		unsigned long at;

		mas_reset(&mas);
		rc = mas_empty_area(&mas, low, high, length_bytes);
		if (rc)
			return rc;
		at = mas.index + ((phase_bytes - mas.index) & slack);
		if (at < mas.index || at > high ||
		    high - at < length_bytes - 1)
			return -EBUSY;
		if (at == mas.index) {
			*first = at;
			return 0;
		}
		mas_set(&mas, at);
		if (!mas_find(&mas, at + length_bytes - 1)) {
			*first = at;
			return 0;
		}
		if (mas.last == ULONG_MAX)
			return -EBUSY;
		low = mas.last + 1;
	}
	return -EBUSY;
}

/* The lowest place in [low, high] that is neither reserved nor mapped. */
static int find_usable(struct iova_space *space, unsigned long low,
		       unsigned long high, unsigned long length_bytes,
		       unsigned long align_bytes, unsigned long phase_bytes,
		       unsigned long *first)
{
	struct interval_tree_span_iter span;

	interval_tree_for_each_span(&span, &space->reserved, low, high) {
		if (!span.is_hole ||
		    span.last_hole - span.start_hole < length_bytes - 1)
			continue;
		if (!find_free(space, span.start_hole, span.last_hole,
			       length_bytes, align_bytes, phase_bytes, first))
			return 0;
	}
	return -ENOSPC;
}

static int find_place(struct iova_space *space, unsigned long length_bytes,
		      unsigned long align_bytes, unsigned long phase_bytes,
		      unsigned long *first)
{
	struct interval_tree_node *node;

	if (RB_EMPTY_ROOT(&space->allowed.rb_root))
		return find_usable(space, 0, ULONG_MAX, length_bytes,
				   align_bytes, phase_bytes, first);

	for (node = interval_tree_iter_first(&space->allowed, 0, ULONG_MAX);
	     node; node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		if (!find_usable(space, node->start, node->last, length_bytes,
				 align_bytes, phase_bytes, first))
			return 0;
	}
	return -ENOSPC;
}

/**
 * iova_space_alloc() - map a range at a place that is free
 * @space: the space
 * @length_bytes: its length
 * @align_bytes: power of two; the place is @phase_bytes beyond a multiple of it
 * @phase_bytes: less than @align_bytes
 * @first: where to put the first IOVA
 * @entry: what is mapped there
 *
 * The lowest place in the allowed ranges, or anywhere if there are none.
 *
 * Context: The owner's lock is held. May sleep.
 * Return: 0, or
 * * -EINVAL: length or phase do not suit the alignment of the space
 * * -ENOSPC: no room
 * * -ENOMEM: out of memory
 */
int iova_space_alloc(struct iova_space *space, unsigned long length_bytes,
		     unsigned long align_bytes, unsigned long phase_bytes,
		     unsigned long *first, void *entry)
{
	int rc;

	if ((length_bytes | phase_bytes) & (space->alignment_bytes - 1))
		return -EINVAL;
	do {
		iova_space_lock(space);
		rc = find_place(space, length_bytes,
				max(align_bytes, space->alignment_bytes),
				phase_bytes, first);
		iova_space_unlock(space);
		if (rc)
			return rc;
		/* Memory comes without the lock: the place may be gone. */
		rc = mtree_insert_range(&space->mapped, *first,
					*first + length_bytes - 1, entry,
					GFP_KERNEL_ACCOUNT);
	} while (rc == -EEXIST);
	return rc;
}

/**
 * iova_space_erase() - a range is not mapped any more
 * @space: the space
 * @iova: any IOVA of it
 */
void iova_space_erase(struct iova_space *space, unsigned long iova)
{
	mtree_erase(&space->mapped, iova);
}

/**
 * iova_space_find() - find the first mapped range
 * @space: the space
 * @first: lowest IOVA to look at
 * @last: highest IOVA to look at, inclusive
 *
 * O(log n) in the number of mapped ranges.
 *
 * Context: iova_space_lock() is held.
 * Return: the entry of the lowest range that has an IOVA in there, or NULL.
 */
void *iova_space_find(struct iova_space *space, unsigned long first,
		      unsigned long last)
{
	MA_STATE(mas, &space->mapped, first, first);

	return mas_find(&mas, last);
}

static bool is_mapped(struct iova_space *space, unsigned long first,
		      unsigned long last)
{
	bool mapped;

	iova_space_lock(space);
	mapped = iova_space_find(space, first, last);
	iova_space_unlock(space);
	return mapped;
}

/**
 * iova_space_reserve() - keep a range from being mapped
 * @space: the space
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @owner: what iova_space_unreserve() will name
 *
 * Context: The owner's lock is held for writing. May sleep.
 * Return: 0, -EADDRINUSE when a part is mapped or allowed, or -ENOMEM.
 */
int iova_space_reserve(struct iova_space *space, unsigned long first,
		       unsigned long last, const void *owner)
{
	if (overlaps(&space->allowed, first, last) ||
	    is_mapped(space, first, last))
		return -EADDRINUSE;
	return new_range(&space->reserved, first, last, owner);
}

/**
 * iova_space_unreserve() - end all reservations of an owner
 * @space: the space
 * @owner: whose
 *
 * Context: The owner's lock is held for writing.
 */
void iova_space_unreserve(struct iova_space *space, const void *owner)
{
	struct interval_tree_node *node, *next;

	for (node = interval_tree_iter_first(&space->reserved, 0, ULONG_MAX);
	     node; node = next) {
		struct iova_range *range =
			container_of(node, struct iova_range, node);

		next = interval_tree_iter_next(node, 0, ULONG_MAX);
		if (range->owner != owner)
			continue;
		interval_tree_remove(node, &space->reserved);
		kfree(range);
	}
}

/**
 * iova_ranges_add() - add to a set of ranges that do not overlap
 * @ranges: the set
 * @first: first IOVA
 * @last: last IOVA, inclusive
 *
 * Context: May sleep.
 * Return: 0, -EINVAL when the range is empty or overlaps another, or -ENOMEM.
 */
int iova_ranges_add(struct rb_root_cached *ranges, unsigned long first,
		    unsigned long last)
{
	if (first > last || overlaps(ranges, first, last))
		return -EINVAL;
	return new_range(ranges, first, last, NULL);
}

/**
 * iova_space_set_allowed() - replace the allowed ranges
 * @space: the space
 * @ranges: the new set, maybe empty; on success it becomes the old one
 *
 * Context: The owner's lock is held for writing.
 * Return: 0, or -EADDRINUSE when one of them is partly reserved.
 */
int iova_space_set_allowed(struct iova_space *space,
			   struct rb_root_cached *ranges)
{
	struct interval_tree_node *node;

	for (node = interval_tree_iter_first(ranges, 0, ULONG_MAX); node;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		if (overlaps(&space->reserved, node->start, node->last))
			return -EADDRINUSE;
	}
	swap(space->allowed, *ranges);
	return 0;
}
