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

static void type1_close(struct space *space)
{
	/* The group first: it leaves the container with it. */
	close(space->device_fd);
	if (space->fd >= 0)
		close(space->fd);
}

/* /dev/vfio/N, N being the name of the device's group; or -errno. */
static int open_group(const char *bdf)
{
	char path[300], target[256];
	ssize_t len;
	int group;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(target, '/'));
	group = open(path, O_RDWR | O_CLOEXEC);
	return group < 0 ? -errno : group;
}

static int type1_open(struct space *space, const char *bdf, const struct space *beside)
{
	int rc;

	/* A container has one. */
	if (beside)
		return -EOPNOTSUPP;
	space->device_fd = open_group(bdf);
	if (space->device_fd < 0)
		return space->device_fd;
	space->fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (space->fd >= 0 &&
	    !ioctl(space->device_fd, VFIO_GROUP_SET_CONTAINER, &space->fd) &&
	    !ioctl(space->fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return 0;
	rc = -errno;
	type1_close(space);
	return rc;
}

static int type1_map(const struct space *space, const struct shape *shape, size_t bytes,
		     __u64 iova)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)shape->va,
		.iova = iova,
		.size = bytes,
	};

	return ioctl(space->fd, VFIO_IOMMU_MAP_DMA, &cmd) ? -errno : 0;
}

static int type1_unmap(const struct space *space, __u64 iova, size_t bytes)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.iova = iova,
		.size = bytes,
	};

	if (ioctl(space->fd, VFIO_IOMMU_UNMAP_DMA, &cmd))
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
