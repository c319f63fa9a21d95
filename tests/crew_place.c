// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the memory comes from that helpers fault in, and whom it is charged to: the caller's
 * policies, its control group.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "iofd.h"
#include "pins.h"
#include "scene.h"

#define GROUPS "/tmp/crew-groups"
#define GROUP GROUPS "/mapper"
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

/* In whatever group the case has made: all of its threads. */
static void join_group(struct mapper *mapper)
{
	char text[16];

	(void)mapper;
	snprintf(text, sizeof(text), "%d", getpid());
	if (scene_tell(GROUP "/cgroup.procs", text))
		_exit(96);
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

static void make_group(const char *controller)
{
	char more[32];

	mkdir(GROUPS, 0755);
	if (mount("none", GROUPS, "cgroup2", 0, NULL) && errno != EBUSY)
		ktap_skip("no control groups in this kernel");
	snprintf(more, sizeof(more), "+%s", controller);
	if (scene_tell(GROUPS "/cgroup.subtree_control", more))
		ktap_skip("no controller '%s' in this kernel", controller);
	ASSERT_TRUE(!mkdir(GROUP, 0755) || errno == EEXIST);
}

static void remove_group(void)
{
	int ms;

	/* Who was killed in it is in it until it is gone. */
	for (ms = 0; rmdir(GROUP) && ms < 500000; ms++)
		usleep(1000);
	EXPECT_TRUE(access(GROUP, F_OK));
	umount(GROUPS);
}

static long long read_group(const char *file, const char *word)
{
	char path[80], line[128];
	long long value = -1;
	size_t len = strlen(word);
	FILE *f;

	snprintf(path, sizeof(path), GROUP "/%s", file);
	f = fopen(path, "re");
	ASSERT_TRUE(f);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, word, len)) {
			value = atoll(line + len);
			break;
		}
	}
	fclose(f);
	return value;
}

/* The CPUs and the nodes of a control group. */
static void run_cpuset(const void *arg)
{
	struct mapper mapper = { .plain = true, .bytes = BYTES, .prepare = join_group };
	const struct place on_1 = { NULL, 8, 8 };

	(void)arg;
	need_nodes();
	crew_threads(4);
	make_group("cpuset");
	ASSERT_OK(scene_tell(GROUP "/cpuset.mems", "1"));
	ASSERT_OK(scene_tell(GROUP "/cpuset.cpus", "0-1"));
	rig_open_attached(&rig, 1);
	mapper_start(&mapper, &rig);
	ASSERT_OK(mapper_answer(&mapper));
	expect_place(&mapper, &on_1);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, CREW_IOVA, BYTES));
	EXPECT_EQ(0, mapper_end(&mapper));
	rig_close(&rig);
	remove_group();
	crew_threads(8);
}

/* All that is faulted in is charged to the group, and let go of with it. */
static void run_charged(const void *arg)
{
	struct mapper mapper = { .plain = true, .bytes = BYTES, .prepare = join_group };

	(void)arg;
	crew_threads(4);
	make_group("memory");
	rig_open_attached(&rig, 1);
	mapper_start(&mapper, &rig);
	ASSERT_OK(mapper_answer(&mapper));
	EXPECT_LT(BYTES - 1, read_group("memory.stat", "anon "));
	EXPECT_LT(read_group("memory.stat", "anon "), BYTES + 4 * MIB);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, CREW_IOVA, BYTES));
	EXPECT_EQ(0, mapper_end(&mapper));
	rig_close(&rig);
	remove_group();
	crew_threads(8);
}

/* With and without helpers: the kernel kills the process for it, and nothing is left. */
static void run_limited(const void *arg)
{
	const unsigned int *nr_threads = arg;
	struct mapper mapper = { .plain = true, .bytes = BYTES, .prepare = join_group };
	long long before;
	int status;

	crew_threads(*nr_threads);
	make_group("memory");
	ASSERT_OK(scene_tell(GROUP "/memory.max", "33554432"));
	rig_open_attached(&rig, 1);
	before = pins_held();
	mapper_start(&mapper, &rig);
	status = mapper_wait(&mapper, 0);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_LT(0, read_group("memory.events", "oom_kill "));
	EXPECT_EQ(before, pins_held());
	EXPECT_LT(read_group("memory.stat", "anon "), MIB);
	rig_close(&rig);
	remove_group();
	crew_threads(8);
}

#define PLACED(_name, ...) \
	{ "placed-" _name, run_placed, &(const struct place){ __VA_ARGS__ } }

static const struct ktap_case cases[] = {
	PLACED("bind", bind_to_1, 8, 8),
	PLACED("preferred", prefer_1, 8, 8),
	PLACED("interleave", interleave, 4, 4),
	PLACED("by-vma", bind_halves, 8, 0),
	{ "cpuset", run_cpuset },
	{ "charged", run_charged },
	{ "limited-alone", run_limited, &(const unsigned int){ 1 } },
	{ "limited", run_limited, &(const unsigned int){ 4 } },
	{}
};

const struct ktap_suite crew_place = { "crew-place", cases };
