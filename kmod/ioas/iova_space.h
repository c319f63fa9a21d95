/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IOVA space of an IOAS: which IOVAs are mapped, reserved, and allowed.
 *
 * Mapped ranges never overlap. They are nodes of the owner's in one tree by
 * IOVA, which also knows the largest gap below each node, so that finding a
 * mapping and finding room for one both take O(log n), and neither mapping nor
 * unmapping ever needs memory.
 *
 * Reserved ranges can not be mapped; each belongs to what asks for it (a device,
 * a domain), and they may overlap. Allowed ranges are promised to userspace:
 * they can not become reserved, and where there are any, allocation keeps to
 * them.
 *
 * All ranges are given as first and last IOVA, inclusive, so that the whole
 * space of 2^64 can be said.
 *
 * Locking, two levels. The owner's lock (of an IOAS: domains_rwsem), held for
 * writing, protects reserved and allowed ranges and the alignment; held for
 * reading they do not change. @lock protects the tree of mapped ranges, and is
 * held for one walk of it, or a bounded part of a search: how long it is held does
 * not depend on how much userspace has mapped, or on what it allows.
 *
 * This file and iova_space.c are portable, as memory/extent.h says.
 */
#ifndef IOMMUFD_IOVA_SPACE_H
#define IOMMUFD_IOVA_SPACE_H

#include "portable.h"

/**
 * struct iova_space - an IOVA space
 * @lock: see above
 * @mapped: struct iova_node, by IOVA
 * @reserved: struct iova_range, by IOVA
 * @allowed: struct iova_range, by IOVA
 * @alignment_bytes: what a mapping's start and end must be a multiple of; 1 to
 *                   PAGE_SIZE
 */
struct iova_space {
	spinlock_t lock; /* @mapped */
	struct rb_root mapped;
	struct rb_root_cached reserved;
	struct rb_root_cached allowed;
	unsigned long alignment_bytes;
};

/**
 * struct iova_node - a mapped range
 * @rb: in the space's @mapped
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @gap: IOVAs that are free between the range before this one and @first
 * @subtree_gap: the largest @gap of this node and all below it
 */
struct iova_node {
	struct rb_node rb;
	unsigned long first;
	unsigned long last;
	unsigned long gap;
	unsigned long subtree_gap;
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

int iova_space_insert(struct iova_space *space, struct iova_node *node);
int iova_space_alloc(struct iova_space *space, unsigned long length_bytes,
		     unsigned long align_bytes, unsigned long phase_bytes,
		     struct iova_node *node);
void iova_space_erase(struct iova_space *space, struct iova_node *node);
int iova_space_insert_locked(struct iova_space *space, struct iova_node *node);
void iova_space_erase_locked(struct iova_space *space, struct iova_node *node);
struct iova_node *iova_space_find(const struct iova_space *space,
				  unsigned long first, unsigned long last);

int iova_space_reserve(struct iova_space *space, unsigned long first,
		       unsigned long last, const void *owner);
void iova_space_unreserve(struct iova_space *space, const void *owner);

int iova_ranges_add(struct rb_root_cached *ranges, unsigned long first,
		    unsigned long last);
void iova_ranges_destroy(struct rb_root_cached *ranges);
int iova_space_set_allowed(struct iova_space *space,
			   struct rb_root_cached *ranges);

/**
 * iova_space_next() - the mapped range that comes after another
 * @node: the other one
 *
 * Return: it, or NULL.
 */
static inline struct iova_node *iova_space_next(struct iova_node *node)
{
	return rb_entry_safe(rb_next(&node->rb), struct iova_node, rb);
}

#endif
