// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's interval tree. See ranges.h.
 */
#include "portable.h"
#include "ranges.h"

static struct rb_root_cached tree;

static void init(void)
{
	tree = RB_ROOT_CACHED;
}

static bool insert(struct entry *entry, unsigned long first, unsigned long last)
{
	if (interval_tree_iter_first(&tree, first, last))
		return false;
	entry->itree.start = first;
	entry->itree.last = last;
	interval_tree_insert(&entry->itree, &tree);
	return true;
}

static void erase(struct entry *entry)
{
	interval_tree_remove(&entry->itree, &tree);
}

static struct entry *find(unsigned long first, unsigned long last)
{
	struct interval_tree_node *node = interval_tree_iter_first(&tree, first, last);

	return node ? container_of(node, struct entry, itree) : NULL;
}

/* From hole to hole, until one is long enough. */
static bool alloc(struct entry *entry, unsigned long length_bytes)
{
	struct interval_tree_span_iter span;

	interval_tree_for_each_span(&span, &tree, 0, ULONG_MAX) {
		unsigned long first;

		if (!span.is_hole)
			continue;
		first = (span.start_hole + length_bytes - 1) & ~(length_bytes - 1);
		if (first < span.start_hole || first > span.last_hole ||
		    span.last_hole - first < length_bytes - 1)
			continue;
		return insert(entry, first, first + length_bytes - 1);
	}
	return false;
}

const struct ranges ranges_itree = {
	.name = "itree",
	.init = init,
	.insert = insert,
	.erase = erase,
	.find = find,
	.alloc = alloc,
};
