// SPDX-License-Identifier: GPL-2.0-only
/*
 * As rcu, but objects are found in the xarray that hands out their IDs. See
 * scheme.h.
 */
#include "idtable.h"
#include "portable.h"
#include "scheme.h"

struct object {
	refcount_t users;
	u32 type;
	char rest[OBJECT_BYTES - sizeof(refcount_t) - sizeof(u32)];
};

static struct idtable table;

static void init(void)
{
	idtable_init(&table);
}

static void end(void)
{
	idtable_exit(&table);
}

static u32 create(void)
{
	struct object *obj = kzalloc(sizeof(*obj), GFP_KERNEL);

	if (!obj)
		errx(1, "no memory for an object");
	refcount_set(&obj->users, 1);
	obj->type = 1;
	return idtable_add(&table, obj);
}

static noinline struct object *get(u32 id)
{
	struct object *obj;

	rcu_read_lock();
	obj = xa_load(&table.objects, id);
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
	struct object *obj = idtable_hide(&table, id);

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

const struct scheme scheme_xarray = {
	.name = "xarray",
	.init = init,
	.exit = end,
	.create = create,
	.destroy = destroy,
	.look_up = look_up,
};
