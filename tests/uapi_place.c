// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_MAP without a fixed IOVA: which places there are. Nothing is pinned without a device,
 * so addresses need not have memory.
 */
#include <errno.h>
#include <unistd.h>

#include "uapi.h"

#define VA 0x7f0000000000UL

static int map_anywhere(int iofd, __u32 ioas, __u64 va, size_t length, __u64 *iova)
{
	*iova = 12345;		/* not an input */
	return ioas_map(iofd, ioas, IOAS_RW, (void *)va, length, iova);
}

/* 0 means none to many programs, and to NVMe where it lists pages. */
static void run_zero(const void *arg)
{
	const struct iommu_iova_range low = { 0, 4 * PAGE - 1 }, lowest = { 0, PAGE - 1 };
	int iofd = iofd_open();
	__u64 iova;
	__u32 ioas;

	(void)arg;
	ASSERT_OK(ioas_alloc(iofd, &ioas));
	EXPECT_OK(map_anywhere(iofd, ioas, VA, 2 * MIB, &iova));
	EXPECT_TRUE(iova && iova % PAGE == 0);
	EXPECT_OK(map_anywhere(iofd, ioas, VA, PAGE, &iova));
	EXPECT_TRUE(iova && iova % PAGE == 0);
	EXPECT_EQ(2 * MIB + PAGE, ioas_unmap_all(iofd, ioas));

	/* Not where it is allowed, either. */
	ASSERT_OK(ioas_allow_iovas(iofd, ioas, &low, 1));
	EXPECT_OK(map_anywhere(iofd, ioas, VA, PAGE, &iova));
	EXPECT_TRUE(iova && iova % PAGE == 0);
	EXPECT_EQ(PAGE, ioas_unmap_all(iofd, ioas));
	ASSERT_OK(ioas_allow_iovas(iofd, ioas, &lowest, 1));
	EXPECT_ERR(-ENOSPC, map_anywhere(iofd, ioas, VA, PAGE, &iova));

	/* Who asks for it gets it. */
	EXPECT_OK(ioas_map_at(iofd, ioas, (void *)VA, PAGE, 0));
	EXPECT_EQ(PAGE, ioas_unmap_all(iofd, ioas));
	close(iofd);
}

static const struct ktap_case cases[] = {
	{ "zero", run_zero, NULL },
	{}
};

const struct ktap_suite uapi_place = { "place", cases };
