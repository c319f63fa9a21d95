// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object table: what kmod/core/object.h promises.
 */
#include "alloc_fault.h"
#include "core/object.h"
#include "portable_suite.h"
#include "race.h"

#define TYPE		IOMMUFD_OBJ_IOAS
#define OTHER_TYPE	IOMMUFD_OBJ_ACCESS
#define ALIVE		0xa11fe

/**
 * struct thing - an object of these tests
 * @obj: what the table knows
 * @state: ALIVE until it is destroyed
 * @parent: an object that this one is built on, or NULL
 */
struct thing {
	struct iommufd_object obj;
	u32 state;
	struct thing *parent;
};

#define NR_MANY	1000

static struct object_table table;
static atomic_t nr_destroyed;
static atomic_t nr_free_ids;

static struct thing *to_thing(struct iommufd_object *obj)
{
	return container_of(obj, struct thing, obj);
}

static void thing_destroy(struct iommufd_object *obj)
{
	struct thing *thing = to_thing(obj);

	/* Its ID names nothing any more, but is not free before this returns. */
	if (!xa_insert(&table.objects, obj->id, obj, GFP_KERNEL)) {
		xa_erase(&table.objects, obj->id);
		atomic_inc(&nr_free_ids);
	}
	thing->state = 0;
	if (thing->parent)
		object_release(&thing->parent->obj);
	atomic_inc(&nr_destroyed);
}

static const object_destroy_fn destroy_ops[IOMMUFD_OBJ_MAX] = {
	[TYPE] = thing_destroy,
	[OTHER_TYPE] = thing_destroy,
};

static struct thing *thing_alloc(struct kunit *test,
				 enum iommufd_object_type type)
{
	struct thing *thing = object_alloc(&table, sizeof(*thing), type);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thing);
	thing->state = ALIVE;
	return thing;
}

/* Published. */
static struct thing *thing_create(struct kunit *test)
{
	struct thing *thing = thing_alloc(test, TYPE);

	object_publish(&table, &thing->obj);
	return thing;
}

static long look_up(u32 id, enum iommufd_object_type type)
{
	struct iommufd_object *obj = object_get(&table, id, type);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	object_put(&table, obj);
	return 0;
}

static void object_is_seen_once_published(struct kunit *test)
{
	struct thing *thing = thing_alloc(test, TYPE);
	struct iommufd_object *obj;

	KUNIT_EXPECT_NE(test, thing->obj.id, 0);
	KUNIT_EXPECT_EQ(test, look_up(thing->obj.id, TYPE), -ENOENT);
	KUNIT_EXPECT_EQ(test, object_destroy(&table, thing->obj.id), -ENOENT);

	object_publish(&table, &thing->obj);
	obj = object_get(&table, thing->obj.id, TYPE);
	KUNIT_ASSERT_PTR_EQ(test, obj, &thing->obj);
	KUNIT_EXPECT_EQ(test, obj->type, TYPE);
	object_put(&table, obj);
}

static void object_memory_is_zeroed(struct kunit *test)
{
	struct thing *thing = object_alloc(&table, sizeof(*thing), TYPE);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thing);
	KUNIT_EXPECT_EQ(test, thing->state, 0);
	KUNIT_EXPECT_NULL(test, thing->parent);
	object_abort(&table, &thing->obj);
}

static void object_ids_are_unique(struct kunit *test)
{
	struct thing *things[20];

	for (int i = 0; i < ARRAY_SIZE(things); i++) {
		things[i] = thing_create(test);
		for (int j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, things[i]->obj.id,
					things[j]->obj.id);
	}
}

/* More of them than fit in what look-ups read at first, and again and again. */
static void object_get_finds_one_of_many(struct kunit *test)
{
	u32 first = thing_create(test)->obj.id, id;

	for (id = first + 1; id < first + NR_MANY; id++)
		KUNIT_ASSERT_EQ(test, thing_create(test)->obj.id, id);
	for (id = first; id < first + NR_MANY; id++) {
		struct iommufd_object *obj = object_get(&table, id, TYPE);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
		KUNIT_EXPECT_EQ(test, obj->id, id);
		object_put(&table, obj);
	}
	for (; id; id <<= 1)
		KUNIT_EXPECT_EQ(test, look_up(id, IOMMUFD_OBJ_ANY), -ENOENT);
	KUNIT_EXPECT_EQ(test, look_up(~0U, IOMMUFD_OBJ_ANY), -ENOENT);
	KUNIT_EXPECT_EQ(test, look_up(0, IOMMUFD_OBJ_ANY), -ENOENT);
}

static void object_abort_gives_the_id_back(struct kunit *test)
{
	struct thing *thing = thing_alloc(test, TYPE);
	u32 id = thing->obj.id;

	object_abort(&table, &thing->obj);
	KUNIT_EXPECT_TRUE(test, xa_empty(&table.objects));
	KUNIT_EXPECT_EQ(test, look_up(id, IOMMUFD_OBJ_ANY), -ENOENT);
	/* It never was one, so it is not ended as one. */
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed), 0);
}

static const struct look_up_case {
	const char *name;
	u32 id_offset;
	enum iommufd_object_type type;
	long expected;
} look_up_cases[] = {
	{ "its-type", 0, TYPE, 0 },
	{ "any-type", 0, IOMMUFD_OBJ_ANY, 0 },
	{ "other-type", 0, OTHER_TYPE, -ENOENT },
	{ "other-id", 1, TYPE, -ENOENT },
	{ "id-beyond-31-bits", 0x80000000, TYPE, -ENOENT },
};

KUNIT_ARRAY_PARAM_DESC(look_up, look_up_cases, name);

static void object_get_looks_up(struct kunit *test)
{
	const struct look_up_case *param = test->param_value;
	struct thing *thing = thing_create(test);

	KUNIT_EXPECT_EQ(test, look_up(thing->obj.id + param->id_offset,
				      param->type), param->expected);
}

static void object_destroy_ends_it_once(struct kunit *test)
{
	u32 id = thing_create(test)->obj.id;

	KUNIT_EXPECT_EQ(test, object_destroy(&table, id), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed), 1);
	KUNIT_EXPECT_EQ(test, look_up(id, TYPE), -ENOENT);
	KUNIT_EXPECT_EQ(test, object_destroy(&table, id), -ENOENT);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed), 1);
	KUNIT_EXPECT_TRUE(test, xa_empty(&table.objects));
}

static void object_destroy_is_busy_with_long_term_users(struct kunit *test)
{
	struct thing *thing = thing_create(test);
	u32 id = thing->obj.id;

	KUNIT_ASSERT_TRUE(test, object_hold(&thing->obj));
	KUNIT_ASSERT_TRUE(test, object_hold(&thing->obj));
	KUNIT_EXPECT_EQ(test, object_destroy(&table, id), -EBUSY);
	object_release(&thing->obj);
	KUNIT_EXPECT_EQ(test, object_destroy(&table, id), -EBUSY);
	/* It is as it was. */
	KUNIT_EXPECT_EQ(test, look_up(id, TYPE), 0);
	object_release(&thing->obj);
	KUNIT_EXPECT_EQ(test, object_destroy(&table, id), 0);
}

/**
 * struct destroyer - a thread that destroys an object
 * @id: the object
 * @held: the object, for one that does it by giving up its long-term use
 * @rc: what object_destroy() said, or -EBUSY
 * @done: it returned
 */
struct destroyer {
	u32 id;
	struct thing *held;
	int rc;
	struct completion done;
};

static int destroy_thread(void *data)
{
	struct destroyer *destroyer = data;

	allow_signal(SIGTERM);
	if (!destroyer->held)
		destroyer->rc = object_destroy(&table, destroyer->id);
	else if (!object_release_destroy(&table, &destroyer->held->obj))
		destroyer->rc = -EBUSY;
	complete(&destroyer->done);
	return 0;
}

static struct task_struct *start_destroyer(struct kunit *test,
					   struct destroyer *destroyer, u32 id)
{
	struct task_struct *task;

	destroyer->id = id;
	destroyer->rc = 0;
	init_completion(&destroyer->done);
	task = kthread_run(destroy_thread, destroyer, "kunit-destroy");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	return get_task_struct(task);
}

/* Until @id can no more be looked up. */
static void await_hidden(u32 id)
{
	while (!look_up(id, TYPE))
		usleep_range(100, 200);
}

static const struct wait_case {
	const char *name;
	bool held;
} wait_cases[] = {
	{ "by-id", false },
	{ "by-the-last-long-term-use", true },
};

KUNIT_ARRAY_PARAM_DESC(wait, wait_cases, name);

static void object_destroy_waits_for_short_term_users(struct kunit *test)
{
	const struct wait_case *param = test->param_value;
	struct thing *thing = thing_create(test);
	struct destroyer destroyer = { .held = param->held ? thing : NULL };
	struct task_struct *task;

	if (param->held)
		KUNIT_ASSERT_TRUE(test, object_hold(&thing->obj));
	KUNIT_ASSERT_PTR_EQ(test, object_get(&table, thing->obj.id, TYPE),
			    &thing->obj);
	task = start_destroyer(test, &destroyer, thing->obj.id);
	await_hidden(thing->obj.id);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&destroyer.done));
	KUNIT_EXPECT_EQ(test, thing->state, ALIVE);

	object_put(&table, &thing->obj);
	wait_for_completion(&destroyer.done);
	kthread_stop_put(task);
	KUNIT_EXPECT_EQ(test, destroyer.rc, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed), 1);
}

static void object_id_is_not_reused_while_it_ends(struct kunit *test)
{
	struct thing *thing = thing_create(test);
	u32 id = thing->obj.id;
	struct destroyer destroyer = {};
	struct task_struct *task;
	struct thing *next;

	object_get(&table, id, TYPE);
	task = start_destroyer(test, &destroyer, id);
	await_hidden(id);
	next = thing_create(test);
	KUNIT_EXPECT_NE(test, next->obj.id, id);
	KUNIT_EXPECT_EQ(test, object_destroy(&table, id), -ENOENT);
	object_put(&table, &thing->obj);
	wait_for_completion(&destroyer.done);
	kthread_stop_put(task);
}

static void object_destroy_interrupted_leaves_it_as_it_was(struct kunit *test)
{
	struct thing *thing = thing_create(test);
	u32 id = thing->obj.id;
	struct destroyer destroyer = {};
	struct task_struct *task;

	object_get(&table, id, TYPE);
	task = start_destroyer(test, &destroyer, id);
	await_hidden(id);
	send_sig(SIGTERM, task, 1);
	wait_for_completion(&destroyer.done);
	kthread_stop_put(task);

	KUNIT_EXPECT_EQ(test, destroyer.rc, -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, thing->state, ALIVE);
	KUNIT_EXPECT_EQ(test, look_up(id, TYPE), 0);
	KUNIT_EXPECT_TRUE(test, object_hold(&thing->obj));
	object_release(&thing->obj);
	object_put(&table, &thing->obj);
	KUNIT_EXPECT_EQ(test, object_destroy(&table, id), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed), 1);
}

static void object_being_destroyed_cannot_be_held(struct kunit *test)
{
	struct thing *thing = thing_create(test);
	struct destroyer destroyer = {};
	struct task_struct *task;

	object_get(&table, thing->obj.id, TYPE);
	task = start_destroyer(test, &destroyer, thing->obj.id);
	await_hidden(thing->obj.id);
	KUNIT_EXPECT_FALSE(test, object_hold(&thing->obj));
	object_put(&table, &thing->obj);
	wait_for_completion(&destroyer.done);
	kthread_stop_put(task);
}

static void object_release_destroy_ends_with_the_last_use(struct kunit *test)
{
	struct thing *thing = thing_create(test);

	KUNIT_ASSERT_TRUE(test, object_hold(&thing->obj));
	KUNIT_ASSERT_TRUE(test, object_hold(&thing->obj));
	KUNIT_EXPECT_FALSE(test, object_release_destroy(&table, &thing->obj));
	KUNIT_EXPECT_EQ(test, look_up(thing->obj.id, TYPE), 0);
	KUNIT_EXPECT_TRUE(test, object_release_destroy(&table, &thing->obj));
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed), 1);
	KUNIT_EXPECT_TRUE(test, xa_empty(&table.objects));
}

static void object_entomb_keeps_the_id(struct kunit *test)
{
	struct thing *thing = thing_create(test);
	u32 id = thing->obj.id;

	KUNIT_ASSERT_TRUE(test, object_hold(&thing->obj));
	KUNIT_EXPECT_FALSE(test, object_hide(&table, &thing->obj));
	KUNIT_EXPECT_EQ(test, look_up(id, TYPE), 0);
	object_release(&thing->obj);
	KUNIT_ASSERT_TRUE(test, object_hide(&table, &thing->obj));
	KUNIT_EXPECT_FALSE(test, object_hide(&table, &thing->obj));
	object_entomb(&table, &thing->obj);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed), 1);
	KUNIT_EXPECT_EQ(test, look_up(id, TYPE), -ENOENT);
	KUNIT_EXPECT_EQ(test, object_destroy(&table, id), -ENOENT);
	for (int i = 0; i < 10; i++)
		KUNIT_EXPECT_NE(test, thing_create(test)->obj.id, id);
	/* And then the table goes, as if there was nothing. */
	object_table_destroy(&table);
	KUNIT_EXPECT_TRUE(test, xa_empty(&table.objects));
}

/* The parents have the lower IDs, so they are met first, and are in use. */
static void object_table_destroy_takes_dependents_first(struct kunit *test)
{
	struct thing *parent = NULL;

	for (int i = 0; i < 5; i++) {
		struct thing *thing = thing_create(test);

		if (parent)
			KUNIT_ASSERT_TRUE(test, object_hold(&parent->obj));
		thing->parent = parent;
		parent = thing;
	}
	object_table_destroy(&table);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed), 5);
	KUNIT_EXPECT_TRUE(test, xa_empty(&table.objects));
}

static void object_alloc_fails_without_a_trace(struct kunit *test)
{
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		struct thing *thing;

		fault_arm(&fault);
		thing = object_alloc(&table, sizeof(*thing), TYPE);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, PTR_ERR_OR_ZERO(thing)))
			KUNIT_EXPECT_EQ(test, PTR_ERR(thing), -ENOMEM);
		else
			object_abort(&table, &thing->obj);
		KUNIT_EXPECT_TRUE(test, xa_empty(&table.objects));
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

/* Publishing, hiding and ending need no memory that could run out. */
static void object_life_needs_no_memory(struct kunit *test)
{
	struct fault fault = { .nth = 1 };
	struct thing *thing;
	int rc;

	fault_require(test);
	thing = thing_alloc(test, TYPE);
	fault_arm(&fault);
	object_publish(&table, &thing->obj);
	rc = look_up(thing->obj.id, TYPE);
	fault_disarm(&fault);
	KUNIT_EXPECT_FALSE(test, fault.fired);
	KUNIT_EXPECT_EQ(test, rc, 0);

	fault_arm(&fault);
	rc = object_destroy(&table, thing->obj.id);
	fault_disarm(&fault);
	/* kfree_rcu_mightsleep() allocates, and can do without. */
	KUNIT_EXPECT_EQ(test, rc, 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&table.objects));
}

/*
 * Where these meet is luck. That a look-up finds nothing at each step of a destroy is
 * in object_race_test.c.
 */

/**
 * struct object_race - look-ups against destroys
 * @test: the case
 * @nr_published: how many objects there were
 * @nr_won: how many destroys did it
 * @over: the threads that destroy are done
 */
struct object_race {
	struct kunit *test;
	atomic_t nr_published;
	atomic_t nr_won;
	atomic_t over;
};

#define RACE_ROUNDS	500
#define RACE_MAX_ID	8

static void race_look_up(void *data)
{
	struct object_race *run = data;
	u32 id = 0;

	while (!atomic_read(&run->over)) {
		struct iommufd_object *obj;

		id = id % RACE_MAX_ID + 1;
		obj = object_get(&table, id, TYPE);
		if (IS_ERR(obj)) {
			cond_resched();
			continue;
		}
		KUNIT_EXPECT_EQ(run->test, obj->id, id);
		KUNIT_EXPECT_EQ(run->test, to_thing(obj)->state, ALIVE);
		cond_resched();
		KUNIT_EXPECT_EQ(run->test, to_thing(obj)->state, ALIVE);
		object_put(&table, obj);
	}
}

/* Makes objects, and destroys whatever it finds, its own or another's. */
static void race_destroy(void *data)
{
	struct object_race *run = data;

	for (int i = 0; i < RACE_ROUNDS; i++) {
		struct thing *thing = object_alloc(&table, sizeof(*thing),
						   TYPE);
		int rc;

		if (IS_ERR(thing)) {
			KUNIT_FAIL(run->test, "no memory");
			break;
		}
		thing->state = ALIVE;
		atomic_inc(&run->nr_published);
		object_publish(&table, &thing->obj);
		rc = object_destroy(&table, i % RACE_MAX_ID + 1);
		if (!rc)
			atomic_inc(&run->nr_won);
		else
			KUNIT_EXPECT_EQ(run->test, rc, -ENOENT);
	}
	atomic_inc(&run->over);
}

static void object_get_races_with_destroy(struct kunit *test)
{
	struct object_race run = { .test = test };
	const struct racer racers[] = {
		{ race_look_up, &run },
		{ race_destroy, &run },
		{ race_destroy, &run },
		{ race_look_up, &run },
	};

	race(test, racers, ARRAY_SIZE(racers));
	/* Each object ends once, by the one thread that was told so. */
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed),
			atomic_read(&run.nr_won));
	object_table_destroy(&table);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed),
			atomic_read(&run.nr_published));
	/* The first one at least, by who came first. */
	KUNIT_EXPECT_GT(test, atomic_read(&run.nr_won), 0);
}

/* Userspace destroys what the kernel is just letting go of, and ends. */
static void race_release(void *data)
{
	struct object_race *run = data;
	struct iommufd_object *obj;

	for (u32 id = 1; id <= RACE_ROUNDS / 2; id++) {
		obj = xa_load(&table.objects, id);
		if (obj && object_release_destroy(&table, obj))
			atomic_inc(&run->nr_won);
	}
	atomic_inc(&run->over);
}

static void race_user_destroy(void *data)
{
	struct object_race *run = data;

	while (!atomic_read(&run->over)) {
		for (u32 id = 1; id <= RACE_ROUNDS / 2; id++)
			KUNIT_EXPECT_NE(run->test, object_destroy(&table, id),
					0);
		cond_resched();
	}
}

static void object_release_destroy_races_with_destroy(struct kunit *test)
{
	struct object_race run = { .test = test };
	const struct racer racers[] = {
		{ race_release, &run },
		{ race_user_destroy, &run },
	};

	for (int i = 0; i < RACE_ROUNDS / 2; i++) {
		struct thing *thing = thing_create(test);

		KUNIT_ASSERT_TRUE(test, object_hold(&thing->obj));
	}
	race(test, racers, ARRAY_SIZE(racers));
	KUNIT_EXPECT_EQ(test, atomic_read(&run.nr_won), RACE_ROUNDS / 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_destroyed), RACE_ROUNDS / 2);
	KUNIT_EXPECT_TRUE(test, xa_empty(&table.objects));
}

static int object_test_init(struct kunit *test)
{
	object_table_init(&table, destroy_ops);
	atomic_set(&nr_destroyed, 0);
	atomic_set(&nr_free_ids, 0);
	return 0;
}

static void object_test_exit(struct kunit *test)
{
	object_table_destroy(&table);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_free_ids), 0);
}

static struct kunit_case object_test_cases[] = {
	KUNIT_CASE(object_is_seen_once_published),
	KUNIT_CASE(object_memory_is_zeroed),
	KUNIT_CASE(object_ids_are_unique),
	KUNIT_CASE(object_get_finds_one_of_many),
	KUNIT_CASE(object_abort_gives_the_id_back),
	KUNIT_CASE_PARAM(object_get_looks_up, look_up_gen_params),
	KUNIT_CASE(object_destroy_ends_it_once),
	KUNIT_CASE(object_destroy_is_busy_with_long_term_users),
	KUNIT_CASE_PARAM(object_destroy_waits_for_short_term_users,
			 wait_gen_params),
	KUNIT_CASE(object_id_is_not_reused_while_it_ends),
	KUNIT_CASE(object_destroy_interrupted_leaves_it_as_it_was),
	KUNIT_CASE(object_being_destroyed_cannot_be_held),
	KUNIT_CASE(object_release_destroy_ends_with_the_last_use),
	KUNIT_CASE(object_entomb_keeps_the_id),
	KUNIT_CASE(object_table_destroy_takes_dependents_first),
	KUNIT_CASE(object_alloc_fails_without_a_trace),
	KUNIT_CASE(object_life_needs_no_memory),
	KUNIT_CASE(object_get_races_with_destroy),
	KUNIT_CASE(object_release_destroy_races_with_destroy),
	{}
};

static struct kunit_suite object_test_suite = {
	.name = "iommufd-object",
	.init = object_test_init,
	.exit = object_test_exit,
	.test_cases = object_test_cases,
};

kunit_test_suite(object_test_suite);
