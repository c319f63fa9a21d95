// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/ioas/iova_space.c, as it is. See ranges.h.
 */
#include "ranges.h"

static struct iova_space space;

static void init(void)
{
	iova_space_init(&space);
}

static bool insert(struct entry *entry, unsigned long first, unsigned long last)
{
	entry->ours.first = first;
	entry->ours.last = last;
	return !iova_space_insert_locked(&space, &entry->ours);
}

static void erase(struct entry *entry)
{
	iova_space_erase_locked(&space, &entry->ours);
}

static struct entry *find(unsigned long first, unsigned long last)
{
	struct iova_node *node = iova_space_find(&space, first, last);

	return node ? container_of(node, struct entry, ours) : NULL;
}

static bool alloc(struct entry *entry, unsigned long length_bytes)
{
	return !iova_space_alloc(&space, length_bytes, length_bytes, 0, &entry->ours);
}

const struct ranges ranges_ours = {
	.name = "ours",
	.init = init,
	.insert = insert,
	.erase = erase,
	.find = find,
	.alloc = alloc,
};
