// SPDX-License-Identifier: GPL-2.0-only
/*
 * HWPTs, paging and nested, and dirty tracking: what kmod/device/hwpt.h promises.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "alloc_fault.h"
#include "balance.h"
#include "device/hwpt.h"
#include "memory.h"
#include "mock_rig.h"

#define IOVA	((u64)MOCK_APERTURE_START)
#define NPAGES	16UL

static struct mock_rig rig;

static int hwpt_test_init(struct kunit *test)
{
	mock_rig_open(test, &rig, 0);
	return 0;
}

static void hwpt_test_exit(struct kunit *test)
{
	mock_rig_close(&rig);
}

static const struct flags_case {
	const char *name;
	u32 flags;
	int rc;
} flags_cases[] = {
	{ "none", 0, 0 },
	{ "parent", IOMMU_HWPT_ALLOC_NEST_PARENT, 0 },
	{ "dirty", IOMMU_HWPT_ALLOC_DIRTY_TRACKING, 0 },
	{ "pasid", IOMMU_HWPT_ALLOC_PASID, 0 },
	{ "all-of-them", IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_PASID |
			 IOMMU_HWPT_ALLOC_DIRTY_TRACKING, 0 },
	{ "fault-of-none", IOMMU_HWPT_FAULT_ID_VALID, -ENOENT },
	{ "fault-of-parent", IOMMU_HWPT_FAULT_ID_VALID |
			     IOMMU_HWPT_ALLOC_NEST_PARENT, -EOPNOTSUPP },
	{ "unknown", 1 << 30, -EOPNOTSUPP },
};

KUNIT_ARRAY_PARAM_DESC(flags, flags_cases, name);

static void hwpt_alloc_takes_flags(struct kunit *test)
{
	const struct flags_case *param = test->param_value;
	long id = rig_hwpt(&rig, rig.ioas, param->flags);

	KUNIT_EXPECT_EQ(test, min(id, 0L), param->rc);
	if (id > 0)
		KUNIT_EXPECT_EQ(test, rig_destroy(&rig, id), 0);
}

static void hwpt_alloc_checks_what_it_is_given(struct kunit *test)
{
	struct iommu_hwpt_alloc alloc = {
		.dev_id = rig.dev,
		.pt_id = rig.ioas,
		.fault_id = 1,
	};

	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_HWPT_ALLOC, &alloc,
					sizeof(alloc)), -EINVAL);
	alloc.fault_id = 0;
	alloc.data_len = 4;
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_HWPT_ALLOC, &alloc,
					sizeof(alloc)), -EINVAL);
	alloc.data_len = 0;
	alloc.data_type = IOMMU_HWPT_DATA_SELFTEST;
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_HWPT_ALLOC, &alloc,
					sizeof(alloc)), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_hwpt(&rig, rig.dev, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_hwpt(&rig, 12345, 0), -ENOENT);
	/* On another HWPT there has to be data. */
	KUNIT_EXPECT_EQ(test, rig_hwpt(&rig, rig.hwpt, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_nested(&rig, rig.hwpt,
					 IOMMU_HWPT_ALLOC_DIRTY_TRACKING, 0),
			-EOPNOTSUPP);
}

/* There is one driver only, so its domain is taken for that of another one. */
static void hwpt_is_for_devices_of_its_driver(struct kunit *test)
{
	long parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	struct iommufd_hwpt_paging *paging;
	const struct iommu_ops *owner;

	paging = hwpt_get_paging(rig.iofd.ictx, parent);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, paging);
	object_put(&rig.iofd.ictx->objects, &paging->hwpt.obj);
	owner = paging->hwpt.domain->owner;
	paging->hwpt.domain->owner = NULL;
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, parent), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_nested(&rig, parent, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_viommu(&rig, parent), -EINVAL);
	paging->hwpt.domain->owner = owner;
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, parent), 0);
}

static void hwpt_nested_goes_before_its_parent(struct kunit *test)
{
	long parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	long nested = rig_nested(&rig, parent, 0, 0);

	KUNIT_ASSERT_GT(test, nested, 0);
	KUNIT_EXPECT_EQ(test, rig_nested(&rig, nested, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, parent), -EBUSY);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, nested), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, nested), -EBUSY);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, rig.ioas), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, nested), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, parent), 0);
}

static void hwpt_invalidate_says_how_far_it_got(struct kunit *test)
{
	long parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	long nested = rig_nested(&rig, parent, 0, 0);
	unsigned long va = memory_map(test, MEMORY_BASE, 1);
	const struct iommu_hwpt_invalidate_selftest requests[3] = {
		{ .iotlb_id = 1 },
		{ .iotlb_id = 2 },
		{ .flags = 0x80 },
	};
	struct iommu_hwpt_invalidate arg = {
		.hwpt_id = nested,
		.data_uptr = va,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.entry_len = sizeof(requests[0]),
		.entry_num = 3,
	};

	KUNIT_ASSERT_GT(test, nested, 0);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)va, requests,
					   sizeof(requests)), 0);
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_HWPT_INVALIDATE, &arg,
					sizeof(arg)), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, arg.entry_num, 2);
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_HWPT_INVALIDATE, &arg,
					sizeof(arg)), 0);
	KUNIT_EXPECT_EQ(test, arg.entry_num, 2);
	arg.hwpt_id = parent;
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_HWPT_INVALIDATE, &arg,
					sizeof(arg)), -EINVAL);
	KUNIT_EXPECT_EQ(test, arg.entry_num, 0);
	arg.__reserved = 1;
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_HWPT_INVALIDATE, &arg,
					sizeof(arg)), -EOPNOTSUPP);
}

static void map(struct kunit *test, unsigned long va, unsigned long npages)
{
	struct iommu_ioas_map map = {
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = rig.ioas,
		.user_va = va,
		.length = npages << PAGE_SHIFT,
		.iova = IOVA,
	};

	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_IOAS_MAP, &map,
					sizeof(map)), 0);
}

static void hwpt_alloc_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	struct balance before;
	struct file *file;
	struct fault fault;
	long faults;

	fault_require(test);
	map(test, va, NPAGES);
	faults = rig_fault(&rig, &file);
	KUNIT_ASSERT_GT(test, faults, 0);
	before = balance_now();
	for_each_fault(&fault) {
		long parent, nested;

		fault_arm(&fault);
		parent = rig_hwpt(&rig, rig.ioas,
				  IOMMU_HWPT_ALLOC_NEST_PARENT);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, min(parent, 0L))) {
			balance_expect_even(test, &before);
			continue;
		}
		fault_arm(&fault);
		nested = rig_nested(&rig, parent, IOMMU_HWPT_FAULT_ID_VALID,
				    faults);
		fault_disarm(&fault);
		if (nested < 0)
			fault.nr_failed++;
		else
			KUNIT_EXPECT_EQ(test, rig_destroy(&rig, nested), 0);
		KUNIT_EXPECT_EQ(test, rig_destroy(&rig, parent), 0);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 4);
	balance_expect_even(test, &before);
	__fput_sync(file);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, faults), 0);
}

static long set_tracking(u32 hwpt, u32 flags)
{
	struct iommu_hwpt_set_dirty_tracking arg = {
		.hwpt_id = hwpt,
		.flags = flags,
	};

	return rig_ioctl(&rig, IOMMU_HWPT_SET_DIRTY_TRACKING, &arg,
			 sizeof(arg));
}

/* The pages whose bits are set are written to; @bits is in user memory. */
static long write_pages(u32 hwpt, unsigned long bits)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DIRTY,
		.id = hwpt,
		.dirty = {
			.iova = IOVA,
			.length = NPAGES << PAGE_SHIFT,
			.page_size = PAGE_SIZE,
			.uptr = bits,
		},
	};
	long rc = rig_test(&rig, &cmd);

	return rc ? rc : cmd.dirty.out_nr_dirty;
}

static long get_bitmap(u32 hwpt, u32 flags, unsigned long bits,
		       unsigned long npages, u64 page_size)
{
	struct iommu_hwpt_get_dirty_bitmap arg = {
		.hwpt_id = hwpt,
		.flags = flags,
		.iova = IOVA,
		.length = npages << PAGE_SHIFT,
		.page_size = page_size,
		.data = bits,
	};

	return rig_ioctl(&rig, IOMMU_HWPT_GET_DIRTY_BITMAP, &arg, sizeof(arg));
}

static void set_word(struct kunit *test, unsigned long va, u64 word)
{
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)va, &word,
					   sizeof(word)), 0);
}

static u64 word_at(struct kunit *test, unsigned long va)
{
	u64 word;

	KUNIT_ASSERT_EQ(test, copy_from_user(&word, (void __user *)va,
					     sizeof(word)), 0);
	return word;
}

static void dirty_pages_are_told_until_cleared(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	unsigned long bits = memory_map(test, MEMORY_BASE, 1);
	long hwpt;

	map(test, va, NPAGES);
	hwpt = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	KUNIT_ASSERT_GT(test, hwpt, 0);
	set_word(test, bits, 0x8005);
	KUNIT_ASSERT_EQ(test, write_pages(hwpt, bits), 3);
	/* What was before is no news. */
	KUNIT_ASSERT_EQ(test, set_tracking(hwpt,
					   IOMMU_HWPT_DIRTY_TRACKING_ENABLE),
			0);
	set_word(test, bits, 0);
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt, 0, bits, NPAGES, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, word_at(test, bits), 0);

	set_word(test, bits, 0x4041);
	KUNIT_ASSERT_EQ(test, write_pages(hwpt, bits), 3);
	/* Bits that are set stay; looking without clearing changes nothing. */
	set_word(test, bits, 0x10000);
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt,
					 IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR,
					 bits, NPAGES, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, word_at(test, bits), 0x14041);
	set_word(test, bits, 0);
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt, 0, bits, NPAGES, 2 * PAGE_SIZE),
			0);
	KUNIT_EXPECT_EQ(test, word_at(test, bits), 0x89);
	set_word(test, bits, 0);
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt, 0, bits, NPAGES, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, word_at(test, bits), 0);
	KUNIT_EXPECT_EQ(test, set_tracking(hwpt, 0), 0);
}

static void dirty_tracking_checks_what_it_is_given(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, NPAGES);
	long hwpt, plain;

	map(test, va, NPAGES);
	hwpt = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	plain = rig_hwpt(&rig, rig.ioas, 0);
	KUNIT_ASSERT_GT(test, min(hwpt, plain), 0);
	KUNIT_EXPECT_EQ(test, set_tracking(hwpt, 2), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, set_tracking(plain, 0), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, set_tracking(rig.ioas, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, get_bitmap(plain, 0, va, 1, PAGE_SIZE),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, get_bitmap(rig.ioas, 0, va, 1, PAGE_SIZE),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt, 2, va, 1, PAGE_SIZE),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt, 0, va, 0, PAGE_SIZE), -EINVAL);
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt, 0, va, 1, MOCK_PAGE_SIZE / 2),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt, 0, va, 1, 3 * PAGE_SIZE),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt, 0, va, 1, 2 * PAGE_SIZE),
			-EINVAL);
	/* One page more than there is: dirty_test.c. */
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt, 0, va, NPAGES + 1, PAGE_SIZE),
			0);
	KUNIT_EXPECT_EQ(test, get_bitmap(hwpt, 0, va, NPAGES, PAGE_SIZE), 0);
}

static void hwpt_that_tracks_takes_no_device_that_cannot(struct kunit *test)
{
	long hwpt = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
		.id = rig.ioas,
		.mock_domain_flags.dev_flags = MOCK_FLAGS_DEVICE_NO_DIRTY,
	};

	KUNIT_ASSERT_GT(test, hwpt, 0);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, hwpt), 0);
	KUNIT_ASSERT_EQ(test, rig_test(&rig, &cmd), 0);
	rig.stdev = cmd.mock_domain_flags.out_stdev_id;
	rig.dev = cmd.mock_domain_flags.out_idev_id;
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, hwpt), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_hwpt(&rig, rig.ioas,
				       IOMMU_HWPT_ALLOC_DIRTY_TRACKING),
			-EOPNOTSUPP);
}

static struct kunit_case hwpt_test_cases[] = {
	KUNIT_CASE_PARAM(hwpt_alloc_takes_flags, flags_gen_params),
	KUNIT_CASE(hwpt_alloc_checks_what_it_is_given),
	KUNIT_CASE(hwpt_is_for_devices_of_its_driver),
	KUNIT_CASE(hwpt_nested_goes_before_its_parent),
	KUNIT_CASE(hwpt_invalidate_says_how_far_it_got),
	KUNIT_CASE(hwpt_alloc_fails_without_a_trace),
	KUNIT_CASE(dirty_pages_are_told_until_cleared),
	KUNIT_CASE(dirty_tracking_checks_what_it_is_given),
	KUNIT_CASE(hwpt_that_tracks_takes_no_device_that_cannot),
	{}
};

static struct kunit_suite hwpt_test_suite = {
	.name = "iommufd-hwpt",
	.init = hwpt_test_init,
	.exit = hwpt_test_exit,
	.test_cases = hwpt_test_cases,
};

kunit_test_suite(hwpt_test_suite);
