/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IOVA space of an IOAS: which IOVAs are mapped, reserved, and allowed.
 *
 * Mapped ranges never overlap; each carries an entry of the owner's. Reserved
 * ranges can not be mapped; each belongs to what asks for it (a device, a
 * domain), and they may overlap. Allowed ranges are promised to userspace: they
 * can not become reserved, and where there are any, allocation keeps to them.
 *
 * All ranges are given as first and last IOVA, inclusive, so that the whole
 * space of 2^64 can be said.
 *
 * Locking, two levels. The owner's lock (of an IOAS: domains_rwsem), held for
 * writing, protects reserved and allowed ranges and the alignment; held for
 * reading they do not change. Mapped ranges change under a spinlock of the
 * space, held for one walk of the tree; iova_space_lock() is it.
 *
 * This file and iova_space.c are portable, as extent.h says.
 */
#ifndef IOMMUFD_IOVA_SPACE_H
#define IOMMUFD_IOVA_SPACE_H

#include <linux/interval_tree.h>
#include <linux/maple_tree.h>
#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct iova_space - an IOVA space
 * @mapped: entries by IOVA
 * @reserved: struct iova_range, by IOVA
 * @allowed: struct iova_range, by IOVA
 * @alignment_bytes: what a mapping's start and end must be a multiple of; 1 to
 *                   PAGE_SIZE
 */
struct iova_space {
	struct maple_tree mapped;
	struct rb_root_cached reserved;
	struct rb_root_cached allowed;
	unsigned long alignment_bytes;
};

/**
 * struct iova_range - a reserved or allowed range
 * @node: the range
 * @owner: whose reservation it is; unused when allowed
 */
struct iova_range {
	struct interval_tree_node node;
	const void *owner;
};

void iova_space_init(struct iova_space *space);
void iova_space_destroy(struct iova_space *space);

int iova_space_insert(struct iova_space *space, unsigned long first,
		      unsigned long last, void *entry);
int iova_space_alloc(struct iova_space *space, unsigned long length_bytes,
		     unsigned long align_bytes, unsigned long phase_bytes,
		     unsigned long *first, void *entry);
void iova_space_erase(struct iova_space *space, unsigned long iova);
void *iova_space_find(struct iova_space *space, unsigned long first,
		      unsigned long last);

int iova_space_reserve(struct iova_space *space, unsigned long first,
		       unsigned long last, const void *owner);
void iova_space_unreserve(struct iova_space *space, const void *owner);

int iova_ranges_add(struct rb_root_cached *ranges, unsigned long first,
		    unsigned long last);
void iova_ranges_destroy(struct rb_root_cached *ranges);
int iova_space_set_allowed(struct iova_space *space,
			   struct rb_root_cached *ranges);

/** iova_space_lock() - keep mapped ranges from changing; do not sleep */
static inline void iova_space_lock(struct iova_space *space)
{
	mtree_lock(&space->mapped);
}

/** iova_space_unlock() - the end of iova_space_lock() */
static inline void iova_space_unlock(struct iova_space *space)
{
	mtree_unlock(&space->mapped);
}

#endif
