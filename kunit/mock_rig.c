// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open /dev/iommu with a mock device. See mock_rig.h.
 */
#include <kunit/test.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "device/device.h"
#include "mock_rig.h"

/* Behind what iofd_ioctl() uses of the program's memory. */
#define DATA_OFFSET	2048

static void __user *data_of(const struct mock_rig *rig)
{
	return (void __user *)(rig->iofd.arg + DATA_OFFSET);
}

/**
 * rig_ioctl() - an ioctl
 * @rig: the rig
 * @cmd: its number
 * @arg: the structure; set to what the ioctl made of it
 * @size_bytes: its size, which becomes its first member
 *
 * Return: what a program would get.
 */
long rig_ioctl(struct mock_rig *rig, unsigned int cmd, void *arg,
	       size_t size_bytes)
{
	*(u32 *)arg = size_bytes;
	return iofd_ioctl(rig->test, &rig->iofd, cmd, arg, size_bytes);
}

/**
 * rig_test() - IOMMU_TEST_CMD
 * @rig: the rig
 * @cmd: the structure; set to what the ioctl made of it
 *
 * Return: what a program would get.
 */
long rig_test(struct mock_rig *rig, struct iommu_test_cmd *cmd)
{
	return rig_ioctl(rig, IOMMU_TEST_CMD, cmd, sizeof(*cmd));
}

/**
 * rig_dmabuf() - a dma-buf of the mock's
 * @rig: the rig; its case ends here if there is none
 * @length_bytes: of it
 *
 * Return: its file descriptor.
 */
int rig_dmabuf(struct mock_rig *rig, size_t length_bytes)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_GET,
		.dmabuf_get.length = length_bytes,
	};
	long fd = rig_test(rig, &cmd);

	KUNIT_ASSERT_GE(rig->test, fd, 0);
	return fd;
}

/**
 * mock_rig_fill() - make what is in a rig
 * @test: the case
 * @rig: with its file opened; the case has to close it
 * @dev_flags: MOCK_FLAGS_DEVICE_*
 */
void mock_rig_fill(struct kunit *test, struct mock_rig *rig, u32 dev_flags)
{
	struct iommu_ioas_alloc alloc = {};
	struct iommu_test_cmd cmd = { .op = IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS };

	rig->test = test;
	KUNIT_ASSERT_EQ(test, rig_ioctl(rig, IOMMU_IOAS_ALLOC, &alloc,
					sizeof(alloc)), 0);
	rig->ioas = alloc.out_ioas_id;
	cmd.id = rig->ioas;
	cmd.mock_domain_flags.dev_flags = dev_flags;
	KUNIT_ASSERT_EQ(test, rig_test(rig, &cmd), 0);
	rig->stdev = cmd.mock_domain_flags.out_stdev_id;
	rig->dev = cmd.mock_domain_flags.out_idev_id;
	rig->hwpt = cmd.mock_domain_flags.out_hwpt_id;
}

/**
 * mock_rig_open() - make a rig
 * @test: the case
 * @rig: set to it; the case has to close it
 * @dev_flags: MOCK_FLAGS_DEVICE_*
 */
void mock_rig_open(struct kunit *test, struct mock_rig *rig, u32 dev_flags)
{
	iofd_open(test, &rig->iofd);
	mock_rig_fill(test, rig, dev_flags);
}

/**
 * mock_rig_close() - end a rig, with all that was made in it
 * @rig: the rig
 */
void mock_rig_close(struct mock_rig *rig)
{
	iofd_close(&rig->iofd);
}

/**
 * rig_destroy() - IOMMU_DESTROY
 * @rig: the rig
 * @id: of what
 *
 * Return: what a program would get.
 */
long rig_destroy(struct mock_rig *rig, u32 id)
{
	struct iommu_destroy destroy = { .id = id };

	return rig_ioctl(rig, IOMMU_DESTROY, &destroy, sizeof(destroy));
}

/**
 * rig_hwpt() - a paging HWPT for the device
 * @rig: the rig
 * @pt: ID of an IOAS
 * @flags: IOMMU_HWPT_ALLOC_*
 *
 * Return: its ID, or an errno.
 */
long rig_hwpt(struct mock_rig *rig, u32 pt, u32 flags)
{
	struct iommu_hwpt_alloc alloc = {
		.flags = flags,
		.dev_id = rig->dev,
		.pt_id = pt,
	};
	long rc = rig_ioctl(rig, IOMMU_HWPT_ALLOC, &alloc, sizeof(alloc));

	return rc ? rc : alloc.out_hwpt_id;
}

/**
 * rig_nested() - a nested HWPT for the device
 * @rig: the rig
 * @pt: ID of the parent, or of a vIOMMU
 * @flags: IOMMU_HWPT_ALLOC_*, IOMMU_HWPT_FAULT_ID_VALID
 * @fault: ID of a fault queue, or 0
 *
 * Return: its ID, or an errno.
 */
long rig_nested(struct mock_rig *rig, u32 pt, u32 flags, u32 fault)
{
	const struct iommu_hwpt_selftest data = {
		.iotlb = IOMMU_TEST_IOTLB_DEFAULT,
	};
	struct iommu_hwpt_alloc alloc = {
		.flags = flags,
		.dev_id = rig->dev,
		.pt_id = pt,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (u64)data_of(rig),
		.fault_id = fault,
	};
	long rc;

	KUNIT_ASSERT_EQ(rig->test,
			copy_to_user(data_of(rig), &data, sizeof(data)), 0);
	rc = rig_ioctl(rig, IOMMU_HWPT_ALLOC, &alloc, sizeof(alloc));
	return rc ? rc : alloc.out_hwpt_id;
}

/**
 * rig_take_file() - the file behind a descriptor, which is closed
 * @rig: the rig
 * @fd: the descriptor
 *
 * Return: the file; the case has to __fput_sync() it.
 */
struct file *rig_take_file(struct mock_rig *rig, u32 fd)
{
	struct file *file = fget(fd);

	KUNIT_ASSERT_NOT_NULL(rig->test, file);
	close_fd(fd);
	return file;
}

/**
 * rig_fault() - a fault queue
 * @rig: the rig
 * @file: set to its file, as rig_take_file() says
 *
 * Return: its ID, or an errno.
 */
long rig_fault(struct mock_rig *rig, struct file **file)
{
	struct iommu_fault_alloc alloc = {};
	long rc = rig_ioctl(rig, IOMMU_FAULT_QUEUE_ALLOC, &alloc,
			    sizeof(alloc));

	if (rc)
		return rc;
	*file = rig_take_file(rig, alloc.out_fault_fd);
	return alloc.out_fault_id;
}

/**
 * rig_viommu() - a vIOMMU
 * @rig: the rig
 * @parent: ID of a nesting parent
 *
 * Return: its ID, or an errno.
 */
long rig_viommu(struct mock_rig *rig, u32 parent)
{
	struct iommu_viommu_alloc alloc = {
		.type = IOMMU_VIOMMU_TYPE_SELFTEST,
		.dev_id = rig->dev,
		.hwpt_id = parent,
	};
	long rc = rig_ioctl(rig, IOMMU_VIOMMU_ALLOC, &alloc, sizeof(alloc));

	return rc ? rc : alloc.out_viommu_id;
}

/**
 * rig_vdevice() - a virtual device for the device
 * @rig: the rig
 * @viommu: ID of the vIOMMU
 * @virt_id: what it is called there
 *
 * Return: its ID, or an errno.
 */
long rig_vdevice(struct mock_rig *rig, u32 viommu, u64 virt_id)
{
	struct iommu_vdevice_alloc alloc = {
		.viommu_id = viommu,
		.dev_id = rig->dev,
		.virt_id = virt_id,
	};
	long rc = rig_ioctl(rig, IOMMU_VDEVICE_ALLOC, &alloc, sizeof(alloc));

	return rc ? rc : alloc.out_vdevice_id;
}

/**
 * rig_device() - the bound device itself
 * @rig: the rig
 *
 * Return: the device; the mock's driver holds it for as long as the rig is there.
 */
struct iommufd_device *rig_device(struct mock_rig *rig)
{
	struct iommufd_device *idev = idev_get(rig->iofd.ictx, rig->dev);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(rig->test, idev);
	idev_put(idev);
	return idev;
}

/**
 * rig_attach() - move the device to another HWPT or IOAS
 * @rig: the rig
 * @pt: its ID
 *
 * Return: what a program would get.
 */
long rig_attach(struct mock_rig *rig, u32 pt)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
		.id = rig->stdev,
		.mock_domain_replace.pt_id = pt,
	};

	return rig_test(rig, &cmd);
}

/**
 * rig_pasid() - do something with a PASID of the device
 * @rig: the rig
 * @op: IOMMU_TEST_OP_PASID_*
 * @pasid: the PASID
 * @pt: ID of a HWPT, unused to detach
 *
 * Return: what a program would get.
 */
long rig_pasid(struct mock_rig *rig, u32 op, u32 pasid, u32 pt)
{
	struct iommu_test_cmd cmd = {
		.op = op,
		.id = rig->stdev,
		.pasid_attach = { .pasid = pasid, .pt_id = pt },
	};

	return rig_test(rig, &cmd);
}

/**
 * rig_read() - read(2)
 * @rig: the rig
 * @file: a file with a plain read operation
 * @data: set to what is read
 * @bytes: how much room there is
 *
 * Return: what a program would get.
 */
ssize_t rig_read(struct mock_rig *rig, struct file *file, void *data,
		 size_t bytes)
{
	loff_t pos = 0;
	ssize_t rc = file->f_op->read(file, data_of(rig), bytes, &pos);

	if (rc > 0)
		KUNIT_ASSERT_EQ(rig->test,
				copy_from_user(data, data_of(rig), rc), 0);
	return rc;
}

/**
 * rig_write() - write(2)
 * @rig: the rig
 * @file: a file with a plain write operation
 * @data: what to write
 * @bytes: how much
 *
 * Return: what a program would get.
 */
ssize_t rig_write(struct mock_rig *rig, struct file *file, const void *data,
		  size_t bytes)
{
	loff_t pos = 0;

	KUNIT_ASSERT_EQ(rig->test, copy_to_user(data_of(rig), data, bytes), 0);
	return file->f_op->write(file, data_of(rig), bytes, &pos);
}
