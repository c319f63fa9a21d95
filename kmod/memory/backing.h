/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Backings: the memory behind mappings, and which of it is pinned.
 *
 * A backing is a range of a process's memory or of a memfd, as given to one map
 * call, counted in pages from its start. Any number of areas, in any number of
 * IOAS, refer to it or to parts of it.
 *
 * Whoever needs pages in place claims a range of indexes: an area while a
 * domain maps it, a driver's access while it uses the pages. A page is pinned
 * once, when the first claim covers it, and unpinned when the last one goes. It
 * is charged to RLIMIT_MEMLOCK for as long as it is pinned.
 *
 * Pinned pages are kept in segments: disjoint ranges of indexes, each with its
 * extents. Mostly there is one, which is the whole backing.
 *
 * Locking: @lock protects claims, segments and extents, and is held while pages
 * are pinned; it sleeps and may wait for user memory. Two map calls have two
 * backings, so they never meet here. It is taken after the IOAS's
 * domains_rwsem. @pins_lock protects the pins of all areas of the backing, and
 * is taken before @lock.
 */
#ifndef IOMMUFD_BACKING_H
#define IOMMUFD_BACKING_H

#include <linux/interval_tree.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>

#include "account.h"
#include "extent.h"
#include "ioas/area.h"

struct dmabuf;
struct file;

/**
 * struct segment - a range of pinned pages
 * @node: in the backing's segments
 * @first_index: page index of its first page
 * @extents: its pages; empty while the segment is not in use
 */
struct segment {
	struct rb_node node;
	unsigned long first_index;
	struct extents extents;
};

/**
 * struct backing - a range of memory that can be mapped
 * @refs: areas, and whoever looks at one
 * @npages: its length in pages
 * @writable: pinned for writing; mappings of it may be writable
 * @moving: marked while the process it is charged to changes; protected by
 *          process_lock of the iommufd
 * @va: page aligned start in the process's memory, or of the dma-buf on the bus;
 *      when @file is NULL
 * @dmabuf: the dma-buf (dmabuf.h), or NULL. It has no claims and segments.
 * @file: the memfd, or NULL
 * @file_start: page aligned byte offset of the start; when @file is set
 * @account: whom its pinned pages are charged to, and whose memory it is
 * @lock: see above
 * @pins_lock: see above
 * @claims: ranges of indexes that have to stay pinned; they may overlap
 * @segments: what is pinned, by index
 * @own_segment: memory for one segment, as mostly there is one
 * @own_area: memory for one area: the one that the map call makes
 */
struct backing {
	refcount_t refs;
	bool writable;
	bool moving;
	unsigned long npages;
	unsigned long va;
	struct dmabuf *dmabuf;
	struct file *file;
	loff_t file_start;
	struct account account;
	struct mutex lock; /* @claims, @segments */
	struct mutex pins_lock; /* the areas' pins */
	struct rb_root_cached claims;
	struct rb_root segments;
	struct segment own_segment;
	struct area own_area;
};

/**
 * struct backing_walk - a walk over pinned page frames
 * @pfn: the first page frame of the current run
 * @npages: its length; 0 when the walk is over
 * @left_npages: pages to walk, those of the current run not counted
 * @segment: private
 * @it: private: the extent after the current run
 */
struct backing_walk {
	unsigned long pfn;
	unsigned long npages;
	unsigned long left_npages;
	struct segment *segment;
	struct extents_iter it;
};

struct backing *backing_create_user(unsigned long va, unsigned long npages,
				    bool writable, bool account_by_mm);
struct backing *backing_create_file(struct file *file, loff_t start,
				    unsigned long npages, bool writable,
				    bool account_by_mm);
struct backing *backing_create_dmabuf(struct dmabuf *dmabuf, bool writable,
				      bool account_by_mm);
void backing_put(struct backing *backing);

int backing_claim(struct backing *backing, struct interval_tree_node *claim,
		  unsigned long first_index, unsigned long last_index);
void backing_unclaim(struct backing *backing, struct interval_tree_node *claim);
int backing_rw(struct backing *backing, unsigned long start_byte, void *data,
	       size_t length_bytes, bool write);

void backing_shrink_claim(struct backing *backing,
			  struct interval_tree_node *claim,
			  unsigned long last_index);
unsigned long backing_pinned_npages(struct backing *backing);
void backing_move_account(struct backing *backing, const struct account *acct);

/* For backing_rw.c */
struct segment *backing_segment(struct backing *backing, unsigned long index);
int backing_pin(struct backing *backing, unsigned long first_index,
		unsigned long npages, struct extents *ex);

void backing_walk_start(struct backing *backing, struct backing_walk *walk,
			unsigned long first_index, unsigned long last_index);
void backing_walk_next(struct backing_walk *walk);

/** backing_walk_skip() - take @npages from the start of the current run */
static inline void backing_walk_skip(struct backing_walk *walk,
				     unsigned long npages)
{
	walk->pfn += npages;
	walk->npages -= npages;
	if (!walk->npages)
		backing_walk_next(walk);
}

/** backing_get() - take a reference on a backing that is already referenced */
static inline struct backing *backing_get(struct backing *backing)
{
	refcount_inc(&backing->refs);
	return backing;
}

#endif
