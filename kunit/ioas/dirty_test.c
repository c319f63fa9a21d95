// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking of a range: holes, dma-bufs, long ones. What a HWPT says of single
 * pages is in hwpt_test.c.
 */
#include <kunit/test.h>
#include <linux/fdtable.h>
#include <linux/iommu.h>
#include <linux/iova_bitmap.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "device/hwpt.h"
#include "hold.h"
#include "memory.h"
#include "mock_rig.h"

#define IOVA	((u64)MOCK_APERTURE_START)
#define FLAGS	(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | \
		 IOMMU_IOAS_MAP_WRITEABLE)
#define NPAGES	16UL

static struct mock_rig rig;

/**
 * struct tracked - a HWPT that tracks
 * @hwpt: its ID
 * @domain: its domain
 * @ops: how the domain is read
 * @bits: a word in the program's memory
 */
struct tracked {
	u32 hwpt;
	struct iommu_domain *domain;
	const struct iommu_dirty_ops *ops;
	unsigned long bits;
};

static struct tracked tracked;

/* Pages from IOVA on. */
static void map(struct kunit *test, unsigned long first, unsigned long va,
		unsigned long npages)
{
	struct iommu_ioas_map map = {
		.flags = FLAGS,
		.ioas_id = rig.ioas,
		.user_va = va,
		.length = npages << PAGE_SHIFT,
		.iova = IOVA + first * PAGE_SIZE,
	};

	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_IOAS_MAP, &map,
					sizeof(map)), 0);
}

static void track(struct kunit *test)
{
	struct iommu_hwpt_set_dirty_tracking arg = {
		.flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE,
	};
	long hwpt = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	struct iommufd_hwpt_paging *paging;

	KUNIT_ASSERT_GT(test, hwpt, 0);
	paging = hwpt_get_paging(rig.iofd.ictx, hwpt);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, paging);
	tracked.hwpt = hwpt;
	tracked.domain = paging->hwpt.domain;
	tracked.ops = tracked.domain->dirty_ops;
	object_put(&rig.iofd.ictx->objects, &paging->hwpt.obj);
	arg.hwpt_id = hwpt;
	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_HWPT_SET_DIRTY_TRACKING,
					&arg, sizeof(arg)), 0);
	/* Anywhere in a page. */
	tracked.bits = memory_map(test, MEMORY_BASE, 1) + 1234 * sizeof(u16);
}

static void set_bits(struct kunit *test, u64 bits)
{
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)tracked.bits, &bits,
					   sizeof(bits)), 0);
}

/* As a device would, to the pages of which a bit is set. */
static void write_pages(struct kunit *test, u64 bits)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DIRTY,
		.id = tracked.hwpt,
		.dirty = {
			.iova = IOVA,
			.length = NPAGES << PAGE_SHIFT,
			.page_size = PAGE_SIZE,
			.uptr = tracked.bits,
		},
	};

	set_bits(test, bits);
	KUNIT_ASSERT_EQ(test, rig_test(&rig, &cmd), 0);
	KUNIT_ASSERT_EQ(test, cmd.dirty.out_nr_dirty, hweight64(bits));
}

static long get_bitmap(unsigned long first, unsigned long npages)
{
	struct iommu_hwpt_get_dirty_bitmap arg = {
		.hwpt_id = tracked.hwpt,
		.iova = IOVA + first * PAGE_SIZE,
		.length = npages << PAGE_SHIFT,
		.page_size = PAGE_SIZE,
		.data = tracked.bits,
	};

	return rig_ioctl(&rig, IOMMU_HWPT_GET_DIRTY_BITMAP, &arg, sizeof(arg));
}

/* Which of the pages are dirty; they are clean then. */
static u64 dirty_pages(struct kunit *test, unsigned long first,
		       unsigned long npages)
{
	u64 bits;

	set_bits(test, 0);
	KUNIT_EXPECT_EQ(test, get_bitmap(first, npages), 0);
	KUNIT_ASSERT_EQ(test, copy_from_user(&bits,
					     (void __user *)tracked.bits,
					     sizeof(bits)), 0);
	return bits;
}

/* Only what is mapped can be dirty; what is not is no reason to fail. */
static void dirty_bitmap_of_a_range_with_holes(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);

	track(test);
	map(test, 0, va, 1);
	map(test, 2, va, 3);
	map(test, 7, va, 2);
	write_pages(test, 0x19d);
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 0, NPAGES), 0x19d);
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 0, NPAGES), 0);
	/* From the midst of one to the midst of another, and of nothing. */
	write_pages(test, 0x19d);
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 3, 5), 0x13);
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 5, 2), 0);
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 9, 30), 0);
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 0, NPAGES), 0x105);
}

static void map_dmabuf(struct kunit *test, unsigned long first, int fd,
		       u32 flags)
{
	struct iommu_ioas_map_file map = {
		.flags = flags,
		.ioas_id = rig.ioas,
		.fd = fd,
		.length = NPAGES << PAGE_SHIFT,
		.iova = IOVA + first * PAGE_SIZE,
	};

	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_IOAS_MAP_FILE, &map,
					sizeof(map)), 0);
}

static void revoke(int fd)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_REVOKE,
		.dmabuf_revoke = { .dmabuf_fd = fd, .revoked = 1 },
	};

	KUNIT_EXPECT_EQ(rig.test, rig_test(&rig, &cmd), 0);
}

/* Its tables can go at any time, so it is not asked what is dirty: all is. */
static void dirty_bitmap_of_a_dmabuf_is_all_ones(struct kunit *test)
{
	int fd = rig_dmabuf(&rig, NPAGES << PAGE_SHIFT);
	int other = rig_dmabuf(&rig, NPAGES << PAGE_SHIFT);

	map_dmabuf(test, 0, fd, FLAGS);
	map_dmabuf(test, NPAGES, other, FLAGS & ~IOMMU_IOAS_MAP_WRITEABLE);
	track(test);
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 0, 2 * NPAGES), 0xffff);
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 3, NPAGES), 0x1fff);
	revoke(fd);
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 0, 2 * NPAGES), 0);
	close_fd(fd);
	close_fd(other);
}

/**
 * struct revocation - a dma-buf that is revoked while bits are read
 * @fd: its descriptor, or -1 when that was done
 * @first: its first IOVA
 */
static struct revocation {
	int fd;
	unsigned long first;
} revocation;

static int read_while_revoked(struct iommu_domain *domain, unsigned long iova,
			      size_t size, unsigned long flags,
			      struct iommu_dirty_bitmap *dirty)
{
	bool walked = iova <= revocation.first &&
		      iova + size > revocation.first;

	if (revocation.fd >= 0) {
		revoke(revocation.fd);
		close_fd(revocation.fd);
		revocation.fd = -1;
	}
	KUNIT_EXPECT_FALSE_MSG(rig.test,
			       walked && !iommu_iova_to_phys(domain,
							     revocation.first),
			       "unmapped under the walk");
	return tracked.ops->read_and_clear_dirty(domain, iova, size, flags,
						 dirty);
}

static void dirty_bitmap_while_a_dmabuf_is_revoked(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	const struct iommu_dirty_ops ops = {
		.read_and_clear_dirty = read_while_revoked,
	};

	revocation.fd = rig_dmabuf(&rig, NPAGES << PAGE_SHIFT);
	revocation.first = IOVA + NPAGES * PAGE_SIZE;
	map(test, 0, va, NPAGES);
	map_dmabuf(test, NPAGES, revocation.fd, FLAGS);
	track(test);
	write_pages(test, 0x8001);
	tracked.domain->dirty_ops = &ops;
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 0, 2 * NPAGES), 0x8001);
	tracked.domain->dirty_ops = tracked.ops;
	KUNIT_EXPECT_EQ(test, revocation.fd, -1);
}

static void get_job(void *data)
{
	long *rc = data;

	*rc = get_bitmap(0, NPAGES);
}

static void dirty_bitmap_can_be_killed(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	struct held *reader;
	long rc = 0;

	map(test, 0, va, 1);
	map(test, 1, va, 1);
	map(test, 2, va, 1);
	track(test);
	write_pages(test, 7);
	set_bits(test, 0);
	reader = hold_start(test, "dirty:read", get_job, &rc);
	hold_advance(test, reader, "dirty:read");
	hold_signal(reader);
	hold_finish(test, reader);
	KUNIT_EXPECT_EQ(test, rc, -EINTR);
	/* What was not read is still dirty. */
	KUNIT_EXPECT_EQ(test, dirty_pages(test, 0, NPAGES), 4);
}

static int dirty_test_init(struct kunit *test)
{
	mock_rig_open(test, &rig, 0);
	return 0;
}

static void dirty_test_exit(struct kunit *test)
{
	mock_rig_close(&rig);
}

static struct kunit_case dirty_test_cases[] = {
	KUNIT_CASE(dirty_bitmap_of_a_range_with_holes),
	KUNIT_CASE(dirty_bitmap_of_a_dmabuf_is_all_ones),
	KUNIT_CASE(dirty_bitmap_while_a_dmabuf_is_revoked),
	KUNIT_CASE(dirty_bitmap_can_be_killed),
	{}
};

static struct kunit_suite dirty_test_suite = {
	.name = "iommufd-dirty",
	.init = dirty_test_init,
	.exit = dirty_test_exit,
	.test_cases = dirty_test_cases,
};

kunit_test_suite(dirty_test_suite);
