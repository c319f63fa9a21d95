// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread and its helpers: what kmod/memory/crew.h promises.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/sched.h>

#include "alloc_fault.h"
#include "crew_hook.h"
#include "hold.h"
#include "memory.h"
#include "memory/crew.h"

#define NR_PARTS	50
#define NR_THREADS	4
/* The part that fails. */
#define FAILING		10
/* Only for what hangs: in seconds. */
#define HANGS_S		60

/**
 * struct work - a job, and what became of it
 * @job: the job
 * @nr_begun: of each part, how often it was begun
 * @caller: the thread whose job it is
 * @begun: the caller has begun a part
 * @helped: a helper has begun a part
 * @nr_done: how many parts are done
 * @rc: what crew_do() said
 */
struct work {
	struct crew_job job;
	atomic_t nr_begun[NR_PARTS];
	struct task_struct *caller;
	struct completion begun;
	struct completion helped;
	atomic_t nr_done;
	int rc;
};

static struct work work;

static void prepare(int (*do_part)(struct crew_job *job, unsigned long part),
		    unsigned long nr_parts)
{
	memset(&work, 0, sizeof(work));
	work.job.do_part = do_part;
	work.job.nr_parts = nr_parts;
	init_completion(&work.begun);
	init_completion(&work.helped);
}

static int do_part(struct crew_job *job, unsigned long part)
{
	atomic_inc(&work.nr_begun[part]);
	atomic_inc(&work.nr_done);
	return 0;
}

static unsigned int nr_begun(void)
{
	unsigned int nr = 0;

	for (int i = 0; i < NR_PARTS; i++)
		nr += atomic_read(&work.nr_begun[i]);
	return nr;
}

static void expect_each_once(struct kunit *test)
{
	for (unsigned long i = 0; i < NR_PARTS; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&work.nr_begun[i]),
				i < work.job.nr_parts);
}

static const enum crew_hook_way ways[] = {
	CREW_HOOK_THREADS,
	CREW_HOOK_FIRST,
	CREW_HOOK_KILLED,
	CREW_HOOK_REFUSED,
};

static void describe_way(const enum crew_hook_way *way, char *desc)
{
	strscpy(desc, crew_hook_way_name[*way], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(way, ways, describe_way);

/* Of so many helpers that were asked for. */
static void expect_helped(struct kunit *test, unsigned int nr_asked)
{
	int nr = atomic_read(&work.job.nr_helped);

	switch (*(const enum crew_hook_way *)test->param_value) {
	case CREW_HOOK_THREADS:
		KUNIT_EXPECT_LE(test, nr, nr_asked);
		break;
	case CREW_HOOK_FIRST:
		/* It has left nothing for another one. */
		KUNIT_EXPECT_EQ(test, nr, nr_asked > 0);
		break;
	default:
		KUNIT_EXPECT_EQ(test, nr, 0);
	}
}

static void crew_does_each_part_once(struct kunit *test)
{
	static const unsigned long nr_parts[] = { 1, 2, 7, NR_PARTS };

	crew_hook_arm(test, *(const enum crew_hook_way *)test->param_value);
	for (int i = 0; i < ARRAY_SIZE(nr_parts); i++) {
		for (unsigned int nr = 1; nr <= NR_THREADS; nr++) {
			prepare(do_part, nr_parts[i]);
			KUNIT_EXPECT_EQ(test, crew_do(&work.job, nr), 0);
			expect_each_once(test);
			expect_helped(test, min(nr, nr_parts[i]) - 1);
		}
	}
	KUNIT_EXPECT_GT(test, crew_hook_nr_asked(), 0);
}

static void wait_until_stopped(struct crew_job *job)
{
	unsigned long end = jiffies + HANGS_S * HZ;

	while (!READ_ONCE(job->rc) && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
}

/* A part behind the one that fails is under way until that has failed. */
static int fail_before_others(struct crew_job *job, unsigned long part)
{
	atomic_inc(&work.nr_begun[part]);
	if (part == FAILING)
		return -EIO;
	if (part > FAILING)
		wait_until_stopped(job);
	return 0;
}

/* Of parts that are begun in order, none after the one that fails. */
static void crew_begins_nothing_after_an_error(struct kunit *test)
{
	enum crew_hook_way way = *(const enum crew_hook_way *)test->param_value;

	crew_hook_arm(test, way);
	prepare(fail_before_others, NR_PARTS);
	KUNIT_EXPECT_EQ(test, crew_do(&work.job, 2), -EIO);
	KUNIT_EXPECT_EQ(test, atomic_read(&work.nr_begun[FAILING]), 1);
	/* Of two threads, the other one may have one more under way. */
	KUNIT_EXPECT_GE(test, nr_begun(), FAILING + 1);
	KUNIT_EXPECT_LE(test, nr_begun(), FAILING + 1 + (way == CREW_HOOK_THREADS));
}

/* The first part is under way until the second one has failed. */
static int fail_beside_another(struct crew_job *job, unsigned long part)
{
	atomic_inc(&work.nr_begun[part]);
	if (part == 1)
		return -EIO;
	wait_until_stopped(job);
	return READ_ONCE(job->rc) ? 0 : -ETIMEDOUT;
}

static void crew_error_of_one_stops_the_other(struct kunit *test)
{
	crew_hook_arm(test, CREW_HOOK_THREADS);
	prepare(fail_beside_another, NR_PARTS);
	KUNIT_EXPECT_EQ(test, crew_do(&work.job, 2), -EIO);
	KUNIT_EXPECT_EQ(test, nr_begun(), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&work.nr_begun[1]), 1);
}

static void run_job(void *data)
{
	work.caller = current;
	work.rc = crew_do(&work.job, 2);
}

/* A helper's first part takes until the caller has one, too. */
static int do_part_behind_caller(struct crew_job *job, unsigned long part)
{
	if (current != work.caller &&
	    !wait_for_completion_timeout(&work.begun, HANGS_S * HZ))
		return -ETIMEDOUT;
	return do_part(job, part);
}

/* A part has been begun, and is not done yet. */
static void crew_helper_does_what_the_caller_does_not(struct kunit *test)
{
	unsigned long end = jiffies + HANGS_S * HZ;
	struct held *caller;

	crew_hook_arm(test, CREW_HOOK_THREADS);
	prepare(do_part_behind_caller, NR_PARTS);
	caller = hold_start(test, "crew:begun", run_job, NULL);
	complete_all(&work.begun);
	while (atomic_read(&work.nr_done) < NR_PARTS - 1 &&
	       time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, atomic_read(&work.nr_done), NR_PARTS - 1);
	hold_finish(test, caller);
	KUNIT_EXPECT_EQ(test, work.rc, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&work.job.nr_helped), 1);
	expect_each_once(test);
}

/* The helper is at a part until it matters no more, and the caller leaves it one. */
static int stay_in_helper(struct crew_job *job, unsigned long part)
{
	if (current == work.caller)
		return wait_for_completion_timeout(&work.helped, HANGS_S * HZ) ?
			       0 : -ETIMEDOUT;
	complete_all(&work.helped);
	wait_until_stopped(job);
	return READ_ONCE(job->rc) ? -ECANCELED : -ETIMEDOUT;
}

static void crew_caller_that_waits_can_be_killed(struct kunit *test)
{
	struct held *caller;

	crew_hook_arm(test, CREW_HOOK_THREADS);
	prepare(stay_in_helper, 2);
	caller = hold_start(test, "crew:no-part-left", run_job, NULL);
	hold_expect_killed(test, caller);
	hold_finish(test, caller);
	KUNIT_EXPECT_EQ(test, work.rc, -EINTR);
}

static void crew_needs_no_memory(struct kunit *test)
{
	struct fault fault;

	fault_require(test);
	crew_hook_arm(test, CREW_HOOK_THREADS);
	for_each_fault(&fault) {
		int rc;

		prepare(do_part, NR_PARTS);
		fault_arm(&fault);
		rc = crew_do(&work.job, NR_THREADS);
		fault_disarm(&fault);
		KUNIT_ASSERT_EQ(test, rc, 0);
		expect_each_once(test);
	}
}

static void crew_size_is_by_what_there_is_to_do(struct kunit *test)
{
	unsigned int nr_cpus = cpumask_weight(current->cpus_ptr);

	if (nr_cpus < 2)
		kunit_skip(test, "one CPU");
	KUNIT_EXPECT_EQ(test, crew_size(1000, 1), 1);
	crew_hook_arm(test, CREW_HOOK_THREADS);
	KUNIT_EXPECT_EQ(test, crew_size(1, 1), 1);
	KUNIT_EXPECT_EQ(test, crew_size(199, 100), 1);
	KUNIT_EXPECT_EQ(test, crew_size(200, 100), 2);
	KUNIT_EXPECT_EQ(test, crew_size(1000000, 1), min(nr_cpus, 8));
	KUNIT_EXPECT_EQ(test, crew_size(1000000, ULONG_MAX), 1);
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	KUNIT_EXPECT_EQ(test, crew_size(1000000, 1), 1);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

static int crew_test_init(struct kunit *test)
{
	return memory_attach();
}

static struct kunit_case crew_test_cases[] = {
	KUNIT_CASE_PARAM(crew_does_each_part_once, way_gen_params),
	KUNIT_CASE_PARAM(crew_begins_nothing_after_an_error, way_gen_params),
	KUNIT_CASE(crew_error_of_one_stops_the_other),
	KUNIT_CASE(crew_helper_does_what_the_caller_does_not),
	KUNIT_CASE(crew_caller_that_waits_can_be_killed),
	KUNIT_CASE(crew_needs_no_memory),
	KUNIT_CASE(crew_size_is_by_what_there_is_to_do),
	{}
};

static struct kunit_suite crew_test_suite = {
	.name = "iommufd-crew",
	.init = crew_test_init,
	.test_cases = crew_test_cases,
};

kunit_test_suite(crew_test_suite);
