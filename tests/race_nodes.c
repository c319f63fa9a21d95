// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine of several nodes: memory is moved to where it is used, by the process that says so or
 * by the kernel, which marks entries of the page table to find out. What a device has stays.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "iofd.h"
#include "pins.h"
#include "race.h"
#include "scene.h"

#define BYTES (4 * MIB)
#define NPAGES (BYTES / PAGE)
#define NODES 2
#define BALANCE "/proc/sys/kernel/numa_balancing"
#define BALANCING "/sys/kernel/debug/sched/numa_balancing/"
#define PATIENCE_SECONDS 60

static void need_nodes(void)
{
	if (access("/sys/devices/system/node/node1", F_OK))
		ktap_skip("needs a machine of two nodes");
}

/* What is marked is brought to who writes to it, and a map does. */
static void mark_nothing(void)
{
	scene_tell(BALANCE, "0");
}

/* Which node each page is on, or -errno. */
static void find_nodes(const struct memory *mem, int *status)
{
	void *pages[NPAGES];
	size_t i;

	for (i = 0; i < NPAGES; i++)
		pages[i] = mem->va + i * PAGE;
	ASSERT_EQ(0, syscall(SYS_move_pages, 0, NPAGES, pages, NULL, status, 0));
}

static size_t count_on(const struct memory *mem, int node)
{
	int status[NPAGES];
	size_t count = 0, i;

	find_nodes(mem, status);
	for (i = 0; i < NPAGES; i++)
		count += status[i] == node;
	return count;
}

/* Every step-th stretch of so many bytes goes to a node. Whether it went is not told. */
static void send(const struct memory *mem, int node, size_t bytes, size_t step)
{
	void *pages[NPAGES];
	int nodes[NPAGES], status[NPAGES];
	size_t n = 0, i;

	for (i = 0; i < NPAGES; i++) {
		if (i * PAGE / bytes % step)
			continue;
		pages[n] = mem->va + i * PAGE;
		nodes[n++] = node;
	}
	EXPECT_TRUE(syscall(SYS_move_pages, 0, n, pages, nodes, status, MPOL_MF_MOVE) >= 0);
}

static long long pins_on(int node)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/vmstat", node);
	return pins_held_on(path);
}

static void expect_ends(struct scene *s)
{
	expect_reaches(&s->rig, s->edu, SCENE_IOVA, s->mem.va, SCENE_LEN);
	expect_reaches(&s->rig, s->edu, SCENE_IOVA + BYTES - SCENE_LEN,
		       s->mem.va + BYTES - SCENE_LEN, SCENE_LEN);
}

/* Of each node as many pages; a pin is counted where the page is. */
static void run_moved(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	long long before[NODES];
	struct scene s;
	int node;

	need_nodes();
	mark_nothing();
	scene_open_unmapped(&s, shape, BYTES);
	send(&s.mem, 0, BYTES, 1);
	send(&s.mem, 1, shape_page_bytes(shape), 2);
	for (node = 0; node < NODES; node++) {
		ASSERT_EQ(NPAGES / 2, count_on(&s.mem, node));
		before[node] = pins_on(node);
	}
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	EXPECT_LT(before[0], pins_on(0));
	EXPECT_EQ(pins_on(0) - before[0], pins_on(1) - before[1]);
	expect_ends(&s);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	for (node = 0; node < NODES; node++)
		EXPECT_EQ(before[node], pins_on(node));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	scene_close(&s);
}

static int migrate(unsigned long from, unsigned long to)
{
	return syscall(SYS_migrate_pages, 0, NODES + 1, &from, &to);
}

/* By address or with all that the process has; without the mapping, both go. */
static void run_stays(const void *arg)
{
	struct scene s;
	__u64 *places;

	need_nodes();
	mark_nothing();
	scene_open_unmapped(&s, *(const enum shape *)arg, BYTES);
	send(&s.mem, 0, BYTES, 1);
	ASSERT_EQ(NPAGES, count_on(&s.mem, 0));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	places = memory_places(&s.mem);
	send(&s.mem, 1, BYTES, 1);
	EXPECT_EQ(0, memory_moved(&s.mem, places));
	EXPECT_TRUE(migrate(1 << 0, 1 << 1) >= 0);
	EXPECT_EQ(0, memory_moved(&s.mem, places));
	expect_ends(&s);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	send(&s.mem, 1, BYTES, 1);
	EXPECT_EQ(NPAGES, count_on(&s.mem, 1));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_ends(&s);
	scene_close(&s);
	free(places);
}

/* The kernel marks no entries of a process that runs where its memory is, unless it has threads. */
static bool spinning;

static void *spin(void *arg)
{
	while (__atomic_load_n(&spinning, __ATOMIC_RELAXED))
		;
	return arg;
}

static pthread_t start_spinning(void)
{
	pthread_t other;

	spinning = true;
	ASSERT_EQ(0, pthread_create(&other, NULL, spin, NULL));
	return other;
}

static void stop_spinning(pthread_t other)
{
	__atomic_store_n(&spinning, false, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
}

/* How often it looks for what to mark, each as it is and as it is here. */
static const struct {
	const char *name;
	const char *usual;
	const char *eager;
} pace[] = {
	{ BALANCING "scan_delay_ms", "1000", "10" },
	{ BALANCING "scan_period_min_ms", "1000", "10" },
	{ BALANCING "scan_period_max_ms", "60000", "10" },
};

static void set_pace(bool eager)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pace); i++)
		ASSERT_OK(scene_tell(pace[i].name, eager ? pace[i].eager : pace[i].usual));
}

static void mark_eagerly(void)
{
	if (scene_tell(BALANCE, "1"))
		ktap_skip("no NUMA balancing in this kernel");
	set_pace(true);
}

static bool wait_for_marks(long long want)
{
	time_t end = ktap_now_seconds() + PATIENCE_SECONDS;

	while (pins_vmstat("numa_pte_updates") < want && ktap_now_seconds() < end)
		;
	return pins_vmstat("numa_pte_updates") >= want;
}

/* Marked entries are not what they were, but what they map is; the process has not touched it. */
static void run_marked(const void *arg)
{
	pthread_t other;
	struct scene s;
	long long marks, faults;
	__u64 *places;

	need_nodes();
	mark_eagerly();
	scene_open_unmapped(&s, *(const enum shape *)arg, BYTES);
	marks = pins_vmstat("numa_pte_updates");
	other = start_spinning();
	ASSERT_TRUE(wait_for_marks(marks + NPAGES));
	faults = pins_vmstat("numa_hint_faults");
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	places = memory_places(&s.mem);
	expect_ends(&s);
	memset(s.mem.va, 3, BYTES);
	EXPECT_LT(faults, pins_vmstat("numa_hint_faults"));
	EXPECT_EQ(0, memory_moved(&s.mem, places));
	expect_ends(&s);
	stop_spinning(other);
	set_pace(false);
	scene_close(&s);
	free(places);
}

static void run_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpus), &cpus));
}

/* A process that runs elsewhere uses it all the time: it would have it there. */
static void run_marked_mapped(const void *arg)
{
	time_t end;
	pthread_t other;
	struct scene s;
	__u64 *places;

	need_nodes();
	mark_eagerly();
	scene_open_unmapped(&s, *(const enum shape *)arg, BYTES);
	send(&s.mem, 0, BYTES, 1);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	places = memory_places(&s.mem);
	/* CPUs are dealt out to the nodes in turn. */
	run_on(1);
	other = start_spinning();
	for (end = ktap_now_seconds() + 3; ktap_now_seconds() < end; )
		memset(s.mem.va, 4, BYTES);
	EXPECT_EQ(0, memory_moved(&s.mem, places));
	expect_ends(&s);
	stop_spinning(other);
	set_pace(false);
	scene_close(&s);
	free(places);
}

#define NODES_CASE(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }

static const struct ktap_case cases[] = {
	NODES_CASE("moved-populate4k", run_moved, POPULATE4K),
	NODES_CASE("moved-mthp64k", run_moved, MTHP64K),
	NODES_CASE("moved-thp", run_moved, THP),
	NODES_CASE("moved-memfd4k", run_moved, MEMFD4K),
	NODES_CASE("moved-mapfile64k", run_moved, MAPFILE64K),
	NODES_CASE("stays-populate4k", run_stays, POPULATE4K),
	NODES_CASE("stays-mthp64k", run_stays, MTHP64K),
	NODES_CASE("stays-thp", run_stays, THP),
	NODES_CASE("stays-hugetlb2m", run_stays, HUGETLB2M),
	NODES_CASE("stays-memfd4k", run_stays, MEMFD4K),
	NODES_CASE("stays-mapfile4k", run_stays, MAPFILE4K),
	NODES_CASE("marked-populate4k", run_marked, POPULATE4K),
	NODES_CASE("marked-mthp64k", run_marked, MTHP64K),
	NODES_CASE("marked-thp", run_marked, THP),
	NODES_CASE("marked-mapped-populate4k", run_marked_mapped, POPULATE4K),
	NODES_CASE("marked-mapped-thp", run_marked_mapped, THP),
	{}
};

const struct ktap_suite race_nodes = { "nodes", cases };
