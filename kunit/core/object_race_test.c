// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that end the same object: one of them does, and no other believes that
 * it is still there.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "core/object.h"
#include "core/race_point.h"
#include "hold.h"

#define TYPE	IOMMUFD_OBJ_IOAS

static struct object_table table;
static unsigned int nr_destroyed;

static void count_destroyed(struct iommufd_object *obj)
{
	nr_destroyed++;
}

static const object_destroy_fn destroy_ops[IOMMUFD_OBJ_MAX] = {
	[TYPE] = count_destroyed,
};

/* Published. */
static struct iommufd_object *create(struct kunit *test)
{
	struct iommufd_object *obj = object_alloc(&table, sizeof(*obj), TYPE);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	object_publish(&table, obj);
	return obj;
}

/**
 * struct last_use - a thread that gives up the last long-term use of an object
 * @obj: the object
 * @ended: what object_release_destroy() said
 */
struct last_use {
	struct iommufd_object *obj;
	bool ended;
};

static void give_up(void *data)
{
	struct last_use *use = data;

	use->ended = object_release_destroy(&table, use->obj);
}

/* Userspace that comes right then has nothing left to destroy. */
static void object_is_ended_by_who_had_the_last_use(struct kunit *test)
{
	struct iommufd_object *obj = create(test);
	struct last_use use = { .obj = obj };
	struct held *held;
	u32 id = obj->id;

	KUNIT_ASSERT_TRUE(test, object_hold(obj));
	KUNIT_EXPECT_EQ(test, object_destroy(&table, id), -EBUSY);
	held = hold_start(test, "object:released", give_up, &use);
	KUNIT_EXPECT_EQ(test, object_destroy(&table, id), -ENOENT);
	KUNIT_EXPECT_EQ(test, nr_destroyed, 0);
	hold_finish(test, held);
	KUNIT_EXPECT_TRUE(test, use.ended);
	KUNIT_EXPECT_EQ(test, nr_destroyed, 1);
}

/**
 * struct destroyer - a thread that destroys an object, once it is told to
 * @id: the object
 * @rc: what object_destroy() said
 */
struct destroyer {
	u32 id;
	int rc;
};

static void destroy(void *data)
{
	struct destroyer *destroyer = data;

	race_point("test:begin");
	destroyer->rc = object_destroy(&table, destroyer->id);
}

/**
 * struct looker - a thread that looks an object up
 * @id: the object
 */
struct looker {
	u32 id;
};

static void look_up(void *data)
{
	const struct looker *looker = data;
	struct iommufd_object *obj = object_get(&table, looker->id, TYPE);

	race_point("test:looked-up");
	if (!IS_ERR(obj))
		object_put(&table, obj);
}

/* It is gone at once for all, though who destroys it is not done. */
static void object_is_gone_once_it_is_hidden(struct kunit *test)
{
	static const char *const points[] = { "object:hidden", "object:ended" };

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		struct iommufd_object *obj = create(test);
		struct destroyer destroyer = { .id = obj->id };
		struct iommufd_object *other;
		struct held *held;

		held = hold_start(test, points[i], destroy, &destroyer);
		KUNIT_EXPECT_TRUE(test, IS_ERR(object_get(&table, destroyer.id,
							  IOMMUFD_OBJ_ANY)));
		KUNIT_EXPECT_EQ(test, object_destroy(&table, destroyer.id),
				-ENOENT);
		/* But its ID is not another's yet. */
		other = create(test);
		KUNIT_EXPECT_NE(test, other->id, destroyer.id);
		hold_finish(test, held);
		KUNIT_EXPECT_EQ(test, destroyer.rc, 0);
		KUNIT_EXPECT_EQ(test, object_destroy(&table, other->id), 0);
	}
	KUNIT_EXPECT_EQ(test, nr_destroyed, 2 * ARRAY_SIZE(points));
}

/* Who looked it up has it until it is put back, whatever others do. */
static void object_stays_for_who_looked_it_up(struct kunit *test)
{
	struct iommufd_object *obj = create(test);
	struct destroyer destroyer = { .id = obj->id };
	wait_queue_head_t *const queues[] = { &table.idle };
	struct held *held, *other;
	struct looker looker = { .id = obj->id };
	size_t queue;

	other = hold_start(test, "test:looked-up", look_up, &looker);
	held = hold_start(test, "test:begin", destroy, &destroyer);
	KUNIT_EXPECT_NULL(test, hold_what_it_waits_for(test, held, other, queues,
						       1, &queue));
	KUNIT_EXPECT_EQ(test, queue, 0);
	KUNIT_EXPECT_EQ(test, nr_destroyed, 0);
	KUNIT_EXPECT_TRUE(test, IS_ERR(object_get(&table, destroyer.id,
						  IOMMUFD_OBJ_ANY)));
	hold_finish(test, other);
	hold_finish(test, held);
	KUNIT_EXPECT_EQ(test, destroyer.rc, 0);
	KUNIT_EXPECT_EQ(test, nr_destroyed, 1);
}

/* Who has given up destroying it does not put it back after others ended it. */
static void object_is_back_in_one_step(struct kunit *test)
{
	struct iommufd_object *obj = create(test);
	struct destroyer destroyer = { .id = obj->id };
	struct held *held;

	held = hold_start(test, "test:begin", destroy, &destroyer);
	KUNIT_ASSERT_PTR_EQ(test, object_get(&table, destroyer.id, TYPE), obj);
	hold_signal(held);
	hold_advance(test, held, "object:unhidden");
	object_put(&table, obj);
	KUNIT_ASSERT_TRUE(test, object_hide(&table, obj));
	object_entomb(&table, obj);
	hold_finish(test, held);
	KUNIT_EXPECT_EQ(test, destroyer.rc, -ERESTARTSYS);
	KUNIT_EXPECT_NULL(test, xa_load(&table.objects, destroyer.id));
	KUNIT_EXPECT_EQ(test, nr_destroyed, 1);
}

/* As many as the slots that a table begins with have room for. */
#define NR_FIRST	28

static void create_one(void *data)
{
	struct iommufd_object **obj = data;

	*obj = object_alloc(&table, sizeof(**obj), TYPE);
	if (!IS_ERR(*obj))
		object_publish(&table, *obj);
}

/* What ends and what begins while the slots are copied is so in the copy. */
static void object_slots_grow_while_objects_change(struct kunit *test)
{
	struct iommufd_object *obj, *last;
	struct held *held;
	u32 ended = 5, gone = 6;
	unsigned int i;

	for (i = 0; i < NR_FIRST; i++)
		create(test);
	held = hold_start(test, "object:copied", create_one, &last);
	KUNIT_EXPECT_EQ(test, object_destroy(&table, ended), 0);
	obj = create(test);
	KUNIT_EXPECT_EQ(test, obj->id, ended);
	KUNIT_EXPECT_EQ(test, object_destroy(&table, gone), 0);
	hold_finish(test, held);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, last);
	KUNIT_EXPECT_EQ(test, last->id, NR_FIRST + 1);
	KUNIT_EXPECT_PTR_EQ(test, object_get(&table, last->id, TYPE), last);
	object_put(&table, last);
	KUNIT_ASSERT_PTR_EQ(test, object_get(&table, ended, TYPE), obj);
	object_put(&table, obj);
	KUNIT_EXPECT_EQ(test, PTR_ERR(object_get(&table, gone, TYPE)), -ENOENT);
}

static int object_race_test_init(struct kunit *test)
{
	object_table_init(&table, destroy_ops);
	nr_destroyed = 0;
	return 0;
}

static void object_race_test_exit(struct kunit *test)
{
	object_table_destroy(&table);
}

static struct kunit_case object_race_test_cases[] = {
	KUNIT_CASE(object_is_ended_by_who_had_the_last_use),
	KUNIT_CASE(object_is_gone_once_it_is_hidden),
	KUNIT_CASE(object_stays_for_who_looked_it_up),
	KUNIT_CASE(object_is_back_in_one_step),
	KUNIT_CASE(object_slots_grow_while_objects_change),
	{}
};

static struct kunit_suite object_race_test_suite = {
	.name = "iommufd-object-race",
	.init = object_race_test_init,
	.exit = object_race_test_exit,
	.test_cases = object_race_test_cases,
};

kunit_test_suite(object_race_test_suite);
