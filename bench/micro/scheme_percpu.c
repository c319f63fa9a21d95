// SPDX-License-Identifier: GPL-2.0-only
/*
 * A count for each thread. See scheme.h.
 *
 * While an object lives each thread counts for itself, with plain stores. To
 * destroy it, all are told to use the shared count, and after a grace period,
 * when they do, what they counted is added to it.
 */
#include "idtable.h"
#include "portable.h"
#include "scheme.h"
#include "threads.h"

/* Keeps the shared count above zero until all counts are in it. */
#define BIAS		(1L << 40)

struct own_count {
	long count;
} __attribute__((aligned(64)));

struct object {
	long shared;
	u32 id;
	u32 type;
	bool going;
	struct own_count own[THREADS_MAX];
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
	struct object *obj = aligned_alloc(64, sizeof(*obj));

	if (!obj)
		errx(1, "no memory for an object");
	memset(obj, 0, sizeof(*obj));
	obj->shared = BIAS;
	obj->type = 1;
	return idtable_add(&table, obj);
}

static void count(struct object *obj, long change)
{
	long *own = &obj->own[thread_nr].count;

	__atomic_store_n(own, *own + change, __ATOMIC_RELAXED);
}

static noinline struct object *get(u32 id)
{
	struct object *obj;

	rcu_read_lock();
	obj = xa_load(&table.objects, id);
	if (!obj || obj->type != 1 || __atomic_load_n(&obj->going, __ATOMIC_RELAXED))
		obj = NULL;
	else
		count(obj, 1);
	rcu_read_unlock();
	return obj;
}

static noinline void put(struct object *obj)
{
	rcu_read_lock();
	if (!__atomic_load_n(&obj->going, __ATOMIC_RELAXED))
		count(obj, -1);
	else if (!__atomic_sub_fetch(&obj->shared, 1, __ATOMIC_ACQ_REL))
		wake_up_all(&table.idle);
	rcu_read_unlock();
}

static void destroy(u32 id)
{
	struct object *obj = idtable_hide(&table, id);
	long sum = -BIAS;

	__atomic_store_n(&obj->going, true, __ATOMIC_RELAXED);
	synchronize_rcu();
	for (int i = 0; i < THREADS_MAX; i++)
		sum += obj->own[i].count;
	if (__atomic_add_fetch(&obj->shared, sum, __ATOMIC_ACQ_REL))
		wait_event(table.idle, !__atomic_load_n(&obj->shared, __ATOMIC_ACQUIRE));
	idtable_free_id(&table, id);
	/* The last put() may not have left yet. */
	kfree_rcu_mightsleep(obj);
}

static unsigned long look_up(const u32 *ids, unsigned int nr_ids,
			     unsigned long ops)
{
	return LOOK_UP_LOOP(get, put, ids, nr_ids, ops);
}

const struct scheme scheme_percpu = {
	.name = "percpu",
	.init = init,
	.exit = end,
	.create = create,
	.destroy = destroy,
	.look_up = look_up,
};
