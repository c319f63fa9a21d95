// SPDX-License-Identifier: GPL-2.0-only
/*
 * No counts, but two read sides. See scheme.h.
 *
 * Each thread counts how often it entered and left each of the two sides; new
 * users enter the current one. To destroy an object the side is changed, twice,
 * and each time whoever is on the other one is waited for. Instead of each user
 * having a memory barrier, destroying has all CPUs do one.
 */
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "idtable.h"
#include "scheme.h"
#include "suite.h"
#include "threads.h"

struct object {
	u32 type;
	char rest[OBJECT_BYTES - sizeof(u32)];
};

static struct idtable table;
static pthread_mutex_t one_waits = PTHREAD_MUTEX_INITIALIZER;
static unsigned int current_side;

static struct {
	unsigned long entered[2] __attribute__((aligned(64)));
	unsigned long left[2];
} own[THREADS_MAX];

static void barrier_on_all_cpus(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void init(void)
{
	idtable_init(&table);
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

static void end(void)
{
	idtable_exit(&table);
}

static u32 create(void)
{
	struct object *obj = kzalloc(sizeof(*obj), GFP_KERNEL);

	obj->type = 1;
	return idtable_add(&table, obj);
}

static void add_one(unsigned long *count)
{
	__atomic_store_n(count, *count + 1, __ATOMIC_RELEASE);
}

static noinline struct object *get(u32 id, unsigned int *side)
{
	struct object *obj;

	*side = __atomic_load_n(&current_side, __ATOMIC_RELAXED);
	add_one(&own[thread_nr].entered[*side]);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	obj = xa_load(&table.objects, id);
	if (!obj || obj->type != 1) {
		add_one(&own[thread_nr].left[*side]);
		return NULL;
	}
	return obj;
}

static noinline void put(struct object *obj, unsigned int side)
{
	use((unsigned long)obj);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	add_one(&own[thread_nr].left[side]);
}

static bool is_empty(unsigned int side)
{
	unsigned long entered = 0, left = 0;

	for (int i = 0; i < THREADS_MAX; i++)
		left += __atomic_load_n(&own[i].left[side], __ATOMIC_ACQUIRE);
	barrier_on_all_cpus();
	for (int i = 0; i < THREADS_MAX; i++)
		entered += __atomic_load_n(&own[i].entered[side], __ATOMIC_ACQUIRE);
	return entered == left;
}

static void wait_for_all(void)
{
	pthread_mutex_lock(&one_waits);
	for (int i = 0; i < 2; i++) {
		unsigned int side = current_side;

		__atomic_store_n(&current_side, !side, __ATOMIC_SEQ_CST);
		while (!is_empty(side))
			__builtin_ia32_pause();
	}
	pthread_mutex_unlock(&one_waits);
}

static void destroy(u32 id)
{
	struct object *obj = idtable_hide(&table, id);

	wait_for_all();
	idtable_free_id(&table, id);
	kfree(obj);
}

static unsigned long look_up(const u32 *ids, unsigned int nr_ids,
			     unsigned long ops)
{
	unsigned long found = 0;

	for (unsigned long i = 0; i < ops; i++) {
		unsigned int side;
		struct object *obj = get(ids[i & (nr_ids - 1)], &side);

		if (!obj)
			continue;
		put(obj, side);
		found++;
	}
	return found;
}

const struct scheme scheme_srcu = {
	.name = "srcu",
	.init = init,
	.exit = end,
	.create = create,
	.destroy = destroy,
	.look_up = look_up,
};
