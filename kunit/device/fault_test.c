// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault queues: what kmod/device/fault.h promises.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include "alloc_fault.h"
#include "device/device.h"
#include "device/fault.h"
#include "device/group.h"
#include "hold.h"
#include "mock_rig.h"

static struct mock_rig rig;
static struct file *file;
static long faults, parent, hwpt;

/* A nested HWPT whose faults go to the queue, with the device at it. */
static int fault_test_init(struct kunit *test)
{
	mock_rig_open(test, &rig, 0);
	faults = rig_fault(&rig, &file);
	KUNIT_ASSERT_GT(test, faults, 0);
	parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	KUNIT_ASSERT_GT(test, parent, 0);
	hwpt = rig_nested(&rig, parent, IOMMU_HWPT_FAULT_ID_VALID, faults);
	KUNIT_ASSERT_GT(test, hwpt, 0);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, hwpt), 0);
	return 0;
}

static void fault_test_exit(struct kunit *test)
{
	if (file)
		__fput_sync(file);
	file = NULL;
	mock_rig_close(&rig);
}

static struct iommu_test_cmd trigger_cmd(u64 addr)
{
	return (struct iommu_test_cmd){
		.op = IOMMU_TEST_OP_TRIGGER_IOPF,
		.trigger_iopf = {
			.dev_id = rig.dev,
			.pasid = 5,
			.grpid = 7,
			.perm = IOMMU_PGFAULT_PERM_READ |
				IOMMU_PGFAULT_PERM_EXEC,
			.addr = addr,
		},
	};
}

static long trigger(u64 addr)
{
	struct iommu_test_cmd cmd = trigger_cmd(addr);

	return rig_test(&rig, &cmd);
}

static ssize_t take(struct iommu_hwpt_pgfault *event)
{
	return rig_read(&rig, file, event, sizeof(*event));
}

static ssize_t respond(u32 cookie, u32 code)
{
	const struct iommu_hwpt_page_response response = {
		.cookie = cookie,
		.code = code,
	};

	return rig_write(&rig, file, &response, sizeof(response));
}

static void fault_is_read_and_answered_once(struct kunit *test)
{
	struct iommu_hwpt_pgfault event;

	KUNIT_ASSERT_EQ(test, trigger(0x1234000), 0);
	KUNIT_ASSERT_EQ(test, take(&event), sizeof(event));
	KUNIT_EXPECT_EQ(test, event.flags, IOMMU_PGFAULT_FLAGS_PASID_VALID |
					   IOMMU_PGFAULT_FLAGS_LAST_PAGE);
	KUNIT_EXPECT_EQ(test, event.dev_id, rig.dev);
	KUNIT_EXPECT_EQ(test, event.pasid, 5);
	KUNIT_EXPECT_EQ(test, event.grpid, 7);
	KUNIT_EXPECT_EQ(test, event.perm, IOMMU_PGFAULT_PERM_READ |
					  IOMMU_PGFAULT_PERM_EXEC);
	KUNIT_EXPECT_EQ(test, event.addr, 0x1234000);
	KUNIT_EXPECT_EQ(test, event.length, 0);
	KUNIT_EXPECT_NE(test, event.cookie, 0);
	KUNIT_EXPECT_EQ(test, take(&event), 0);

	KUNIT_EXPECT_EQ(test, respond(event.cookie, IOMMUFD_PAGE_RESP_SUCCESS),
			sizeof(struct iommu_hwpt_page_response));
	KUNIT_EXPECT_EQ(test, respond(event.cookie, IOMMUFD_PAGE_RESP_SUCCESS),
			-EINVAL);
}

static void fault_read_keeps_the_order(struct kunit *test)
{
	struct iommu_hwpt_pgfault events[4];

	for (u64 i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, trigger(i), 0);
	/* As many as fit, and not a part of one. */
	KUNIT_EXPECT_EQ(test, rig_read(&rig, file, events,
				       2 * sizeof(events[0]) + 5),
			2 * sizeof(events[0]));
	KUNIT_EXPECT_EQ(test, events[0].addr, 0);
	KUNIT_EXPECT_EQ(test, events[1].addr, 1);
	KUNIT_EXPECT_NE(test, events[0].cookie, events[1].cookie);
	KUNIT_EXPECT_EQ(test, rig_read(&rig, file, events, sizeof(events)),
			sizeof(events[0]));
	KUNIT_EXPECT_EQ(test, events[0].addr, 2);
}

static void fault_read_and_write_refuse(struct kunit *test)
{
	struct iommu_hwpt_pgfault event;
	loff_t pos = 0;

	KUNIT_EXPECT_EQ(test, rig_read(&rig, file, &event, sizeof(event) - 1),
			-EINVAL);
	KUNIT_ASSERT_EQ(test, trigger(1), 0);
	/* What cannot be given away is not lost. */
	KUNIT_EXPECT_EQ(test, file->f_op->read(file, (char __user *)1,
					       sizeof(event), &pos), -EFAULT);
	KUNIT_ASSERT_EQ(test, take(&event), sizeof(event));
	KUNIT_EXPECT_EQ(test, event.addr, 1);

	KUNIT_EXPECT_EQ(test, respond(event.cookie, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, respond(event.cookie + 1,
				      IOMMUFD_PAGE_RESP_INVALID), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_write(&rig, file, &event, 7), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_write(&rig, file, &event, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, file->f_op->write(file, (char __user *)1, 8,
						&pos), -EFAULT);
	KUNIT_EXPECT_EQ(test, respond(event.cookie, IOMMUFD_PAGE_RESP_INVALID),
			sizeof(struct iommu_hwpt_page_response));
}

/* Whether userspace has seen it or not. */
static void fault_ends_with_the_attachment(struct kunit *test)
{
	struct iommu_hwpt_pgfault event, none;

	KUNIT_ASSERT_EQ(test, trigger(1), 0);
	KUNIT_ASSERT_EQ(test, trigger(2), 0);
	KUNIT_ASSERT_EQ(test, take(&event), sizeof(event));
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, rig.ioas), 0);
	KUNIT_EXPECT_EQ(test, take(&none), 0);
	KUNIT_EXPECT_EQ(test, respond(event.cookie, IOMMUFD_PAGE_RESP_SUCCESS),
			-EINVAL);
	/* And from there on nobody wants them. */
	KUNIT_EXPECT_EQ(test, trigger(3), -EINVAL);
}

static bool group_is_locked(struct kunit *test)
{
	struct iommufd_device *idev = idev_get(rig.iofd.ictx, rig.dev);
	bool locked;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, idev);
	locked = !mutex_trylock(&idev->group->lock);
	if (!locked)
		mutex_unlock(&idev->group->lock);
	idev_put(idev);
	return locked;
}

/* As the mock promises for hardware: it is in the queue before that is emptied. */
static void fault_is_reported_before_the_attachment_ends(struct kunit *test)
{
	const struct iommu_test_cmd cmd = trigger_cmd(1);
	struct iofd_call call = {
		.iofd = &rig.iofd,
		.cmd = IOMMU_TEST_CMD,
		.arg = iofd_put_arg(test, &cmd, sizeof(cmd)),
	};
	struct iommu_hwpt_pgfault none;
	struct held *held;

	held = hold_start(test, "fault:reported", iofd_call, &call);
	KUNIT_EXPECT_TRUE(test, group_is_locked(test));
	hold_finish(test, held);
	KUNIT_EXPECT_EQ(test, call.rc, 0);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, rig.ioas), 0);
	KUNIT_EXPECT_EQ(test, take(&none), 0);
}

/* Of a driver that reports one after the attachment ended: it is not lost. */
static void fault_queue_ends_with_what_is_left(struct kunit *test)
{
	struct fault_queue *queue = fault_queue_hold(rig.iofd.ictx, faults);
	struct iommu_fault_param *param;
	struct iopf_group *group;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, queue);
	KUNIT_ASSERT_EQ(test, trigger(1), 0);
	group = list_first_entry(&queue->queue.unread, struct iopf_group, node);
	/* The group has a reference on it, and after the device the last one. */
	param = group->fault_param;
	refcount_inc(&param->users);
	list_del(&group->node);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, rig.ioas), 0);
	KUNIT_ASSERT_EQ(test, rig_destroy(&rig, hwpt), 0);
	list_add(&group->node, &queue->queue.unread);
	fault_queue_release(queue);
	__fput_sync(file);
	file = NULL;
	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, rig_destroy(&rig, faults), 0);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	KUNIT_EXPECT_EQ(test, refcount_read(&param->users), 1);
	if (refcount_dec_and_test(&param->users))
		kfree_rcu(param, rcu);
}

static void fault_queue_goes_after_its_users(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, rig.ioas), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, faults), -EBUSY);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, hwpt), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, faults), -EBUSY);
	__fput_sync(file);
	file = NULL;
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, faults), 0);
}

static void fault_poll_tells_of_unread_ones(struct kunit *test)
{
	struct iommu_hwpt_pgfault event;
	__poll_t writable = EPOLLOUT | EPOLLWRNORM;

	KUNIT_EXPECT_EQ(test, vfs_poll(file, NULL), writable);
	KUNIT_ASSERT_EQ(test, trigger(1), 0);
	KUNIT_EXPECT_EQ(test, vfs_poll(file, NULL),
			writable | EPOLLIN | EPOLLRDNORM);
	KUNIT_ASSERT_EQ(test, take(&event), sizeof(event));
	KUNIT_EXPECT_EQ(test, vfs_poll(file, NULL), writable);
}

static void fault_queue_alloc_fails_without_a_trace(struct kunit *test)
{
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		struct file *other;
		long id;

		fault_arm(&fault);
		id = rig_fault(&rig, &other);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, min(id, 0L)))
			continue;
		__fput_sync(other);
		KUNIT_EXPECT_EQ(test, rig_destroy(&rig, id), 0);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 3);
}

/* A fault that finds no memory is answered by the kernel, and never seen. */
static void fault_without_memory_is_not_left_behind(struct kunit *test)
{
	struct iommu_hwpt_pgfault event;
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		ssize_t bytes;

		fault_arm(&fault);
		trigger(1);
		bytes = take(&event);
		fault_disarm(&fault);
		if (bytes == -ENOMEM) {
			fault.nr_failed++;
			/* It can be read the next time. */
			bytes = take(&event);
		}
		if (bytes)
			KUNIT_EXPECT_EQ(test,
					respond(event.cookie,
						IOMMUFD_PAGE_RESP_SUCCESS),
					sizeof(struct iommu_hwpt_page_response));
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
	KUNIT_EXPECT_EQ(test, take(&event), 0);
}

static struct kunit_case fault_test_cases[] = {
	KUNIT_CASE(fault_is_read_and_answered_once),
	KUNIT_CASE(fault_read_keeps_the_order),
	KUNIT_CASE(fault_read_and_write_refuse),
	KUNIT_CASE(fault_ends_with_the_attachment),
	KUNIT_CASE(fault_is_reported_before_the_attachment_ends),
	KUNIT_CASE(fault_queue_ends_with_what_is_left),
	KUNIT_CASE(fault_queue_goes_after_its_users),
	KUNIT_CASE(fault_poll_tells_of_unread_ones),
	KUNIT_CASE(fault_queue_alloc_fails_without_a_trace),
	KUNIT_CASE(fault_without_memory_is_not_left_behind),
	{}
};

static struct kunit_suite fault_test_suite = {
	.name = "iommufd-fault",
	.init = fault_test_init,
	.exit = fault_test_exit,
	.test_cases = fault_test_cases,
};

kunit_test_suite(fault_test_suite);
