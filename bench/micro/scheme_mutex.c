// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hash table of lists under a mutex. See scheme.h.
 */
#include <err.h>

#include "portable.h"
#include "scheme.h"

#define NR_BUCKETS	4096

struct object {
	struct object *next;
	refcount_t users;
	u32 id;
	u32 type;
	char rest[OBJECT_BYTES - sizeof(void *) - sizeof(refcount_t) - 2 * sizeof(u32)];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct object *buckets[NR_BUCKETS];
static wait_queue_head_t idle;
static u32 last_id;

static struct object **bucket(u32 id)
{
	return &buckets[id % NR_BUCKETS];
}

static void init(void)
{
	init_waitqueue_head(&idle);
	last_id = 0;
}

static void end(void)
{
}

static u32 create(void)
{
	struct object *obj = kzalloc(sizeof(*obj), GFP_KERNEL);
	u32 id;

	if (!obj)
		errx(1, "no memory for an object");
	refcount_set(&obj->users, 1);
	obj->type = 1;
	pthread_mutex_lock(&lock);
	id = ++last_id;
	obj->id = id;
	obj->next = *bucket(id);
	*bucket(id) = obj;
	pthread_mutex_unlock(&lock);
	return id;
}

static noinline struct object *get(u32 id)
{
	struct object *obj;

	pthread_mutex_lock(&lock);
	for (obj = *bucket(id); obj; obj = obj->next) {
		if (obj->id == id && obj->type == 1) {
			refcount_inc(&obj->users);
			break;
		}
	}
	pthread_mutex_unlock(&lock);
	return obj;
}

static noinline void put(struct object *obj)
{
	if (refcount_dec_and_test(&obj->users))
		wake_up_all(&idle);
}

static void destroy(u32 id)
{
	struct object **at, *obj;

	pthread_mutex_lock(&lock);
	for (at = bucket(id); (*at)->id != id; at = &(*at)->next)
		;
	obj = *at;
	*at = obj->next;
	pthread_mutex_unlock(&lock);
	if (!refcount_dec_and_test(&obj->users))
		wait_event(idle, !refcount_read(&obj->users));
	kfree(obj);
}

static unsigned long look_up(const u32 *ids, unsigned int nr_ids,
			     unsigned long ops)
{
	return LOOK_UP_LOOP(get, put, ids, nr_ids, ops);
}

const struct scheme scheme_mutex = {
	.name = "mutex",
	.init = init,
	.exit = end,
	.create = create,
	.destroy = destroy,
	.look_up = look_up,
};
