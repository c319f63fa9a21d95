// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory behind mappings, and which of it is pinned. See backing.h.
 */
#include <linux/slab.h>

#include "backing.h"
#include "pin.h"

static unsigned long segment_end(const struct segment *segment)
{
	return segment->first_index + segment->extents.npages;
}

/**
 * backing_init() - begin a backing of any kind
 * @backing: memory from kmalloc(), or the start of it; freed by kfree() with the
 *           last reference
 * @ops: its kind
 * @start: page aligned, where it begins, as struct backing says
 * @writable: mappings of it may be writable
 * @account_by_mm: charge the process and not its user
 *
 * Pins nothing: that is for the first claim.
 */
void backing_init(struct backing *backing, const struct backing_ops *ops,
		  u64 start, bool writable, bool account_by_mm)
{
	/* Field by field: zeroing it all is 2 % of mapping a page. */
	refcount_set(&backing->refs, 1);
	backing->writable = writable;
	backing->moving = false;
	backing->ops = ops;
	backing->start = start;
	backing->file = NULL;
	extents_init(&backing->own_segment.extents);
	mutex_init(&backing->lock);
	mutex_init(&backing->pins_lock);
	backing->claims = RB_ROOT_CACHED;
	backing->segments = RB_ROOT;
	account_init(&backing->account, account_by_mm);
}

/**
 * backing_end() - the end of a backing of which nothing is pinned
 * @backing: the backing; its memory remains
 */
void backing_end(struct backing *backing)
{
	account_destroy(&backing->account);
	mutex_destroy(&backing->pins_lock);
	mutex_destroy(&backing->lock);
}

static int pin_user(struct backing *backing, unsigned long first_index,
		    unsigned long npages, struct extents *ex)
{
	return pin_user_range(backing->account.mm,
			      backing->start + (first_index << PAGE_SHIFT),
			      npages, backing->writable, ex);
}

static const struct backing_ops user_ops = {
	.pin = pin_user,
};

/**
 * backing_init_user() - begin a backing that is the calling process's memory
 * @backing: as of backing_init()
 * @va: page aligned address, where it begins
 * @writable: mappings of it may be writable
 * @account_by_mm: charge the process and not its user
 */
void backing_init_user(struct backing *backing, unsigned long va,
		       bool writable, bool account_by_mm)
{
	backing_init(backing, &user_ops, va, writable, account_by_mm);
}

static void segment_free(struct backing *backing, struct segment *segment)
{
	if (segment != &backing->own_segment)
		kfree(segment);
}

/* @segment is in the tree no more. */
static void unpin_segment(struct backing *backing, struct segment *segment)
{
	account_uncharge(&backing->account, segment->extents.npages);
	unpin_extents(&segment->extents, backing->writable);
	segment_free(backing, segment);
}

/**
 * backing_put() - drop a reference
 * @backing: the backing; freed with the last one
 *
 * Context: Process; may sleep.
 */
void backing_put(struct backing *backing)
{
	struct segment *segment, *next;

	if (!refcount_dec_and_test(&backing->refs))
		return;
	/* None is left, but for what an unclaim had no memory to divide. */
	rbtree_postorder_for_each_entry_safe(segment, next, &backing->segments,
					     node)
		unpin_segment(backing, segment);
	if (backing->ops->release)
		backing->ops->release(backing);
	backing_end(backing);
	kfree(backing);
}

/**
 * backing_segment() - find pinned pages
 * @backing: the backing
 * @index: page index
 *
 * Context: @backing->lock is held.
 * Return: the first segment that ends after @index, or NULL.
 */
struct segment *backing_segment(struct backing *backing, unsigned long index)
{
	struct rb_node *node = backing->segments.rb_node;
	struct segment *found = NULL;

	while (node) {
		struct segment *segment = rb_entry(node, struct segment, node);

		if (index < segment_end(segment)) {
			found = segment;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

static bool segment_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct segment, node)->first_index <
	       rb_entry(b, struct segment, node)->first_index;
}

static struct segment *segment_create(struct backing *backing,
				      unsigned long first_index)
{
	struct segment *segment = &backing->own_segment;

	if (segment->extents.npages)
		segment = kmalloc_obj(*segment, GFP_KERNEL_ACCOUNT);
	if (segment) {
		segment->first_index = first_index;
		extents_init(&segment->extents);
	}
	return segment;
}

/* Pin pages of which none is pinned yet. Returns how many threads helped, or an errno. */
static int pin_segment(struct backing *backing, unsigned long first_index,
		       unsigned long npages)
{
	struct segment *segment = segment_create(backing, first_index);
	int rc;

	if (!segment)
		return -ENOMEM;
	rc = account_charge(&backing->account, npages);
	if (rc)
		goto err_free;
	rc = backing->ops->pin(backing, first_index, npages, &segment->extents);
	if (rc < 0)
		goto err_uncharge;
	segment->nr_helpers = rc;
	rb_add(&segment->node, &backing->segments, segment_less);
	return rc;

err_uncharge:
	account_uncharge(&backing->account, npages);
err_free:
	segment_free(backing, segment);
	return rc;
}

/* Divide @segment, so that another one begins at @index. */
static int cut_segment(struct backing *backing, struct segment *segment,
		       unsigned long index)
{
	struct segment *tail = segment_create(backing, index);
	int rc;

	if (!tail)
		return -ENOMEM;
	rc = pin_cut(&segment->extents, index - segment->first_index,
		     &tail->extents);
	if (rc) {
		segment_free(backing, tail);
		return rc;
	}
	tail->nr_helpers = segment->nr_helpers;
	rb_add(&tail->node, &backing->segments, segment_less);
	return 0;
}

/*
 * Unpin a range that no claim covers. It can not fail: with no memory to divide
 * a segment its pages stay pinned, and charged, until the backing goes.
 */
static void unpin_range(struct backing *backing, unsigned long first_index,
			unsigned long last_index)
{
	struct segment *segment;

	while ((segment = backing_segment(backing, first_index)) &&
	       segment->first_index <= last_index) {
		if (segment->first_index < first_index) {
			if (cut_segment(backing, segment, first_index))
				return;
			continue;
		}
		if (segment_end(segment) - 1 > last_index &&
		    cut_segment(backing, segment, last_index + 1))
			return;
		rb_erase(&segment->node, &backing->segments);
		unpin_segment(backing, segment);
	}
}

static void unpin_unclaimed(struct backing *backing, unsigned long first_index,
			    unsigned long last_index)
{
	struct interval_tree_span_iter span;

	/* Mostly there was one claim, and it was on everything. */
	if (RB_EMPTY_ROOT(&backing->claims.rb_root)) {
		unpin_range(backing, first_index, last_index);
		return;
	}
	interval_tree_for_each_span(&span, &backing->claims, first_index,
				    last_index) {
		if (span.is_hole)
			unpin_range(backing, span.start_hole, span.last_hole);
	}
}

/**
 * backing_claim() - have pages pinned, and keep them so
 * @backing: the backing; the caller holds a reference until it unclaims
 * @claim: the caller's memory for the claim
 * @first_index: first page
 * @last_index: last page, inclusive
 *
 * Pins what no other claim covers already; there is nothing to do where there are no
 * pages.
 *
 * Context: Process; sleeps, faults in user memory. Takes @backing->lock.
 * Return: how many threads helped the caller at once, mostly 0; or with nothing claimed
 * -ENOMEM (out of memory, or beyond RLIMIT_MEMLOCK), -EINTR for a fatal signal while
 * waiting, or what pin_user_range() or pin_file_range() say.
 */
int backing_claim(struct backing *backing, struct interval_tree_node *claim,
		  unsigned long first_index, unsigned long last_index)
{
	unsigned long index = first_index;
	int rc = 0, nr_helpers = 0;

	if (unlikely(!backing_has_pages(backing)))
		return 0;
	if (unlikely(mutex_lock_killable(&backing->lock)))
		return -EINTR;
	while (index <= last_index) {
		struct segment *segment = backing_segment(backing, index);
		unsigned long hole_last = last_index;

		if (segment && segment->first_index <= index) {
			index = segment_end(segment);
			continue;
		}
		if (segment)
			hole_last = min(last_index, segment->first_index - 1);
		rc = pin_segment(backing, index, hole_last - index + 1);
		if (rc < 0)
			break;
		nr_helpers = max(nr_helpers, rc);
		index = hole_last + 1;
	}
	if (rc >= 0) {
		rc = nr_helpers;
		claim->start = first_index;
		claim->last = last_index;
		interval_tree_insert(claim, &backing->claims);
	} else if (index > first_index) {
		unpin_unclaimed(backing, first_index, index - 1);
	}
	mutex_unlock(&backing->lock);
	return rc;
}

/**
 * backing_unclaim() - let go of pages
 * @backing: the backing
 * @claim: what backing_claim() made
 *
 * Unpins what no other claim covers.
 *
 * Context: Process; may sleep. Takes @backing->lock.
 */
void backing_unclaim(struct backing *backing, struct interval_tree_node *claim)
{
	if (unlikely(!backing_has_pages(backing)))
		return;
	mutex_lock(&backing->lock);
	interval_tree_remove(claim, &backing->claims);
	unpin_unclaimed(backing, claim->start, claim->last);
	mutex_unlock(&backing->lock);
}

/**
 * backing_shrink_claim() - let go of the end of a claim
 * @backing: the backing
 * @claim: what backing_claim() made
 * @last_index: the last page that it still covers, inclusive
 *
 * Context: Process; may sleep. Takes @backing->lock.
 */
void backing_shrink_claim(struct backing *backing,
			  struct interval_tree_node *claim,
			  unsigned long last_index)
{
	unsigned long old_last = claim->last;

	if (last_index == old_last)
		return;
	mutex_lock(&backing->lock);
	interval_tree_remove(claim, &backing->claims);
	claim->last = last_index;
	interval_tree_insert(claim, &backing->claims);
	unpin_unclaimed(backing, last_index + 1, old_last);
	mutex_unlock(&backing->lock);
}

static unsigned long pinned_npages(struct backing *backing)
{
	unsigned long npages = 0;
	struct rb_node *node;

	for (node = rb_first(&backing->segments); node; node = rb_next(node))
		npages += rb_entry(node, struct segment, node)->extents.npages;
	return npages;
}

/**
 * backing_pinned_npages() - how much of a backing is pinned, and charged
 * @backing: the backing
 *
 * Context: Process; takes @backing->lock.
 * Return: pages.
 */
unsigned long backing_pinned_npages(struct backing *backing)
{
	unsigned long npages;

	mutex_lock(&backing->lock);
	npages = pinned_npages(backing);
	mutex_unlock(&backing->lock);
	return npages;
}

/**
 * backing_move_account() - charge another process from now on
 * @backing: the backing
 * @acct: whom; what is pinned is charged there already
 *
 * Context: Process; takes @backing->lock, and nothing is pinned or unpinned
 * since backing_pinned_npages().
 */
void backing_move_account(struct backing *backing, const struct account *acct)
{
	mutex_lock(&backing->lock);
	account_uncharge(&backing->account, pinned_npages(backing));
	account_destroy(&backing->account);
	account_copy(&backing->account, acct);
	mutex_unlock(&backing->lock);
}

/**
 * backing_walk_start() - start to walk over the page frames of a range
 * @backing: the backing
 * @walk: the walk, at the first run
 * @first_index: first page
 * @last_index: last page, inclusive; a claim covers all of the range
 *
 * Context: @backing->lock is held until the walk is over.
 */
void backing_walk_start(struct backing *backing, struct backing_walk *walk,
			unsigned long first_index, unsigned long last_index)
{
	unsigned long skip_npages;

	lockdep_assert_held(&backing->lock);

	walk->segment = backing_segment(backing, first_index);
	walk->left_npages = last_index - first_index + 1;
	first_index -= walk->segment->first_index;
	if (extents_one_run(&walk->segment->extents, first_index,
			    walk->left_npages, &walk->pfn)) {
		walk->npages = walk->left_npages;
		walk->left_npages = 0;
		return;
	}
	extents_seek(&walk->segment->extents, first_index, &walk->it);
	skip_npages = first_index - walk->it.index;
	walk->it.run = extent_clip(walk->it.run, skip_npages,
				   extent_npages(walk->it.run) - skip_npages);
	backing_walk_next(walk);
}

/* Put @walk->it at the extent after the current one. There is one. */
static void next_segment(struct backing_walk *walk)
{
	walk->segment = rb_entry(rb_next(&walk->segment->node), struct segment,
				 node);
	extents_seek(&walk->segment->extents, 0, &walk->it);
}

/**
 * backing_walk_next() - go on to the next run of neighbouring page frames
 * @walk: the walk
 *
 * The longest run there is: extents that follow each other in memory are given
 * as one.
 */
void backing_walk_next(struct backing_walk *walk)
{
	unsigned long left_npages = walk->left_npages;
	unsigned long npages = 0;

	if (!left_npages) {
		walk->npages = 0;
		return;
	}
	walk->pfn = extent_pfn(walk->it.run);
	while (left_npages && extent_pfn(walk->it.run) == walk->pfn + npages) {
		unsigned long n = min(extent_npages(walk->it.run), left_npages);

		npages += n;
		left_npages -= n;
		if (left_npages && !extents_next(&walk->it))
			next_segment(walk);
	}
	walk->npages = npages;
	walk->left_npages = left_npages;
}
