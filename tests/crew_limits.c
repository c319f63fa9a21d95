// SPDX-License-Identifier: GPL-2.0-only
/*
 * What limits the caller limits its helpers: its control group's memory, huge pages and time, what
 * of the memory it has a key for, which system calls it may make.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "iofd.h"
#include "pins.h"

#define BYTES (64 * MIB)

static struct rig rig;
static long long pins_before;

static void open_rig(void)
{
	rig_open_attached(&rig, 1);
	pins_before = pins_held();
}

static void end_mapped(struct mapper *mapper)
{
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, CREW_IOVA, mapper->bytes));
	EXPECT_EQ(pins_before, pins_held());
	EXPECT_EQ(0, mapper_end(mapper));
	rig_close(&rig);
	crew_threads(8);
}

/**
 * struct limited - a map, of memory that counts in a control group
 * @nr_threads: how many there may be
 * @memory: which memory
 * @word: what it is in memory.stat
 */
struct limited {
	unsigned int nr_threads;
	enum crew_memory memory;
	const char *word;
};

/* All that is faulted in is charged to the group, and let go of with it. */
static void run_charged(const void *arg)
{
	const struct limited *limited = arg;
	struct mapper mapper = { .plain = true, .memory = limited->memory, .bytes = BYTES,
				 .prepare = group_join };

	crew_threads(limited->nr_threads);
	group_make("memory");
	open_rig();
	mapper_start(&mapper, &rig);
	ASSERT_OK(mapper_answer(&mapper));
	EXPECT_LT(BYTES - 1, group_read("memory.stat", limited->word));
	EXPECT_LT(group_read("memory.stat", limited->word), BYTES + 4 * MIB);
	end_mapped(&mapper);
	group_remove();
}

/* With and without helpers: the kernel kills the process for it, and nothing is left. */
static void run_limited(const void *arg)
{
	const struct limited *limited = arg;
	struct mapper mapper = { .plain = true, .memory = limited->memory, .bytes = BYTES,
				 .prepare = group_join };
	int status;

	crew_threads(limited->nr_threads);
	group_make("memory");
	ASSERT_OK(group_tell("memory.max", "33554432"));
	open_rig();
	mapper_start(&mapper, &rig);
	status = mapper_wait(&mapper, 0);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_LT(0, group_read("memory.events", "oom_kill "));
	EXPECT_EQ(pins_before, pins_held());
	EXPECT_LT(group_read("memory.stat", limited->word), MIB);
	rig_close(&rig);
	group_remove();
	crew_threads(8);
}

/* Of huge pages the group has half as many as are to be mapped. */
static void run_huge_limited(const void *arg)
{
	const unsigned int *nr_threads = arg;
	struct mapper mapper = { .plain = true, .memory = CREW_HUGETLB2M, .bytes = BYTES,
				 .prepare = group_join };

	crew_huge_pages(2 * MIB, BYTES / (2 * MIB));
	crew_threads(*nr_threads);
	group_make("hugetlb");
	ASSERT_OK(group_tell("hugetlb.2MB.max", "33554432"));
	open_rig();
	mapper_start(&mapper, &rig);
	EXPECT_ERR(-EFAULT, mapper_answer(&mapper));
	EXPECT_EQ(pins_before, pins_held());
	EXPECT_LT(0, group_read("hugetlb.2MB.events", "max "));
	EXPECT_EQ(0, mapper_end(&mapper));
	EXPECT_EQ(0, group_read("hugetlb.2MB.current", ""));
	rig_close(&rig);
	group_remove();
	crew_threads(8);
}

/* A quarter of a CPU for all threads together. */
static void run_quota(const void *arg)
{
	struct mapper mapper = { .bytes = BYTES, .prepare = group_join };
	pid_t helper;

	(void)arg;
	crew_threads(2);
	group_make("cpu");
	ASSERT_OK(group_tell("cpu.max", "2500 10000"));
	open_rig();
	mapper_start(&mapper, &rig);
	helper = mapper_await_both(&mapper);
	mapper_expect_alike(&mapper, helper, "cgroup", "0:");
	mapper_give_both(&mapper);
	ASSERT_OK(mapper_answer(&mapper));
	EXPECT_LT(0, group_read("cpu.stat", "nr_throttled "));
	end_mapped(&mapper);
	group_remove();
}

/* Of one CPU, by a group: nobody helps. */
static void run_one_cpu(const void *arg)
{
	struct mapper mapper = { .plain = true, .bytes = BYTES, .prepare = group_join };

	(void)arg;
	crew_threads(4);
	group_make("cpuset");
	ASSERT_OK(group_tell("cpuset.mems", "0"));
	ASSERT_OK(group_tell("cpuset.cpus", "1"));
	open_rig();
	mapper_start(&mapper, &rig);
	ASSERT_OK(mapper_answer(&mapper));
	EXPECT_EQ(0, crew_helped());
	end_mapped(&mapper);
	group_remove();
}

/* A thread is made for the process by none of its calls, and has its filters. */
static void forbid_threads(struct mapper *mapper)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_SIZE(rules), rules };

	(void)mapper;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		_exit(96);
}

static void run_filtered(const void *arg)
{
	struct mapper mapper = { .bytes = BYTES, .prepare = forbid_threads };
	pid_t helper;

	(void)arg;
	if (prctl(PR_GET_SECCOMP))
		ktap_skip("no filters of system calls in this kernel");
	crew_threads(2);
	open_rig();
	mapper_start(&mapper, &rig);
	helper = mapper_await_both(&mapper);
	mapper_expect_alike(&mapper, helper, "status", "Seccomp:");
	mapper_expect_alike(&mapper, helper, "status", "Seccomp_filters:");
	mapper_expect_alike(&mapper, helper, "status", "NoNewPrivs:");
	mapper_give_both(&mapper);
	ASSERT_OK(mapper_answer(&mapper));
	end_mapped(&mapper);
}

/* All of the memory has a key, of which the thread that maps has these rights. */
static void lock_memory(struct mapper *mapper)
{
	const unsigned int *rights = mapper->arg;
	int key = pkey_alloc(0, *rights);

	if (key < 0 || pkey_mprotect(mapper->va, mapper->bytes, PROT_READ | PROT_WRITE, key))
		_exit(96);
}

static void need_keys(void)
{
	int key = pkey_alloc(0, 0);

	if (key < 0)
		ktap_skip("no keys for memory here");
	pkey_free(key);
}

/* A new thread has the rights of who made it, and not those that a kernel's thread begins with. */
static void run_key_held(const void *arg)
{
	struct mapper mapper = { .bytes = BYTES, .prepare = lock_memory,
				 .arg = &(const unsigned int){ 0 } };

	(void)arg;
	need_keys();
	crew_threads(2);
	open_rig();
	mapper_start(&mapper, &rig);
	mapper_await_both(&mapper);
	mapper_give_both(&mapper);
	ASSERT_OK(mapper_answer(&mapper));
	end_mapped(&mapper);
}

static void run_key_missing(const void *arg)
{
	struct mapper mapper = { .plain = true, .bytes = BYTES, .prepare = lock_memory,
				 .arg = &(const unsigned int){ PKEY_DISABLE_WRITE } };
	const unsigned int *nr_threads = arg;

	need_keys();
	crew_threads(*nr_threads);
	open_rig();
	mapper_start(&mapper, &rig);
	EXPECT_ERR(-EFAULT, mapper_answer(&mapper));
	EXPECT_EQ(pins_before, pins_held());
	EXPECT_EQ(0, mapper_end(&mapper));
	rig_close(&rig);
	crew_threads(8);
}

#define LIMITED(_name, _run, ...) \
	{ _name, _run, &(const struct limited){ __VA_ARGS__ } }

static const struct ktap_case cases[] = {
	LIMITED("charged", run_charged, 4, CREW_BASE, "anon "),
	LIMITED("charged-file", run_charged, 4, CREW_FILE, "shmem "),
	LIMITED("memory-alone", run_limited, 1, CREW_BASE, "anon "),
	LIMITED("memory", run_limited, 4, CREW_BASE, "anon "),
	LIMITED("memory-file-alone", run_limited, 1, CREW_FILE, "shmem "),
	LIMITED("memory-file", run_limited, 4, CREW_FILE, "shmem "),
	{ "hugetlb-alone", run_huge_limited, &(const unsigned int){ 1 } },
	{ "hugetlb", run_huge_limited, &(const unsigned int){ 4 } },
	{ "quota", run_quota },
	{ "one-cpu", run_one_cpu },
	{ "filtered", run_filtered },
	{ "key-held", run_key_held },
	{ "key-missing-alone", run_key_missing, &(const unsigned int){ 1 } },
	{ "key-missing", run_key_missing, &(const unsigned int){ 4 } },
	{}
};

const struct ktap_suite crew_limits = { "crew-limits", cases };
