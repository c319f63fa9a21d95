// SPDX-License-Identifier: GPL-2.0-only
/*
 * RLIMIT_MEMLOCK. The limit holds for who has no CAP_IPC_LOCK, is given back by an unmap, and
 * counts a user's (or, by IOMMU_OPTION_RLIMIT_MODE, a process's) pinned memory. Each case is a
 * process of its own and gives up its rights.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "pins.h"
#include "rig.h"
#include "util.h"

#define IOVA GIB
#define LIMIT (4 * MIB)
#define SOMEBODY 4242

static void limit_memlock(void)
{
	const struct rlimit limit = { .rlim_cur = LIMIT, .rlim_max = LIMIT };

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
}

static void become_somebody(void)
{
	limit_memlock();
	ASSERT_EQ(0, setresgid(SOMEBODY, SOMEBODY, SOMEBODY));
	ASSERT_EQ(0, setresuid(SOMEBODY, SOMEBODY, SOMEBODY));
}

static void drop_ipc_lock(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	ASSERT_EQ(0, syscall(SYS_capget, &header, data));
	data[0].effective &= ~CAP_TO_MASK(CAP_IPC_LOCK);
	data[0].permitted &= ~CAP_TO_MASK(CAP_IPC_LOCK);
	ASSERT_EQ(0, syscall(SYS_capset, &header, data));
}

static int map_part(struct rig *rig, const struct memory *mem, size_t bytes, __u64 iova)
{
	return memory_map(mem, rig->iofd, rig->ioas, IOAS_FIXED_RW, 0, bytes, &iova);
}

/* Up to the limit and not a page more, again and again. */
static void expect_limit(struct rig *rig, const struct memory *mem, size_t page_bytes)
{
	long long vmpin = pins_vmpin();
	unsigned int round;

	for (round = 0; round < 3; round++) {
		EXPECT_ERR(-ENOMEM, map_part(rig, mem, LIMIT + page_bytes, IOVA));
		EXPECT_EQ(vmpin, pins_vmpin());
		EXPECT_OK(map_part(rig, mem, LIMIT - page_bytes, IOVA));
		EXPECT_EQ(vmpin + (long long)(LIMIT - page_bytes), pins_vmpin());
		EXPECT_ERR(-ENOMEM, map_part(rig, mem, 2 * page_bytes, 2 * IOVA));
		EXPECT_OK(map_part(rig, mem, page_bytes, 2 * IOVA));
		EXPECT_ERR(-ENOMEM, map_part(rig, mem, page_bytes, 3 * IOVA));
		expect_reaches(rig, &rig->edu[0], IOVA, mem->va, 64);
		EXPECT_OK(ioas_unmap_at(rig->iofd, rig->ioas, 2 * IOVA, page_bytes));
		EXPECT_OK(map_part(rig, mem, page_bytes, 3 * IOVA));
		EXPECT_OK(ioas_unmap_at(rig->iofd, rig->ioas, IOVA, LIMIT - page_bytes));
		EXPECT_OK(ioas_unmap_at(rig->iofd, rig->ioas, 3 * IOVA, page_bytes));
		EXPECT_EQ(vmpin, pins_vmpin());
	}
}

static void run_user(const void *arg)
{
	struct memory mem;
	struct rig rig;

	memory_alloc(&mem, *(const enum shape *)arg, 2 * LIMIT);
	rig_open_attached(&rig, 1);
	become_somebody();
	expect_limit(&rig, &mem, shape_page_bytes(mem.shape));
	rig_close(&rig);
	memory_free(&mem);
}

/*
 * Root without CAP_IPC_LOCK is nobody special. Its bounce page was mapped before that, by a
 * privileged process.
 */
static void run_capability(const void *arg)
{
	struct memory mem;
	struct rig rig;

	(void)arg;
	memory_alloc(&mem, POPULATE4K, 2 * LIMIT);
	rig_open_attached(&rig, 1);
	limit_memlock();
	EXPECT_OK(map_part(&rig, &mem, 2 * LIMIT, IOVA));
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, 2 * LIMIT));
	drop_ipc_lock();
	expect_limit(&rig, &mem, PAGE);
	rig_close(&rig);
	memory_free(&mem);
}

/* A mapping that nothing pinned for yet is charged at the latest when a device is attached. */
static void run_attach(const void *arg)
{
	struct memory mem;
	struct rig rig;
	__u32 pt;
	int ret;

	memory_alloc(&mem, *(const enum shape *)arg, 2 * LIMIT);
	rig_open(&rig, 1);
	become_somebody();
	ret = map_part(&rig, &mem, 2 * LIMIT, IOVA);
	if (!ret) {
		pt = rig.ioas;
		ret = edu_attach(&rig.edu[0], &pt);
		EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, 2 * LIMIT));
	}
	EXPECT_ERR(-ENOMEM, ret);
	EXPECT_EQ(0, pins_vmpin());

	/* Nothing of it stayed: what is allowed fits, and the device can be attached. */
	EXPECT_OK(map_part(&rig, &mem, LIMIT - RIG_BOUNCE_BYTES, IOVA));
	rig_attach(&rig);
	expect_reaches(&rig, &rig.edu[0], IOVA, mem.va, 64);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, LIMIT - RIG_BOUNCE_BYTES));
	rig_close(&rig);
	memory_free(&mem);
}

static void run_copy(const void *arg)
{
	__u64 copy = 2 * IOVA;
	struct memory mem;
	struct rig rig;

	(void)arg;
	memory_alloc(&mem, POPULATE4K, 2 * LIMIT);
	rig_open_attached(&rig, 1);
	become_somebody();
	ASSERT_OK(map_part(&rig, &mem, LIMIT, IOVA));
	EXPECT_OK(ioas_copy(rig.iofd, IOAS_FIXED_RW, rig.ioas, rig.ioas, LIMIT, &copy, IOVA));
	expect_reaches(&rig, &rig.edu[0], copy, mem.va, 64);

	/* The charge stays until the last of the two goes. */
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, LIMIT));
	EXPECT_ERR(-ENOMEM, map_part(&rig, &mem, PAGE, IOVA));
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, copy, LIMIT));
	EXPECT_OK(map_part(&rig, &mem, PAGE, IOVA));
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, PAGE));
	rig_close(&rig);
	memory_free(&mem);
}

/* Runs a function as somebody in a child that shares the rig, and waits for its end. */
static void in_child(void (*fn)(struct rig *rig, const struct memory *mem), struct rig *rig,
		     const struct memory *mem)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		become_somebody();
		fn(rig, mem);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static void child_fills(struct rig *rig, const struct memory *mem)
{
	EXPECT_OK(map_part(rig, mem, LIMIT, IOVA));
	EXPECT_ERR(-ENOMEM, map_part(rig, mem, PAGE, 3 * IOVA));
}

static void child_finds_none(struct rig *rig, const struct memory *mem)
{
	EXPECT_ERR(-ENOMEM, map_part(rig, mem, PAGE, 2 * IOVA));
}

static void child_finds_all(struct rig *rig, const struct memory *mem)
{
	EXPECT_OK(map_part(rig, mem, LIMIT, 2 * IOVA));
	EXPECT_OK(ioas_unmap_at(rig->iofd, rig->ioas, 2 * IOVA, LIMIT));
}

/*
 * What a process charged to its user stays charged when it exits, for the mapping stays; whoever
 * unmaps it gives it back to that user.
 */
static void run_per_user(const void *arg)
{
	struct memory mem;
	struct rig rig;

	(void)arg;
	memory_alloc(&mem, MEMFD4K, 2 * LIMIT);
	rig_open_attached(&rig, 1);
	in_child(child_fills, &rig, &mem);
	in_child(child_finds_none, &rig, &mem);
	expect_reaches(&rig, &rig.edu[0], IOVA, mem.va, 64);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, LIMIT));
	in_child(child_finds_all, &rig, &mem);
	rig_close(&rig);
	memory_free(&mem);
}

/* By process, another process of the same user has its own limit. */
static void run_per_process(const void *arg)
{
	int iofd = iofd_open();
	__u64 process = 1;
	struct memory mem;
	struct rig rig;

	(void)arg;
	memory_alloc(&mem, MEMFD4K, 2 * LIMIT);
	ASSERT_TRUE(iofd >= 0);
	ASSERT_OK(iofd_option(iofd, IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, &process));
	rig_open_on(&rig, iofd, 0, 1);
	rig_attach(&rig);
	in_child(child_fills, &rig, &mem);
	in_child(child_finds_all, &rig, &mem);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, LIMIT));
	become_somebody();
	expect_limit(&rig, &mem, PAGE);
	rig_close(&rig);
	memory_free(&mem);
}

static void child_fills_its_own(struct rig *rig, const struct memory *mem)
{
	__u64 mode = 0;

	EXPECT_ERR(-EPERM, iofd_option(rig->iofd, IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0,
				       &mode));
	EXPECT_OK(map_part(rig, mem, LIMIT, IOVA));
	EXPECT_EQ((long long)LIMIT, pins_vmlck());
	EXPECT_ERR(-ENOMEM, map_part(rig, mem, PAGE, 3 * IOVA));
}

/*
 * A manager says that it is by process, and hands the descriptor to one that may not: that one's
 * limit is what counts then, and its VmLck; not the manager's, which maps what it likes, nor that
 * of the next one that gets it.
 */
static void run_handed_over(const void *arg)
{
	int iofd = iofd_open();
	struct memory mem;
	__u64 process = 1;
	struct rig rig;

	(void)arg;
	memory_alloc(&mem, MEMFD4K, 2 * LIMIT);
	ASSERT_TRUE(iofd >= 0);
	ASSERT_OK(iofd_option(iofd, IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, &process));
	rig_open_on(&rig, iofd, 0, 1);
	rig_attach(&rig);
	in_child(child_fills_its_own, &rig, &mem);
	EXPECT_EQ(0, pins_vmlck());
	expect_reaches(&rig, &rig.edu[0], IOVA, mem.va, 64);
	EXPECT_OK(map_part(&rig, &mem, 2 * LIMIT, 2 * IOVA));
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, LIMIT));
	in_child(child_fills_its_own, &rig, &mem);
	EXPECT_EQ(0, pins_vmlck());
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, LIMIT));
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, 2 * IOVA, 2 * LIMIT));
	rig_close(&rig);
	memory_free(&mem);
}

#define MEMLOCK(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }

static const struct ktap_case cases[] = {
	MEMLOCK("user-populate4k", run_user, POPULATE4K),
	MEMLOCK("user-thp", run_user, THP),
	MEMLOCK("user-hugetlb2m", run_user, HUGETLB2M),
	MEMLOCK("user-mapfile4k", run_user, MAPFILE4K),
	MEMLOCK("user-mapfile2m", run_user, MAPFILE2M),
	{ "capability", run_capability, NULL },
	MEMLOCK("attach-populate4k", run_attach, POPULATE4K),
	MEMLOCK("attach-thp", run_attach, THP),
	MEMLOCK("attach-mapfile4k", run_attach, MAPFILE4K),
	{ "copy", run_copy, NULL },
	{ "per-user", run_per_user, NULL },
	{ "per-process", run_per_process, NULL },
	{ "handed-over", run_handed_over, NULL },
	{}
};

const struct ktap_suite dma_memlock = { "memlock", cases };
