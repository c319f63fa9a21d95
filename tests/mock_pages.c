// SPDX-License-Identifier: GPL-2.0-only
/* What is mapped by the byte, for those who count in pages. */
#include <errno.h>
#include <unistd.h>

#include "memory.h"
#include "mock.h"
#include "rig.h"

#define HALF (PAGE / 2)

/* Two halves of a page of IOVAs, each at the start of a page of its own. */
static void map_halves(struct mock *m, __u32 ioas, struct memory *mem)
{
	ASSERT_OK(ioas_map_at(m->iofd, ioas, mem->va, HALF, MOCK_IOVA));
	ASSERT_OK(ioas_map_at(m->iofd, ioas, mem->va + PAGE, HALF, MOCK_IOVA + HALF));
}

/*
 * Copied as one into an IOAS whose access needs whole pages, of which there would be two for one.
 * In-tree it is not the copy that is refused, but then the pin.
 */
static void run_access(const void *arg)
{
	bool in_tree = rig_peer_is("iommufd");
	__u64 to = MOCK_IOVA;
	__u32 src, dst, pin;
	struct memory mem;
	struct mock m;
	int access;

	(void)arg;
	mock_open(&m);
	memory_alloc(&mem, POPULATE4K, 2 * PAGE);
	ASSERT_OK(ioas_alloc(m.iofd, &src));
	ASSERT_OK(ioas_alloc(m.iofd, &dst));
	map_halves(&m, src, &mem);
	access = mock_access(m.iofd, dst, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES);
	ASSERT_TRUE(access >= 0);
	EXPECT_ERR(in_tree ? 0 : -EINVAL,
		   ioas_copy(m.iofd, IOAS_FIXED_RW, dst, src, PAGE, &to, MOCK_IOVA));
	EXPECT_ERR(in_tree ? -EINVAL : -ENOENT,
		   mock_access_pin(m.iofd, access, 0, MOCK_IOVA, PAGE, mem.va, &pin));
	EXPECT_OK(mock_check_pins(m.iofd, mem.va, 2 * PAGE, 0));
	EXPECT_EQ(0, close(access));
	EXPECT_EQ(PAGE, ioas_unmap_all(m.iofd, src));
	mock_close(&m);
	memory_free(&mem);
}

/*
 * A device of small pages takes them; the queue of a guest would be in two pages for one. In-tree
 * it is not that which is looked at, but whether there is a half anywhere.
 */
static void run_queue(const void *arg)
{
	struct iommu_hw_queue_alloc queue = {
		.size = sizeof(queue),
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.nesting_parent_iova = MOCK_IOVA,
		.length = PAGE,
	};
	struct memory mem;
	struct mock m;
	__u32 parent;

	(void)arg;
	mock_open(&m);
	memory_alloc(&mem, POPULATE4K, 2 * PAGE);
	ASSERT_OK(hwpt_alloc(m.iofd, IOMMU_HWPT_ALLOC_NEST_PARENT, m.device.dev, m.ioas, &parent));
	ASSERT_OK(mock_viommu(m.iofd, m.device.dev, parent, &queue.viommu_id));
	map_halves(&m, m.ioas, &mem);
	EXPECT_ERR(rig_peer_is("iommufd") ? -EADDRINUSE : -EINVAL,
		   iofd_ioctl(m.iofd, IOMMU_HW_QUEUE_ALLOC, &queue));
	EXPECT_EQ(PAGE, ioas_unmap_all(m.iofd, m.ioas));
	mock_close(&m);
	memory_free(&mem);
}

static const struct ktap_case cases[] = {
	{ "access", run_access, NULL },
	{ "queue", run_queue, NULL },
	{}
};

const struct ktap_suite mock_pages = { "mock-pages", cases };
