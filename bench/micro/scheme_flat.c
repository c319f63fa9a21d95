// SPDX-License-Identifier: GPL-2.0-only
/*
 * As rcu, but what is looked up is a plain array. See scheme.h.
 *
 * IDs are dense, so there can be an array of objects by ID beside the xarray. It
 * is found and read under RCU; making it longer, which is not done here, would be
 * to publish a longer copy.
 */
#include <linux/rcupdate.h>
#include <linux/refcount.h>

#include "idtable.h"
#include "scheme.h"

#define ROOM	65536

struct object {
	refcount_t users;
	u32 type;
	char rest[OBJECT_BYTES - sizeof(refcount_t) - sizeof(u32)];
};

/**
 * struct slots - the array
 * @room: how many IDs are in it
 * @slot: object by ID
 */
struct slots {
	u32 room;
	struct object *slot[ROOM];
};

static struct idtable table;
static struct slots *slots;

static void init(void)
{
	idtable_init(&table);
	slots = calloc(1, sizeof(*slots));
	if (!slots)
		errx(1, "no memory for a table");
	slots->room = ROOM;
}

static void end(void)
{
	idtable_exit(&table);
	free(slots);
}

static u32 create(void)
{
	struct object *obj = kzalloc(sizeof(*obj), GFP_KERNEL);
	u32 id = idtable_add(&table, obj);

	if (id >= ROOM)
		errx(1, "more objects than there is room for");
	refcount_set(&obj->users, 1);
	obj->type = 1;
	rcu_assign_pointer(slots->slot[id], obj);
	return id;
}

static noinline struct object *get(u32 id)
{
	struct slots *now;
	struct object *obj = NULL;

	rcu_read_lock();
	now = rcu_dereference(slots);
	if (id < now->room)
		obj = rcu_dereference(now->slot[id]);
	if (obj && (obj->type != 1 || !refcount_inc_not_zero(&obj->users)))
		obj = NULL;
	rcu_read_unlock();
	return obj;
}

static noinline void put(struct object *obj)
{
	if (refcount_dec_and_test(&obj->users))
		wake_up_all(&table.idle);
}

static void destroy(u32 id)
{
	struct object *obj = slots->slot[id];

	rcu_assign_pointer(slots->slot[id], NULL);
	if (!refcount_dec_and_test(&obj->users))
		wait_event(table.idle, !refcount_read(&obj->users));
	idtable_free_id(&table, id);
	kfree_rcu_mightsleep(obj);
}

static unsigned long look_up(const u32 *ids, unsigned int nr_ids,
			     unsigned long ops)
{
	return LOOK_UP_LOOP(get, put, ids, nr_ids, ops);
}

const struct scheme scheme_flat = {
	.name = "flat",
	.init = init,
	.exit = end,
	.create = create,
	.destroy = destroy,
	.look_up = look_up,
};
