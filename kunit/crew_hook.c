// SPDX-License-Identifier: GPL-2.0-only
/*
 * Helpers of a crew as a case wants them. See crew_hook.h.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mmu_context.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "crew_hook.h"

const char *const crew_hook_way_name[CREW_HOOK_NR_WAYS] = {
	[CREW_HOOK_OFF] = "alone",
	[CREW_HOOK_THREADS] = "threads",
	[CREW_HOOK_FIRST] = "helper-first",
	[CREW_HOOK_LATE] = "helper-late",
	[CREW_HOOK_KILLED] = "helper-killed",
	[CREW_HOOK_REFUSED] = "no-helper",
};

/**
 * struct hooked - a helper
 * @fn: what it does, again and again, as with the kernel's
 * @handle_kill: what it does instead once it was killed
 * @data: what both are called with
 * @mm: the memory that it has
 * @thread: the thread, or NULL when there is none
 */
struct hooked {
	bool (*fn)(void *data);
	void (*handle_kill)(void *data);
	void *data;
	struct mm_struct *mm;
	struct task_struct *thread;
};

static enum crew_hook_way how;
static unsigned int nr_asked;
/* Of CREW_HOOK_LATE, until it has been told to begin; and that it has nothing left to do. */
static struct hooked *late;
static DECLARE_COMPLETION(late_is_over);

static void disarm(void *unused)
{
	WRITE_ONCE(how, CREW_HOOK_OFF);
}

/**
 * crew_hook_arm() - have helpers, in some way
 * @test: the case, until the end of which it is so
 * @way: in which
 */
void crew_hook_arm(struct kunit *test, enum crew_hook_way way)
{
	nr_asked = 0;
	late = NULL;
	reinit_completion(&late_is_over);
	WRITE_ONCE(how, way);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, disarm, NULL), 0);
}

/**
 * crew_hook_nr_asked() - how many helpers were asked for
 *
 * Return: their number since crew_hook_arm(), refused or not.
 */
unsigned int crew_hook_nr_asked(void)
{
	return nr_asked;
}

/** crew_hook_is_user_task() - is_user_task(), and true while a case is armed */
bool crew_hook_is_user_task(struct task_struct *task)
{
	return READ_ONCE(how) != CREW_HOOK_OFF;
}

/* As the kernel's threads of this kind do it. */
static int run(void *data)
{
	struct hooked *hooked = data;

	kthread_use_mm(hooked->mm);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (!hooked->fn(hooked->data))
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	kthread_unuse_mm(hooked->mm);
	return 0;
}

/** crew_hook_create() - vhost_task_create() */
struct vhost_task *crew_hook_create(bool (*fn)(void *data),
				    void (*handle_kill)(void *data), void *data,
				    const char *name)
{
	struct hooked *hooked;

	nr_asked++;
	if (how == CREW_HOOK_REFUSED)
		return ERR_PTR(-EAGAIN);
	hooked = kzalloc_obj(*hooked, GFP_KERNEL);
	if (!hooked)
		return ERR_PTR(-ENOMEM);
	hooked->fn = fn;
	hooked->handle_kill = handle_kill;
	hooked->data = data;
	hooked->mm = current->mm;
	if (how == CREW_HOOK_THREADS || how == CREW_HOOK_LATE) {
		hooked->thread = kthread_create(run, hooked, "%s", name);
		if (IS_ERR(hooked->thread)) {
			kfree(hooked);
			return ERR_PTR(-EAGAIN);
		}
	}
	return (struct vhost_task *)hooked;
}

/** crew_hook_start() - vhost_task_start() */
void crew_hook_start(struct vhost_task *task)
{
	struct hooked *hooked = (struct hooked *)task;

	switch (how) {
	case CREW_HOOK_FIRST:
		while (hooked->fn(hooked->data))
			cond_resched();
		break;
	case CREW_HOOK_LATE:
		late = hooked;
		break;
	case CREW_HOOK_KILLED:
		hooked->handle_kill(hooked->data);
		break;
	default:
		wake_up_process(hooked->thread);
	}
}

/**
 * crew_hook_run_late() - have the helper of CREW_HOOK_LATE begin, and do all that it finds
 * @unused: for who calls it by a pointer
 */
void crew_hook_run_late(void *unused)
{
	wake_up_process(late->thread);
	wait_for_completion(&late_is_over);
}

/** crew_hook_stop() - vhost_task_stop() */
void crew_hook_stop(struct vhost_task *task)
{
	struct hooked *hooked = (struct hooked *)task;

	if (hooked->thread)
		kthread_stop(hooked->thread);
	kfree(hooked);
}

/**
 * crew_hook_wait() - wait_for_completion_killable()
 *
 * What a helper does that is not a thread is the caller's own, which can not wait for
 * itself.
 */
int crew_hook_wait(struct completion *done)
{
	if (how == CREW_HOOK_FIRST)
		return 0;
	if (how == CREW_HOOK_LATE && current == late->thread)
		complete(&late_is_over);
	return wait_for_completion_killable(done);
}
