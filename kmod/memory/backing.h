/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Backings: the memory behind mappings, and which of it is pinned.
 *
 * A backing is a range of a process's memory, of a memfd or of a dma-buf, as given
 * to one map call, counted in pages from its start. Any number of areas, in any
 * number of IOAS, refer to it or to parts of it.
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

struct backing;
struct dmabuf;
struct file;
struct iommu_domain;
struct pin_counts;

/**
 * struct backing_ops - a kind of memory
 * @pin: pin pages of which none is pinned yet: @npages of them from @first_index
 *       on, into @ex, which is empty. Sleeps, faults in user memory; @lock of the
 *       backing is held. Returns what pin_user_range() or pin_file_range() say.
 *       NULL for memory that has no pages: that of a device, which does not move.
 *       Nothing of it is claimed, charged, read or written.
 * @release: give back what the kind holds; NULL if that is nothing
 * @map: of memory without pages: map it in a domain. Returns 0, or with nothing
 *       mapped -ENOMEM, or what iommu_map() says.
 * @unmap: undo @map
 * @is_lost: of memory without pages: is it mapped nowhere any more, for good? A
 *           false may have changed meanwhile.
 * @outlives_process: another process can take it over from the one that mapped it
 */
struct backing_ops {
	int (*pin)(struct backing *backing, unsigned long first_index,
		   unsigned long npages, struct extents *ex);
	void (*release)(struct backing *backing);
	int (*map)(struct backing *backing, struct iommu_domain *domain,
		   unsigned long iova, unsigned long start_byte,
		   unsigned long length_bytes, int prot);
	void (*unmap)(struct backing *backing, struct iommu_domain *domain,
		      unsigned long iova);
	bool (*is_lost)(const struct backing *backing);
	bool outlives_process;
};

/**
 * struct segment - a range of pinned pages
 * @node: in the backing's segments
 * @first_index: page index of its first page
 * @nr_helpers: how many threads helped to pin it
 * @extents: its pages; empty while the segment is not in use
 */
struct segment {
	struct rb_node node;
	unsigned long first_index;
	unsigned int nr_helpers;
	struct extents extents;
};

/**
 * struct backing - a range of memory that can be mapped
 * @refs: areas, and whoever looks at one
 * @writable: pinned for writing; mappings of it may be writable
 * @moving: marked while the process it is charged to changes; protected by
 *          process_lock of the iommufd
 * @ops: what kind of memory it is
 * @start: where it begins, page aligned: an address of the process, a byte offset
 *         in @file, or an address on the bus
 * @file: of a memfd: it
 * @dmabuf: of a dma-buf: it (dmabuf.c)
 * @account: whom its pinned pages are charged to, and whose memory it is
 * @lock: see above
 * @pins_lock: see above
 * @claims: ranges of indexes that have to stay pinned; they may overlap
 * @segments: what is pinned, by index
 * @own_segment: memory for one segment, as mostly there is one
 */
struct backing {
	refcount_t refs;
	bool writable;
	bool moving;
	const struct backing_ops *ops;
	u64 start;
	union {
		struct file *file;
		struct dmabuf *dmabuf;
	};
	struct account account;
	struct mutex lock; /* @claims, @segments */
	struct mutex pins_lock; /* the areas' pins */
	struct rb_root_cached claims;
	struct rb_root segments;
	struct segment own_segment;
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

void backing_init_user(struct backing *backing, unsigned long va,
		       bool writable, bool account_by_mm);
int backing_init_file(struct backing *backing, struct file *file, loff_t start,
		      bool writable, bool account_by_mm);
#if IS_ENABLED(CONFIG_DMA_SHARED_BUFFER)
int backing_init_dmabuf(struct backing *backing, int fd, unsigned long start,
			unsigned long length_bytes, bool writable,
			bool account_by_mm);
#else
static inline int backing_init_dmabuf(struct backing *backing, int fd,
				      unsigned long start,
				      unsigned long length_bytes, bool writable,
				      bool account_by_mm)
{
	return -EINVAL;
}
#endif
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

/* For people to look at (backing_count.c) */
unsigned long backing_count_some(struct backing *backing, unsigned long index,
				 unsigned long last_index,
				 unsigned int max_extents,
				 struct pin_counts *counts);
void backing_count(struct backing *backing, unsigned long first_index,
		   unsigned long last_index, struct pin_counts *counts);

/* For the other files of backings */
void backing_init(struct backing *backing, const struct backing_ops *ops,
		  u64 start, bool writable, bool account_by_mm);
void backing_end(struct backing *backing);
struct segment *backing_segment(struct backing *backing, unsigned long index);

void backing_walk_start(struct backing *backing, struct backing_walk *walk,
			unsigned long first_index, unsigned long last_index);
void backing_walk_next(struct backing_walk *walk);

/**
 * backing_walk_step() - backing_walk_next(), inline for scattered memory
 * @walk: the walk
 *
 * Mostly the extent behind the next one is no neighbour of it.
 */
static inline void backing_walk_step(struct backing_walk *walk)
{
	struct extents_iter *it = &walk->it;
	unsigned long left_npages = walk->left_npages;

	if (!left_npages || extent_npages(it->run) >= left_npages ||
	    extents_ends_chunk(it) ||
	    extent_pfn(it->pos[1]) == extent_end_pfn(it->run)) {
		backing_walk_next(walk);
		return;
	}
	walk->pfn = extent_pfn(it->run);
	walk->npages = extent_npages(it->run);
	walk->left_npages = left_npages - extent_npages(it->run);
	extents_next(it);
}

/**
 * backing_walk_skip() - take pages from the start of the current run
 * @walk: the walk
 * @npages: how many, at most the length of the run
 */
static inline void backing_walk_skip(struct backing_walk *walk,
				     unsigned long npages)
{
	walk->pfn += npages;
	walk->npages -= npages;
	if (!walk->npages)
		backing_walk_next(walk);
}

/**
 * backing_has_pages() - can a backing be pinned, read and written?
 * @backing: the backing
 *
 * Return: false for memory of a device.
 */
static inline bool backing_has_pages(const struct backing *backing)
{
	return backing->ops->pin;
}

/**
 * backing_get() - take a reference on a backing
 * @backing: one that is already referenced
 *
 * Return: @backing, until backing_put().
 */
static inline struct backing *backing_get(struct backing *backing)
{
	refcount_inc(&backing->refs);
	return backing;
}

#endif
