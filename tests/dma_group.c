// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two functions of one PCI device, in one IOMMU group: the hardware cannot tell them apart, so what
 * one is attached to the other is, too, and one iommufd has them both.
 */
#include <errno.h>
#include <unistd.h>

#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "rig.h"
#include "util.h"

#define IOVA GIB
#define BYTES (2 * MIB)
#define LEN 512

/* The first of two bound devices that share a group. */
static unsigned int find_pair(void)
{
	unsigned int i;

	for (i = 0; i + 1 < edu_count(); i++) {
		if (edu_group(i) >= 0 && edu_group(i) == edu_group(i + 1))
			return i;
	}
	ktap_skip("needs two edu devices in one IOMMU group");
}

static int attach_to(struct edu *edu, __u32 pt)
{
	return edu_attach(edu, &pt);
}

static void run_same(const void *arg)
{
	struct memory mem;
	struct rig rig;
	__u32 pt;

	(void)arg;
	rig_open_on(&rig, iofd_open(), find_pair(), 2);
	memory_alloc(&mem, THP, BYTES);
	rig_attach(&rig);
	ASSERT_OK(ioas_map_at(rig.iofd, rig.ioas, mem.va, BYTES, IOVA));
	expect_reaches(&rig, &rig.edu[0], IOVA, mem.va, LEN);
	expect_reaches(&rig, &rig.edu[1], IOVA, mem.va, LEN);

	/* One leaves, the other stays as it is. */
	EXPECT_OK(edu_detach(&rig.edu[0]));
	EXPECT_ERR(-EBUSY, iofd_destroy(rig.iofd, rig.ioas));
	expect_reaches(&rig, &rig.edu[1], IOVA, mem.va, LEN);
	pt = rig.ioas;
	EXPECT_OK(edu_attach(&rig.edu[0], &pt));
	EXPECT_EQ(rig.hwpt, pt);
	expect_reaches(&rig, &rig.edu[0], IOVA, mem.va, LEN);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, BYTES));
	expect_no_reach(&rig, &rig.edu[0], IOVA, mem.va, LEN);
	expect_no_reach(&rig, &rig.edu[1], IOVA, mem.va, LEN);
	rig_close(&rig);
	memory_free(&mem);
}

/* Nowhere else: another IOAS, another domain of the same IOAS, another iommufd. */
static void run_elsewhere(const void *arg)
{
	unsigned int first = find_pair();
	int other = iofd_open();
	__u32 ioas, hwpt;
	struct rig rig;
	struct edu edu;

	(void)arg;
	rig_open_on(&rig, iofd_open(), first, 2);
	ASSERT_OK(ioas_alloc(rig.iofd, &ioas));
	ASSERT_OK(hwpt_alloc(rig.iofd, 0, rig.edu[1].devid, rig.ioas, &hwpt));
	ASSERT_OK(attach_to(&rig.edu[0], rig.ioas));
	EXPECT_ERR(-EINVAL, attach_to(&rig.edu[1], ioas));
	EXPECT_ERR(-EINVAL, attach_to(&rig.edu[1], hwpt));
	EXPECT_OK(attach_to(&rig.edu[1], rig.ioas));

	edu_close(&rig.edu[1]);
	ASSERT_OK(edu_open(&edu, first + 1));
	EXPECT_ERR(-EPERM, edu_bind(&edu, other));
	edu_close(&edu);
	edu_close(&rig.edu[0]);
	ASSERT_OK(edu_open(&edu, first + 1));
	EXPECT_OK(edu_bind(&edu, other));
	edu_close(&edu);
}

/* A replacement moves the whole group, at the word of one of them. */
static void run_replace(const void *arg)
{
	struct memory mem;
	struct rig rig;
	__u32 ioas;

	(void)arg;
	rig_open_on(&rig, iofd_open(), find_pair(), 2);
	memory_alloc(&mem, POPULATE4K, BYTES);
	rig_attach(&rig);
	ASSERT_OK(ioas_alloc(rig.iofd, &ioas));
	rig_map_bounce(&rig, ioas);
	ASSERT_OK(ioas_map_at(rig.iofd, ioas, mem.va, BYTES, IOVA));
	expect_no_reach(&rig, &rig.edu[0], IOVA, mem.va, LEN);
	EXPECT_OK(attach_to(&rig.edu[0], ioas));
	expect_reaches(&rig, &rig.edu[0], IOVA, mem.va, LEN);
	expect_reaches(&rig, &rig.edu[1], IOVA, mem.va, LEN);
	EXPECT_EQ(RIG_BOUNCE_BYTES, ioas_unmap_all(rig.iofd, rig.ioas));
	EXPECT_OK(iofd_destroy(rig.iofd, rig.ioas));
	EXPECT_OK(edu_detach(&rig.edu[0]));
	expect_reaches(&rig, &rig.edu[1], IOVA, mem.va, LEN);
	EXPECT_OK(ioas_unmap_at(rig.iofd, ioas, IOVA, BYTES));
	rig.ioas = ioas;
	rig_close(&rig);
	memory_free(&mem);
}

static const struct ktap_case cases[] = {
	{ "same", run_same, NULL },
	{ "elsewhere", run_elsewhere, NULL },
	{ "replace", run_replace, NULL },
	{}
};

const struct ktap_suite dma_group = { "group", cases };
