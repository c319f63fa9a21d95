// SPDX-License-Identifier: GPL-2.0-only
/*
 * The start and the end of what stands for a kernel. See kernel.h.
 */
#include "kernel.h"
#include "portable.h"
#include "radix-tree.h"

struct kmem_cache *radix_tree_node_cachep;

/* An empty node; the cache keeps them so while they are free. */
static void node_init(void *memory)
{
	struct xa_node *node = memory;

	memset(node, 0, sizeof(*node));
	INIT_LIST_HEAD(&node->private_list);
}

/** kernel_start() - before anything else; also does kernel_enter() */
void kernel_start(void)
{
	kernel_enter();
	radix_tree_node_cachep = kmem_cache_create("xarray nodes",
						   sizeof(struct xa_node), 0, 0,
						   node_init);
}

/** kernel_enter() - this thread is going to use the core */
void kernel_enter(void)
{
	rcu_register_thread();
}

/** kernel_leave() - this thread will not use the core any more */
void kernel_leave(void)
{
	rcu_unregister_thread();
}

/* What lib/xarray.c calls to free a node that readers may still look at. */
void radix_tree_node_rcu_free(struct rcu_head *head)
{
	struct xa_node *node = container_of(head, struct xa_node, rcu_head);

	node_init(node);
	kmem_cache_free(radix_tree_node_cachep, node);
}
