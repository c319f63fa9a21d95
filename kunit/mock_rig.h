/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An open /dev/iommu with an IOAS, and a device of the mock IOMMU attached to it.
 *
 * What is wanted of them is asked for as a program does, by ioctl. Those that
 * make something return its ID, or an errno.
 */
#ifndef KUNIT_MOCK_RIG_H
#define KUNIT_MOCK_RIG_H

#include "iofd.h"
#include "mock/mock.h"

struct iommufd_device;
struct kunit;

/**
 * struct mock_rig - the rig
 * @test: the case
 * @iofd: the open file
 * @ioas: ID of the IOAS
 * @stdev: ID of the mock device with its driver
 * @dev: ID of the bound device
 * @hwpt: ID of the automatic HWPT that it is attached to
 */
struct mock_rig {
	struct kunit *test;
	struct iofd iofd;
	u32 ioas;
	u32 stdev;
	u32 dev;
	u32 hwpt;
};

void mock_rig_open(struct kunit *test, struct mock_rig *rig, u32 dev_flags);
void mock_rig_fill(struct kunit *test, struct mock_rig *rig, u32 dev_flags);
void mock_rig_close(struct mock_rig *rig);

struct iommufd_device *rig_device(struct mock_rig *rig);
long rig_ioctl(struct mock_rig *rig, unsigned int cmd, void *arg,
	       size_t size_bytes);
long rig_test(struct mock_rig *rig, struct iommu_test_cmd *cmd);
int rig_dmabuf(struct mock_rig *rig, size_t length_bytes);
long rig_destroy(struct mock_rig *rig, u32 id);
long rig_hwpt(struct mock_rig *rig, u32 pt, u32 flags);
long rig_nested(struct mock_rig *rig, u32 pt, u32 flags, u32 fault);
long rig_fault(struct mock_rig *rig, struct file **file);
long rig_viommu(struct mock_rig *rig, u32 parent);
long rig_vdevice(struct mock_rig *rig, u32 viommu, u64 virt_id);
long rig_attach(struct mock_rig *rig, u32 pt);
long rig_pasid(struct mock_rig *rig, u32 op, u32 pasid, u32 pt);

struct file *rig_take_file(struct mock_rig *rig, u32 fd);
ssize_t rig_read(struct mock_rig *rig, struct file *file, void *data,
		 size_t bytes);
ssize_t rig_write(struct mock_rig *rig, struct file *file, const void *data,
		  size_t bytes);

#endif
