/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects: what a user's IDs name, and the table that finds them.
 *
 * An object is born unseen (object_alloc()), and visible to every thread from
 * object_publish() on. System calls create objects, but not only they: a driver
 * that binds a device or opens an access does too. An object may be destroyed
 * by another thread as soon as it is visible, so publishing is the last thing
 * that its creator does with it.
 *
 * Two protections keep an object alive, each a count in struct iommufd_object:
 *
 * - Short-term (wait_cnt): whoever looked the ID up, until object_put(): an
 *   ioctl under way. Destroying waits for it, so that two threads of a program
 *   that use and destroy an ID see one order or the other, and never a failure
 *   by chance.
 *
 * - Long-term (users): another object that is built on this one, or a driver
 *   that holds it; for as long as these live. Destroying returns -EBUSY at
 *   once: whether they ever go is up to userspace, and waiting for userspace
 *   could be for ever.
 *
 * Both start at 1, which is the table's own. What the kernel ends, a device or an
 * automatic HWPT, goes with the last long-term use: giving that up and hiding the
 * object are one step, and nobody else can end it in between.
 *
 * The wait for short-term users can be interrupted, for they may be in the middle
 * of a page fault that another process serves. That of a driver can not: nobody
 * is a short-term user of its object while user memory is waited for.
 *
 * A look-up takes no lock: an object's memory outlives an RCU grace period
 * after it left the table, and a count that reached zero is never raised again.
 * It reads a plain array, for IDs are dense, and xa_load() is three times the
 * instructions: more than all else that a look-up does (docs/micro.md).
 *
 * This file and object.c are portable, as memory/extent.h says.
 */
#ifndef IOMMUFD_OBJECT_H
#define IOMMUFD_OBJECT_H

#include "portable.h"

/* Ends an object of one type: frees everything but the struct itself. */
typedef void (*object_destroy_fn)(struct iommufd_object *obj);

/**
 * struct object_slots - what a look-up reads
 * @rcu: when a longer one took its place
 * @room: how many IDs, from 0 on
 * @slot: object by ID; NULL where nothing is visible
 */
struct object_slots {
	struct rcu_head rcu;
	u32 room;
	struct iommufd_object __rcu *slot[] __counted_by(room);
};

/**
 * struct object_table - the objects of one iommufd
 * @objects: by ID; a reserved entry where an ID is taken and nothing visible.
 *           Its lock protects changes of @slots, and of what is visible.
 * @slots: the same for look-ups, with room for every ID that is taken; NULL
 *         before the first one
 * @longer: what is about to take the place of @slots, or NULL
 * @idle: those who wait for the last short-term user of an object, for one to be
 *        visible again, or for @longer to be in its place
 * @destroy: by type; NULL for a type that is not supported
 */
struct object_table {
	struct xarray objects;
	struct object_slots __rcu *slots;
	struct object_slots *longer;
	wait_queue_head_t idle;
	const object_destroy_fn *destroy;
};

void object_table_init(struct object_table *table,
		       const object_destroy_fn *destroy);
void object_table_destroy(struct object_table *table);

void *object_alloc(struct object_table *table, size_t size_bytes,
		   enum iommufd_object_type type);
void object_publish(struct object_table *table, struct iommufd_object *obj);
void object_abort(struct object_table *table, struct iommufd_object *obj);

struct iommufd_object *object_get(struct object_table *table, u32 id,
				  enum iommufd_object_type type);
void object_put(struct object_table *table, struct iommufd_object *obj);

int object_destroy_but(struct object_table *table, u32 id,
		       enum iommufd_object_type but);
bool object_release_destroy(struct object_table *table,
			    struct iommufd_object *obj);
bool object_hide(struct object_table *table, struct iommufd_object *obj);
void object_entomb(struct object_table *table, struct iommufd_object *obj);

/**
 * object_destroy() - destroy an object of any type for userspace
 * @table: the table
 * @id: its ID
 *
 * Return: as object_destroy_but(), and never -EAGAIN.
 */
static inline int object_destroy(struct object_table *table, u32 id)
{
	return object_destroy_but(table, id, IOMMUFD_OBJ_NONE);
}

/**
 * object_hold() - become a long-term user
 * @obj: an object that the caller protects by other means
 *
 * Return: false when it is being destroyed.
 */
static inline bool object_hold(struct iommufd_object *obj)
{
	return refcount_inc_not_zero(&obj->users);
}

/**
 * object_release() - the end of object_hold()
 * @obj: the object; the caller must not touch it again
 */
static inline void object_release(struct iommufd_object *obj)
{
	refcount_dec(&obj->users);
}

#endif
