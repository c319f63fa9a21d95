// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs of a device: what kmod/device/group.h promises of them.
 */
#include <kunit/test.h>
#include <uapi/linux/iommufd.h>

#include "alloc_fault.h"
#include "device/device.h"
#include "device/group.h"
#include "device/hwpt.h"
#include "mock_rig.h"

#define PASID	100

static struct mock_rig rig;
static long tagged, other, plain;

/* A device with PASIDs, two HWPTs for them and one that is not. */
static int pasid_test_init(struct kunit *test)
{
	mock_rig_open(test, &rig, MOCK_FLAGS_DEVICE_PASID);
	tagged = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_PASID);
	other = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_PASID);
	plain = rig_hwpt(&rig, rig.ioas, 0);
	KUNIT_ASSERT_GT(test, min3(tagged, other, plain), 0);
	return 0;
}

static void pasid_test_exit(struct kunit *test)
{
	mock_rig_close(&rig);
}

static long attach(u32 pasid, u32 pt)
{
	return rig_pasid(&rig, IOMMU_TEST_OP_PASID_ATTACH, pasid, pt);
}

static long replace(u32 pasid, u32 pt)
{
	return rig_pasid(&rig, IOMMU_TEST_OP_PASID_REPLACE, pasid, pt);
}

static long detach(u32 pasid)
{
	return rig_pasid(&rig, IOMMU_TEST_OP_PASID_DETACH, pasid, 0);
}

/* 0 when it is at the HWPT, or for 0 at none. */
static long is_at(u32 pasid, u32 pt)
{
	return rig_pasid(&rig, IOMMU_TEST_OP_PASID_CHECK_HWPT, pasid, pt);
}

static void pasid_comes_and_goes(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, tagged), 0);
	KUNIT_EXPECT_EQ(test, detach(PASID), 0);
	KUNIT_EXPECT_EQ(test, replace(PASID, tagged), -EINVAL);
	KUNIT_ASSERT_EQ(test, attach(PASID, tagged), 0);
	KUNIT_EXPECT_EQ(test, is_at(PASID, tagged), 0);
	KUNIT_EXPECT_EQ(test, is_at(PASID + 1, 0), 0);
	KUNIT_EXPECT_EQ(test, attach(PASID, other), -EBUSY);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, tagged), -EBUSY);

	KUNIT_EXPECT_EQ(test, replace(PASID, other), 0);
	KUNIT_EXPECT_EQ(test, is_at(PASID, other), 0);
	KUNIT_EXPECT_EQ(test, replace(PASID, other), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, other), -EBUSY);
	KUNIT_EXPECT_EQ(test, detach(PASID), 0);
	KUNIT_EXPECT_EQ(test, is_at(PASID, 0), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, other), 0);
}

typedef int (*move_fn)(struct iommufd_device *idev, ioasid_t pasid,
		       struct iommufd_hwpt *hwpt, struct iommufd_hwpt **unused);

/* Attach or replace the PASID of a device that is no object. */
static int move(struct iommufd_device *idev, move_fn fn, u32 pt)
{
	struct iommufd_hwpt_paging *paging = hwpt_get_paging(idev->ictx, pt);
	struct iommufd_hwpt *unused;
	int rc;

	if (IS_ERR(paging))
		return PTR_ERR(paging);
	object_hold(&paging->hwpt.obj);
	object_put(&idev->ictx->objects, &paging->hwpt.obj);
	rc = fn(idev, PASID, &paging->hwpt, &unused);
	if (unused)
		hwpt_release(unused);
	return rc;
}

/* The mock has no such groups, so the second device is the first one again. */
static void pasid_is_that_of_the_group(struct kunit *test)
{
	struct iommufd_device *first = rig_device(&rig);
	struct iommufd_device second = {};
	struct iommufd_hwpt *unused;

	second.ictx = first->ictx;
	second.group = first->group;
	second.dev = first->dev;
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, tagged), 0);
	KUNIT_ASSERT_EQ(test, attach(PASID, other), 0);
	KUNIT_EXPECT_EQ(test, move(&second, pasid_replace, tagged), -EINVAL);
	KUNIT_EXPECT_EQ(test, move(&second, pasid_attach, tagged), -EINVAL);
	KUNIT_EXPECT_EQ(test, move(&second, pasid_attach, other), 0);
	KUNIT_EXPECT_EQ(test, move(&second, pasid_attach, other), -EBUSY);

	/* One moves both, and the last one to leave takes it away. */
	KUNIT_EXPECT_EQ(test, replace(PASID, tagged), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, other), 0);
	KUNIT_EXPECT_EQ(test, detach(PASID), 0);
	KUNIT_EXPECT_EQ(test, detach(PASID), 0);
	KUNIT_EXPECT_EQ(test, is_at(PASID, tagged), 0);
	KUNIT_EXPECT_EQ(test, move(&second, pasid_replace, tagged), 0);
	pasid_detach(&second, PASID, &unused);
	KUNIT_EXPECT_NOT_NULL(test, unused);
	if (unused)
		hwpt_release(unused);
	KUNIT_EXPECT_EQ(test, is_at(PASID, 0), 0);
}

static void pasid_needs_a_hwpt_for_it(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, tagged), 0);
	KUNIT_EXPECT_EQ(test, attach(PASID, plain), -EINVAL);
	KUNIT_EXPECT_EQ(test, attach(PASID, rig.ioas), -EINVAL);
	KUNIT_EXPECT_EQ(test, attach(PASID, rig.stdev), -EINVAL);
	KUNIT_EXPECT_EQ(test, attach(PASID, 12345), -ENOENT);
	KUNIT_EXPECT_EQ(test, attach(1 << MOCK_PASID_WIDTH, tagged), -EINVAL);
	KUNIT_EXPECT_EQ(test, attach((1 << MOCK_PASID_WIDTH) - 1, tagged), 0);
}

/* Hardware looks PASIDs up by way of the domain of the untagged DMA. */
static void pasid_goes_together_with_the_untagged(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, plain), 0);
	KUNIT_EXPECT_EQ(test, attach(PASID, tagged), -EINVAL);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, other), 0);
	KUNIT_ASSERT_EQ(test, attach(PASID, tagged), 0);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, plain), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, rig.ioas), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, tagged), 0);
	KUNIT_ASSERT_EQ(test, detach(PASID), 0);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, plain), 0);
}

static void pasid_replace_fails_where_it_was(struct kunit *test)
{
	long parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	long nested = rig_nested(&rig, parent, IOMMU_HWPT_ALLOC_PASID, 0);

	KUNIT_ASSERT_GT(test, nested, 0);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, tagged), 0);
	KUNIT_ASSERT_EQ(test, attach(IOMMU_TEST_PASID_RESERVED, tagged), 0);
	KUNIT_EXPECT_EQ(test, replace(IOMMU_TEST_PASID_RESERVED, nested),
			-ENOMEM);
	KUNIT_EXPECT_EQ(test, is_at(IOMMU_TEST_PASID_RESERVED, tagged), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, nested), 0);
}

static void pasid_ends_with_its_device(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, tagged), 0);
	KUNIT_ASSERT_EQ(test, attach(PASID, other), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.stdev), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, other), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, tagged), 0);
}

static void pasid_attach_fails_without_a_trace(struct kunit *test)
{
	struct fault fault;

	fault_require(test);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, tagged), 0);
	for_each_fault(&fault) {
		int rc;

		fault_arm(&fault);
		rc = attach(PASID, other);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc)) {
			KUNIT_EXPECT_EQ(test, is_at(PASID, 0), 0);
			continue;
		}
		KUNIT_EXPECT_EQ(test, detach(PASID), 0);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, other), 0);
}

static void pasid_replace_without_memory_leaves_it(struct kunit *test)
{
	struct fault fault;

	fault_require(test);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, tagged), 0);
	KUNIT_ASSERT_EQ(test, attach(PASID, other), 0);
	for_each_fault(&fault) {
		int rc;

		fault_arm(&fault);
		rc = replace(PASID, tagged);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc))
			KUNIT_EXPECT_EQ(test, is_at(PASID, other), 0);
		else
			KUNIT_EXPECT_EQ(test, replace(PASID, other), 0);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

static struct kunit_case pasid_test_cases[] = {
	KUNIT_CASE(pasid_comes_and_goes),
	KUNIT_CASE(pasid_is_that_of_the_group),
	KUNIT_CASE(pasid_needs_a_hwpt_for_it),
	KUNIT_CASE(pasid_goes_together_with_the_untagged),
	KUNIT_CASE(pasid_replace_fails_where_it_was),
	KUNIT_CASE(pasid_ends_with_its_device),
	KUNIT_CASE(pasid_attach_fails_without_a_trace),
	KUNIT_CASE(pasid_replace_without_memory_leaves_it),
	{}
};

static struct kunit_suite pasid_test_suite = {
	.name = "iommufd-pasid",
	.init = pasid_test_init,
	.exit = pasid_test_exit,
	.test_cases = pasid_test_cases,
};

kunit_test_suite(pasid_test_suite);
