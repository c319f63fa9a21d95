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

struct room {
	__u64 first, bytes;	/* all that is free */
	__u64 va, length;	/* what is to be mapped */
};

/* Room that is not where large entries would form is room, too. */
static void run_room(const void *arg)
{
	const struct room *room = arg;
	__u64 end = room->first + room->bytes, iova;
	int iofd = iofd_open();
	__u32 ioas;

	ASSERT_OK(ioas_alloc(iofd, &ioas));
	ASSERT_OK(ioas_map_at(iofd, ioas, (void *)PAGE, room->first, 0));
	ASSERT_OK(ioas_map_at(iofd, ioas, (void *)PAGE, -end - PAGE, end));
	EXPECT_OK(map_anywhere(iofd, ioas, room->va, room->length, &iova));
	EXPECT_TRUE(iova >= room->first && iova + room->length <= end);
	EXPECT_EQ(room->va % PAGE, iova % PAGE);
	EXPECT_OK(ioas_unmap_at(iofd, ioas, iova, room->length));

	/* And one page more than there is room for is one too much. */
	EXPECT_ERR(-ENOSPC, map_anywhere(iofd, ioas, room->va, room->bytes + PAGE, &iova));
	close(iofd);
}

static const struct room small = { MIB, 64 * KIB, VA + PAGE, 64 * KIB };
static const struct room large = { 16 * MIB, 2032 * MIB, VA + PAGE, 1280 * MIB };
static const struct room large_aligned = { 16 * MIB, 2032 * MIB, VA, 1280 * MIB };
static const struct room in_page = { MIB, 64 * KIB, VA + PAGE + 0x234, 60 * KIB };

static const struct ktap_case cases[] = {
	{ "zero", run_zero, NULL },
	{ "room-64k", run_room, &small },
	{ "room-1280m", run_room, &large },
	{ "room-1280m-aligned", run_room, &large_aligned },
	{ "room-in-page", run_room, &in_page },
	{}
};

const struct ktap_suite uapi_place = { "place", cases };
