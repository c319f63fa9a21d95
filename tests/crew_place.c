// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the memory comes from that helpers fault in: where the caller's policies, and those of its
 * ranges and its control group, say; and what of it stays whole.
 */
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crew.h"
#include "iofd.h"
#include "pins.h"

#define BYTES (64 * MIB)
#define NODES 2

static struct rig rig;

/* On each node, and elsewhere: of the pages of a range. */
static void count_nodes(pid_t pid, unsigned char *va, size_t bytes, size_t *nr)
{
	static void *pages[1024];
	static int node[1024];
	size_t at, i;

	memset(nr, 0, (NODES + 1) * sizeof(*nr));
	for (at = 0; at < bytes; at += ARRAY_SIZE(pages) * PAGE) {
		for (i = 0; i < ARRAY_SIZE(pages); i++)
			pages[i] = va + at + i * PAGE;
		ASSERT_EQ(0, syscall(__NR_move_pages, pid, ARRAY_SIZE(pages), pages, NULL, node,
				     0));
		for (i = 0; i < ARRAY_SIZE(pages); i++)
			nr[node[i] < 0 || node[i] >= NODES ? NODES : node[i]]++;
	}
}

static void need_nodes(void)
{
	if (access("/sys/devices/system/node/node1", F_OK))
		ktap_skip("needs two nodes of memory");
}

static void set_policy(int mode, unsigned long nodes)
{
	if (syscall(__NR_set_mempolicy, mode, &nodes, 8 * sizeof(nodes)))
		_exit(96);
}

static void bind_to_1(struct mapper *mapper)
{
	(void)mapper;
	set_policy(MPOL_BIND, 1 << 1);
}

static void prefer_1(struct mapper *mapper)
{
	(void)mapper;
	set_policy(MPOL_PREFERRED, 1 << 1);
}

static void interleave(struct mapper *mapper)
{
	(void)mapper;
	set_policy(MPOL_INTERLEAVE, 1 << 0 | 1 << 1);
}

/* The first half on one node, the second on the other, whatever the thread's own is. */
static void bind_halves(struct mapper *mapper)
{
	size_t half = mapper->bytes / 2;
	unsigned long nodes;
	unsigned int i;

	set_policy(MPOL_BIND, 1 << 0);
	for (i = 0; i < 2; i++) {
		nodes = 1 << (1 - i);
		if (syscall(__NR_mbind, mapper->va + i * half, half, MPOL_BIND, &nodes,
			    8 * sizeof(nodes), 0))
			_exit(96);
	}
}

/**
 * struct place - where memory is to be
 * @prepare: what the mapper does before
 * @first: of 8 parts of the first half of the memory, how many are on node 1
 * @second: of the second half
 */
struct place {
	void (*prepare)(struct mapper *mapper);
	unsigned int first;
	unsigned int second;
};

static void expect_place(struct mapper *mapper, const struct place *place)
{
	size_t half = mapper->bytes / 2, nr[NODES + 1];

	count_nodes(mapper->pid, mapper->va, half, nr);
	EXPECT_EQ(0, nr[NODES]);
	EXPECT_EQ(place->first, (nr[1] * 8 + half / PAGE / 2) / (half / PAGE));
	count_nodes(mapper->pid, mapper->va + half, half, nr);
	EXPECT_EQ(0, nr[NODES]);
	EXPECT_EQ(place->second, (nr[1] * 8 + half / PAGE / 2) / (half / PAGE));
}

static void run_placed(const void *arg)
{
	const struct place *place = arg;
	struct mapper mapper = { .plain = true, .bytes = BYTES, .prepare = place->prepare };

	need_nodes();
	crew_threads(4);
	rig_open_attached(&rig, 1);
	mapper_start(&mapper, &rig);
	ASSERT_OK(mapper_answer(&mapper));
	expect_place(&mapper, place);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, CREW_IOVA, BYTES));
	EXPECT_EQ(0, mapper_end(&mapper));
	rig_close(&rig);
	crew_threads(8);
}

/* The CPUs and the nodes of a control group. */
static void run_cpuset(const void *arg)
{
	struct mapper mapper = { .plain = true, .bytes = BYTES, .prepare = group_join };
	const struct place on_1 = { NULL, 8, 8 };

	(void)arg;
	need_nodes();
	crew_threads(4);
	group_make("cpuset");
	ASSERT_OK(group_tell("cpuset.mems", "1"));
	ASSERT_OK(group_tell("cpuset.cpus", "0-1"));
	rig_open_attached(&rig, 1);
	mapper_start(&mapper, &rig);
	ASSERT_OK(mapper_answer(&mapper));
	expect_place(&mapper, &on_1);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, CREW_IOVA, BYTES));
	EXPECT_EQ(0, mapper_end(&mapper));
	rig_close(&rig);
	group_remove();
	crew_threads(8);
}

/**
 * struct whole - memory in large pages
 * @memory: which
 * @bytes: how much
 * @page_bytes: how large they are
 */
struct whole {
	enum crew_memory memory;
	size_t bytes;
	size_t page_bytes;
};

/* One pin for each of them, whoever has it: none is cut. */
static void run_whole(const void *arg)
{
	const struct whole *whole = arg;
	struct mapper mapper = { .plain = true, .memory = whole->memory, .bytes = whole->bytes };
	long long before;

	crew_huge_pages(whole->page_bytes, whole->bytes / whole->page_bytes);
	crew_threads(4);
	rig_open_attached(&rig, 1);
	before = pins_held();
	mapper_start(&mapper, &rig);
	ASSERT_OK(mapper_answer(&mapper));
	EXPECT_EQ(before + (long long)(whole->bytes / whole->page_bytes), pins_held());
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, CREW_IOVA, whole->bytes));
	EXPECT_EQ(before, pins_held());
	EXPECT_EQ(0, mapper_end(&mapper));
	rig_close(&rig);
	crew_threads(8);
}

#define WHOLE(_name, ...) \
	{ "whole-" _name, run_whole, &(const struct whole){ __VA_ARGS__ } }

#define PLACED(_name, ...) \
	{ "placed-" _name, run_placed, &(const struct place){ __VA_ARGS__ } }

static const struct ktap_case cases[] = {
	PLACED("bind", bind_to_1, 8, 8),
	PLACED("preferred", prefer_1, 8, 8),
	PLACED("interleave", interleave, 4, 4),
	PLACED("by-vma", bind_halves, 8, 0),
	{ "cpuset", run_cpuset },
	WHOLE("file4k", CREW_FILE, BYTES, PAGE),
	WHOLE("hugetlb2m", CREW_HUGETLB2M, BYTES, 2 * MIB),
	WHOLE("hugetlb1g", CREW_HUGETLB1G, 2 * GIB, GIB),
	{}
};

const struct ktap_suite crew_place = { "crew-place", cases };
