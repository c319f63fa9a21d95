// SPDX-License-Identifier: GPL-2.0-only
/*
 * An xarray under a spin lock. See scheme.h.
 *
 * The lock is what the kernel's is while nobody else wants it: one atomic
 * operation to lock, a store to unlock, and no preemption in between. The shims
 * have a POSIX mutex for it.
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
static bool locked __attribute__((aligned(64)));

static void lock(void)
{
	native_preempt_count++;
	while (__atomic_exchange_n(&locked, true, __ATOMIC_ACQUIRE)) {
		for (int i = 1; __atomic_load_n(&locked, __ATOMIC_RELAXED); i++) {
			__builtin_ia32_pause();
			/* The holder may not be running; the kernel's always is. */
			if (i % 4096 == 0)
				sched_yield();
		}
	}
}

static void unlock(void)
{
	__atomic_store_n(&locked, false, __ATOMIC_RELEASE);
	native_preempt_count--;
}

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
	u32 id;

	refcount_set(&obj->users, 1);
	obj->type = 1;
	lock();
	id = idtable_add(&table, obj);
	unlock();
	return id;
}

static noinline struct object *get(u32 id)
{
	struct object *obj;

	lock();
	obj = xa_load(&table.objects, id);
	if (obj && obj->type == 1)
		refcount_inc(&obj->users);
	else
		obj = NULL;
	unlock();
	return obj;
}

static noinline void put(struct object *obj)
{
	if (refcount_dec_and_test(&obj->users))
		wake_up_all(&table.idle);
}

static void destroy(u32 id)
{
	struct object *obj;

	lock();
	obj = idtable_hide(&table, id);
	unlock();
	if (!refcount_dec_and_test(&obj->users))
		wait_event(table.idle, !refcount_read(&obj->users));
	lock();
	idtable_free_id(&table, id);
	unlock();
	/* Who can find it has the lock. */
	kfree(obj);
}

static unsigned long look_up(const u32 *ids, unsigned int nr_ids,
			     unsigned long ops)
{
	return LOOK_UP_LOOP(get, put, ids, nr_ids, ops);
}

const struct scheme scheme_spin = {
	.name = "spin",
	.init = init,
	.exit = end,
	.create = create,
	.destroy = destroy,
	.look_up = look_up,
};
