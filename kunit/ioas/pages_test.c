// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes to pages: what is mapped by the byte, for those who count in pages.
 */
#include <kunit/test.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <uapi/linux/iommufd.h>

#include "balance.h"
#include "ioas/area.h"
#include "ioas/ioas.h"
#include "memory.h"
#include "mock_rig.h"

#define RW		(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FIXED		IOMMU_IOAS_MAP_FIXED_IOVA
#define IOVA		((u64)MOCK_APERTURE_START)
/* As little as a mock device needs. */
#define HALF_BYTES	((u64)MOCK_PAGE_SIZE)

static struct mock_rig rig;
static struct iommufd_ioas *store;

/* Two halves of a page of IOVAs, each at the start of a page of its own. */
static void map_halves(struct kunit *test, u32 ioas)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 2);
	struct iommu_ioas_map map = {
		.flags = FIXED | RW,
		.ioas_id = ioas,
		.user_va = va,
		.length = HALF_BYTES,
		.iova = IOVA,
	};

	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_IOAS_MAP, &map,
					sizeof(map)), 0);
	map.user_va += PAGE_SIZE;
	map.iova += HALF_BYTES;
	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_IOAS_MAP, &map,
					sizeof(map)), 0);
}

static long copy(u32 dst, u32 src, u64 length_bytes)
{
	struct iommu_ioas_copy copy = {
		.flags = FIXED | RW,
		.dst_ioas_id = dst,
		.src_ioas_id = src,
		.length = length_bytes,
		.dst_iova = IOVA,
		.src_iova = IOVA,
	};

	return rig_ioctl(&rig, IOMMU_IOAS_COPY, &copy, sizeof(copy));
}

static void access_unmap(void *data, unsigned long iova, unsigned long length)
{
}

static const struct iommufd_access_ops pin_ops = {
	.needs_pin_pages = 1,
	.unmap = access_unmap,
};

static struct iommufd_access *attach_access(struct kunit *test,
					    struct iommufd_ioas *ioas)
{
	struct iommufd_access *access;
	u32 id;

	access = iommufd_access_create(rig.iofd.ictx, &pin_ops, NULL, &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, access);
	KUNIT_ASSERT_EQ(test, iommufd_access_attach(access, ioas->obj.id), 0);
	return access;
}

/*
 * Each half would be a page in the array that an access has for all of it, and
 * there is room for one.
 */
static void copy_of_halves_is_not_for_accesses(struct kunit *test)
{
	struct iommufd_ioas *dst = iofd_ioas(test, &rig.iofd);
	struct balance before = balance_now();
	struct page *pages[2] = {};
	struct iommufd_access *access;

	map_halves(test, store->obj.id);
	access = attach_access(test, dst);
	KUNIT_EXPECT_EQ(test, copy(dst->obj.id, store->obj.id, 2 * HALF_BYTES),
			-EINVAL);
	KUNIT_EXPECT_NE(test, iommufd_access_pin_pages(access, IOVA, PAGE_SIZE,
						       pages, 0), 0);
	KUNIT_EXPECT_NULL(test, pages[1]);
	balance_expect_even(test, &before);
	iommufd_access_destroy(access);
	/* Nothing is left there, and without the access there is no need. */
	KUNIT_EXPECT_EQ(test, copy(dst->obj.id, store->obj.id, 2 * HALF_BYTES),
			0);
}

/* Neither for an IOAS where all is mapped by the page. */
static void copy_of_halves_is_not_for_pages(struct kunit *test)
{
	struct iommufd_ioas *dst = iofd_ioas(test, &rig.iofd);

	map_halves(test, store->obj.id);
	KUNIT_ASSERT_EQ(test, ioas_set_combine(dst, false), 0);
	KUNIT_EXPECT_EQ(test, copy(dst->obj.id, store->obj.id, 2 * HALF_BYTES),
			-EINVAL);
	KUNIT_ASSERT_EQ(test, ioas_set_combine(dst, true), 0);
	KUNIT_EXPECT_EQ(test, copy(dst->obj.id, store->obj.id, 2 * HALF_BYTES),
			0);
}

static long hw_queue(u32 viommu, u64 iova, u64 length_bytes)
{
	struct iommu_hw_queue_alloc alloc = {
		.viommu_id = viommu,
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.nesting_parent_iova = iova,
		.length = length_bytes,
	};
	long rc = rig_ioctl(&rig, IOMMU_HW_QUEUE_ALLOC, &alloc, sizeof(alloc));

	return rc ? rc : alloc.out_hw_queue_id;
}

/* The IOAS has a device of small pages, so it takes them. */
static void hw_queue_is_not_in_halves(struct kunit *test)
{
	long parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	struct balance before;
	long viommu;

	KUNIT_ASSERT_GT(test, parent, 0);
	viommu = rig_viommu(&rig, parent);
	KUNIT_ASSERT_GT(test, viommu, 0);
	map_halves(test, rig.ioas);
	before = balance_now();
	KUNIT_EXPECT_EQ(test, hw_queue(viommu, IOVA, PAGE_SIZE), -EINVAL);
	balance_expect_even(test, &before);
}

/* So many bits that their number in words is not a number. */
static void mock_dirty_is_counted_without_a_wrap(struct kunit *test)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DIRTY,
		.dirty = { .page_size = 1, .length = U64_MAX },
	};
	long hwpt = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);

	KUNIT_ASSERT_GT(test, hwpt, 0);
	cmd.id = hwpt;
	cmd.dirty.uptr = (u64)rig.iofd.arg;
	KUNIT_EXPECT_EQ(test, rig_test(&rig, &cmd), -ENOMEM);
}

static int pages_test_init(struct kunit *test)
{
	mock_rig_open(test, &rig, 0);
	store = iofd_ioas(test, &rig.iofd);
	return 0;
}

static void pages_test_exit(struct kunit *test)
{
	mock_rig_close(&rig);
}

static struct kunit_case pages_test_cases[] = {
	KUNIT_CASE(copy_of_halves_is_not_for_accesses),
	KUNIT_CASE(copy_of_halves_is_not_for_pages),
	KUNIT_CASE(hw_queue_is_not_in_halves),
	KUNIT_CASE(mock_dirty_is_counted_without_a_wrap),
	{}
};

static struct kunit_suite pages_test_suite = {
	.name = "iommufd-pages",
	.init = pages_test_init,
	.exit = pages_test_exit,
	.test_cases = pages_test_cases,
};

kunit_test_suite(pages_test_suite);
