// SPDX-License-Identifier: GPL-2.0-only
/* VFIO's container with the type1 IOMMU: the legacy. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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
	snprintf(space->bdf, sizeof(space->bdf), "%s", bdf);
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

/* A BAR is mapped like memory, by an address that this program has it at. */
static int map_bar_of(int device_fd, struct space *space, __u64 iova)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	struct shape bar = { .fd = -1 };
	int rc;

	if (ioctl(device_fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	bar.va = mmap(NULL, BAR_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, device_fd, info.offset);
	if (bar.va == MAP_FAILED)
		return -errno;
	rc = type1_map(space, &bar, BAR_BYTES, iova);
	if (rc)
		munmap(bar.va, BAR_BYTES);
	else
		space->bar_va = bar.va;
	return rc;
}

/* Only now is the device opened: before it has an IO address space that is not possible. */
static int type1_map_bar(struct space *space, __u64 iova)
{
	int fd = ioctl(space->device_fd, VFIO_GROUP_GET_DEVICE_FD, space->bdf), rc;

	if (fd < 0)
		return -errno;
	rc = map_bar_of(fd, space, iova);
	if (rc)
		close(fd);
	else
		space->bar_fd = fd;
	return rc;
}

static int type1_unmap_bar(const struct space *space, __u64 iova)
{
	int rc = type1_unmap(space, iova, BAR_BYTES);

	munmap(space->bar_va, BAR_BYTES);
	close(space->bar_fd);
	return rc;
}

const struct peer peer_type1 = {
	.name = "type1",
	.modules = { "vfio_iommu_type1" },
	.open = type1_open,
	.close = type1_close,
	.map = type1_map,
	.unmap = type1_unmap,
	.map_bar = type1_map_bar,
	.unmap_bar = type1_unmap_bar,
};
