/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A crew: a thread that has much to do, and helpers that do parts of it.
 *
 * Helpers are threads of the caller's own process (vhost_task_create()). So they share
 * its memory, and have of it what counts when memory is faulted in: control groups and
 * what these limit, the CPUs it may run on, its priority, its memory policy, its
 * protection keys. They are made for one job, and are over when it is:
 * others see them in /proc, and RLIMIT_NPROC counts them. Where one can not be made,
 * the job is done without.
 *
 * They take no signals but the fatal one, which ends a process's threads alike. A job
 * looks for it, so that nobody waits for a helper which waits for user memory.
 *
 * Where the kernel has no such threads (VHOST_TASK), there are no crews: of a kernel's
 * own worker the limits would be those of nobody.
 */
#ifndef IOMMUFD_CREW_H
#define IOMMUFD_CREW_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kconfig.h>

/**
 * struct crew_job - what is to be done
 * @do_part: do one part, in any of the crew's threads, beside other parts; 0 or an errno.
 *           Where it may wait for user memory, it ends for a fatal signal.
 * @nr_parts: how many there are; they are begun in order
 * @rc: the first errno, after which no part is begun; 0 while there is none. Who is at
 *      a part may look here whether it still matters.
 * @nr_helped: when it is over: how many helpers had a part to do
 * @next: private: the next part that nobody has begun
 * @nr_busy: private: threads that may begin one
 * @over: private: there is no such thread any more
 * @stop: private: the caller ends its helpers
 */
struct crew_job {
	int (*do_part)(struct crew_job *job, unsigned long part);
	unsigned long nr_parts;
	int rc;
	atomic_t nr_helped;
	atomic_long_t next;
	atomic_t nr_busy;
	struct completion over;
	struct completion stop;
};

#ifdef CONFIG_VHOST_TASK

unsigned int crew_size(unsigned long amount, unsigned long amount_each);
int crew_do(struct crew_job *job, unsigned int nr_threads);

#else

static inline unsigned int crew_size(unsigned long amount,
				     unsigned long amount_each)
{
	return 1;
}

static inline int crew_do(struct crew_job *job, unsigned int nr_threads)
{
	return -EOPNOTSUPP;
}

#endif

#endif
