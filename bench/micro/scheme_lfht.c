// SPDX-License-Identifier: GPL-2.0-only
/*
 * liburcu's lock-free hash table. See scheme.h.
 */
#include <err.h>
#include <urcu/rculfhash.h>

#include "portable.h"
#include "scheme.h"

struct object {
	struct cds_lfht_node node;
	refcount_t users;
	u32 id;
	u32 type;
	char rest[OBJECT_BYTES - sizeof(struct cds_lfht_node) - sizeof(refcount_t) -
		  2 * sizeof(u32)];
};

static struct cds_lfht *table;
static wait_queue_head_t idle;
static u32 last_id;

/* IDs are dense, but the table orders by the lowest bits reversed: mix them. */
static unsigned long hash(u32 id)
{
	return id * 0x9e3779b97f4a7c15ull >> 16;
}

static int is_id(struct cds_lfht_node *node, const void *key)
{
	return container_of(node, struct object, node)->id == *(const u32 *)key;
}

static void init(void)
{
	/* As many buckets as the other table has. */
	table = cds_lfht_new(4096, 4096, 4096, 0, NULL);
	if (!table)
		errx(1, "no memory for a table");
	init_waitqueue_head(&idle);
	last_id = 0;
}

static void end(void)
{
	cds_lfht_destroy(table, NULL);
}

static u32 create(void)
{
	struct object *obj = kzalloc(sizeof(*obj), GFP_KERNEL);
	u32 id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);

	if (!obj)
		errx(1, "no memory for an object");
	refcount_set(&obj->users, 1);
	obj->type = 1;
	obj->id = id;
	cds_lfht_node_init(&obj->node);
	rcu_read_lock();
	cds_lfht_add(table, hash(id), &obj->node);
	rcu_read_unlock();
	return id;
}

/* Under rcu_read_lock(). */
static struct object *find(u32 id)
{
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;

	cds_lfht_lookup(table, hash(id), is_id, &id, &iter);
	node = cds_lfht_iter_get_node(&iter);
	return node ? container_of(node, struct object, node) : NULL;
}

static noinline struct object *get(u32 id)
{
	struct object *obj;

	rcu_read_lock();
	obj = find(id);
	if (obj && (obj->type != 1 || !refcount_inc_not_zero(&obj->users)))
		obj = NULL;
	rcu_read_unlock();
	return obj;
}

static noinline void put(struct object *obj)
{
	if (refcount_dec_and_test(&obj->users))
		wake_up_all(&idle);
}

static void destroy(u32 id)
{
	struct object *obj;

	rcu_read_lock();
	obj = find(id);
	cds_lfht_del(table, &obj->node);
	rcu_read_unlock();
	if (!refcount_dec_and_test(&obj->users))
		wait_event(idle, !refcount_read(&obj->users));
	kfree_rcu_mightsleep(obj);
}

static unsigned long look_up(const u32 *ids, unsigned int nr_ids,
			     unsigned long ops)
{
	return LOOK_UP_LOOP(get, put, ids, nr_ids, ops);
}

const struct scheme scheme_lfht = {
	.name = "lfht",
	.init = init,
	.exit = end,
	.create = create,
	.destroy = destroy,
	.look_up = look_up,
};
