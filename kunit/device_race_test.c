// SPDX-License-Identifier: GPL-2.0-only
/*
 * What else happens to a bound device while an ioctl, or another thread of its
 * driver's, is at work on it.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/xarray.h>
#include <uapi/linux/iommufd.h>

#include "device.h"
#include "hold.h"
#include "ioas.h"
#include "mock_rig.h"

static struct mock_rig rig;
static struct iommufd_device *idev;
static long parent;

static int device_race_test_init(struct kunit *test)
{
	mock_rig_open(test, &rig, 0);
	parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	KUNIT_ASSERT_GT(test, parent, 0);
	/* The mock's driver holds it for as long as the rig is there. */
	idev = idev_get(rig.iofd.ictx, rig.dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, idev);
	idev_put(idev);
	return 0;
}

static void device_race_test_exit(struct kunit *test)
{
	mock_rig_close(&rig);
}

/**
 * struct mover - a thread that moves the device
 * @pt: where to: ID of an IOAS, and then that of the HWPT
 * @rc: what the kAPI said
 */
struct mover {
	u32 pt;
	int rc;
};

static void move(void *data)
{
	struct mover *mover = data;

	mover->rc = iommufd_device_replace(idev, IOMMU_NO_PASID, &mover->pt);
}

/* The HWPT that was made for the device is of no use again before it is told. */
static void device_moves_on_from_a_new_hwpt(struct kunit *test)
{
	struct mover mover = { .pt = iofd_ioas(test, &rig.iofd)->obj.id };
	u32 ioas = mover.pt;
	struct held *held;

	held = hold_start(test, "attach:attached", move, &mover);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, parent), 0);
	hold_finish(test, held);
	KUNIT_EXPECT_EQ(test, mover.rc, 0);
	KUNIT_EXPECT_NE(test, mover.pt, ioas);
	KUNIT_EXPECT_NULL(test, xa_load(&rig.iofd.ictx->objects.objects,
					mover.pt));
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, ioas), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, parent), -EBUSY);
}

static struct kunit_case device_race_test_cases[] = {
	KUNIT_CASE(device_moves_on_from_a_new_hwpt),
	{}
};

static struct kunit_suite device_race_test_suite = {
	.name = "iommufd-device-race",
	.init = device_race_test_init,
	.exit = device_race_test_exit,
	.test_cases = device_race_test_cases,
};

kunit_test_suite(device_race_test_suite);
