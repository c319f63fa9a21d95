// SPDX-License-Identifier: GPL-2.0-only
/*
 * After an unmap, a detach, a replacement, a close and a kill the device reaches nothing; also with
 * a transfer that was on its way. Every case first shows that the device did reach the memory.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
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

/* A rig with one mapping that the device is seen to reach, and its secret. */
struct scene {
	struct rig rig;
	struct memory mem;
	unsigned char secret[LEN];
};

static void set_scene(struct scene *s, enum shape shape)
{
	__u64 iova = IOVA;

	memory_alloc(&s->mem, shape, BYTES);
	rig_open_attached(&s->rig, 1);
	ASSERT_OK(memory_map(&s->mem, s->rig.iofd, s->rig.ioas, IOAS_FIXED_RW, 0, BYTES, &iova));
	ktap_assert(expect_reaches(&s->rig, &s->rig.edu[0], IOVA, s->mem.va, LEN));
	memory_fill(s->secret, LEN, ktap_seed());
	memcpy(s->mem.va, s->secret, LEN);
}

/* Loads the device with bytes that would show, and starts to write them to the memory. */
static void start_write(struct scene *s)
{
	unsigned char data[LEN];

	memory_fill(data, LEN, ~ktap_seed());
	rig_load_device(&s->rig, &s->rig.edu[0], data, LEN);
	edu_dma_start(&s->rig.edu[0], IOVA, LEN, true);
}

static void let_transfers_pass(void)
{
	struct timespec while_ = { .tv_nsec = 300 * 1000 * 1000 };

	nanosleep(&while_, NULL);
}

static void run_unmap_in_flight(const void *arg)
{
	struct scene s;

	set_scene(&s, *(const enum shape *)arg);
	start_write(&s);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, IOVA, BYTES));
	EXPECT_OK(edu_dma_wait(&s.rig.edu[0]));
	EXPECT_BYTES(s.secret, s.mem.va, LEN);
	expect_no_reach(&s.rig, &s.rig.edu[0], IOVA, s.mem.va, LEN);
	rig_close(&s.rig);
	memory_free(&s.mem);
}

/* The transfer that these cases stop does arrive when nothing stops it. */
static void run_in_flight_arrives(const void *arg)
{
	struct scene s;

	(void)arg;
	set_scene(&s, POPULATE4K);
	start_write(&s);
	EXPECT_BYTES(s.secret, s.mem.va, LEN);
	EXPECT_OK(edu_dma_wait(&s.rig.edu[0]));
	EXPECT_TRUE(rig_nothing_leaked(s.secret, s.mem.va, LEN));
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, IOVA, BYTES));
	rig_close(&s.rig);
	memory_free(&s.mem);
}

static void run_detach(const void *arg)
{
	unsigned char data[LEN];
	struct edu *edu;
	struct scene s;
	__u32 pt;

	set_scene(&s, *(const enum shape *)arg);
	edu = &s.rig.edu[0];
	/* The write, then the read; the bounce page is out of reach meanwhile. */
	memory_fill(data, LEN, ~ktap_seed());
	rig_load_device(&s.rig, edu, data, LEN);
	ASSERT_OK(edu_detach(edu));
	EXPECT_OK(edu_dma_write(edu, IOVA, LEN));
	EXPECT_BYTES(s.secret, s.mem.va, LEN);
	EXPECT_OK(edu_dma_read(edu, IOVA, LEN));
	pt = s.rig.ioas;
	ASSERT_OK(edu_attach(edu, &pt));
	EXPECT_TRUE(rig_nothing_leaked(s.secret, rig_dump_device(&s.rig, edu, LEN), LEN));

	/* The mapping outlived it all. */
	expect_reaches(&s.rig, edu, IOVA, s.mem.va, LEN);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, IOVA, BYTES));
	rig_close(&s.rig);
	memory_free(&s.mem);
}

static void run_detach_in_flight(const void *arg)
{
	struct scene s;

	(void)arg;
	set_scene(&s, POPULATE4K);
	start_write(&s);
	EXPECT_OK(edu_detach(&s.rig.edu[0]));
	EXPECT_OK(edu_dma_wait(&s.rig.edu[0]));
	EXPECT_BYTES(s.secret, s.mem.va, LEN);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, IOVA, BYTES));
	rig_close(&s.rig);
	memory_free(&s.mem);
}

/* Moved to another IOAS, the device sees what is there and no more what was here; and back. */
static void run_replace(const void *arg)
{
	struct scene s;
	__u32 other, pt;

	(void)arg;
	set_scene(&s, POPULATE4K);
	ASSERT_OK(ioas_alloc(s.rig.iofd, &other));
	rig_map_bounce(&s.rig, other);
	pt = other;
	ASSERT_OK(edu_attach(&s.rig.edu[0], &pt));
	expect_no_reach(&s.rig, &s.rig.edu[0], IOVA, s.mem.va, LEN);
	pt = s.rig.ioas;
	ASSERT_OK(edu_attach(&s.rig.edu[0], &pt));
	expect_reaches(&s.rig, &s.rig.edu[0], IOVA, s.mem.va, LEN);
	EXPECT_EQ(RIG_BOUNCE_BYTES, ioas_unmap_all(s.rig.iofd, other));
	EXPECT_OK(iofd_destroy(s.rig.iofd, other));
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, IOVA, BYTES));
	rig_close(&s.rig);
	memory_free(&s.mem);
}

/*
 * The device's file goes first; the mapping stays in the IOAS, and another iommufd does not inherit
 * it.
 */
static void run_close_device(const void *arg)
{
	struct rig second;
	struct scene s;

	(void)arg;
	set_scene(&s, POPULATE4K);
	start_write(&s);
	edu_close(&s.rig.edu[0]);
	let_transfers_pass();
	EXPECT_BYTES(s.secret, s.mem.va, LEN);

	rig_open_attached(&second, 1);
	expect_no_reach(&second, &second.edu[0], IOVA, s.mem.va, LEN);
	rig_close(&second);
	EXPECT_EQ(BYTES + RIG_BOUNCE_BYTES, ioas_unmap_all(s.rig.iofd, s.rig.ioas));
	close(s.rig.iofd);
	memory_free(&s.mem);
}

/*
 * A bound device holds its iommufd: the mapping lives until both are closed, and ends then without
 * an unmap.
 */
static void run_close_both(const void *arg)
{
	long long before = pins_held();
	struct scene s;

	set_scene(&s, *(const enum shape *)arg);
	close(s.rig.iofd);
	expect_reaches(&s.rig, &s.rig.edu[0], IOVA, s.mem.va, LEN);
	EXPECT_LT(before, pins_held());

	memcpy(s.mem.va, s.secret, LEN);
	start_write(&s);
	edu_close(&s.rig.edu[0]);
	EXPECT_EQ(before, pins_held());
	let_transfers_pass();
	EXPECT_BYTES(s.secret, s.mem.va, LEN);
	memory_free(&s.mem);
}

/* The IOAS goes with everything in it, once nothing is attached to it. */
static void run_destroy_ioas(const void *arg)
{
	long long before = pins_held();
	struct scene s;

	(void)arg;
	set_scene(&s, THP);
	EXPECT_LT(before, pins_held());
	EXPECT_OK(edu_detach(&s.rig.edu[0]));
	EXPECT_OK(iofd_destroy(s.rig.iofd, s.rig.ioas));
	EXPECT_EQ(before, pins_held());
	edu_close(&s.rig.edu[0]);
	close(s.rig.iofd);
	memory_free(&s.mem);
}

/*
 * A process is killed in the middle of a transfer. Its memory is a memfd, so that the parent can
 * look at it.
 */
static void run_killed(const void *arg)
{
	unsigned char *shared;
	struct memory mem;
	struct scene s;
	int status;
	pid_t pid;

	(void)arg;
	memory_alloc(&mem, MEMFD4K, BYTES);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(shared != MAP_FAILED);
	pid = fork();
	if (!pid) {
		s.mem = mem;
		rig_open_attached(&s.rig, 1);
		ASSERT_OK(ioas_map_at(s.rig.iofd, s.rig.ioas, mem.va, BYTES, IOVA));
		ktap_assert(expect_reaches(&s.rig, &s.rig.edu[0], IOVA, mem.va, LEN));
		memory_fill(mem.va, LEN, ktap_seed());
		start_write(&s);
		*shared = 1;
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	EXPECT_EQ(1, *shared);
	let_transfers_pass();
	memory_fill(s.secret, LEN, ktap_seed());
	EXPECT_BYTES(s.secret, mem.va, LEN);
	memory_free(&mem);
}

#define GONE(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }

static const struct ktap_case cases[] = {
	{ "in-flight-arrives", run_in_flight_arrives, NULL },
	GONE("unmap-in-flight-populate4k", run_unmap_in_flight, POPULATE4K),
	GONE("unmap-in-flight-thp", run_unmap_in_flight, THP),
	GONE("unmap-in-flight-mapfile2m", run_unmap_in_flight, MAPFILE2M),
	GONE("detach-populate4k", run_detach, POPULATE4K),
	GONE("detach-hugetlb2m", run_detach, HUGETLB2M),
	{ "detach-in-flight", run_detach_in_flight, NULL },
	{ "replace", run_replace, NULL },
	{ "close-device", run_close_device, NULL },
	GONE("close-both-populate4k", run_close_both, POPULATE4K),
	GONE("close-both-thp", run_close_both, THP),
	GONE("close-both-mapfile4k", run_close_both, MAPFILE4K),
	{ "destroy-ioas", run_destroy_ioas, NULL },
	{ "killed", run_killed, NULL },
	{}
};

const struct ktap_suite dma_gone = { "gone", cases };
