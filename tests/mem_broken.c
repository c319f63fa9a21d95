// SPDX-License-Identifier: GPL-2.0-only
/*
 * A map of 1 GiB that cannot be done, however far it got: it leaves nothing behind. Not a pin, not
 * a charge, not an IO page table, not an IOVA; and once the reason is gone it succeeds.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "balance.h"
#include "mem.h"
#include "iofd.h"
#include "scene.h"

#define BYTES GIB
/* So much memory there is, over and over in one range of addresses, where base pages are meant. */
#define REPEATED (64 * MIB)
#define KILLS 8

/* 1 GiB of addresses, every part of it the same 64 MiB of a memfd. */
static void alloc_repeated(struct memory *mem)
{
	unsigned char *place;
	size_t offset;

	memory_alloc(mem, MEMFD4K, REPEATED);
	place = mmap(NULL, BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_TRUE(place != MAP_FAILED);
	for (offset = 0; offset < BYTES; offset += REPEATED)
		ASSERT_TRUE(mmap(place + offset, REPEATED, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED | MAP_POPULATE, mem->fd, 0) ==
			    place + offset);
	ASSERT_EQ(0, munmap(mem->va, REPEATED));
	mem->va = place;
	mem->bytes = BYTES;
}

static void open_large(struct scene *s, enum shape shape)
{
	if (shape == MEMFD4K)
		alloc_repeated(&s->mem);
	else
		memory_alloc(&s->mem, shape, BYTES);
	rig_open_attached(&s->rig, 1);
	s->edu = &s->rig.edu[0];
}

/* All of it can be mapped, reached and unmapped, and nothing was there before. */
static void expect_possible(struct scene *s)
{
	if (!EXPECT_OK(scene_map(s, SCENE_IOVA)))
		return;
	expect_reaches(&s->rig, s->edu, SCENE_IOVA, s->mem.va, SCENE_LEN);
	expect_reaches(&s->rig, s->edu, SCENE_IOVA + s->mem.bytes - SCENE_LEN,
		       s->mem.va + s->mem.bytes - SCENE_LEN, SCENE_LEN);
	EXPECT_OK(ioas_unmap_at(s->rig.iofd, s->rig.ioas, SCENE_IOVA, s->mem.bytes));
}

static void close_large(struct scene *s)
{
	rig_close(&s->rig);
	memory_free(&s->mem);
}

struct flaw {
	enum shape shape;
	size_t offset;
};

/* A page that the process may not look at, or one that is not there. */
static void run_flaw(const void *arg)
{
	const struct flaw *f = arg;
	struct balance before;
	unsigned char *at;
	struct scene s;

	open_large(&s, f->shape);
	at = s.mem.va + f->offset;
	expect_possible(&s);
	before = balance_take();

	ASSERT_EQ(0, mprotect(at, PAGE, PROT_NONE));
	EXPECT_ERR(-EFAULT, scene_map(&s, SCENE_IOVA));
	expect_balance(&before);
	ASSERT_EQ(0, mprotect(at, PAGE, PROT_READ));
	EXPECT_ERR(-EFAULT, scene_map(&s, SCENE_IOVA));
	expect_balance(&before);
	ASSERT_EQ(0, mprotect(at, PAGE, PROT_READ | PROT_WRITE));
	expect_possible(&s);

	ASSERT_EQ(0, munmap(at, PAGE));
	EXPECT_ERR(-EFAULT, scene_map(&s, SCENE_IOVA));
	expect_balance(&before);
	ASSERT_TRUE(mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			 -1, 0) == at);
	expect_possible(&s);
	expect_balance(&before);
	close_large(&s);
}

/* Who has no CAP_IPC_LOCK is held to the limit. */
static void drop_ipc_lock(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	ASSERT_EQ(0, syscall(SYS_capget, &header, data));
	data[0].effective &= ~CAP_TO_MASK(CAP_IPC_LOCK);
	data[0].permitted &= ~CAP_TO_MASK(CAP_IPC_LOCK);
	ASSERT_EQ(0, syscall(SYS_capset, &header, data));
}

static void limit_memlock(size_t bytes)
{
	const struct rlimit limit = { bytes, bytes };

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
}

/* A page less may be locked than it takes. */
static void run_memlock(const void *arg)
{
	struct balance before;
	struct scene s;

	open_large(&s, *(const enum shape *)arg);
	expect_possible(&s);
	before = balance_take();
	drop_ipc_lock();
	limit_memlock(BYTES - PAGE);
	EXPECT_ERR(-ENOMEM, scene_map(&s, SCENE_IOVA));
	expect_balance(&before);
	limit_memlock(BYTES);
	expect_possible(&s);
	expect_balance(&before);
	close_large(&s);
}

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ll + ts.tv_nsec / 1000;
}

static volatile unsigned int alarms;

static void on_alarm(int number)
{
	(void)number;
	alarms++;
}

/* A signal that somebody handles interrupts nothing. */
static void run_signal(const void *arg)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = {};
	struct balance before;
	struct scene s;

	open_large(&s, *(const enum shape *)arg);
	expect_possible(&s);
	before = balance_take();
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	alarms = 0;
	EXPECT_OK(scene_map(&s, SCENE_IOVA));
	EXPECT_LT(0, alarms);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	expect_reaches(&s.rig, s.edu, SCENE_IOVA + BYTES - SCENE_LEN, s.mem.va + BYTES - SCENE_LEN,
		       SCENE_LEN);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	expect_balance(&before);
	close_large(&s);
}

/* A process that maps is killed, anywhere on its way: then all is there, or nothing. */
static void run_kill(const void *arg)
{
	struct timespec nap;
	struct balance before;
	unsigned int whole = 0, i;
	long long time;
	struct scene s;

	open_large(&s, *(const enum shape *)arg);
	expect_possible(&s);
	before = balance_take();
	time = now_us();
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	time = now_us() - time;
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	for (i = 1; i <= KILLS; i++) {
		long long length = BYTES, us = time * i / (KILLS + 1);
		pid_t pid = fork();

		if (!pid) {
			scene_map(&s, SCENE_IOVA);
			pause();
			_exit(0);
		}
		nap.tv_sec = us / 1000000;
		nap.tv_nsec = us % 1000000 * 1000;
		nanosleep(&nap, NULL);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		if (!ioas_unmap(s.rig.iofd, s.rig.ioas, SCENE_IOVA, (__u64 *)&length))
			whole++;
		else
			length = 0;
		EXPECT_TRUE(length == 0 || length == (long long)BYTES);
		expect_balance(&before);
	}
	ktap_note("killed %u times within %lld us, %u times too late", KILLS, time, whole);
	EXPECT_LT(whole, KILLS);
	expect_possible(&s);
	expect_balance(&before);
	close_large(&s);
}

#define BROKEN(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }
#define FLAW(_name, _shape, _offset) \
	{ "flaw-" _name, run_flaw, &(const struct flaw){ _shape, _offset } }
static const struct ktap_case cases[] = {
	FLAW("first-thp", THP, 0),
	FLAW("middle-thp", THP, BYTES / 2 + 300 * PAGE),
	FLAW("last-thp", THP, BYTES - PAGE),
	FLAW("middle-mthp64k", MTHP64K, BYTES / 2 + 300 * PAGE),
	FLAW("middle-memfd4k", MEMFD4K, BYTES / 2 + 300 * PAGE),
	FLAW("last-memfd4k", MEMFD4K, BYTES - PAGE),
	BROKEN("memlock-thp", run_memlock, THP),
	BROKEN("memlock-mthp64k", run_memlock, MTHP64K),
	BROKEN("memlock-hugetlb1g", run_memlock, HUGETLB1G),
	BROKEN("memlock-memfd4k", run_memlock, MEMFD4K),
	BROKEN("signal-memfd4k", run_signal, MEMFD4K),
	BROKEN("kill-memfd4k", run_kill, MEMFD4K),
	BROKEN("kill-thp", run_kill, THP),
	{}
};

const struct ktap_suite mem_broken = { "broken", cases };
