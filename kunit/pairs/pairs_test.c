// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every two operations that touch the same object, with every step of one between
 * two steps of the other.
 *
 * One operation is held at each race point that it passes, in turn, and another one
 * is let go: it comes to its end, or waits for what the first one has. rows.h says
 * which, for all of them. Then the first one goes on, too, and what both got and
 * what is left has to be as if one had come after the other: both orders are tried
 * beforehand, so rows.h does not have to tell of results. It does where there is one
 * that neither order has.
 *
 * Nothing depends on time: who waits is seen to wait for what the other one has.
 */
#include <kunit/test.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include "alloc_fault.h"
#include "core/race_point.h"
#include "hold.h"
#include "ioas/ioas.h"
#include "memory.h"
#include "ops.h"

#define MAX_OPS		80
#define MAX_POINTS	32

/**
 * struct row - an operation at a point
 * @op: its name
 * @point: where it is held
 * @cells: what becomes of each of the operations, in their order, as letters
 */
struct row {
	const char *op;
	const char *point;
	const char *cells;
};

static const struct row rows[] = {
#include "rows.h"
};

/*
 * What a cell says: the two have nothing in common, or the first one does not come
 * to its point in such a world. Else the other one comes to its end:
 */
#define CANNOT_MEET	'.'
#define NEVER_THERE	'-'
#define EITHER_ORDER	'='
#define COMES_FIRST	'<'
#define COMES_SECOND	'>'
/* with an error that is due to the other one, and else as if it had not been: */
static const struct {
	char letter;
	int rc;
} errors[] = {
	{ 'b', -EBUSY },
	{ 'n', -ENOENT },
	{ 'e', -EEXIST },
	{ 'i', -EINVAL },
	{ 'o', -EOPNOTSUPP },
	{ 'x', -EIO },
};

/* Or it waits for the other one, for a lock, and then either order will do: */
static const struct {
	char letter;
	const char *lock;
} locks[] = {
	{ 'A', "&ioas->attach_lock" },
	{ 'B', "&buf->lock" },
	{ 'C', "&ictx->vfio_lock" },
	{ 'D', "&ioas->domains_rwsem" },
	{ 'E', "&faults->lock" },
	{ 'G', "&group->lock" },
	{ 'H', "&ictx->queues_rwsem" },
	{ 'P', "&ictx->process_lock" },
	{ 'R', "reservation_ww_class_mutex" },
	{ 'T', "&queue->read_lock" },
	{ 'V', "&driver->lock" },
	{ 'X', "&access->lock" },
};

/* or for the end of a use. */
#define WAITS_FOR_OBJECT	'I'
#define WAITS_FOR_AREA		'U'
/* What is never right */
#define NO_ORDER		'!'

/**
 * struct outcome - what became of two operations
 * @rc: what they got
 * @sight: what is left
 */
struct outcome {
	s64 rc[2];
	struct sight sight;
};

static struct outcome *in_order[MAX_OPS][MAX_OPS];
static struct world world;
static struct file *file;
static unsigned long va, args[2];
static int fd;

static void end_world(void)
{
	if (world.test)
		world_end(&world);
	world.test = NULL;
}

static int pairs_test_init(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		kunit_skip(test, "nothing says what a thread waits for");
	KUNIT_ASSERT_LE(test, nr_ops, MAX_OPS);
	for (int i = 0; i < 2; i++)
		args[i] = memory_map(test, MEMORY_BASE, 1);
	va = memory_map(test, MEMORY_BASE, WORLD_NPAGES);
	file = memory_shmem(test, WORLD_NPAGES);
	fd = get_unused_fd_flags(0);
	KUNIT_ASSERT_GE(test, fd, 0);
	fd_install(fd, get_file(file));
	return 0;
}

static void pairs_test_exit(struct kunit *test)
{
	/* Of a case that failed. */
	end_world();
	close_fd(fd);
}

static void pairs_suite_exit(struct kunit_suite *suite)
{
	for (int a = 0; a < MAX_OPS; a++) {
		for (int b = 0; b < MAX_OPS; b++) {
			kfree(in_order[a][b]);
			in_order[a][b] = NULL;
		}
	}
}

static bool is_op(const struct op *op, const char *name)
{
	return !strcmp(op->name, name);
}

/*
 * Drivers do not use an access any more that they destroy, nor detach one that they
 * detach, or move elsewhere, just now. A file is closed when nobody reads it.
 */
static const struct {
	const char *a;
	const char *b;
} forbidden[] = {
	{ "destroy-access", "replace-access" },
	{ "destroy-access", "detach-access" },
	{ "destroy-access", "destroy-access" },
	{ "destroy-access", "pin" },
	{ "destroy-access", "unpin" },
	{ "destroy-access", "rw" },
	{ "detach-access", "replace-access" },
	{ "detach-access", "detach-access" },
	{ "close-events", "close-events" },
	{ "close-events", "read-event" },
};

static bool is_forbidden(const struct op *a, const struct op *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++) {
		if (is_op(a, forbidden[i].a) && is_op(b, forbidden[i].b))
			return true;
	}
	return false;
}

static bool can_meet(const struct op *a, const struct op *b)
{
	return (a->on & b->on) && !is_forbidden(a, b) && !is_forbidden(b, a);
}

/* The world of before is mended, if it is of the same kind. */
static void make(struct kunit *test, const struct op *a, const struct op *b,
		 struct actor *actors)
{
	const struct op *op[] = { a, b };

	if (world.test && (world.parts != (a->on | b->on) ||
			   !world_mend(&world)))
		end_world();
	if (!world.test)
		world_make(test, &world, a->on | b->on, fd, va);
	for (int i = 0; i < 2; i++) {
		actors[i] = (struct actor){
			.world = &world,
			.op = op[i],
			.arg = args[i],
		};
	}
}

static void look(const struct actor *actors, struct outcome *outcome)
{
	memset(outcome, 0, sizeof(*outcome));
	for (int i = 0; i < 2; i++)
		outcome->rc[i] = actors[i].rc;
	world_see(&world, &outcome->sight);
}

static void act(void *data)
{
	struct actor *actor = data;

	race_point("pairs:begun");
	actor->rc = actor->op->run(actor);
}

/* One after the other. */
static void do_in_order(struct kunit *test, const struct op *first,
			const struct op *second, struct outcome *outcome)
{
	struct actor actors[2];

	make(test, first, second, actors);
	for (int i = 0; i < 2; i++)
		act(&actors[i]);
	look(actors, outcome);
}

/* What comes of it, done once for all rows. */
static const struct outcome *get_in_order(struct kunit *test,
					  const struct op *first,
					  const struct op *second)
{
	struct outcome **slot = &in_order[first - ops][second - ops];

	if (!*slot) {
		*slot = kzalloc_obj(**slot);
		KUNIT_ASSERT_NOT_NULL(test, *slot);
		do_in_order(test, first, second, *slot);
	}
	return *slot;
}

static bool are_alike(const struct outcome *a, const struct outcome *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Of the same two, named in the reverse order. */
static struct outcome swap_names(const struct outcome *outcome)
{
	struct outcome swapped = *outcome;

	swap(swapped.rc[0], swapped.rc[1]);
	return swapped;
}

static char letter_of_order(struct kunit *test, const struct op *a,
			    const struct op *b, const struct outcome *outcome)
{
	struct outcome swapped = swap_names(outcome);
	bool first = are_alike(&swapped, get_in_order(test, b, a));
	bool second = are_alike(outcome, get_in_order(test, a, b));

	if (first && second)
		return EITHER_ORDER;
	if (first)
		return COMES_FIRST;
	return second ? COMES_SECOND : 0;
}

/* @b failed for the sake of @a, and nothing else came of it? */
static char letter_of_error(struct kunit *test, const struct op *a,
			    const struct op *b, const struct outcome *outcome)
{
	struct op nothing = ops[0];
	struct outcome alone;

	nothing.on = b->on;
	do_in_order(test, a, &nothing, &alone);
	alone.rc[1] = outcome->rc[1];
	if (!are_alike(&alone, outcome))
		return NO_ORDER;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (errors[i].rc == outcome->rc[1])
			return errors[i].letter;
	}
	return NO_ORDER;
}

static char letter_of_outcome(struct kunit *test, const struct op *a,
			      const struct op *b,
			      const struct outcome *outcome)
{
	char letter = letter_of_order(test, a, b, outcome);

	return letter ?: letter_of_error(test, a, b, outcome);
}

static char letter_of_wait(struct kunit *test, const char *lock, size_t queue)
{
	static const char queues[] = { WAITS_FOR_OBJECT, WAITS_FOR_AREA, 0 };

	if (!lock)
		return queues[queue];
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
		if (!strcmp(locks[i].lock, lock))
			return locks[i].letter;
	}
	KUNIT_FAIL(test, "it waits for %s", lock);
	return NO_ORDER;
}

static void tell(struct kunit *test, const struct row *row, const struct op *b,
		 const struct outcome *outcome, const char *what)
{
	kunit_info(test, "%s at %s, %s: %s: %lld, %lld\n", row->op, row->point,
		   b->name, what, outcome->rc[0], outcome->rc[1]);
	print_hex_dump(KERN_INFO, "    ", DUMP_PREFIX_OFFSET, 32, 8,
		       &outcome->sight, sizeof(outcome->sight), false);
}

/*
 * @second goes on as far as it can while @first stands still. Nobody waits for an
 * area of the other IOAS, which may be gone.
 */
static char go_on(struct kunit *test, struct held *second,
		  const struct held *first)
{
	wait_queue_head_t *const queues[] = {
		&world.rig.iofd.ictx->objects.idle,
		&world.ioas->unused,
	};
	const char *lock;
	size_t queue;

	lock = hold_what_it_waits_for(test, second, first, queues,
				      ARRAY_SIZE(queues), &queue);
	return letter_of_wait(test, lock, queue);
}

/* @a is held at its point, @b goes on, then both come to their ends. */
static char meet(struct kunit *test, const struct row *row, const struct op *a,
		 const struct op *b)
{
	/* Large, and one case runs at a time. */
	static struct outcome outcome, swapped;
	struct held *first, *second;
	struct actor actors[2];
	char wait, letter;

	make(test, a, b, actors);
	first = hold_start(test, "pairs:begun", act, &actors[0]);
	second = hold_start(test, "pairs:begun", act, &actors[1]);
	if (hold_try_to_advance(test, first, row->point))
		wait = go_on(test, second, first);
	else
		wait = NEVER_THERE;
	hold_finish(test, first);
	hold_finish(test, second);
	look(actors, &outcome);

	letter = letter_of_outcome(test, a, b, &outcome);
	if (letter == NO_ORDER) {
		swapped = swap_names(get_in_order(test, b, a));
		tell(test, row, b, &outcome, "in no order");
		tell(test, row, b, get_in_order(test, a, b), "it is second");
		tell(test, row, b, &swapped, "it is first");
		return NO_ORDER;
	}
	return wait ?: letter;
}

/* The place of a cell in a row, which has them in groups of ten. */
static char *cell_at(char *cells, unsigned int i)
{
	return cells + i + i / 10;
}

static void compare(struct kunit *test, const struct row *row,
		    const char *cells)
{
	KUNIT_EXPECT_STREQ(test, cells, row->cells);
	if (strcmp(cells, row->cells))
		kunit_info(test, "ROW { \"%s\", \"%s\", \"%s\" },\n", row->op,
			   row->point, cells);
}

/* An operation, at each of its points, with all others. */
static void pairs_meet(struct kunit *test)
{
	static char cells[MAX_POINTS][MAX_OPS + MAX_OPS / 10 + 1];
	const struct op *a = test->param_value;
	const struct row *first = rows;
	unsigned int nr = 0;

	while (first < rows + ARRAY_SIZE(rows) && !is_op(a, first->op))
		first++;
	while (first + nr < rows + ARRAY_SIZE(rows) &&
	       is_op(a, first[nr].op))
		nr++;
	KUNIT_ASSERT_LE(test, nr, MAX_POINTS);
	memset(cells, 0, sizeof(cells));
	/* So that one world does for all points. */
	for (unsigned int i = 0; i < nr_ops; i++) {
		for (unsigned int j = 0; j < nr; j++) {
			if (i && i % 10 == 0)
				*(cell_at(cells[j], i) - 1) = ' ';
			*cell_at(cells[j], i) =
				can_meet(a, &ops[i]) ?
				meet(test, &first[j], a, &ops[i]) : CANNOT_MEET;
		}
	}
	end_world();
	for (unsigned int j = 0; j < nr; j++) {
		compare(test, &first[j], cells[j]);
		/* It is right in no table. */
		KUNIT_EXPECT_NULL(test, strchr(cells[j], NO_ORDER));
	}
}

/*
 * What is not there for want of memory: a page that the program wants to have
 * pinned, and the IOMMU of a new device.
 */
static bool is_for_want_of_memory(long rc)
{
	return rc == -ENOMEM || rc == -EFAULT || rc == -ENODEV;
}

/*
 * An operation alone, with each of its allocations failing in turn: what failed has
 * done nothing. An event that finds no memory is lost, and its reporter not told; so
 * nothing may also come of what did not fail.
 */
static void pairs_fail_without_a_trace(struct kunit *test)
{
	const struct op *op = test->param_value;
	static struct outcome whole, outcome;
	struct actor actors[2];
	struct fault fault;

	fault_require(test);
	do_in_order(test, op, &ops[0], &whole);
	for_each_fault(&fault) {
		bool nothing;

		make(test, op, &ops[0], actors);
		fault_arm(&fault);
		actors[0].rc = op->run(&actors[0]);
		fault_disarm(&fault);
		look(actors, &outcome);
		nothing = !memcmp(&outcome.sight, &world.made,
				  sizeof(outcome.sight));
		if (outcome.rc[0] == whole.rc[0]) {
			KUNIT_EXPECT_TRUE(test, nothing ||
					  are_alike(&outcome, &whole));
			continue;
		}
		fault.nr_failed++;
		KUNIT_EXPECT_TRUE(test, fault.fired);
		KUNIT_EXPECT_TRUE_MSG(test,
				      is_for_want_of_memory(outcome.rc[0]),
				      "%lld", outcome.rc[0]);
		KUNIT_EXPECT_TRUE_MSG(test, nothing, "allocation %u",
				      fault.nth);
	}
	end_world();
}

/* The points that an operation passes, each once. */
static struct task_struct *traced;
static const char *passed[MAX_POINTS];
static unsigned int nr_passed;

static void take_note(const char *name)
{
	if (current != traced || !strcmp(name, "pairs:begun"))
		return;
	for (unsigned int i = 0; i < nr_passed; i++) {
		if (!strcmp(passed[i], name))
			return;
	}
	if (nr_passed < MAX_POINTS)
		passed[nr_passed++] = name;
}

/* Every point that any of them passes has a row. */
static void pairs_have_every_point(struct kunit *test)
{
	const struct row *row = rows;

	for (unsigned int i = 0; i < nr_ops; i++) {
		struct outcome outcome;
		struct actor actors[2];

		nr_passed = 0;
		make(test, &ops[i], &ops[0], actors);
		traced = current;
		race_point_set(take_note);
		act(&actors[0]);
		race_point_set(NULL);
		look(actors, &outcome);
		end_world();
		for (unsigned int j = 0; j < nr_passed; j++, row++) {
			bool known = row < rows + ARRAY_SIZE(rows) &&
				     is_op(&ops[i], row->op) &&
				     !strcmp(passed[j], row->point);

			KUNIT_EXPECT_TRUE_MSG(test, known, "%s at %s has no row",
					      ops[i].name, passed[j]);
			if (!known)
				kunit_info(test, "ROW { \"%s\", \"%s\", \"\" },\n",
					   ops[i].name, passed[j]);
		}
	}
	KUNIT_EXPECT_PTR_EQ(test, row, rows + ARRAY_SIZE(rows));
}

static const void *op_gen_params(struct kunit *test, const void *prev,
				 char *desc)
{
	const struct op *op = prev ? (const struct op *)prev + 1 : ops;

	/* It passes no point, and all others come to it. */
	if (op == ops)
		op++;
	if (op == ops + nr_ops)
		return NULL;
	strscpy(desc, op->name, KUNIT_PARAM_DESC_SIZE);
	return op;
}

static struct kunit_case pairs_test_cases[] = {
	KUNIT_CASE(pairs_have_every_point),
	KUNIT_CASE_PARAM_ATTR(pairs_meet, op_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(pairs_fail_without_a_trace, op_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite pairs_test_suite = {
	.name = "iommufd-pairs",
	.init = pairs_test_init,
	.exit = pairs_test_exit,
	.suite_exit = pairs_suite_exit,
	.test_cases = pairs_test_cases,
};

kunit_test_suite(pairs_test_suite);
