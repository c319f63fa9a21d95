// SPDX-License-Identifier: GPL-2.0-only
/*
 * A control group may have no more memory: a map that needs more brings in what it can at the cost
 * of other memory, or fails and leaves nothing, or costs a process its life.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "balance.h"
#include "mem.h"
#include "iofd.h"
#include "scene.h"
#include "swap.h"

#define BYTES (8 * MIB)
#define DISK_BYTES (64 * MIB)
#define ALL "/sys/fs/cgroup/"
#define GROUP ALL "limited/"

/* This process, and what it is given from now on, counts in a group of its own. */
static void enter_group(void)
{
	char pid[16];

	if (scene_tell(ALL "cgroup.subtree_control", "+memory +hugetlb"))
		ktap_skip("no such control groups in this kernel");
	/* Of a case that has ended early. */
	rmdir(GROUP);
	ASSERT_EQ(0, mkdir(GROUP, 0755));
	snprintf(pid, sizeof(pid), "%d", getpid());
	ASSERT_OK(scene_tell(GROUP "cgroup.procs", pid));
}

static void leave_group(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	EXPECT_OK(scene_tell(ALL "cgroup.procs", pid));
	EXPECT_EQ(0, rmdir(GROUP));
}

static void limit(const char *name, long long bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", bytes);
	ASSERT_OK(scene_tell(name, text));
}

static void no_limit(const char *name)
{
	ASSERT_OK(scene_tell(name, "max"));
}

/* Who is not to be killed gets an error. */
static void be_spared(void)
{
	ASSERT_OK(scene_tell("/proc/self/oom_score_adj", "-1000"));
}

/* So that it has to be given memory to be mapped: it is in swap, or there is none yet. */
static void put_out(const struct memory *mem)
{
	swap_out(mem->va, mem->bytes);
	EXPECT_EQ(0, memory_resident(mem->va, mem->bytes));
}

static void throw_away(const struct memory *mem)
{
	if (mem->fd >= 0)
		ASSERT_EQ(0, fallocate(mem->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				       mem->bytes));
	else
		ASSERT_EQ(0, madvise(mem->va, mem->bytes, MADV_DONTNEED));
}

struct need {
	enum shape shape;
	void (*make)(const struct memory *mem);
};

/* A part of it can be had. */
static void run_refused(const void *arg)
{
	const struct need *need = arg;
	unsigned char *want = malloc(BYTES);
	struct balance before;
	struct scene s;

	ASSERT_TRUE(want);
	swap_on(DISK_BYTES, false);
	enter_group();
	be_spared();
	scene_open_unmapped(&s, need->shape, BYTES);
	/* What it takes besides is there. */
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	need->make(&s.mem);
	before = balance_take();
	limit(GROUP "memory.max", scene_number(GROUP "memory.current") + BYTES / 2);
	EXPECT_ERR(-ENOMEM, scene_map(&s, SCENE_IOVA));
	expect_balance(&before);
	EXPECT_ERR(-ENOMEM, scene_map(&s, SCENE_IOVA));
	expect_balance(&before);
	no_limit(GROUP "memory.max");
	memcpy(want, s.mem.va, BYTES);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_device_sees(&s, want, SCENE_IOVA);
	expect_device_sees(&s, want + BYTES - SCENE_LEN, SCENE_IOVA + BYTES - SCENE_LEN);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
	leave_group();
	swap_off();
	free(want);
}

/* Other memory of the group makes room. */
static void run_reclaimed(const void *arg)
{
	const struct need *need = arg;
	struct memory other;
	struct scene s;

	swap_on(DISK_BYTES, false);
	enter_group();
	be_spared();
	scene_open_unmapped(&s, need->shape, BYTES);
	need->make(&s.mem);
	memory_alloc(&other, POPULATE4K, BYTES);
	memory_fill(other.va, BYTES, 3);
	limit(GROUP "memory.max", scene_number(GROUP "memory.current") + BYTES / 2);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	EXPECT_LT(memory_resident(other.va, BYTES), BYTES / PAGE);
	EXPECT_EQ(BYTES / PAGE, memory_resident(s.mem.va, BYTES));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	no_limit(GROUP "memory.max");
	scene_close(&s);
	memory_free(&other);
	leave_group();
	swap_off();
}

/* The process that maps is killed for it, in the midst of the map. */
static void run_killed(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	struct balance before;
	struct scene s;
	int status;
	pid_t pid;

	scene_open(&s, shape, BYTES);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	throw_away(&s.mem);
	before = balance_take();
	pid = fork();
	if (!pid) {
		enter_group();
		limit(GROUP "memory.max", scene_number(GROUP "memory.current") + BYTES / 2);
		scene_map(&s, SCENE_IOVA);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_ERR(-ENOENT, ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	expect_balance(&before);
	EXPECT_EQ(0, rmdir(GROUP));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
}

/* Huge pages are counted apart from the rest. */
static void run_hugetlb(const void *arg)
{
	struct balance before;
	struct scene s;

	enter_group();
	scene_open(&s, *(const enum shape *)arg, BYTES);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	throw_away(&s.mem);
	before = balance_take();
	limit(GROUP "hugetlb.2MB.max", BYTES / 2);
	EXPECT_ERR(-EFAULT, scene_map(&s, SCENE_IOVA));
	expect_balance(&before);
	no_limit(GROUP "hugetlb.2MB.max");
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
	leave_group();
}

#define NEED(_name, _run, _shape, _make) { _name, _run, &(const struct need){ _shape, _make } }
#define LIMIT(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }

static const struct ktap_case cases[] = {
	NEED("refused-populate4k", run_refused, POPULATE4K, throw_away),
	NEED("refused-swapped-populate4k", run_refused, POPULATE4K, put_out),
	NEED("refused-thp", run_refused, THP, throw_away),
	NEED("refused-mapfile4k", run_refused, MAPFILE4K, throw_away),
	NEED("refused-swapped-mapfile4k", run_refused, MAPFILE4K, put_out),
	NEED("reclaimed-populate4k", run_reclaimed, POPULATE4K, throw_away),
	NEED("reclaimed-swapped-populate4k", run_reclaimed, POPULATE4K, put_out),
	NEED("reclaimed-mapfile4k", run_reclaimed, MAPFILE4K, throw_away),
	LIMIT("killed-populate4k", run_killed, POPULATE4K),
	LIMIT("killed-mapfile4k", run_killed, MAPFILE4K),
	LIMIT("hugetlb2m", run_hugetlb, HUGETLB2M),
	LIMIT("memfd2m", run_hugetlb, MEMFD2M),
	{}
};

const struct ktap_suite mem_limits = { "limits", cases };
