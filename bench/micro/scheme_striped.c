// SPDX-License-Identifier: GPL-2.0-only
/*
 * A few counts, one for each thread, that know when the object goes. See
 * scheme.h.
 *
 * Bit 0 of a stripe says that the object is going, the rest is a signed count.
 * Who gets finds out by the very operation that counts. Once the bit is set in
 * all stripes there are only puts, on any stripe: the sum of all counts only
 * falls, and zero is the end. So nobody has to be waited for but the users.
 */
#include "idtable.h"
#include "portable.h"
#include "scheme.h"
#include "threads.h"

#define NR_STRIPES	8
#define GOING		1L
#define ONE		2L

struct stripe {
	long count;
} __attribute__((aligned(64)));

struct object {
	u32 id;
	u32 type;
	struct stripe stripe[NR_STRIPES];
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
	obj->type = 1;
	return idtable_add(&table, obj);
}

static long *own_stripe(struct object *obj)
{
	return &obj->stripe[thread_nr % NR_STRIPES].count;
}

static void drop(struct object *obj)
{
	if (__atomic_fetch_sub(own_stripe(obj), ONE, __ATOMIC_ACQ_REL) & GOING)
		wake_up_all(&table.idle);
}

static noinline struct object *get(u32 id)
{
	struct object *obj;

	rcu_read_lock();
	obj = xa_load(&table.objects, id);
	if (obj && obj->type != 1) {
		obj = NULL;
	} else if (obj && __atomic_fetch_add(own_stripe(obj), ONE, __ATOMIC_ACQUIRE) & GOING) {
		drop(obj);
		obj = NULL;
	}
	rcu_read_unlock();
	return obj;
}

static noinline void put(struct object *obj)
{
	drop(obj);
}

static bool is_idle(const struct object *obj)
{
	long sum = 0;

	for (int i = 0; i < NR_STRIPES; i++)
		sum += __atomic_load_n(&obj->stripe[i].count, __ATOMIC_ACQUIRE) - GOING;
	return !sum;
}

static void destroy(u32 id)
{
	struct object *obj = idtable_hide(&table, id);

	for (int i = 0; i < NR_STRIPES; i++)
		__atomic_fetch_or(&obj->stripe[i].count, GOING, __ATOMIC_ACQ_REL);
	if (!is_idle(obj))
		wait_event(table.idle, is_idle(obj));
	idtable_free_id(&table, id);
	kfree_rcu_mightsleep(obj);
}

static unsigned long look_up(const u32 *ids, unsigned int nr_ids,
			     unsigned long ops)
{
	return LOOK_UP_LOOP(get, put, ids, nr_ids, ops);
}

const struct scheme scheme_striped = {
	.name = "striped",
	.init = init,
	.exit = end,
	.create = create,
	.destroy = destroy,
	.look_up = look_up,
};
