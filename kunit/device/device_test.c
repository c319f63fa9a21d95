// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bound devices, and where their DMA goes: what kmod/device/device.h and the kAPI
 * promise. Of groups with one device; those with several are for real devices
 * (tests/dma_group.c).
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <uapi/linux/iommufd.h>

#include "alloc_fault.h"
#include "balance.h"
#include "device/device.h"
#include "ioas/ioas.h"
#include "memory.h"
#include "mock_rig.h"

#define IOVA	((u64)MOCK_APERTURE_START)
#define NPAGES	8UL

static struct mock_rig rig;
static struct iommufd_device *idev;
static struct iommufd_ioas *other;

static size_t nr_objects(void)
{
	struct iommufd_object *obj;
	unsigned long id;
	size_t nr = 0;

	xa_for_each(&rig.iofd.ictx->objects.objects, id, obj)
		nr++;
	return nr;
}

/* In the other IOAS. */
static int map(unsigned long va, u64 iova)
{
	return ioas_map_user(other, IOMMU_IOAS_MAP_READABLE |
			     IOMMU_IOAS_MAP_FIXED_IOVA, va,
			     NPAGES * PAGE_SIZE, iova, NULL);
}

static void device_is_its_drivers_to_end(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.dev), -EBUSY);
	KUNIT_EXPECT_EQ(test, iommufd_device_to_id(idev), rig.dev);
	KUNIT_EXPECT_PTR_EQ(test, iommufd_device_to_ictx(idev),
			    rig.iofd.ictx);
}

static void device_group_is_known_while_it_is_bound(struct kunit *test)
{
	struct iommu_group *group = iommu_group_get(idev->dev);

	KUNIT_ASSERT_NOT_NULL(test, group);
	KUNIT_EXPECT_TRUE(test, iommufd_ctx_has_group(rig.iofd.ictx, group));
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.stdev), 0);
	KUNIT_EXPECT_FALSE(test, iommufd_ctx_has_group(rig.iofd.ictx, group));
	iommu_group_put(group);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.dev), -ENOENT);
}

static void device_attach_takes_one_place(struct kunit *test)
{
	u32 pt = rig.ioas;

	KUNIT_EXPECT_EQ(test, iommufd_device_attach(idev, IOMMU_NO_PASID, &pt),
			-EINVAL);
	pt = other->obj.id;
	KUNIT_EXPECT_EQ(test, iommufd_device_attach(idev, IOMMU_NO_PASID, &pt),
			-EINVAL);
	pt = rig.hwpt;
	KUNIT_EXPECT_EQ(test, iommufd_device_attach(idev, IOMMU_NO_PASID, &pt),
			-EINVAL);
	iommufd_device_detach(idev, IOMMU_NO_PASID);
	pt = rig.ioas;
	KUNIT_EXPECT_EQ(test, iommufd_device_replace(idev, IOMMU_NO_PASID, &pt),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, iommufd_device_attach(idev, IOMMU_NO_PASID, &pt),
			0);
}

static const struct place_case {
	const char *name;
	const u32 *id;
	u32 id_offset;
	int rc;
} place_cases[] = {
	{ "ioas", &rig.ioas, 0, 0 },
	{ "its-own-hwpt", &rig.hwpt, 0, 0 },
	{ "device", &rig.dev, 0, -EINVAL },
	{ "mock-object", &rig.stdev, 0, -EINVAL },
	{ "nothing", &rig.hwpt, 1000, -ENOENT },
};

KUNIT_ARRAY_PARAM_DESC(place, place_cases, name);

static void device_replace_takes_an_ioas_or_a_hwpt(struct kunit *test)
{
	const struct place_case *param = test->param_value;
	u32 id = *param->id + param->id_offset, pt = id;

	KUNIT_EXPECT_EQ(test, iommufd_device_replace(idev, IOMMU_NO_PASID, &pt),
			param->rc);
	/* It was there already: its HWPT is the automatic one of the IOAS. */
	KUNIT_EXPECT_EQ(test, pt, param->rc ? id : rig.hwpt);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.hwpt), -EBUSY);
}

static void device_replace_moves_to_a_hwpt(struct kunit *test)
{
	long hwpt = rig_hwpt(&rig, rig.ioas, 0);
	u32 pt = hwpt;

	KUNIT_ASSERT_GT(test, hwpt, 0);
	KUNIT_ASSERT_EQ(test, iommufd_device_replace(idev, IOMMU_NO_PASID, &pt),
			0);
	KUNIT_EXPECT_EQ(test, pt, hwpt);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, hwpt), -EBUSY);
	/* Which was automatic, and is of no use any more. */
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.hwpt), -ENOENT);
	pt = rig.ioas;
	KUNIT_ASSERT_EQ(test, iommufd_device_replace(idev, IOMMU_NO_PASID, &pt),
			0);
	/* This one was not, so it stays, and automatically nobody gets there. */
	KUNIT_EXPECT_NE(test, pt, hwpt);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, hwpt), 0);
}

/* It ends with the last device, and comes anew with the next one. */
static void device_automatic_hwpt_comes_and_goes(struct kunit *test)
{
	size_t nr = nr_objects();
	u32 pt = rig.ioas;

	iommufd_device_detach(idev, IOMMU_NO_PASID);
	KUNIT_EXPECT_EQ(test, nr_objects(), nr - 1);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.hwpt), -ENOENT);
	KUNIT_ASSERT_EQ(test, iommufd_device_attach(idev, IOMMU_NO_PASID, &pt),
			0);
	KUNIT_EXPECT_EQ(test, nr_objects(), nr);
	KUNIT_EXPECT_NE(test, pt, rig.ioas);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, pt), -EBUSY);
}

static void devices_share_an_automatic_hwpt(struct kunit *test)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN,
		.id = rig.ioas,
	};

	KUNIT_ASSERT_EQ(test, rig_test(&rig, &cmd), 0);
	KUNIT_EXPECT_NE(test, cmd.mock_domain.out_idev_id, rig.dev);
	KUNIT_EXPECT_EQ(test, cmd.mock_domain.out_hwpt_id, rig.hwpt);
	/* While there is one of them, it stays. */
	KUNIT_ASSERT_EQ(test, rig_destroy(&rig, rig.stdev), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.hwpt), -EBUSY);
	KUNIT_ASSERT_EQ(test, rig_destroy(&rig, cmd.mock_domain.out_stdev_id),
			0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.hwpt), -ENOENT);
}

/* What is mapped is pinned while a device can reach it. */
static void device_replace_moves_to_another_ioas(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, NPAGES);
	struct balance before = balance_now();
	u32 pt = other->obj.id;

	KUNIT_ASSERT_EQ(test, map(va, IOVA), 0);
	balance_expect_even(test, &before);
	KUNIT_ASSERT_EQ(test, iommufd_device_replace(idev, IOMMU_NO_PASID, &pt),
			0);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, NPAGES);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.hwpt), -ENOENT);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, other->obj.id), -EBUSY);

	pt = rig.ioas;
	KUNIT_ASSERT_EQ(test, iommufd_device_replace(idev, IOMMU_NO_PASID, &pt),
			0);
	balance_expect_even(test, &before);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, other->obj.id), 0);
}

static const struct bad_case {
	const char *name;
	u64 iova;
	bool present;
	int rc;
} bad_cases[] = {
	{ "memory-that-is-not-there", IOVA, false, -EFAULT },
	{ "outside-of-what-it-reaches", 0, true, -EADDRINUSE },
};

KUNIT_ARRAY_PARAM_DESC(bad, bad_cases, name);

/* And the device stays where it was, with nothing left of the attempt. */
static void device_replace_refuses_what_it_cannot_reach(struct kunit *test)
{
	const struct bad_case *param = test->param_value;
	unsigned long va = memory_map(test, MEMORY_BASE, NPAGES);
	struct balance before = balance_now();
	u32 pt = other->obj.id;
	size_t nr;

	if (!param->present)
		KUNIT_ASSERT_EQ(test, vm_munmap(va, NPAGES * PAGE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, map(va, param->iova), 0);
	nr = nr_objects();
	KUNIT_EXPECT_EQ(test, iommufd_device_replace(idev, IOMMU_NO_PASID, &pt),
			param->rc);
	KUNIT_EXPECT_EQ(test, nr_objects(), nr);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.hwpt), -EBUSY);
	balance_expect_even(test, &before);

	iommufd_device_detach(idev, IOMMU_NO_PASID);
	nr = nr_objects();
	KUNIT_EXPECT_EQ(test, iommufd_device_attach(idev, IOMMU_NO_PASID, &pt),
			param->rc);
	KUNIT_EXPECT_EQ(test, nr_objects(), nr);
	balance_expect_even(test, &before);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, other->obj.id), 0);
	pt = rig.ioas;
	KUNIT_EXPECT_EQ(test, iommufd_device_attach(idev, IOMMU_NO_PASID, &pt),
			0);
}

static void device_replace_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	struct balance before = balance_now();
	size_t nr = nr_objects();
	struct fault fault;

	fault_require(test);
	KUNIT_ASSERT_EQ(test, map(va, IOVA), 0);
	for_each_fault(&fault) {
		u32 pt = other->obj.id;
		int rc;

		fault_arm(&fault);
		rc = iommufd_device_replace(idev, IOMMU_NO_PASID, &pt);
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, rc)) {
			pt = rig.ioas;
			rc = iommufd_device_replace(idev, IOMMU_NO_PASID, &pt);
			KUNIT_ASSERT_EQ(test, rc, 0);
		}
		KUNIT_EXPECT_EQ(test, nr_objects(), nr);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 4);
}

static void device_attach_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	struct balance before = balance_now();
	struct fault fault;
	size_t nr;
	u32 pt;

	fault_require(test);
	KUNIT_ASSERT_EQ(test, map(va, IOVA), 0);
	iommufd_device_detach(idev, IOMMU_NO_PASID);
	nr = nr_objects();
	for_each_fault(&fault) {
		int rc;

		pt = other->obj.id;
		fault_arm(&fault);
		rc = iommufd_device_attach(idev, IOMMU_NO_PASID, &pt);
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, rc))
			iommufd_device_detach(idev, IOMMU_NO_PASID);
		KUNIT_EXPECT_EQ(test, nr_objects(), nr);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 4);
	pt = rig.ioas;
	KUNIT_EXPECT_EQ(test, iommufd_device_attach(idev, IOMMU_NO_PASID, &pt),
			0);
}

static int device_test_init(struct kunit *test)
{
	mock_rig_open(test, &rig, 0);
	idev = rig_device(&rig);
	other = iofd_ioas(test, &rig.iofd);
	return 0;
}

static void device_test_exit(struct kunit *test)
{
	mock_rig_close(&rig);
}

static struct kunit_case device_test_cases[] = {
	KUNIT_CASE(device_is_its_drivers_to_end),
	KUNIT_CASE(device_group_is_known_while_it_is_bound),
	KUNIT_CASE(device_attach_takes_one_place),
	KUNIT_CASE_PARAM(device_replace_takes_an_ioas_or_a_hwpt,
			 place_gen_params),
	KUNIT_CASE(device_replace_moves_to_a_hwpt),
	KUNIT_CASE(device_automatic_hwpt_comes_and_goes),
	KUNIT_CASE(devices_share_an_automatic_hwpt),
	KUNIT_CASE(device_replace_moves_to_another_ioas),
	KUNIT_CASE_PARAM(device_replace_refuses_what_it_cannot_reach,
			 bad_gen_params),
	KUNIT_CASE(device_replace_fails_without_a_trace),
	KUNIT_CASE(device_attach_fails_without_a_trace),
	{}
};

static struct kunit_suite device_test_suite = {
	.name = "iommufd-device",
	.init = device_test_init,
	.exit = device_test_exit,
	.test_cases = device_test_cases,
};

kunit_test_suite(device_test_suite);
