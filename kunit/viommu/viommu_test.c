// SPDX-License-Identifier: GPL-2.0-only
/*
 * vIOMMUs, and what belongs to them: what kmod/viommu/viommu.h and kmod/core/mmio.h promise.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "alloc_fault.h"
#include "device/device.h"
#include "ioas/ioas.h"
#include "memory.h"
#include "mock_rig.h"
#include "viommu/viommu.h"

#define QUEUE_IOVA	((u64)MOCK_APERTURE_START)

static struct mock_rig rig;
static long parent, viommu;

static int viommu_test_init(struct kunit *test)
{
	mock_rig_open(test, &rig, 0);
	parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	KUNIT_ASSERT_GT(test, parent, 0);
	viommu = rig_viommu(&rig, parent);
	KUNIT_ASSERT_GT(test, viommu, 0);
	return 0;
}

static void viommu_test_exit(struct kunit *test)
{
	mock_rig_close(&rig);
}

static long vevents(u32 type, u32 depth, struct file **file)
{
	struct iommu_veventq_alloc alloc = {
		.viommu_id = viommu,
		.type = type,
		.veventq_depth = depth,
	};
	long rc = rig_ioctl(&rig, IOMMU_VEVENTQ_ALLOC, &alloc, sizeof(alloc));

	if (rc)
		return rc;
	*file = rig_take_file(&rig, alloc.out_veventq_fd);
	return alloc.out_veventq_id;
}

static long hw_queue(u32 index, u64 iova, u64 length)
{
	struct iommu_hw_queue_alloc alloc = {
		.viommu_id = viommu,
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.index = index,
		.nesting_parent_iova = iova,
		.length = length,
	};
	long rc = rig_ioctl(&rig, IOMMU_HW_QUEUE_ALLOC, &alloc, sizeof(alloc));

	return rc ? rc : alloc.out_hw_queue_id;
}

static void viommu_goes_after_what_belongs_to_it(struct kunit *test)
{
	long vdev, nested, events;
	struct file *file;

	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, parent), -EBUSY);
	vdev = rig_vdevice(&rig, viommu, 9);
	nested = rig_nested(&rig, viommu, 0, 0);
	events = vevents(IOMMU_VEVENTQ_TYPE_SELFTEST, 1, &file);
	KUNIT_ASSERT_GT(test, min3(vdev, nested, events), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, viommu), -EBUSY);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, vdev), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, viommu), -EBUSY);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, nested), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, viommu), -EBUSY);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, events), -EBUSY);
	__fput_sync(file);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, events), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, viommu), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, parent), 0);
}

static void viommu_needs_a_nesting_parent(struct kunit *test)
{
	long other = rig_hwpt(&rig, rig.ioas, 0);

	KUNIT_ASSERT_GT(test, other, 0);
	KUNIT_EXPECT_EQ(test, rig_viommu(&rig, other), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_viommu(&rig, rig.hwpt), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_viommu(&rig, rig.ioas), -ENOENT);
	KUNIT_EXPECT_EQ(test, rig_nested(&rig, other, 0, 0), -EINVAL);
}

/* There is one IOMMU only, so that of the vIOMMU is taken for another one. */
static void viommu_is_for_devices_of_its_iommu(struct kunit *test)
{
	long nested = rig_nested(&rig, viommu, 0, 0);
	struct iommufd_viommu *core = viommu_get(rig.iofd.ictx, viommu);
	struct iommu_device *iommu_dev, other = {};

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, core);
	viommu_put(core);
	KUNIT_ASSERT_GT(test, nested, 0);
	KUNIT_ASSERT_GT(test, rig_vdevice(&rig, viommu, 9), 0);
	iommu_dev = core->iommu_dev;
	core->iommu_dev = &other;
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, nested), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_nested(&rig, viommu, 0, 0), -EINVAL);
	core->iommu_dev = iommu_dev;
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, nested), 0);
}

/* As an IOMMU driver finds them: by helpers of the kernel's. */
static void vdevice_is_found_by_drivers(struct kunit *test)
{
	struct iommufd_viommu *core = viommu_get(rig.iofd.ictx, viommu);
	long vdev = rig_vdevice(&rig, viommu, 9);
	struct iommufd_vdevice *found;
	unsigned long virt_id = 0;
	struct device *dev;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, core);
	viommu_put(core);
	KUNIT_ASSERT_GT(test, vdev, 0);
	found = xa_load(&core->vdevs, 9);
	KUNIT_ASSERT_NOT_NULL(test, found);
	dev = found->idev->dev;
	KUNIT_EXPECT_PTR_EQ(test, iommufd_vdevice_to_device(found), dev);
	xa_lock(&core->vdevs);
	KUNIT_EXPECT_PTR_EQ(test, iommufd_viommu_find_dev(core, 9), dev);
	KUNIT_EXPECT_NULL(test, iommufd_viommu_find_dev(core, 8));
	xa_unlock(&core->vdevs);
	KUNIT_EXPECT_EQ(test, iommufd_viommu_get_vdev_id(core, dev, &virt_id),
			0);
	KUNIT_EXPECT_EQ(test, virt_id, 9);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, vdev), 0);
	xa_lock(&core->vdevs);
	KUNIT_EXPECT_NULL(test, iommufd_viommu_find_dev(core, 9));
	xa_unlock(&core->vdevs);
	KUNIT_EXPECT_EQ(test, iommufd_viommu_get_vdev_id(core, dev, &virt_id),
			-ENOENT);
}

static struct xarray *ended_vdevs;
static bool found_as_it_ended;

static void look_for_itself(struct iommufd_vdevice *vdev)
{
	found_as_it_ended = xa_load(ended_vdevs, vdev->virt_id);
}

static void vdevice_is_not_found_as_it_ends(struct kunit *test)
{
	struct iommufd_viommu *core = viommu_get(rig.iofd.ictx, viommu);
	long vdev = rig_vdevice(&rig, viommu, 9);
	struct iommufd_vdevice *found;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, core);
	KUNIT_ASSERT_GT(test, vdev, 0);
	found = xa_load(&core->vdevs, 9);
	KUNIT_ASSERT_NOT_NULL(test, found);
	found->destroy = look_for_itself;
	ended_vdevs = &core->vdevs;
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, vdev), 0);
	KUNIT_EXPECT_FALSE(test, found_as_it_ended);
	KUNIT_EXPECT_TRUE(test, xa_empty(&core->vdevs));
	viommu_put(core);
}

static void vdevice_is_one_a_device_and_id(struct kunit *test)
{
	long vdev = rig_vdevice(&rig, viommu, U64_MAX);
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN,
		.id = rig.ioas,
	};

	KUNIT_ASSERT_GT(test, vdev, 0);
	KUNIT_EXPECT_EQ(test, rig_vdevice(&rig, viommu, 1), -EEXIST);
	KUNIT_ASSERT_EQ(test, rig_test(&rig, &cmd), 0);
	rig.dev = cmd.mock_domain.out_idev_id;
	KUNIT_EXPECT_EQ(test, rig_vdevice(&rig, viommu, U64_MAX), -EEXIST);
	KUNIT_EXPECT_GT(test, rig_vdevice(&rig, viommu, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, vdev), 0);
}

/* Its ID is not given away again, for userspace still has it. */
static void vdevice_ends_with_its_device(struct kunit *test)
{
	long vdev = rig_vdevice(&rig, viommu, 9), id;

	KUNIT_ASSERT_GT(test, vdev, 0);
	KUNIT_ASSERT_EQ(test, rig_destroy(&rig, rig.stdev), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, vdev), -ENOENT);
	for (int i = 0; i < 5; i++) {
		struct iommu_ioas_alloc alloc = {};

		KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_IOAS_ALLOC, &alloc,
						sizeof(alloc)), 0);
		id = alloc.out_ioas_id;
		KUNIT_EXPECT_NE(test, id, vdev);
	}
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, viommu), 0);
}

/* What the file gave: the sequence, and the event or a loss. */
static void expect_event(struct kunit *test, struct file *file, u32 sequence,
			 bool lost)
{
	struct {
		struct iommufd_vevent_header header;
		struct iommu_viommu_event_selftest event;
	} got;

	KUNIT_ASSERT_EQ(test, rig_read(&rig, file, &got, sizeof(got)),
			lost ? sizeof(got.header) : sizeof(got));
	KUNIT_EXPECT_EQ(test, got.header.sequence, sequence);
	KUNIT_EXPECT_EQ(test, got.header.flags,
			lost ? IOMMU_VEVENTQ_FLAG_LOST_EVENTS : 0);
	if (!lost)
		KUNIT_EXPECT_EQ(test, got.event.virt_id, 9);
}

static void trigger(struct kunit *test, int n)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_TRIGGER_VEVENT,
		.trigger_vevent.dev_id = rig.dev,
	};

	while (n--)
		KUNIT_ASSERT_EQ(test, rig_test(&rig, &cmd), 0);
}

static void veventq_tells_of_lost_events(struct kunit *test)
{
	struct file *file;
	char byte[64];

	KUNIT_ASSERT_GT(test, rig_vdevice(&rig, viommu, 9), 0);
	KUNIT_ASSERT_GT(test, vevents(IOMMU_VEVENTQ_TYPE_SELFTEST, 2, &file),
			0);
	KUNIT_EXPECT_EQ(test, vfs_poll(file, NULL), 0);
	KUNIT_EXPECT_EQ(test, rig_read(&rig, file, byte, sizeof(byte)), 0);
	KUNIT_EXPECT_EQ(test, rig_read(&rig, file, byte, 7), -EINVAL);

	/* At the end of the queue: a header of its own. */
	trigger(test, 4);
	KUNIT_EXPECT_EQ(test, vfs_poll(file, NULL), EPOLLIN | EPOLLRDNORM);
	KUNIT_EXPECT_EQ(test, rig_read(&rig, file, byte, 8), -EINVAL);
	expect_event(test, file, 0, false);
	expect_event(test, file, 1, false);
	expect_event(test, file, 3, true);
	KUNIT_EXPECT_EQ(test, vfs_poll(file, NULL), 0);

	/* In between: the sequence of the event that came behind. */
	trigger(test, 3);
	expect_event(test, file, 4, false);
	trigger(test, 1);
	expect_event(test, file, 5, false);
	expect_event(test, file, 7, false);
	KUNIT_EXPECT_EQ(test, rig_read(&rig, file, byte, sizeof(byte)), 0);
	__fput_sync(file);
}

static void veventq_keeps_what_cannot_be_read(struct kunit *test)
{
	struct file *file;
	loff_t pos = 0;

	KUNIT_ASSERT_GT(test, rig_vdevice(&rig, viommu, 9), 0);
	KUNIT_ASSERT_GT(test, vevents(IOMMU_VEVENTQ_TYPE_SELFTEST, 1, &file),
			0);
	trigger(test, 2);
	KUNIT_EXPECT_EQ(test, file->f_op->read(file, (char __user *)1, 64,
					       &pos), -EFAULT);
	expect_event(test, file, 0, false);
	KUNIT_EXPECT_EQ(test, file->f_op->read(file, (char __user *)1, 64,
					       &pos), -EFAULT);
	expect_event(test, file, 1, true);
	__fput_sync(file);
}

static void veventq_is_one_a_type(struct kunit *test)
{
	struct file *files[2];
	long id;

	id = vevents(IOMMU_VEVENTQ_TYPE_SELFTEST, 1, &files[0]);
	KUNIT_ASSERT_GT(test, id, 0);
	KUNIT_EXPECT_EQ(test, vevents(IOMMU_VEVENTQ_TYPE_SELFTEST, 1,
				      &files[1]), -EEXIST);
	KUNIT_EXPECT_EQ(test, vevents(IOMMU_VEVENTQ_TYPE_DEFAULT, 1,
				      &files[1]), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vevents(IOMMU_VEVENTQ_TYPE_SELFTEST, 0,
				      &files[1]), -EINVAL);
	__fput_sync(files[0]);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, id), 0);
	id = vevents(IOMMU_VEVENTQ_TYPE_SELFTEST, 1, &files[0]);
	KUNIT_EXPECT_GT(test, id, 0);
	__fput_sync(files[0]);
}

static long map(unsigned long va, unsigned long npages)
{
	struct iommu_ioas_map map = {
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = rig.ioas,
		.user_va = va,
		.length = npages << PAGE_SHIFT,
		.iova = QUEUE_IOVA,
	};

	return rig_ioctl(&rig, IOMMU_IOAS_MAP, &map, sizeof(map));
}

static long unmap(unsigned long npages)
{
	struct iommu_ioas_unmap unmap = {
		.ioas_id = rig.ioas,
		.iova = QUEUE_IOVA,
		.length = npages << PAGE_SHIFT,
	};

	return rig_ioctl(&rig, IOMMU_IOAS_UNMAP, &unmap, sizeof(unmap));
}

static void hw_queue_owns_its_memory(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, MEMORY_HUGE_NPAGES);
	long queue, second;

	KUNIT_EXPECT_EQ(test, hw_queue(0, QUEUE_IOVA, 100), -ENOENT);
	KUNIT_ASSERT_EQ(test, map(va, MEMORY_HUGE_NPAGES), 0);
	queue = hw_queue(0, QUEUE_IOVA + 1000, 3 * PAGE_SIZE);
	KUNIT_ASSERT_GT(test, queue, 0);
	KUNIT_EXPECT_EQ(test, unmap(MEMORY_HUGE_NPAGES), -EBUSY);
	second = hw_queue(1, QUEUE_IOVA, 64);
	KUNIT_ASSERT_GT(test, second, 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, queue), -EBUSY);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, second), 0);
	KUNIT_EXPECT_EQ(test, unmap(MEMORY_HUGE_NPAGES), -EBUSY);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, queue), 0);
	KUNIT_EXPECT_EQ(test, unmap(MEMORY_HUGE_NPAGES), 0);
}

static void hw_queue_has_to_be_contiguous(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 4);
	long queue;

	KUNIT_ASSERT_EQ(test, map(va, 4), 0);
	KUNIT_EXPECT_EQ(test, hw_queue(0, QUEUE_IOVA, 2 * PAGE_SIZE), -EFAULT);
	KUNIT_EXPECT_EQ(test, hw_queue(0, QUEUE_IOVA, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, hw_queue(0, U64_MAX, 2), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, hw_queue(0, QUEUE_IOVA, BIT_ULL(50)), -ENOMEM);
	queue = hw_queue(0, QUEUE_IOVA, PAGE_SIZE);
	KUNIT_EXPECT_GT(test, queue, 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, queue), 0);
	KUNIT_EXPECT_EQ(test, unmap(4), 0);
}

static void viommu_parts_fail_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 1);
	struct fault fault;

	fault_require(test);
	KUNIT_ASSERT_EQ(test, map(va, 1), 0);
	for (int part = 0; part < 4; part++) {
		for_each_fault(&fault) {
			struct file *file = NULL;
			long id = 0;

			fault_arm(&fault);
			switch (part) {
			case 0:
				id = rig_viommu(&rig, parent);
				break;
			case 1:
				id = rig_vdevice(&rig, viommu, 9);
				break;
			case 2:
				id = vevents(IOMMU_VEVENTQ_TYPE_SELFTEST, 1,
					     &file);
				break;
			case 3:
				id = hw_queue(0, QUEUE_IOVA, PAGE_SIZE);
				break;
			}
			fault_disarm(&fault);
			if (fault_failed(test, &fault, min(id, 0L)))
				continue;
			if (file)
				__fput_sync(file);
			KUNIT_EXPECT_EQ(test, rig_destroy(&rig, id), 0);
		}
		KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
	}
	KUNIT_EXPECT_EQ(test, unmap(1), 0);
}

/* Who makes the owner may have to give it up, and what is to be mapped with it. */
static void mmio_is_mapped_once_its_owner_is_visible(struct kunit *test)
{
	struct iommufd_ioas *ioas = ioas_create(rig.iofd.ictx);
	unsigned long page = get_zeroed_page(GFP_KERNEL), offset, va;
	struct file *file = rig.iofd.file;

	KUNIT_ASSERT_NE(test, page, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ioas);
	KUNIT_ASSERT_EQ(test, _iommufd_alloc_mmap(rig.iofd.ictx, &ioas->obj,
						  __pa(page), PAGE_SIZE,
						  &offset), 0);
	KUNIT_EXPECT_EQ(test, (long)vm_mmap(file, 0, PAGE_SIZE, PROT_READ,
					    MAP_SHARED, offset), -ENXIO);
	KUNIT_EXPECT_EQ(test, refcount_read(&ioas->obj.users), 1);
	object_publish(&rig.iofd.ictx->objects, &ioas->obj);
	va = vm_mmap(file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, offset);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(va));
	KUNIT_EXPECT_EQ(test, vm_munmap(va, PAGE_SIZE), 0);
	_iommufd_destroy_mmap(rig.iofd.ictx, &ioas->obj, offset);
	free_page(page);
}

/* A page that stands for MMIO, and belongs to the IOAS. */
static void mmio_is_mapped_whole(struct kunit *test)
{
	struct iommufd_ioas *ioas = iofd_ioas(test, &rig.iofd);
	unsigned long page = get_zeroed_page(GFP_KERNEL), offset, va;
	struct file *file = rig.iofd.file;
	u32 word = 0;

	KUNIT_ASSERT_NE(test, page, 0);
	*(u32 *)page = 0xfeed;
	KUNIT_ASSERT_EQ(test, _iommufd_alloc_mmap(rig.iofd.ictx, &ioas->obj,
						  __pa(page), PAGE_SIZE,
						  &offset), 0);

	KUNIT_EXPECT_EQ(test, (long)vm_mmap(file, 0, PAGE_SIZE, PROT_READ,
					    MAP_SHARED, offset + PAGE_SIZE),
			-ENXIO);
	KUNIT_EXPECT_EQ(test, (long)vm_mmap(file, 0, 2 * PAGE_SIZE, PROT_READ,
					    MAP_SHARED, offset), -ENXIO);
	KUNIT_EXPECT_EQ(test, (long)vm_mmap(file, 0, PAGE_SIZE, PROT_READ,
					    MAP_PRIVATE, offset), -EINVAL);
	KUNIT_EXPECT_EQ(test, (long)vm_mmap(file, 0, PAGE_SIZE,
					    PROT_READ | PROT_EXEC, MAP_SHARED,
					    offset), -EPERM);
	va = vm_mmap(file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, offset);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(va));
	KUNIT_EXPECT_EQ(test, copy_from_user(&word, (void __user *)va,
					     sizeof(word)), 0);
	KUNIT_EXPECT_EQ(test, word, 0xfeed);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, ioas->obj.id), -EBUSY);
	KUNIT_EXPECT_EQ(test, vm_munmap(va, PAGE_SIZE), 0);
	_iommufd_destroy_mmap(rig.iofd.ictx, &ioas->obj, offset);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, ioas->obj.id), 0);
	KUNIT_EXPECT_EQ(test, (long)vm_mmap(file, 0, PAGE_SIZE, PROT_READ,
					    MAP_SHARED, offset), -ENXIO);
	free_page(page);
}

static struct kunit_case viommu_test_cases[] = {
	KUNIT_CASE(viommu_goes_after_what_belongs_to_it),
	KUNIT_CASE(viommu_needs_a_nesting_parent),
	KUNIT_CASE(viommu_is_for_devices_of_its_iommu),
	KUNIT_CASE(vdevice_is_found_by_drivers),
	KUNIT_CASE(vdevice_is_not_found_as_it_ends),
	KUNIT_CASE(vdevice_is_one_a_device_and_id),
	KUNIT_CASE(vdevice_ends_with_its_device),
	KUNIT_CASE(veventq_tells_of_lost_events),
	KUNIT_CASE(veventq_keeps_what_cannot_be_read),
	KUNIT_CASE(veventq_is_one_a_type),
	KUNIT_CASE(hw_queue_owns_its_memory),
	KUNIT_CASE(hw_queue_has_to_be_contiguous),
	KUNIT_CASE(viommu_parts_fail_without_a_trace),
	KUNIT_CASE(mmio_is_mapped_once_its_owner_is_visible),
	KUNIT_CASE(mmio_is_mapped_whole),
	{}
};

static struct kunit_suite viommu_test_suite = {
	.name = "iommufd-viommu",
	.init = viommu_test_init,
	.exit = viommu_test_exit,
	.test_cases = viommu_test_cases,
};

kunit_test_suite(viommu_test_suite);
