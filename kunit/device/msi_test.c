// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doorbells of interrupts: what kmod/core/msi.h promises.
 *
 * What maps a doorbell as an interrupt is set up is built into the kernel, on platforms
 * that have a window for it: ring() does here what it does.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include "alloc_fault.h"
#include "device/device.h"
#include "device/group.h"
#include "memory.h"
#include "mock_rig.h"

#define DOORBELL_PHYS	((phys_addr_t)0x8090000)

static struct mock_rig rig;
static struct device_group *group;

static int msi_test_init(struct kunit *test)
{
	mock_ways.msi_window = true;
	mock_rig_open(test, &rig, 0);
	group = rig_device(&rig)->group;
	return 0;
}

static void msi_test_exit(struct kunit *test)
{
	mock_ways = (struct mock_ways){};
	mock_rig_close(&rig);
}

/* An interrupt of the rig's device is set up: the IOVA that it writes to. */
static u64 ring(struct kunit *test, phys_addr_t phys)
{
	struct iommufd_ctx *ictx = rig.iofd.ictx;
	struct msi_doorbell *doorbell = kzalloc_obj(*doorbell);

	KUNIT_ASSERT_NOT_NULL(test, doorbell);
	mutex_lock(&ictx->msi_lock);
	doorbell->window_iova = group->msi_window_iova;
	doorbell->phys = phys;
	doorbell->pgoff = ictx->nr_msi_doorbells;
	doorbell->id = ictx->nr_msi_doorbells++;
	list_add_tail(&doorbell->node, &ictx->msi_doorbells);
	__set_bit(doorbell->id, group->needed_doorbells.ids);
	mutex_unlock(&ictx->msi_lock);
	return doorbell->window_iova + (doorbell->pgoff << PAGE_SHIFT);
}

/* Where a device's write to an IOVA ends up, after the guest's own page table. */
static phys_addr_t written_to(u64 iova)
{
	struct iommufd_hwpt *hwpt = group->attachment->hwpt;

	return iommu_iova_to_phys(hwpt->parent->hwpt.domain, iova);
}

static void msi_window_is_reserved(struct kunit *test)
{
	struct iommu_ioas_map map = {
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE,
		.ioas_id = rig.ioas,
		.user_va = memory_map(test, MEMORY_BASE, 1),
		.length = PAGE_SIZE,
		.iova = MOCK_MSI_WINDOW,
	};

	KUNIT_EXPECT_EQ(test, group->msi_window_iova, MOCK_MSI_WINDOW);
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_IOAS_MAP, &map, sizeof(map)),
			-EINVAL);
}

/* By which the kernel's own code finds where it has to map a doorbell. */
static void msi_cookie_leads_to_the_hwpt(struct kunit *test)
{
	long parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	long nested = rig_nested(&rig, parent, 0, 0);

	KUNIT_ASSERT_GT(test, min(parent, nested), 0);
	for (int i = 0; i < 2; i++) {
		struct iommufd_hwpt *hwpt = group->attachment->hwpt;

		KUNIT_EXPECT_EQ(test, (int)hwpt->domain->cookie_type,
				(int)IOMMU_COOKIE_IOMMUFD);
		KUNIT_EXPECT_PTR_EQ(test, (void *)hwpt->domain->iommufd_hwpt,
				    (void *)hwpt);
		KUNIT_EXPECT_PTR_EQ(test, group->attachment->handle.domain,
				    hwpt->domain);
		KUNIT_ASSERT_EQ(test, rig_attach(&rig, nested), 0);
	}
}

static void msi_goes_where_the_device_goes(struct kunit *test)
{
	long other = rig_hwpt(&rig, rig.ioas, 0);
	u64 first = ring(test, DOORBELL_PHYS);
	u64 second = ring(test, DOORBELL_PHYS + PAGE_SIZE);

	KUNIT_ASSERT_GT(test, other, 0);
	/* Twice there, and back. */
	for (int i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, rig_attach(&rig, other), 0);
		KUNIT_EXPECT_EQ(test, written_to(first), DOORBELL_PHYS);
		KUNIT_EXPECT_EQ(test, written_to(second),
				DOORBELL_PHYS + PAGE_SIZE);
		KUNIT_ASSERT_EQ(test, rig_attach(&rig, rig.ioas), 0);
		KUNIT_EXPECT_EQ(test, written_to(first), DOORBELL_PHYS);
	}
}

static void msi_of_a_nested_hwpt_is_in_its_parent(struct kunit *test)
{
	long parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	long nested = rig_nested(&rig, parent, 0, 0);
	u64 iova = ring(test, DOORBELL_PHYS);

	KUNIT_ASSERT_GT(test, min(parent, nested), 0);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, nested), 0);
	KUNIT_EXPECT_EQ(test, written_to(iova), DOORBELL_PHYS);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, rig.ioas), 0);
}

/* What no interrupt of the group is written to is not for it to reach. */
static void msi_of_others_is_not_mapped(struct kunit *test)
{
	u64 iova = ring(test, DOORBELL_PHYS);
	long other = rig_hwpt(&rig, rig.ioas, 0);

	KUNIT_ASSERT_GT(test, other, 0);
	bitmap_zero(group->needed_doorbells.ids, MSI_DOORBELLS_MAX);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, other), 0);
	KUNIT_EXPECT_EQ(test, written_to(iova), 0);
}

static void msi_of_a_late_hwpt_is_mapped_when_it_can_be(struct kunit *test)
{
	u64 iova = ring(test, DOORBELL_PHYS);
	long late;

	mock_ways.late_aperture = true;
	late = rig_hwpt(&rig, rig.ioas, 0);
	KUNIT_ASSERT_GT(test, late, 0);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, late), 0);
	KUNIT_EXPECT_EQ(test, written_to(iova), DOORBELL_PHYS);
}

static const struct way {
	const char *name;
	bool late;
} ways[] = {
	{ "before-the-device-comes", false },
	{ "when-it-is-there", true },
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

static void msi_fails_without_a_trace(struct kunit *test)
{
	const struct way *way = test->param_value;
	long old = rig_hwpt(&rig, rig.ioas, 0);
	struct fault fault;

	fault_require(test);
	KUNIT_ASSERT_GT(test, old, 0);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, old), 0);
	ring(test, DOORBELL_PHYS);
	mock_ways.late_aperture = way->late;
	for_each_fault(&fault) {
		long hwpt = rig_hwpt(&rig, rig.ioas, 0), rc;

		KUNIT_ASSERT_GT(test, hwpt, 0);
		fault_arm(&fault);
		rc = rig_attach(&rig, hwpt);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc)) {
			KUNIT_EXPECT_EQ(test, group->attachment->hwpt->obj.id,
					old);
		} else {
			KUNIT_EXPECT_EQ(test, rig_attach(&rig, old), 0);
		}
		KUNIT_EXPECT_EQ(test, rig_destroy(&rig, hwpt), 0);
	}
	/* The attachment, and the tables of the IOMMU that lead to the doorbell. */
	KUNIT_EXPECT_GE(test, fault.nr_failed, 2);
}

static struct kunit_case msi_test_cases[] = {
	KUNIT_CASE(msi_window_is_reserved),
	KUNIT_CASE(msi_cookie_leads_to_the_hwpt),
	KUNIT_CASE(msi_goes_where_the_device_goes),
	KUNIT_CASE(msi_of_a_nested_hwpt_is_in_its_parent),
	KUNIT_CASE(msi_of_others_is_not_mapped),
	KUNIT_CASE(msi_of_a_late_hwpt_is_mapped_when_it_can_be),
	KUNIT_CASE_PARAM(msi_fails_without_a_trace, way_gen_params),
	{}
};

static struct kunit_suite msi_test_suite = {
	.name = "iommufd-msi",
	.init = msi_test_init,
	.exit = msi_test_exit,
	.test_cases = msi_test_cases,
};

kunit_test_suite(msi_test_suite);
