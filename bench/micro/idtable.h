/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IDs for the schemes that are not kmod's: an xarray of objects, and the wait
 * for the last user of one.
 */
#ifndef MICRO_IDTABLE_H
#define MICRO_IDTABLE_H

#include <err.h>

#include "portable.h"

/**
 * struct idtable - objects by ID
 * @objects: the objects
 * @idle: those who wait for the last user of one
 */
struct idtable {
	struct xarray objects;
	wait_queue_head_t idle;
};

static inline void idtable_init(struct idtable *table)
{
	xa_init_flags(&table->objects, XA_FLAGS_ALLOC1);
	init_waitqueue_head(&table->idle);
}

static inline void idtable_exit(struct idtable *table)
{
	xa_destroy(&table->objects);
}

/* Visible at once. */
static inline u32 idtable_add(struct idtable *table, void *obj)
{
	u32 id;

	if (!obj || xa_alloc(&table->objects, &id, obj, xa_limit_31b, GFP_KERNEL))
		errx(1, "no memory for an object");
	return id;
}

/* Out of sight, and the ID still taken: as kmod/core/object.c does. */
static inline void *idtable_hide(struct idtable *table, u32 id)
{
	return xa_store(&table->objects, id, XA_ZERO_ENTRY, GFP_KERNEL);
}

static inline void idtable_free_id(struct idtable *table, u32 id)
{
	xa_erase(&table->objects, id);
}

#endif
