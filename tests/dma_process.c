// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a process does with its memory while a device uses it: writes, forks, unmaps, discards,
 * exits. The device and the process that mapped must go on to see the same memory, and nobody
 * else's may change.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "pins.h"
#include "rig.h"
#include "util.h"

#define IOVA GIB
#define BYTES (2 * MIB)
#define LEN 512

/* A child that does what it is told, a letter at a time, and answers each by the same letter. */
struct child {
	pid_t pid;
	int to;
	int from;
};

static void start_child(struct child *c, void (*act)(char what, void *arg), void *arg)
{
	int down[2], up[2];
	char what;

	ASSERT_EQ(0, pipe(down));
	ASSERT_EQ(0, pipe(up));
	fflush(stdout);
	c->pid = fork();
	if (!c->pid) {
		close(down[1]);
		while (read(down[0], &what, 1) == 1) {
			act(what, arg);
			if (write(up[1], &what, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(down[0]);
	close(up[1]);
	c->to = down[1];
	c->from = up[0];
}

static void tell(struct child *c, char what)
{
	char answer = 0;

	ASSERT_EQ(1, write(c->to, &what, 1));
	ASSERT_EQ(1, read(c->from, &answer, 1));
	ASSERT_EQ(what, answer);
}

static void end_child(struct child *c)
{
	int status = -1;

	close(c->to);
	EXPECT_EQ(c->pid, waitpid(c->pid, &status, 0));
	EXPECT_EQ(0, status);
	close(c->from);
}

static void fill_all(char what, void *arg)
{
	struct memory *mem = arg;

	memory_fill(mem->va, BYTES, what);
}

static void expect_seen(struct rig *rig, const struct memory *mem, size_t offset)
{
	EXPECT_BYTES(mem->va + offset, rig_fetch(rig, &rig->edu[0], IOVA + offset, LEN), LEN);
}

static void map_at_iova(struct rig *rig, const struct memory *mem, __u32 flags)
{
	__u64 iova = IOVA;

	ASSERT_OK(memory_map(mem, rig->iofd, rig->ioas, IOMMU_IOAS_MAP_FIXED_IOVA | flags, 0, BYTES,
			     &iova));
}

/*
 * Forks after the pin: the parent keeps the pinned pages, the child gets copies, whoever writes
 * first.
 */
static void run_fork_after(const void *arg)
{
	unsigned char copy[LEN];
	struct memory mem;
	struct child c;
	struct rig rig;

	memory_alloc(&mem, *(const enum shape *)arg, BYTES);
	memory_fill(mem.va, BYTES, 1);
	rig_open_attached(&rig, 1);
	map_at_iova(&rig, &mem, IOAS_RW);
	start_child(&c, fill_all, &mem);
	memory_fill(mem.va, BYTES, 2);
	expect_seen(&rig, &mem, 0);
	expect_seen(&rig, &mem, BYTES - LEN);

	memcpy(copy, mem.va, LEN);
	tell(&c, 'a');
	EXPECT_BYTES(copy, mem.va, LEN);
	expect_seen(&rig, &mem, 0);
	expect_reaches(&rig, &rig.edu[0], IOVA, mem.va, LEN);
	expect_reaches(&rig, &rig.edu[0], IOVA + BYTES / 2, mem.va + BYTES / 2, LEN);
	end_child(&c);
	expect_reaches(&rig, &rig.edu[0], IOVA, mem.va, LEN);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, BYTES));
	rig_close(&rig);
	memory_free(&mem);
}

struct fork_before {
	enum shape shape;
	__u32 flags;
};

/*
 * Forks before the pin: the pages are shared with the child then, and the pin must give the parent
 * its own.
 */
static void run_fork_before(const void *arg)
{
	const struct fork_before *f = arg;
	unsigned char copy[LEN];
	struct memory mem;
	struct child c;
	struct rig rig;

	memory_alloc(&mem, f->shape, BYTES);
	memory_fill(mem.va, BYTES, 1);
	rig_open_attached(&rig, 1);
	start_child(&c, fill_all, &mem);
	map_at_iova(&rig, &mem, f->flags);
	memcpy(copy, mem.va, LEN);
	expect_seen(&rig, &mem, 0);

	tell(&c, 'a');
	EXPECT_BYTES(copy, mem.va, LEN);
	expect_seen(&rig, &mem, 0);
	memory_fill(mem.va, BYTES, 3);
	expect_seen(&rig, &mem, 0);
	expect_seen(&rig, &mem, BYTES - LEN);
	end_child(&c);
	memory_fill(mem.va, BYTES, 4);
	expect_seen(&rig, &mem, BYTES / 2);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, BYTES));
	rig_close(&rig);
	memory_free(&mem);
}

/*
 * The device keeps pages that the process gave up; what it does to them must not show in new ones.
 */
static void run_discard(const void *arg)
{
	static const unsigned char zeros[LEN];
	unsigned char old[LEN], data[LEN];
	struct memory mem;
	struct rig rig;

	memory_alloc(&mem, *(const enum shape *)arg, BYTES);
	memory_fill(mem.va, BYTES, 1);
	memcpy(old, mem.va, LEN);
	rig_open_attached(&rig, 1);
	map_at_iova(&rig, &mem, IOAS_RW);
	ASSERT_EQ(0, madvise(mem.va, BYTES, MADV_DONTNEED));
	EXPECT_BYTES(zeros, mem.va, LEN);
	EXPECT_BYTES(old, rig_fetch(&rig, &rig.edu[0], IOVA, LEN), LEN);
	memory_fill(data, LEN, 2);
	rig_store(&rig, &rig.edu[0], IOVA, data, LEN);
	EXPECT_BYTES(zeros, mem.va, LEN);
	EXPECT_BYTES(data, rig_fetch(&rig, &rig.edu[0], IOVA, LEN), LEN);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, BYTES));
	rig_close(&rig);
	memory_free(&mem);
}

/*
 * The address range goes, in halves (a huge page is split for it) or whole; the file's pages can
 * still be looked at.
 */
static void run_munmap(const void *arg)
{
	unsigned char data[LEN], *again;
	struct memory mem;
	struct rig rig;

	memory_alloc(&mem, *(const enum shape *)arg, BYTES);
	rig_open_attached(&rig, 1);
	map_at_iova(&rig, &mem, IOAS_RW);
	memory_fill(data, LEN, ktap_seed());
	if (shape_page_bytes(mem.shape) == PAGE || mem.shape == THP) {
		ASSERT_EQ(0, munmap(mem.va + BYTES / 2, BYTES / 2));
		expect_reaches(&rig, &rig.edu[0], IOVA, mem.va, LEN);
		expect_reaches(&rig, &rig.edu[0], IOVA + BYTES / 2 - LEN, mem.va + BYTES / 2 - LEN,
			       LEN);
		ASSERT_EQ(0, munmap(mem.va, BYTES / 2));
	} else {
		ASSERT_EQ(0, munmap(mem.va, BYTES));
	}
	rig_store(&rig, &rig.edu[0], IOVA, data, LEN);
	rig_store(&rig, &rig.edu[0], IOVA + BYTES - LEN, data, LEN);
	EXPECT_BYTES(data, rig_fetch(&rig, &rig.edu[0], IOVA, LEN), LEN);
	EXPECT_BYTES(data, rig_fetch(&rig, &rig.edu[0], IOVA + BYTES - LEN, LEN), LEN);
	if (mem.fd >= 0) {
		again = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, mem.fd, 0);
		ASSERT_TRUE(again != MAP_FAILED);
		EXPECT_BYTES(data, again, LEN);
		EXPECT_BYTES(data, again + BYTES - LEN, LEN);
		EXPECT_EQ(0, munmap(again, BYTES));
		close(mem.fd);
	}
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, BYTES));
	rig_close(&rig);
}

/*
 * A process maps its own memory into an IOAS it shares, and exits: the pages stay until somebody
 * unmaps them.
 */
static void run_owner_exits(const void *arg)
{
	long long before = pins_held(), held;
	unsigned char first[LEN], data[LEN];
	struct memory mem;
	struct rig rig;
	int status;
	pid_t pid;

	rig_open_attached(&rig, 1);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		memory_alloc(&mem, *(const enum shape *)arg, BYTES);
		memory_fill(mem.va, BYTES, 7);
		map_at_iova(&rig, &mem, IOAS_RW);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	held = pins_held();
	EXPECT_LT(before + 1, held);

	memory_fill(first, LEN, 7);
	EXPECT_BYTES(first, rig_fetch(&rig, &rig.edu[0], IOVA, LEN), LEN);
	memory_fill(data, LEN, 8);
	rig_store(&rig, &rig.edu[0], IOVA + BYTES - LEN, data, LEN);
	EXPECT_BYTES(data, rig_fetch(&rig, &rig.edu[0], IOVA + BYTES - LEN, LEN), LEN);
	EXPECT_BYTES(first, rig_fetch(&rig, &rig.edu[0], IOVA, LEN), LEN);
	EXPECT_EQ(held, pins_held());
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, BYTES));
	EXPECT_LT(pins_held(), held);
	EXPECT_TRUE(rig_nothing_leaked(first, rig_fetch(&rig, &rig.edu[0], IOVA, LEN), LEN));
	rig_close(&rig);
	EXPECT_EQ(before, pins_held());
}

/*
 * The owner exits, then a second domain needs the memory: it comes from what is pinned, as the
 * process is gone.
 */
static void run_owner_exits_second_domain(const void *arg)
{
	unsigned char first[LEN];
	struct memory mem;
	struct rig rig;
	__u32 hwpt, pt;
	int status;
	pid_t pid;

	rig_open(&rig, 2);
	pt = rig.ioas;
	ASSERT_OK(edu_attach(&rig.edu[0], &pt));
	rig_map_bounce(&rig, rig.ioas);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		memory_alloc(&mem, *(const enum shape *)arg, BYTES);
		memory_fill(mem.va, BYTES, 9);
		map_at_iova(&rig, &mem, IOAS_RW);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_OK(hwpt_alloc(rig.iofd, 0, rig.edu[1].devid, rig.ioas, &hwpt));
	pt = hwpt;
	ASSERT_OK(edu_attach(&rig.edu[1], &pt));
	memory_fill(first, LEN, 9);
	EXPECT_BYTES(first, rig_fetch(&rig, &rig.edu[1], IOVA, LEN), LEN);
	EXPECT_OK(edu_detach(&rig.edu[0]));
	EXPECT_BYTES(first, rig_fetch(&rig, &rig.edu[1], IOVA, LEN), LEN);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, BYTES));
	rig_close(&rig);
}

#define PROCESS(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }
#define FORK_BEFORE(_name, _shape, _flags) \
	{ "fork-before-" _name, run_fork_before, &(const struct fork_before){ _shape, _flags } }

static const struct ktap_case cases[] = {
	PROCESS("fork-after-populate4k", run_fork_after, POPULATE4K),
	PROCESS("fork-after-mthp64k", run_fork_after, MTHP64K),
	PROCESS("fork-after-thp", run_fork_after, THP),
	PROCESS("fork-after-hugetlb2m", run_fork_after, HUGETLB2M),
	FORK_BEFORE("populate4k", POPULATE4K, IOAS_RW),
	FORK_BEFORE("mthp64k", MTHP64K, IOAS_RW),
	FORK_BEFORE("thp", THP, IOAS_RW),
	FORK_BEFORE("hugetlb2m", HUGETLB2M, IOAS_RW),
	FORK_BEFORE("read-only-populate4k", POPULATE4K, IOMMU_IOAS_MAP_READABLE),
	FORK_BEFORE("read-only-mthp64k", MTHP64K, IOMMU_IOAS_MAP_READABLE),
	FORK_BEFORE("read-only-thp", THP, IOMMU_IOAS_MAP_READABLE),
	FORK_BEFORE("read-only-hugetlb2m", HUGETLB2M, IOMMU_IOAS_MAP_READABLE),
	PROCESS("discard-populate4k", run_discard, POPULATE4K),
	PROCESS("discard-mthp64k", run_discard, MTHP64K),
	PROCESS("discard-thp", run_discard, THP),
	PROCESS("munmap-populate4k", run_munmap, POPULATE4K),
	PROCESS("munmap-mthp64k", run_munmap, MTHP64K),
	PROCESS("munmap-thp", run_munmap, THP),
	PROCESS("munmap-hugetlb2m", run_munmap, HUGETLB2M),
	PROCESS("munmap-memfd4k", run_munmap, MEMFD4K),
	PROCESS("munmap-mapfile2m", run_munmap, MAPFILE2M),
	PROCESS("owner-exits-populate4k", run_owner_exits, POPULATE4K),
	PROCESS("owner-exits-thp", run_owner_exits, THP),
	PROCESS("owner-exits-mapfile4k", run_owner_exits, MAPFILE4K),
	PROCESS("owner-exits-second-domain-populate4k", run_owner_exits_second_domain, POPULATE4K),
	PROCESS("owner-exits-second-domain-thp", run_owner_exits_second_domain, THP),
	{}
};

const struct ktap_suite dma_process = { "process", cases };
