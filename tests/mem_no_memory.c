// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory runs out in the midst of a map, or of an attachment to an IOAS that is full: at every
 * single allocation there is, in turn. Nothing is left of what was done until then.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "balance.h"
#include "mem.h"
#include "iofd.h"
#include "scene.h"

/* More than what is here can need. */
#define MOST_ALLOCATIONS 1000

/* Open all the time: to open it takes memory. */
static int fail_nth = -1;

/* The n-th allocation of this task from now on fails, whatever it is for; 0 for none. */
static void fail_allocation(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	ASSERT_EQ(len, pwrite(fail_nth, text, len, 0));
}

/* Whether it came so far; and no more of it. */
static bool has_failed(void)
{
	char text[16] = "";

	ASSERT_TRUE(pread(fail_nth, text, sizeof(text) - 1, 0) > 0);
	fail_allocation(0);
	return atoi(text) == 0;
}

/* Of slabs and of pages, also of those that can wait. */
static void allow_failures(void)
{
	const char *const dirs[] = { "failslab", "fail_page_alloc" };
	char path[80];
	unsigned int i;

	fail_nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		ktap_skip("no fault injection in this kernel");
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/ignore-gfp-wait", dirs[i]);
		ASSERT_OK(scene_tell(path, "N"));
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/verbose", dirs[i]);
		ASSERT_OK(scene_tell(path, "0"));
	}
	ASSERT_OK(scene_tell("/sys/kernel/debug/fail_page_alloc/min-order", "0"));
}

/*
 * Modules built for tests also let the pinning of memory fail in this way. In-tree the errno may be
 * another one: of a look-up that fails so, too, or of the attempt that came after.
 */
static void expect_refusal(int ret)
{
	if (!rig_peer_is("iommufd"))
		EXPECT_ERR2(-ENOMEM, -EFAULT, ret);
}

struct amount {
	enum shape shape;
	size_t bytes;
};

/*
 * Every allocation of a map fails in turn, until it needs no more. One that can be done without
 * (another way of allocating, as a rule) is no failure of the map.
 *
 * An IO page table may keep a table that such a map has left empty, for the next one, and give up
 * those of a whole map as that is unmapped (SMMUv3's). So they are counted after one.
 */
static void run_map(const void *arg)
{
	const struct amount *a = arg;
	unsigned int n, refused = 0;
	struct balance before, at_once;
	struct scene s;
	bool failed;
	int ret;

	allow_failures();
	scene_open(&s, a->shape, a->bytes);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, a->bytes));
	before = balance_take();
	at_once = before;
	at_once.io_tables = LLONG_MAX;
	for (n = 1; n < MOST_ALLOCATIONS; n++) {
		fail_allocation(n);
		ret = scene_map(&s, SCENE_IOVA);
		failed = has_failed();
		refused += ret != 0;
		if (ret) {
			expect_refusal(ret);
			expect_balance(&at_once);
			EXPECT_OK(scene_map(&s, SCENE_IOVA));
		}
		EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, a->bytes));
		expect_balance(&before);
		if (!failed || ktap_failures())
			break;
	}
	ktap_note("%u allocations, %u of them refuse the map", n - 1, refused);
	EXPECT_LT(0, refused);
	EXPECT_LT(n, MOST_ALLOCATIONS);
	EXPECT_OK(scene_map(&s, SCENE_IOVA));
	expect_shared(&s, SCENE_IOVA, s.mem.va, a->bytes);
	scene_close(&s);
}

/* The same of a device's attachment to an IOAS that is full already. */
static void run_attach(const void *arg)
{
	const struct amount *a = arg;
	unsigned int n, refused = 0;
	struct balance before;
	struct scene s;
	bool failed;
	__u32 pt;
	int ret;

	allow_failures();
	memory_alloc(&s.mem, a->shape, a->bytes);
	rig_open(&s.rig, 1);
	s.edu = &s.rig.edu[0];
	rig_map_bounce(&s.rig, s.rig.ioas);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	pt = s.rig.ioas;
	ASSERT_OK(edu_attach(s.edu, &pt));
	ASSERT_OK(edu_detach(s.edu));
	before = balance_take();
	for (n = 1; n < MOST_ALLOCATIONS; n++) {
		pt = s.rig.ioas;
		fail_allocation(n);
		ret = edu_attach(s.edu, &pt);
		failed = has_failed();
		refused += ret != 0;
		if (ret)
			expect_refusal(ret);
		else
			EXPECT_OK(edu_detach(s.edu));
		expect_balance(&before);
		if (!failed || ktap_failures())
			break;
	}
	ktap_note("%u allocations, %u of them refuse the attachment", n - 1, refused);
	EXPECT_LT(0, refused);
	EXPECT_LT(n, MOST_ALLOCATIONS);
	pt = s.rig.ioas;
	EXPECT_OK(edu_attach(s.edu, &pt));
	expect_shared(&s, SCENE_IOVA, s.mem.va, a->bytes);
	scene_close(&s);
}

#define MAP(_name, _shape, _bytes) \
	{ "map-" _name, run_map, &(const struct amount){ _shape, _bytes } }
#define ATTACH(_name, _shape, _bytes) \
	{ "attach-" _name, run_attach, &(const struct amount){ _shape, _bytes } }

/* Where no table is filled at once, as on arm64, each scattered page is a call that can fail. */
static const struct ktap_case cases[] = {
	MAP("thp", THP, GIB),
	MAP("hugetlb1g", HUGETLB1G, GIB),
	MAP("populate4k", POPULATE4K, 8 * MIB),
	MAP("scatter4k", SCATTER4K, 3 * MIB),
	MAP("mapfile4k", MAPFILE4K, 3 * MIB),
	MAP("mapfile2m", MAPFILE2M, 16 * MIB),
	ATTACH("thp", THP, GIB),
	ATTACH("scatter4k", SCATTER4K, 3 * MIB),
	{}
};

const struct ktap_suite mem_no_memory = { "no-memory", cases };
