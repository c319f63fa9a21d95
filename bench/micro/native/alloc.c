// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is enlarged, and that is freed when no reader is left. See alloc.h.
 */
#include <malloc.h>
#include <stdlib.h>

#include "portable.h"

/**
 * krealloc() - enlarge an allocation
 * @old: the allocation, or NULL
 * @size: in bytes
 * @gfp: as for kmalloc()
 *
 * Allocates and copies: as the kernel does, and through kmalloc(), where
 * check.c lets allocations fail.
 */
void *krealloc(const void *old, size_t size, gfp_t gfp)
{
	void *memory = kmalloc(size, gfp);
	size_t old_size = malloc_usable_size((void *)old);

	if (!memory)
		return NULL;
	if (old)
		memcpy(memory, old, min(old_size, size));
	kfree((void *)old);
	return memory;
}

/**
 * kvrealloc() - enlarge an allocation that need not be in one piece
 * @old: the allocation, or NULL
 * @size: in bytes
 * @gfp: as for kmalloc()
 *
 * More than a page is not had by kmalloc() alone: where check.c lets that fail,
 * there are pages.
 */
void *kvrealloc(const void *old, size_t size, gfp_t gfp)
{
	void *memory = krealloc(old, size, gfp);

	if (!memory && size > PAGE_SIZE)
		memory = realloc((void *)old, size);
	return memory;
}

/* Memory that is freed once all readers of today are through. */
struct doomed {
	struct rcu_head head;
	void *memory;
};

static void free_doomed(struct rcu_head *head)
{
	struct doomed *doomed = container_of(head, struct doomed, head);

	kfree(doomed->memory);
	free(doomed);
}

/** kfree_rcu_mightsleep() - free memory after a grace period */
void kfree_rcu_mightsleep(void *memory)
{
	struct doomed *doomed = malloc(sizeof(*doomed));

	if (!doomed) {
		synchronize_rcu();
		kfree(memory);
		return;
	}
	doomed->memory = memory;
	call_rcu(&doomed->head, free_doomed);
}
