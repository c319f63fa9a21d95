/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Helpers of a crew (kmod/memory/crew.h) as a case wants them.
 *
 * A case is a kernel's thread, which has no helpers. kmod/memory/crew.c is built with
 * this in front of it (Kbuild), so that it asks here whether it may have some, and
 * makes them here: they are kernel threads with the memory of the case. The real ones
 * are for tests that are programs (tests/crew_test.c).
 */
#ifndef KUNIT_CREW_HOOK_H
#define KUNIT_CREW_HOOK_H

#include <linux/completion.h>
#include <linux/sched.h>
#include <linux/sched/vhost_task.h>

struct kunit;

/**
 * enum crew_hook_way - what becomes of helpers
 * @CREW_HOOK_OFF: nobody has any, as it is without a case that arms this
 * @CREW_HOOK_THREADS: they are threads
 * @CREW_HOOK_FIRST: each does all that it finds as it is started, and the caller waits
 * @CREW_HOOK_LATE: one is a thread, which begins when it is told to
 * @CREW_HOOK_KILLED: each is killed before it has begun
 * @CREW_HOOK_REFUSED: none can be made
 * @CREW_HOOK_NR_WAYS: how many ways there are
 */
enum crew_hook_way {
	CREW_HOOK_OFF,
	CREW_HOOK_THREADS,
	CREW_HOOK_FIRST,
	CREW_HOOK_LATE,
	CREW_HOOK_KILLED,
	CREW_HOOK_REFUSED,
	CREW_HOOK_NR_WAYS,
};

extern const char *const crew_hook_way_name[CREW_HOOK_NR_WAYS];

void crew_hook_arm(struct kunit *test, enum crew_hook_way way);
unsigned int crew_hook_nr_asked(void);
void crew_hook_run_late(void *unused);

bool crew_hook_is_user_task(struct task_struct *task);
struct vhost_task *crew_hook_create(bool (*fn)(void *data),
				    void (*handle_kill)(void *data), void *data,
				    const char *name);
void crew_hook_start(struct vhost_task *task);
void crew_hook_stop(struct vhost_task *task);
int crew_hook_wait(struct completion *done);

#ifdef CREW_HOOK_IN_FRONT
#define is_user_task		crew_hook_is_user_task
#define vhost_task_create	crew_hook_create
#define vhost_task_start	crew_hook_start
#define vhost_task_stop		crew_hook_stop
#define wait_for_completion_killable crew_hook_wait
#endif

#endif
