// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread that has much to do, and its helpers. See crew.h.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/vhost_task.h>
#include <linux/slab.h>

#include "core/core.h"
#include "crew.h"

static unsigned int max_threads = 8;
module_param_named(pin_threads, max_threads, uint, 0644);
MODULE_PARM_DESC(pin_threads,
		 "How many threads may fault in the memory of one mapping; 1: the caller alone (default: 8)");

/**
 * struct helper - a thread, as long as there is a job
 * @job: the job
 * @task: the thread
 * @is_over: it does nothing any more; its own alone
 */
struct helper {
	struct crew_job *job;
	struct vhost_task *task;
	bool is_over;
};

/**
 * crew_size() - how many threads are to do something
 * @amount: how much there is to do, in any unit
 * @amount_each: for how much of it a thread is worth what it takes to make one
 *
 * Context: Any.
 * Return: their number, with the caller; at least 1.
 */
unsigned int crew_size(unsigned long amount, unsigned long amount_each)
{
	unsigned long nr = min(amount / amount_each, READ_ONCE(max_threads));
	unsigned int nr_cpus = min_t(unsigned int, num_online_cpus(),
				     current->nr_cpus_allowed);

	/* Of a kernel's thread, and as a process ends, there are none. */
	if (nr < 2 || !is_user_task(current) || current->flags & PF_EXITING)
		return 1;
	return min(nr, nr_cpus);
}

/* Returns whether there was any to do. */
static bool do_parts(struct crew_job *job)
{
	bool any = false;

	while (!READ_ONCE(job->rc)) {
		unsigned long part = atomic_long_fetch_inc(&job->next);
		int rc;

		if (part >= job->nr_parts)
			break;
		any = true;
		race_point("crew:begun");
		rc = job->do_part(job, part);
		if (rc)
			cmpxchg(&job->rc, 0, rc);
	}
	return any;
}

/* The calling thread begins no part any more. Of the last one the others are told. */
static void leave(struct crew_job *job)
{
	if (atomic_dec_and_test(&job->nr_busy))
		complete(&job->over);
}

/* Called again and again until the thread is stopped, each time about to sleep. */
static bool help(void *data)
{
	struct helper *helper = data;

	if (helper->is_over)
		return false;
	__set_current_state(TASK_RUNNING);
	if (do_parts(helper->job))
		atomic_inc(&helper->job->nr_helped);
	leave(helper->job);
	/*
	 * The caller waits for this thread to end, and can not be stopped meanwhile,
	 * nor frozen or traced. So it does not stop either, neither here nor until it
	 * ends: what the process was told to do, its other threads do. What kills it
	 * kills the caller, which ends this thread.
	 */
	wait_for_completion_killable(&helper->job->stop);
	clear_thread_flag(TIF_SIGPENDING);
	helper->is_over = true;
	return false;
}

/* The thread was killed: before it began, or after it was over. */
static void end_killed(void *data)
{
	struct helper *helper = data;

	if (!helper->is_over)
		leave(helper->job);
	helper->is_over = true;
}

/* As many as there are parts for, and as can be made. Returns their number. */
static unsigned int start_helpers(struct crew_job *job, struct helper *helper,
				  unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr && atomic_long_read(&job->next) < job->nr_parts; i++) {
		helper[i].job = job;
		helper[i].task = test_should_fail() ?
					 ERR_PTR(-EAGAIN) :
					 vhost_task_create(help, end_killed,
							   &helper[i],
							   "iommufd-helper");
		if (IS_ERR(helper[i].task))
			break;
		atomic_inc(&job->nr_busy);
		vhost_task_start(helper[i].task);
	}
	return i;
}

/**
 * crew_do() - do all parts of a job
 * @job: the job; what is private in it is set here
 * @nr_threads: how many threads may be at it, as crew_size() said
 *
 * The calling thread does its share of them, and all of them where there is no helper
 * to be had.
 *
 * Context: Process; sleeps. A helper takes what locks @job->do_part takes, while the
 * caller holds what it holds.
 * Return: 0, with all parts done; or with none begun any more, and none under way,
 * -EINTR for a fatal signal, or the first errno of a part.
 */
int crew_do(struct crew_job *job, unsigned int nr_threads)
{
	struct helper *helper;
	unsigned int nr = 0;

	job->rc = 0;
	atomic_set(&job->nr_helped, 0);
	atomic_long_set(&job->next, 0);
	atomic_set(&job->nr_busy, 1);
	init_completion(&job->over);
	init_completion(&job->stop);
	nr_threads = min(nr_threads, job->nr_parts);
	helper = kcalloc(nr_threads - 1, sizeof(*helper), GFP_KERNEL);
	if (helper)
		nr = start_helpers(job, helper, nr_threads - 1);
	do_parts(job);
	race_point("crew:no-part-left");
	leave(job);
	/* What a helper waits for may take long, but it is killed with the caller. */
	if (nr && wait_for_completion_killable(&job->over))
		cmpxchg(&job->rc, 0, -EINTR);
	complete_all(&job->stop);
	for (unsigned int i = 0; i < nr; i++)
		vhost_task_stop(helper[i].task);
	kfree(helper);
	return job->rc;
}
