// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_HWPT_GET_DIRTY_BITMAP over a range of which only parts are mapped. */
#include <unistd.h>

#include "memory.h"
#include "mock.h"
#include "rig.h"

#define BYTES (16 * PAGE)

/* Which pages of a range are dirty; they are clean then. */
static __u64 dirty_pages(struct mock *m, __u32 hwpt, size_t first, size_t npages)
{
	static __u64 bits;

	bits = 0;
	EXPECT_OK(hwpt_read_dirty(m->iofd, hwpt, 0, MOCK_IOVA + first * PAGE, npages * PAGE, PAGE,
				  &bits));
	return bits;
}

/* What is not mapped is not dirty; that it is not mapped is no error. */
static void run_read(const void *arg)
{
	const __u64 written = 0x85;
	struct memory mem;
	struct mock m;
	__u32 hwpt;

	(void)arg;
	if (rig_peer_is("iommufd"))
		ktap_skip("known difference: in-tree, nothing is read beyond the first hole");
	mock_open(&m);
	memory_alloc(&mem, POPULATE4K, BYTES);
	ASSERT_OK(hwpt_alloc(m.iofd, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, m.device.dev, m.ioas, &hwpt));
	ASSERT_OK(hwpt_track_dirty(m.iofd, hwpt, true));
	ASSERT_OK(ioas_map_at(m.iofd, m.ioas, mem.va, PAGE, MOCK_IOVA));
	ASSERT_OK(ioas_map_at(m.iofd, m.ioas, mem.va, PAGE, MOCK_IOVA + 2 * PAGE));
	ASSERT_OK(ioas_map_at(m.iofd, m.ioas, mem.va, 3 * PAGE, MOCK_IOVA + 6 * PAGE));
	EXPECT_EQ(3, mock_write_pages(m.iofd, hwpt, MOCK_IOVA, BYTES, PAGE, &written));
	EXPECT_EQ(0x5, dirty_pages(&m, hwpt, 0, 4));
	EXPECT_EQ(0x80, dirty_pages(&m, hwpt, 0, 16));
	EXPECT_EQ(0, dirty_pages(&m, hwpt, 0, 16));
	/* Not even when nothing is mapped there at all. */
	EXPECT_EQ(0, dirty_pages(&m, hwpt, 10, 4));
	EXPECT_EQ(5 * PAGE, ioas_unmap_all(m.iofd, m.ioas));
	EXPECT_OK(iofd_destroy(m.iofd, hwpt));
	mock_close(&m);
	memory_free(&mem);
}

static const struct ktap_case cases[] = {
	{ "read", run_read, NULL },
	{}
};

const struct ktap_suite mock_holes = { "mock-holes", cases };
