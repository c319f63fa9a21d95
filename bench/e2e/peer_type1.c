// SPDX-License-Identifier: GPL-2.0-only
/* VFIO's container with the type1 IOMMU: the legacy. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "peer.h"

static int container = -1, group = -1;

static void type1_close(void)
{
	/* The group first: it leaves the container with it. */
	if (group >= 0)
		close(group);
	if (container >= 0)
		close(container);
	group = -1;
	container = -1;
}

/* /dev/vfio/N, N being the name of the device's group. */
static int open_group(const char *bdf)
{
	char path[300], target[256];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(target, '/'));
	group = open(path, O_RDWR | O_CLOEXEC);
	return group < 0 ? -errno : 0;
}

static int type1_open(const char *bdf)
{
	int rc = open_group(bdf);

	if (rc)
		return rc;
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container >= 0 &&
	    !ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) &&
	    !ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return 0;
	rc = -errno;
	type1_close();
	return rc;
}

static int type1_map(const struct shape *shape, size_t bytes, __u64 iova)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)shape->va,
		.iova = iova,
		.size = bytes,
	};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &cmd) ? -errno : 0;
}

static int type1_unmap(__u64 iova, size_t bytes)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.iova = iova,
		.size = bytes,
	};

	if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &cmd))
		return -errno;
	return cmd.size == bytes ? 0 : -EIO;
}

const struct peer peer_type1 = {
	.name = "type1",
	.modules = { "vfio_iommu_type1" },
	.open = type1_open,
	.close = type1_close,
	.map = type1_map,
	.unmap = type1_unmap,
};
