// SPDX-License-Identifier: GPL-2.0-only
/*
 * HWPTs whose domain says what it can hold only when a device is attached, as those of
 * SMMUv2 do: what kmod/device/hwpt.h promises of them.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <uapi/linux/iommufd.h>

#include "device/device.h"
#include "device/group.h"
#include "memory.h"
#include "mock_rig.h"

#define IOVA	((u64)MOCK_APERTURE_START)

static struct mock_rig rig;
/* Another IOAS than that of the rig, which is what domains are late for. */
static u32 ioas;
static unsigned long va;

static int late_test_init(struct kunit *test)
{
	struct iommu_ioas_alloc alloc = {};

	mock_rig_open(test, &rig, 0);
	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_IOAS_ALLOC, &alloc,
					sizeof(alloc)), 0);
	ioas = alloc.out_ioas_id;
	va = memory_map(test, MEMORY_BASE, 1);
	mock_ways.late_aperture = true;
	return 0;
}

static void late_test_exit(struct kunit *test)
{
	mock_ways = (struct mock_ways){};
	mock_rig_close(&rig);
}

static long map(u64 iova)
{
	struct iommu_ioas_map map = {
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE,
		.ioas_id = ioas,
		.user_va = va,
		.length = PAGE_SIZE,
		.iova = iova,
	};

	return rig_ioctl(&rig, IOMMU_IOAS_MAP, &map, sizeof(map));
}

/* Where the rig's device is. */
static const struct iommufd_hwpt *hwpt_of_device(struct kunit *test)
{
	return rig_device(&rig)->group->attachment->hwpt;
}

static bool device_reaches(struct kunit *test, u64 iova)
{
	return iommu_iova_to_phys(hwpt_of_device(test)->domain, iova);
}

static void late_hwpt_is_filled_when_a_device_is_attached(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, map(IOVA), 0);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, ioas), 0);
	KUNIT_EXPECT_TRUE(test, device_reaches(test, IOVA));
	/* From then on it is like others. */
	KUNIT_EXPECT_EQ(test, map(0), -EINVAL);
	KUNIT_EXPECT_EQ(test, map(IOVA + PAGE_SIZE), 0);
	KUNIT_EXPECT_TRUE(test, device_reaches(test, IOVA + PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, rig.ioas), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, ioas), 0);
}

static void late_hwpt_of_userspace_is_filled_once(struct kunit *test)
{
	long hwpt = rig_hwpt(&rig, ioas, 0), unused = rig_hwpt(&rig, ioas, 0);

	KUNIT_ASSERT_GT(test, min(hwpt, unused), 0);
	KUNIT_ASSERT_EQ(test, map(IOVA), 0);
	for (int i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, rig_attach(&rig, hwpt), 0);
		KUNIT_EXPECT_TRUE(test, device_reaches(test, IOVA));
		KUNIT_EXPECT_EQ(test, rig_attach(&rig, rig.ioas), 0);
	}
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, hwpt), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, unused), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, ioas), 0);
}

static void late_hwpt_has_no_flags(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, rig_hwpt(&rig, ioas, IOMMU_HWPT_ALLOC_NEST_PARENT),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, rig_hwpt(&rig, ioas, IOMMU_HWPT_ALLOC_PASID),
			-EOPNOTSUPP);
}

/* Something is mapped that the domain, as it turns out, can not hold. */
static void late_hwpt_that_can_not_be_filled_is_left(struct kunit *test)
{
	const struct iommufd_hwpt *old = hwpt_of_device(test);
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN,
		.id = ioas,
	};

	KUNIT_ASSERT_EQ(test, map(0), 0);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, ioas), -EADDRINUSE);
	KUNIT_EXPECT_PTR_EQ(test, hwpt_of_device(test), old);
	/* Nor a device that was nowhere. */
	KUNIT_EXPECT_EQ(test, rig_test(&rig, &cmd), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, ioas), 0);
}

static void late_hwpt_holds_a_device_that_can_not_go_back(struct kunit *test)
{
	const struct iommufd_hwpt *old = hwpt_of_device(test);

	KUNIT_ASSERT_EQ(test, map(0), 0);
	mock_ways.attaches_fail_after = 1;
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, ioas), -EADDRINUSE);
	mock_ways = (struct mock_ways){};
	KUNIT_EXPECT_PTR_NE(test, hwpt_of_device(test), old);
	KUNIT_EXPECT_FALSE(test, device_reaches(test, 0));
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, ioas), -EBUSY);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, rig.ioas), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, ioas), 0);
}

static struct kunit_case late_test_cases[] = {
	KUNIT_CASE(late_hwpt_is_filled_when_a_device_is_attached),
	KUNIT_CASE(late_hwpt_of_userspace_is_filled_once),
	KUNIT_CASE(late_hwpt_has_no_flags),
	KUNIT_CASE(late_hwpt_that_can_not_be_filled_is_left),
	KUNIT_CASE(late_hwpt_holds_a_device_that_can_not_go_back),
	{}
};

static struct kunit_suite late_test_suite = {
	.name = "iommufd-late-hwpt",
	.init = late_test_init,
	.exit = late_test_exit,
	.test_cases = late_test_cases,
};

kunit_test_suite(late_test_suite);
