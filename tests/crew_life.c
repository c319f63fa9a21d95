// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to the process while a helper and the thread that maps both wait for its memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "iofd.h"
#include "pins.h"

/* The one that maps, the one that takes orders. */
#define NR_THREADS 2

static struct rig rig;
static long long pins_before;

static void open_rig(void)
{
	rig_open_attached(&rig, 1);
	pins_before = pins_held();
}

static void expect_nothing_pinned(void)
{
	EXPECT_EQ(pins_before, pins_held());
}

/* All of it is mapped, and lets go of. */
static void expect_mapped(size_t bytes)
{
	EXPECT_EQ(pins_before + (long long)(bytes / PAGE), pins_held());
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, CREW_IOVA, bytes));
	expect_nothing_pinned();
}

static int nr_threads(const struct mapper *mapper)
{
	return mapper_threads(mapper, NULL, 0);
}

/* It is not a thread of the process for long after the map: it is about to exit. */
static void expect_gone(const struct mapper *mapper)
{
	int ms;

	for (ms = 0; nr_threads(mapper) > NR_THREADS && ms < 500000; ms++)
		usleep(1000);
	EXPECT_EQ(NR_THREADS, nr_threads(mapper));
}

/* It maps with a helper, and both threads stand. Returns the helper's. */
static pid_t begin_both(struct mapper *mapper)
{
	crew_threads(2);
	open_rig();
	mapper_start(mapper, &rig);
	return mapper_await_both(mapper);
}

/* It says that all of it is mapped, which is so, and ends by itself. */
static void expect_good_end(struct mapper *mapper)
{
	EXPECT_OK(mapper_answer(mapper));
	expect_mapped(CREW_BYTES);
	EXPECT_EQ(0, mapper_end(mapper));
	rig_close(&rig);
}

static void run_together(const void *arg)
{
	struct mapper mapper = {};
	pid_t helper;

	(void)arg;
	helper = begin_both(&mapper);
	EXPECT_EQ(NR_THREADS + 1, nr_threads(&mapper));
	mapper_expect_alike(&mapper, helper, "status", "Tgid:");
	mapper_expect_alike(&mapper, helper, "status", "Uid:");
	mapper_expect_alike(&mapper, helper, "status", "CapEff:");
	mapper_expect_alike(&mapper, helper, "status", "Seccomp:");
	mapper_expect_alike(&mapper, helper, "status", "Cpus_allowed:");
	mapper_expect_alike(&mapper, helper, "status", "Mems_allowed:");
	mapper_expect_alike(&mapper, helper, "cgroup", "0:");
	mapper_give_both(&mapper);
	EXPECT_OK(mapper_answer(&mapper));
	EXPECT_EQ(1, crew_helped());
	expect_gone(&mapper);
	expect_mapped(CREW_BYTES);
	EXPECT_EQ(0, mapper_end(&mapper));
	rig_close(&rig);
}

static void be_nice(struct mapper *mapper)
{
	cpu_set_t cpus;

	(void)mapper;
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CPU_SET(1, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || setpriority(PRIO_PROCESS, 0, 7))
		_exit(96);
}

/* Priority and CPUs are a thread's: of the one that maps. */
static void run_inherits(const void *arg)
{
	struct mapper mapper = { .prepare = be_nice };
	pid_t helper;

	(void)arg;
	helper = begin_both(&mapper);
	mapper_expect_alike(&mapper, helper, "status", "Cpus_allowed_list:");
	EXPECT_EQ(7, getpriority(PRIO_PROCESS, helper));
	mapper_give_both(&mapper);
	expect_good_end(&mapper);
}

/* All faults are the mapping thread's. */
static void expect_alone(struct mapper *mapper)
{
	unsigned int i;
	__u64 va;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(mapper->pid, mapper_await_fault(mapper, &va));
		EXPECT_EQ(NR_THREADS, nr_threads(mapper));
		mapper_give_page(mapper, va);
	}
	EXPECT_OK(mapper_answer(mapper));
	EXPECT_EQ(0, crew_helped());
	expect_mapped(CREW_BYTES);
	EXPECT_EQ(0, mapper_end(mapper));
}

static void be_on_one_cpu(struct mapper *mapper)
{
	cpu_set_t cpus;

	(void)mapper;
	CPU_ZERO(&cpus);
	CPU_SET(1, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		_exit(96);
}

/* As many as there may be, as somebody else, who has as many processes as that one may have. */
static void be_limited(struct mapper *mapper)
{
	const struct rlimit one = { 1, 1 }, all = { RLIM_INFINITY, RLIM_INFINITY };

	(void)mapper;
	if (setrlimit(RLIMIT_MEMLOCK, &all) || setrlimit(RLIMIT_NPROC, &one) || setuid(65534))
		_exit(96);
}

struct alone {
	unsigned int nr_threads;
	void (*prepare)(struct mapper *mapper);
};

static void run_alone(const void *arg)
{
	const struct alone *alone = arg;
	struct mapper mapper = { .prepare = alone->prepare };

	crew_threads(alone->nr_threads);
	open_rig();
	mapper_start(&mapper, &rig);
	expect_alone(&mapper);
	rig_close(&rig);
	crew_threads(8);
}

static void run_broken(const void *arg)
{
	struct mapper mapper = { .broken = true };

	(void)arg;
	begin_both(&mapper);
	mapper_give_both(&mapper);
	EXPECT_ERR(-EFAULT, mapper_answer(&mapper));
	expect_nothing_pinned();
	expect_gone(&mapper);
	EXPECT_EQ(0, mapper_end(&mapper));
	rig_close(&rig);
}

/* The place is free, and another process can map there. */
static void expect_still_good(void)
{
	struct mapper mapper = { .plain = true };

	expect_nothing_pinned();
	mapper_start(&mapper, &rig);
	expect_good_end(&mapper);
}

static void run_killed(const void *arg)
{
	struct mapper mapper = {};
	int status;

	(void)arg;
	begin_both(&mapper);
	EXPECT_EQ(0, kill(mapper.pid, SIGKILL));
	status = mapper_wait(&mapper, 0);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_still_good();
}

/* A signal is for the process; told to one thread, it is no less so. */
static void run_helper_killed(const void *arg)
{
	struct mapper mapper = {};
	pid_t helper;
	int status;

	(void)arg;
	helper = begin_both(&mapper);
	EXPECT_EQ(0, tgkill(mapper.pid, helper, SIGKILL));
	status = mapper_wait(&mapper, 0);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_still_good();
}

/*
 * Another thread has a core written, or would: each of them has to come there. Who waits for
 * memory looks at such a signal only afterwards.
 */
static void run_dumps(const void *arg)
{
	struct mapper mapper = {};
	pid_t helper, tid[NR_THREADS + 1];
	int status, i;

	(void)arg;
	helper = begin_both(&mapper);
	ASSERT_EQ(NR_THREADS + 1, mapper_threads(&mapper, tid, NR_THREADS + 1));
	for (i = 0; i < NR_THREADS + 1; i++) {
		if (tid[i] != mapper.pid && tid[i] != helper)
			EXPECT_EQ(0, tgkill(mapper.pid, tid[i], SIGQUIT));
	}
	status = mapper_wait(&mapper, 0);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGQUIT);
	expect_still_good();
}

struct order {
	char letter;
	int code;
};

static void run_ordered(const void *arg)
{
	const struct order *order = arg;
	struct mapper mapper = {};
	int status;

	begin_both(&mapper);
	ASSERT_EQ(1, write(mapper.tell, &order->letter, 1));
	status = mapper_wait(&mapper, 0);
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(order->code, WEXITSTATUS(status));
	expect_still_good();
}

static void run_forks(const void *arg)
{
	struct mapper mapper = {};

	(void)arg;
	begin_both(&mapper);
	ASSERT_EQ(1, write(mapper.tell, "f", 1));
	EXPECT_OK(mapper_answer(&mapper));
	mapper_give_both(&mapper);
	expect_good_end(&mapper);
}

/* All threads stop, the mapping one when it is through; a helper does not keep it from that. */
static void run_stops(const void *arg)
{
	struct mapper mapper = {};
	int status;

	(void)arg;
	begin_both(&mapper);
	EXPECT_EQ(0, kill(mapper.pid, SIGSTOP));
	mapper_give_both(&mapper);
	status = mapper_wait(&mapper, WUNTRACED);
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, kill(mapper.pid, SIGCONT));
	expect_good_end(&mapper);
}

/* All but the part that the mapping thread is at has been faulted in. */
static void await_helper_through(const struct mapper *mapper)
{
	size_t others_kib = (CREW_BYTES - CREW_PART_BYTES) / KIB;
	char path[64], line[128];
	size_t kib = 0;
	FILE *f;
	int ms;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", mapper->pid);
	for (ms = 0; kib < others_kib && ms < 500000; ms += 10) {
		f = fopen(path, "re");
		ASSERT_TRUE(f);
		while (fgets(line, sizeof(line), f))
			sscanf(line, "Rss: %zu", &kib);
		fclose(f);
		usleep(10000);
	}
	EXPECT_LT(others_kib - 1, kib);
}

/* The same while the helper has nothing to do any more, and the thread that maps has. */
static void run_stops_late(const void *arg)
{
	struct mapper mapper = {};
	__u64 va[2], mapping;
	pid_t tid[2];
	int status;

	(void)arg;
	crew_threads(2);
	open_rig();
	mapper_start(&mapper, &rig);
	tid[0] = mapper_await_fault(&mapper, &va[0]);
	tid[1] = mapper_await_fault(&mapper, &va[1]);
	ASSERT_TRUE(tid[0] != tid[1]);
	mapping = va[tid[0] != mapper.pid];
	mapper_give_page(&mapper, va[tid[0] == mapper.pid]);
	await_helper_through(&mapper);
	EXPECT_EQ(0, kill(mapper.pid, SIGSTOP));
	mapper_give_page(&mapper, mapping);
	status = mapper_wait(&mapper, WUNTRACED);
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, kill(mapper.pid, SIGCONT));
	expect_good_end(&mapper);
}

/* A debugger has both threads, and interrupts them: the helper is through and gone, not stopped. */
static void run_traced(const void *arg)
{
	struct mapper mapper = {};
	pid_t helper;
	int status;

	(void)arg;
	helper = begin_both(&mapper);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, mapper.pid, NULL, NULL));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, helper, NULL, NULL));
	EXPECT_EQ(0, ptrace(PTRACE_INTERRUPT, mapper.pid, NULL, NULL));
	EXPECT_EQ(0, ptrace(PTRACE_INTERRUPT, helper, NULL, NULL));
	mapper_give_both(&mapper);
	/* A traced thread is there until its debugger has heard of its end. */
	EXPECT_EQ(helper, waitpid(helper, &status, __WALL));
	EXPECT_TRUE(WIFEXITED(status));
	status = mapper_wait(&mapper, __WALL);
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, mapper.pid, NULL, NULL));
	expect_good_end(&mapper);
}

static const struct ktap_case cases[] = {
	{ "together", run_together },
	{ "inherits", run_inherits },
	{ "one-thread", run_alone, &(const struct alone){ 1, NULL } },
	{ "one-cpu", run_alone, &(const struct alone){ 8, be_on_one_cpu } },
	{ "no-more-processes", run_alone, &(const struct alone){ 8, be_limited } },
	{ "broken", run_broken },
	{ "killed", run_killed },
	{ "helper-killed", run_helper_killed },
	{ "dumps", run_dumps },
	{ "exits", run_ordered, &(const struct order){ 'e', 7 } },
	{ "execs", run_ordered, &(const struct order){ 'x', 0 } },
	{ "forks", run_forks },
	{ "stops", run_stops },
	{ "stops-late", run_stops_late },
	{ "traced", run_traced },
	{}
};

const struct ktap_suite crew_life = { "crew", cases };
