// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which IOVAs are mapped, reserved, and allowed. See iova_space.h.
 */
#include "core/killed.h"
#include "core/race_point.h"
#include "iova_space.h"
#include "portable.h"

static unsigned long own_gap(struct iova_node *node)
{
	return node->gap;
}

RB_DECLARE_CALLBACKS_MAX(static, gap_callbacks, struct iova_node, rb,
			 unsigned long, subtree_gap, own_gap)

static struct iova_node *to_node(struct rb_node *rb)
{
	return rb_entry_safe(rb, struct iova_node, rb);
}

/**
 * iova_space_init() - start with everything free
 * @space: the space
 */
void iova_space_init(struct iova_space *space)
{
	spin_lock_init(&space->lock);
	space->mapped = RB_ROOT;
	space->reserved = RB_ROOT_CACHED;
	space->allowed = RB_ROOT_CACHED;
	space->alignment_bytes = 1;
}

/**
 * iova_ranges_destroy() - free a set of ranges
 * @ranges: the set; empty afterwards
 *
 * Context: May sleep.
 */
void iova_ranges_destroy(struct rb_root_cached *ranges)
{
	struct iova_range *range, *next;

	rbtree_postorder_for_each_entry_safe(range, next, &ranges->rb_root,
					     node.rb) {
		kfree(range);
		cond_resched();
	}
	*ranges = RB_ROOT_CACHED;
}

/**
 * iova_space_destroy() - free all memory of a space
 * @space: the space; nothing is mapped any more
 *
 * Context: May sleep.
 */
void iova_space_destroy(struct iova_space *space)
{
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

static void set_gap(struct iova_node *node, const struct iova_node *prev)
{
	node->gap = node->first - (prev ? prev->last + 1 : 0);
	gap_callbacks_propagate(&node->rb, NULL);
}

/**
 * iova_space_insert_locked() - map a range that is known to be usable
 * @space: the space
 * @node: the range, first and last set
 *
 * Context: The lock of the space is held.
 * Return: 0, or -EEXIST when partly mapped already.
 */
int iova_space_insert_locked(struct iova_space *space, struct iova_node *node)
{
	struct iova_node *next = NULL, *prev = NULL;
	struct rb_node *parent = NULL, **link = &space->mapped.rb_node;

	/* The neighbours are those that were passed last on either side. */
	while (*link) {
		struct iova_node *other = to_node(*link);

		parent = *link;
		if (node->last < other->first) {
			next = other;
			link = &parent->rb_left;
		} else if (node->first > other->last) {
			prev = other;
			link = &parent->rb_right;
		} else {
			return -EEXIST;
		}
	}
	rb_link_node(&node->rb, parent, link);

	node->gap = node->first - (prev ? prev->last + 1 : 0);
	node->subtree_gap = node->gap;
	gap_callbacks_propagate(parent, NULL);
	rb_insert_augmented(&node->rb, &space->mapped, &gap_callbacks);
	if (next)
		set_gap(next, node);
	return 0;
}

/**
 * iova_space_insert() - map a range at a given place
 * @space: the space
 * @node: the range, first and last set
 *
 * Context: The owner's lock is held. Takes the lock of the space.
 * Return: 0, or
 *
 * * -EINVAL: not aligned, or partly reserved
 * * -EEXIST: partly mapped already
 */
int iova_space_insert(struct iova_space *space, struct iova_node *node)
{
	int rc;

	if ((node->first | (node->last + 1)) & (space->alignment_bytes - 1))
		return -EINVAL;
	if (overlaps(&space->reserved, node->first, node->last))
		return -EINVAL;

	spin_lock(&space->lock);
	rc = iova_space_insert_locked(space, node);
	spin_unlock(&space->lock);
	return rc;
}

/**
 * struct place - what iova_space_alloc() looks for
 * @length_bytes: how long
 * @slack_bytes: the alignment, a power of two, less 1
 * @phase_bytes: how far beyond a multiple of the alignment
 */
struct place {
	unsigned long length_bytes;
	unsigned long slack_bytes;
	unsigned long phase_bytes;
};

/* The lowest place in [low, high], all of which is free. */
static bool fits(const struct place *place, unsigned long low,
		 unsigned long high, unsigned long *first)
{
	unsigned long skip_bytes = (place->phase_bytes - low) &
				   place->slack_bytes;

	if (low > high || high - low < skip_bytes)
		return false;
	*first = low + skip_bytes;
	return high - *first >= place->length_bytes - 1;
}

/* The gap below @node, as far as it is in [low, high]. */
static bool gap_fits(const struct place *place, const struct iova_node *node,
		     unsigned long low, unsigned long high,
		     unsigned long *first)
{
	if (!node->gap)
		return false;
	return fits(place, max(low, node->first - node->gap),
		    min(high, node->first - 1), first);
}

/* The leftmost node below @rb, itself included, with such a gap; there is one. */
static struct iova_node *leftmost_gap(struct rb_node *rb,
				      unsigned long gap_bytes)
{
	for (;; rb = rb->rb_right) {
		while (rb->rb_left &&
		       to_node(rb->rb_left)->subtree_gap >= gap_bytes)
			rb = rb->rb_left;
		if (to_node(rb)->gap >= gap_bytes)
			return to_node(rb);
	}
}

/*
 * The first node after @node, in order of IOVA, that has a gap of at least
 * @gap_bytes below it. Subtrees whose gaps are all shorter are passed over.
 */
static struct iova_node *next_gap(struct iova_node *node,
				  unsigned long gap_bytes)
{
	struct rb_node *rb = &node->rb, *parent;

	for (;;) {
		if (rb->rb_right &&
		    to_node(rb->rb_right)->subtree_gap >= gap_bytes)
			return leftmost_gap(rb->rb_right, gap_bytes);
		/* Up, to the first parent that comes after this subtree. */
		while ((parent = rb_parent(rb)) && rb == parent->rb_right)
			rb = parent;
		if (!parent)
			return NULL;
		if (to_node(parent)->gap >= gap_bytes)
			return to_node(parent);
		rb = parent;
	}
}

/* The first node whose gap reaches above @low, long enough or not. */
static struct iova_node *first_above(const struct iova_space *space,
				     unsigned long low)
{
	struct rb_node *rb = space->mapped.rb_node;
	struct iova_node *found = NULL;

	while (rb) {
		if (to_node(rb)->first > low) {
			found = to_node(rb);
			rb = rb->rb_left;
		} else {
			rb = rb->rb_right;
		}
	}
	return found;
}

/*
 * Look at up to @tries gaps of at least @gap_bytes in [*@low, @high], the lowest
 * first. Returns 0 and the place; -ENOSPC when there are no more; or -EAGAIN with
 * *@low at the gap that comes next.
 */
static int find_in_gaps(const struct iova_space *space,
			const struct place *place, unsigned long *low,
			unsigned long high, unsigned long gap_bytes,
			unsigned int tries, unsigned long *first)
{
	struct iova_node *node = first_above(space, *low);

	for (; node; node = next_gap(node, gap_bytes)) {
		if (node->first - node->gap > high)
			return -ENOSPC;
		if (!tries--) {
			*low = node->first - node->gap;
			return -EAGAIN;
		}
		if (gap_fits(place, node, *low, high, first))
			return 0;
	}
	return -ENOSPC;
}

/* The space above the last mapping. */
static bool find_at_end(const struct iova_space *space,
			const struct place *place, unsigned long low,
			unsigned long high, unsigned long *first)
{
	const struct iova_node *last = to_node(rb_last(&space->mapped));

	if (last) {
		if (last->last >= high)
			return false;
		low = max(low, last->last + 1);
	}
	return fits(place, low, high, first);
}

/* Gaps that are long enough, but may not suit the alignment: how many to try. */
#define TIGHT_TRIES	16
/* And with room elsewhere ruled out: how many before others get the lock. */
#define SLICE_TRIES	64
/* Only what the ends of the range cut off may be too short after all. */
#define ROOMY_TRIES	2

/*
 * A place in [*@low, @high] that is free. Low ones are used again first, so that
 * the space in use stays small; but a thousand gaps that are only just long
 * enough are not all looked at while there is room elsewhere. Returns as
 * find_in_gaps(), which goes on after -EAGAIN.
 */
static int find_free(const struct iova_space *space, const struct place *place,
		     unsigned long *low, unsigned long high,
		     unsigned long *first)
{
	unsigned long roomy_bytes = place->length_bytes + place->slack_bytes;
	unsigned long from = *low;
	int rc;

	rc = find_in_gaps(space, place, low, high, place->length_bytes,
			  TIGHT_TRIES, first);
	if (!rc)
		return 0;
	/* A gap this long has a place wherever it begins. */
	if (rc == -EAGAIN && roomy_bytes >= place->length_bytes &&
	    !find_in_gaps(space, place, &from, high, roomy_bytes, ROOMY_TRIES,
			  first))
		return 0;
	return find_at_end(space, place, *low, high, first) ? 0 : rc;
}

/* In the midst of a search, with no lock of the space held. */
static int take_a_break(void)
{
	race_point("iova_space:searching");
	return cond_resched_killable();
}

/* In [low, high], of which nothing is reserved. */
static int alloc_in(struct iova_space *space, const struct place *place,
		    unsigned long low, unsigned long high,
		    struct iova_node *node)
{
	int rc;

	/* 0 is what programs take for none, and so do NVMe's lists of pages. */
	low = max(low, 1UL);
	/* Too short, whatever is mapped. */
	if (!fits(place, low, high, &node->first))
		return -ENOSPC;

	spin_lock(&space->lock);
	rc = find_free(space, place, &low, high, &node->first);
	while (rc == -EAGAIN) {
		spin_unlock(&space->lock);
		rc = take_a_break();
		if (rc)
			return rc;
		spin_lock(&space->lock);
		rc = find_in_gaps(space, place, &low, high, place->length_bytes,
				  SLICE_TRIES, &node->first);
		/* What was last may have been unmapped meanwhile. */
		if (rc == -ENOSPC &&
		    find_at_end(space, place, low, high, &node->first))
			rc = 0;
	}
	if (!rc) {
		node->last = node->first + place->length_bytes - 1;
		rc = iova_space_insert_locked(space, node);
	}
	spin_unlock(&space->lock);
	return rc;
}

/* In [low, high], where it is not reserved. */
static int alloc_in_usable(struct iova_space *space, const struct place *place,
			   unsigned long low, unsigned long high,
			   struct iova_node *node)
{
	struct interval_tree_span_iter span;

	interval_tree_for_each_span(&span, &space->reserved, low, high) {
		int rc;

		if (!span.is_hole)
			continue;
		rc = alloc_in(space, place, span.start_hole, span.last_hole,
			      node);
		if (rc != -ENOSPC)
			return rc;
	}
	return -ENOSPC;
}

static int alloc_in_allowed(struct iova_space *space, const struct place *place,
			    struct iova_node *node)
{
	struct interval_tree_node *range;

	for (range = interval_tree_iter_first(&space->allowed, 0, ULONG_MAX);
	     range; range = interval_tree_iter_next(range, 0, ULONG_MAX)) {
		int rc = alloc_in_usable(space, place, range->start,
					 range->last, node);

		if (rc != -ENOSPC)
			return rc;
		rc = take_a_break();
		if (rc)
			return rc;
	}
	return -ENOSPC;
}

/**
 * iova_space_alloc() - map a range at a place that is free
 * @space: the space
 * @length_bytes: its length, at least 1
 * @align_bytes: power of two; the place is @phase_bytes beyond a multiple of it
 * @phase_bytes: less than @align_bytes
 * @node: set to the range
 *
 * A low place in the allowed ranges, or anywhere if there are none; never at 0.
 *
 * Context: May sleep. The owner's lock is held. Takes the lock of the space, and
 * lets go of it between parts of a long search.
 * Return: 0, or
 *
 * * -EINVAL: length or phase do not suit the alignment of the space
 * * -ENOSPC: no room
 * * -EINTR: a fatal signal in a long search
 */
int iova_space_alloc(struct iova_space *space, unsigned long length_bytes,
		     unsigned long align_bytes, unsigned long phase_bytes,
		     struct iova_node *node)
{
	const struct place place = {
		.length_bytes = length_bytes,
		.slack_bytes = max(align_bytes, space->alignment_bytes) - 1,
		.phase_bytes = phase_bytes,
	};

	if ((length_bytes | phase_bytes) & (space->alignment_bytes - 1))
		return -EINVAL;
	if (RB_EMPTY_ROOT(&space->allowed.rb_root))
		return alloc_in_usable(space, &place, 0, ULONG_MAX, node);
	return alloc_in_allowed(space, &place, node);
}

/**
 * iova_space_erase_locked() - a range is not mapped any more
 * @space: the space
 * @node: the range
 *
 * Context: The lock of the space is held.
 */
void iova_space_erase_locked(struct iova_space *space, struct iova_node *node)
{
	struct iova_node *next = to_node(rb_next(&node->rb));

	rb_erase_augmented(&node->rb, &space->mapped, &gap_callbacks);
	if (next) {
		/* What was @node's, and before it, is free. */
		next->gap += node->gap + (node->last - node->first + 1);
		gap_callbacks_propagate(&next->rb, NULL);
	}
}

/**
 * iova_space_erase() - a range is not mapped any more
 * @space: the space
 * @node: the range
 *
 * Context: Takes the lock of the space.
 */
void iova_space_erase(struct iova_space *space, struct iova_node *node)
{
	spin_lock(&space->lock);
	iova_space_erase_locked(space, node);
	spin_unlock(&space->lock);
}

/**
 * iova_space_find() - find the first mapped range
 * @space: the space
 * @first: lowest IOVA to look at
 * @last: highest IOVA to look at, inclusive
 *
 * O(log n) in the number of mapped ranges.
 *
 * Context: The lock of the space is held, or the owner's for writing.
 * Return: the lowest range that has an IOVA in there, or NULL.
 */
struct iova_node *iova_space_find(const struct iova_space *space,
				  unsigned long first, unsigned long last)
{
	struct rb_node *rb = space->mapped.rb_node;
	struct iova_node *found = NULL;

	while (rb) {
		struct iova_node *node = to_node(rb);

		if (node->last < first) {
			rb = rb->rb_right;
		} else {
			found = node;
			if (node->first <= first)
				break;
			rb = rb->rb_left;
		}
	}
	return found && found->first <= last ? found : NULL;
}

static bool is_mapped(struct iova_space *space, unsigned long first,
		      unsigned long last)
{
	bool mapped;

	spin_lock(&space->lock);
	mapped = iova_space_find(space, first, last);
	spin_unlock(&space->lock);
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

	/* Userspace makes any number of the others, but of these it makes none. */
	for (node = interval_tree_iter_first(&space->reserved, 0, ULONG_MAX);
	     node; node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		if (overlaps(ranges, node->start, node->last))
			return -EADDRINUSE;
	}
	swap(space->allowed, *ranges);
	return 0;
}
