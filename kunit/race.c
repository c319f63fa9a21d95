// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that do something at the same time. See race.h.
 */
#include "portable_suite.h"
#include "race.h"

/**
 * struct lane - what one thread runs in
 * @racer: what it does
 * @mm: the memory of the case, which it uses as its own
 * @go: the start of all
 * @done: it is over
 * @task: the thread
 */
struct lane {
	struct racer racer;
	struct mm_struct *mm;
	struct completion *go;
	struct completion done;
	struct task_struct *task;
};

static int run(void *data)
{
	struct lane *lane = data;

	wait_for_completion(lane->go);
	if (lane->mm)
		kthread_use_mm(lane->mm);
	lane->racer.fn(lane->racer.data);
	if (lane->mm)
		kthread_unuse_mm(lane->mm);
	complete(&lane->done);
	return 0;
}

/* One thread for each of @lanes that has none; returns how many there are. */
static size_t start(struct lane *lanes, size_t nr, struct mm_struct *mm,
		    struct completion *go)
{
	for (size_t i = 0; i < nr; i++) {
		struct lane *lane = &lanes[i];

		lane->mm = mm;
		lane->go = go;
		init_completion(&lane->done);
		lane->task = kthread_run(run, lane, "kunit-racer-%zu", i);
		if (IS_ERR(lane->task))
			return i;
		/* It may be gone before it is waited for. */
		get_task_struct(lane->task);
	}
	return nr;
}

static void finish(struct lane *lanes, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		wait_for_completion(&lanes[i].done);
		kthread_stop_put(lanes[i].task);
	}
}

/**
 * race() - run threads at the same time, until all are done
 * @test: the case
 * @racers: what they do
 * @nr: how many there are
 */
void race(struct kunit *test, const struct racer *racers, size_t nr)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct lane *lanes;
	size_t started;

	lanes = kunit_kcalloc(test, nr, sizeof(*lanes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, lanes);
	for (size_t i = 0; i < nr; i++)
		lanes[i].racer = racers[i];
	started = start(lanes, nr, current->mm, &go);
	complete_all(&go);
	finish(lanes, started);
	KUNIT_ASSERT_EQ(test, started, nr);
}

/**
 * run_elsewhere() - do something in a thread that has no memory, and wait
 * @test: the case
 * @fn: what to do. It may expect, but not assert.
 * @data: what @fn is called with
 */
void run_elsewhere(struct kunit *test, void (*fn)(void *data), void *data)
{
	struct lane lane = { .racer = { fn, data } };
	DECLARE_COMPLETION_ONSTACK(go);

	KUNIT_ASSERT_EQ(test, start(&lane, 1, NULL, &go), 1);
	complete(&go);
	finish(&lane, 1);
}
