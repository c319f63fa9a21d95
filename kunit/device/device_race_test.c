// SPDX-License-Identifier: GPL-2.0-only
/*
 * What else happens to a bound device while an ioctl, or another thread of its
 * driver's, is at work on it.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>
#include <uapi/linux/iommufd.h>

#include "device/device.h"
#include "hold.h"
#include "ioas/ioas.h"
#include "late.h"
#include "memory.h"
#include "mock_rig.h"
#include "viommu/viommu.h"

#define VIRT_ID		9
#define QUEUE_IOVA	((u64)MOCK_APERTURE_START)

static struct mock_rig rig;
static struct iommufd_device *idev;
static struct iommufd_viommu *core;
static long parent, viommu;

static int device_race_test_init(struct kunit *test)
{
	mock_rig_open(test, &rig, 0);
	parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	KUNIT_ASSERT_GT(test, parent, 0);
	viommu = rig_viommu(&rig, parent);
	KUNIT_ASSERT_GT(test, viommu, 0);
	/* Both stay for as long as nobody destroys them. */
	core = viommu_get(rig.iofd.ictx, viommu);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, core);
	viommu_put(core);
	idev = rig_device(&rig);
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

union args {
	struct iommu_hw_info hw_info;
	struct iommu_hwpt_alloc hwpt;
	struct iommu_viommu_alloc viommu;
	struct iommu_vdevice_alloc vdevice;
};

static void fill_hw_info(union args *args, u64 data)
{
	args->hw_info = (struct iommu_hw_info){
		.dev_id = rig.dev,
		.data_uptr = data,
		.data_len = data ? sizeof(struct iommu_test_hw_info) : 0,
	};
}

static void fill_hwpt(union args *args, u32 pt, u64 data)
{
	args->hwpt = (struct iommu_hwpt_alloc){
		.dev_id = rig.dev,
		.pt_id = pt,
		.data_type = data ? IOMMU_HWPT_DATA_SELFTEST :
				    IOMMU_HWPT_DATA_NONE,
		.data_uptr = data,
		.data_len = data ? sizeof(struct iommu_hwpt_selftest) : 0,
	};
}

static void fill_paging(union args *args, u64 data)
{
	fill_hwpt(args, rig.ioas, data);
}

static void fill_nested(union args *args, u64 data)
{
	fill_hwpt(args, parent, data);
}

static void fill_nested_on_viommu(union args *args, u64 data)
{
	fill_hwpt(args, viommu, data);
}

static void fill_viommu(union args *args, u64 data)
{
	args->viommu = (struct iommu_viommu_alloc){
		.type = IOMMU_VIOMMU_TYPE_SELFTEST,
		.dev_id = rig.dev,
		.hwpt_id = parent,
		.data_uptr = data,
		.data_len = data ? sizeof(struct iommu_viommu_selftest) : 0,
	};
}

static void fill_vdevice(union args *args, u64 data)
{
	args->vdevice = (struct iommu_vdevice_alloc){
		.viommu_id = viommu,
		.dev_id = rig.dev,
		.virt_id = VIRT_ID,
	};
}

/**
 * struct unbind_case - an ioctl that waits for its memory
 * @name: of the case
 * @cmd: the ioctl
 * @size_bytes: of its structure
 * @fill: sets the structure, all but its size
 * @data: it waits for what the structure points to, else to reply
 * @write: it waits to write there, else to read
 * @rc: what it says when the device is gone
 */
static const struct unbind_case {
	const char *name;
	unsigned int cmd;
	size_t size_bytes;
	void (*fill)(union args *args, u64 data);
	bool data;
	bool write;
	long rc;
} unbind_cases[] = {
	{ "hw-info", IOMMU_GET_HW_INFO, sizeof(struct iommu_hw_info),
	  fill_hw_info, false, true, 0 },
	{ "hw-info-data", IOMMU_GET_HW_INFO, sizeof(struct iommu_hw_info),
	  fill_hw_info, true, true, 0 },
	{ "hwpt", IOMMU_HWPT_ALLOC, sizeof(struct iommu_hwpt_alloc),
	  fill_paging, false, true, 0 },
	{ "hwpt-data", IOMMU_HWPT_ALLOC, sizeof(struct iommu_hwpt_alloc),
	  fill_paging, true, false, -ENOENT },
	{ "nested-data", IOMMU_HWPT_ALLOC, sizeof(struct iommu_hwpt_alloc),
	  fill_nested, true, false, -ENOENT },
	{ "nested-on-viommu-data", IOMMU_HWPT_ALLOC,
	  sizeof(struct iommu_hwpt_alloc), fill_nested_on_viommu, true, false,
	  -ENOENT },
	{ "viommu", IOMMU_VIOMMU_ALLOC, sizeof(struct iommu_viommu_alloc),
	  fill_viommu, false, true, 0 },
	{ "viommu-data", IOMMU_VIOMMU_ALLOC, sizeof(struct iommu_viommu_alloc),
	  fill_viommu, true, false, 0 },
	{ "viommu-data-out", IOMMU_VIOMMU_ALLOC,
	  sizeof(struct iommu_viommu_alloc), fill_viommu, true, true, 0 },
	{ "vdevice", IOMMU_VDEVICE_ALLOC, sizeof(struct iommu_vdevice_alloc),
	  fill_vdevice, false, true, -ENOENT },
};

KUNIT_ARRAY_PARAM_DESC(unbind, unbind_cases, name);

static void device_unbind_does_not_wait_for_user_memory(struct kunit *test)
{
	const struct unbind_case *param = test->param_value;
	struct iofd_call call = { .iofd = &rig.iofd, .cmd = param->cmd };
	struct late *late = late_map(test);
	union args args = {};
	struct held *held;

	param->fill(&args, param->data ? late->va : 0);
	if (param->data) {
		call.arg = iofd_put_arg(test, &args, param->size_bytes);
	} else {
		memcpy(late->data, &args, param->size_bytes);
		*(u32 *)late->data = param->size_bytes;
		call.arg = late->va;
	}
	held = hold_start(test, param->write ? "late:write" : "late:read",
			  iofd_call, &call);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, rig.stdev), 0);
	/* It stands there still. */
	KUNIT_EXPECT_FALSE(test, param->write ? late_is_written(late) :
						late_is_read(late));
	hold_finish(test, held);
	KUNIT_EXPECT_EQ(test, call.rc, param->rc);
}

/* Memory that is there has not to be waited for, in whatever state it is. */
static void hwpt_data_is_read_where_it_is(struct kunit *test)
{
	struct late *late = late_map(test);
	union args args;
	long rc;

	fill_nested(&args, late->va);
	KUNIT_EXPECT_FALSE(test, late_is_read(late));
	rc = rig_ioctl(&rig, IOMMU_HWPT_ALLOC, &args.hwpt, sizeof(args.hwpt));
	KUNIT_EXPECT_EQ(test, rc, 0);
	KUNIT_EXPECT_TRUE(test, late_is_read(late));
	KUNIT_EXPECT_FALSE(test, late_is_written(late));

	/* Nothing is there. */
	fill_nested(&args, 1);
	rc = rig_ioctl(&rig, IOMMU_HWPT_ALLOC, &args.hwpt, sizeof(args.hwpt));
	KUNIT_EXPECT_EQ(test, rc, -EFAULT);
}

/* Not that it is in use, which userspace could do nothing about. */
static void vdevice_is_gone_once_its_device_ends_it(struct kunit *test)
{
	const struct iommu_destroy destroy = { .id = rig.stdev };
	long vdev = rig_vdevice(&rig, viommu, VIRT_ID);
	struct iofd_call call = {
		.iofd = &rig.iofd,
		.cmd = IOMMU_DESTROY,
		.arg = iofd_put_arg(test, &destroy, sizeof(destroy)),
	};
	struct held *held;

	KUNIT_ASSERT_GT(test, vdev, 0);
	held = hold_start(test, "vdevice:ending", iofd_call, &call);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, vdev), -ENOENT);
	hold_finish(test, held);
	KUNIT_EXPECT_EQ(test, call.rc, 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, viommu), 0);
}

static void vdevice_is_not_found_before_it_is_complete(struct kunit *test)
{
	union args args;
	struct iofd_call call = {
		.iofd = &rig.iofd,
		.cmd = IOMMU_VDEVICE_ALLOC,
	};
	struct iommu_test_cmd other = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN,
		.id = rig.ioas,
	};
	struct held *held;

	KUNIT_ASSERT_EQ(test, rig_test(&rig, &other), 0);
	fill_vdevice(&args, 0);
	call.arg = iofd_put_arg(test, &args, sizeof(args.vdevice));
	held = hold_start(test, "vdevice:reserved", iofd_call, &call);
	KUNIT_EXPECT_NULL(test, xa_load(&core->vdevs, VIRT_ID));
	/* But neither the device nor the ID are free. */
	KUNIT_EXPECT_EQ(test, rig_vdevice(&rig, viommu, 1), -EEXIST);
	rig.dev = other.mock_domain.out_idev_id;
	KUNIT_EXPECT_EQ(test, rig_vdevice(&rig, viommu, VIRT_ID), -EEXIST);
	hold_finish(test, held);
	KUNIT_EXPECT_EQ(test, call.rc, 0);
	KUNIT_EXPECT_NOT_NULL(test, xa_load(&core->vdevs, VIRT_ID));
}

static struct iommu_hw_queue_alloc queue_args(u32 index)
{
	return (struct iommu_hw_queue_alloc){
		.size = sizeof(struct iommu_hw_queue_alloc),
		.viommu_id = viommu,
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.index = index,
		.nesting_parent_iova = QUEUE_IOVA,
		.length = PAGE_SIZE,
	};
}

static void map_queues(struct kunit *test)
{
	struct iommu_ioas_map map = {
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = rig.ioas,
		.user_va = memory_map(test, MEMORY_BASE, 1),
		.length = PAGE_SIZE,
		.iova = QUEUE_IOVA,
	};

	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_IOAS_MAP, &map,
					sizeof(map)), 0);
}

/* From when the next one may need it: so it has told its ID before. */
static void hw_queue_cannot_fail_once_it_may_be_needed(struct kunit *test)
{
	struct iommu_hw_queue_alloc first = queue_args(0), second = queue_args(1);
	struct iofd_call call = {
		.iofd = &rig.iofd,
		.cmd = IOMMU_HW_QUEUE_ALLOC,
		.arg = iofd_put_arg(test, &first, sizeof(first)),
	};
	struct held *held;

	map_queues(test);
	held = hold_start(test, "hw_queue:set-up", iofd_call, &call);
	KUNIT_EXPECT_EQ(test, copy_from_user(&first, (void __user *)call.arg,
					     sizeof(first)), 0);
	KUNIT_EXPECT_NE(test, first.out_hw_queue_id, 0);
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_HW_QUEUE_ALLOC, &second,
					sizeof(second)), 0);
	hold_finish(test, held);
	KUNIT_EXPECT_EQ(test, call.rc, 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, first.out_hw_queue_id), -EBUSY);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, second.out_hw_queue_id), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, first.out_hw_queue_id), 0);
}

/* One thread destroys the first queue, another one makes the next. */
struct two_queues {
	struct iommu_hw_queue_alloc first, second;
	struct iommu_destroy destroy;
	struct iofd_call alloc_call, destroy_call;
};

static struct two_queues *make_two_queues(struct kunit *test)
{
	struct two_queues *two = kunit_kzalloc(test, sizeof(*two), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, two);
	map_queues(test);
	two->first = queue_args(0);
	two->second = queue_args(1);
	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_HW_QUEUE_ALLOC, &two->first,
					sizeof(two->first)), 0);
	two->destroy.id = two->first.out_hw_queue_id;
	two->alloc_call = (struct iofd_call){
		.iofd = &rig.iofd,
		.cmd = IOMMU_HW_QUEUE_ALLOC,
		.arg = iofd_put_arg(test, &two->second, sizeof(two->second)),
	};
	two->destroy_call = (struct iofd_call){
		.iofd = &rig.iofd,
		.cmd = IOMMU_DESTROY,
		.arg = iofd_put_arg(test, &two->destroy, sizeof(two->destroy)),
	};
	return two;
}

static void expect_wait_for_queues(struct kunit *test, struct held *waits,
				   const struct held *holds)
{
	size_t queue;

	KUNIT_EXPECT_STREQ(test, hold_what_it_waits_for(test, waits, holds,
							NULL, 0, &queue),
			   "&ictx->queues_rwsem");
}

/* Its driver still finds it, and its count is 0 already. */
static void hw_queue_is_not_built_on_one_that_ends(struct kunit *test)
{
	struct two_queues *two = make_two_queues(test);
	struct held *first, *second;

	first = hold_start(test, "object:hidden", iofd_call, &two->destroy_call);
	second = hold_start(test, "hw_queue:pinned", iofd_call,
			    &two->alloc_call);
	expect_wait_for_queues(test, second, first);
	hold_finish(test, first);
	hold_finish(test, second);
	KUNIT_EXPECT_EQ(test, two->destroy_call.rc, 0);
	KUNIT_EXPECT_EQ(test, two->alloc_call.rc, -EIO);
}

static void hw_queue_stays_while_one_is_built_on_it(struct kunit *test)
{
	struct two_queues *two = make_two_queues(test);
	struct held *first, *second;

	second = hold_start(test, "hw_queue:alone", iofd_call, &two->alloc_call);
	first = hold_start(test, "destroy:queue", iofd_call, &two->destroy_call);
	expect_wait_for_queues(test, first, second);
	hold_finish(test, second);
	hold_finish(test, first);
	KUNIT_EXPECT_EQ(test, two->alloc_call.rc, 0);
	KUNIT_EXPECT_EQ(test, two->destroy_call.rc, -EBUSY);
}

static void hw_queue_alloc_is_killed_while_it_waits(struct kunit *test)
{
	struct two_queues *two = make_two_queues(test);
	struct held *first, *second;

	first = hold_start(test, "object:hidden", iofd_call, &two->destroy_call);
	second = hold_start(test, "hw_queue:pinned", iofd_call,
			    &two->alloc_call);
	hold_expect_killed(test, second);
	hold_finish(test, second);
	hold_finish(test, first);
	KUNIT_EXPECT_EQ(test, two->alloc_call.rc, -EINTR);
	KUNIT_EXPECT_EQ(test, two->destroy_call.rc, 0);
}

static void hw_queue_destroy_is_killed_while_it_waits(struct kunit *test)
{
	struct two_queues *two = make_two_queues(test);
	struct held *first, *second;

	second = hold_start(test, "hw_queue:alone", iofd_call, &two->alloc_call);
	first = hold_start(test, "destroy:queue", iofd_call, &two->destroy_call);
	hold_expect_killed(test, first);
	hold_finish(test, first);
	hold_finish(test, second);
	KUNIT_EXPECT_EQ(test, two->destroy_call.rc, -EINTR);
	KUNIT_EXPECT_EQ(test, two->alloc_call.rc, 0);
}

static struct kunit_case device_race_test_cases[] = {
	KUNIT_CASE(device_moves_on_from_a_new_hwpt),
	KUNIT_CASE_PARAM(device_unbind_does_not_wait_for_user_memory,
			 unbind_gen_params),
	KUNIT_CASE(hwpt_data_is_read_where_it_is),
	KUNIT_CASE(vdevice_is_gone_once_its_device_ends_it),
	KUNIT_CASE(vdevice_is_not_found_before_it_is_complete),
	KUNIT_CASE(hw_queue_cannot_fail_once_it_may_be_needed),
	KUNIT_CASE(hw_queue_is_not_built_on_one_that_ends),
	KUNIT_CASE(hw_queue_stays_while_one_is_built_on_it),
	KUNIT_CASE(hw_queue_alloc_is_killed_while_it_waits),
	KUNIT_CASE(hw_queue_destroy_is_killed_while_it_waits),
	{}
};

static struct kunit_suite device_race_test_suite = {
	.name = "iommufd-device-race",
	.init = device_race_test_init,
	.exit = device_race_test_exit,
	.test_cases = device_race_test_cases,
};

kunit_test_suite(device_race_test_suite);
