// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd through VFIO's device node: the kernel's module and ours, which look the same from here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "peer.h"

static void iommufd_close(struct space *space)
{
	/* The device first: it is detached and unbound with it. */
	close(space->device_fd);
	if (space->fd >= 0)
		close(space->fd);
}

/* The node of a device that vfio-pci has: /dev/vfio/devices/vfioN; or -errno. */
static int open_device(const char *bdf)
{
	struct dirent *entry;
	char path[300];
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	dir = opendir(path);
	if (!dir)
		return -errno;
	do {
		entry = readdir(dir);
	} while (entry && strncmp(entry->d_name, "vfio", 4));
	if (entry)
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry->d_name);
	closedir(dir);
	if (!entry)
		return -ENODEV;
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int iommufd_open(struct space *space, const char *bdf, const struct space *beside)
{
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int rc;

	space->device_fd = open_device(bdf);
	if (space->device_fd < 0)
		return space->device_fd;
	space->fd = beside ? dup(beside->fd) : open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (space->fd < 0)
		goto fail;
	bind.iommufd = space->fd;
	if (ioctl(space->device_fd, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(space->fd, IOMMU_IOAS_ALLOC, &alloc))
		goto fail;
	attach.pt_id = alloc.out_ioas_id;
	if (ioctl(space->device_fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		goto fail;
	space->device = bind.out_devid;
	space->ioas = alloc.out_ioas_id;
	return 0;
fail:
	rc = -errno;
	iommufd_close(space);
	return rc;
}

#define MAP_FLAGS \
	(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)

static int iommufd_map(const struct space *space, const struct shape *shape, size_t bytes,
		       __u64 iova)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = MAP_FLAGS,
		.ioas_id = space->ioas,
		.user_va = (uintptr_t)shape->va,
		.length = bytes,
		.iova = iova,
	};

	return ioctl(space->fd, IOMMU_IOAS_MAP, &cmd) ? -errno : 0;
}

static int iommufd_map_file(const struct space *space, const struct shape *shape, size_t bytes,
			    __u64 iova)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = MAP_FLAGS,
		.ioas_id = space->ioas,
		.fd = shape->fd,
		.start = shape->start,
		.length = bytes,
		.iova = iova,
	};

	return ioctl(space->fd, IOMMU_IOAS_MAP_FILE, &cmd) ? -errno : 0;
}

static int iommufd_unmap(const struct space *space, __u64 iova, size_t bytes)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = space->ioas,
		.iova = iova,
		.length = bytes,
	};

	if (ioctl(space->fd, IOMMU_IOAS_UNMAP, &cmd))
		return -errno;
	return cmd.length == bytes ? 0 : -EIO;
}

static int iommufd_copy(const struct space *space, __u64 src, size_t bytes, __u64 iova)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd),
		.flags = MAP_FLAGS,
		.dst_ioas_id = space->ioas,
		.src_ioas_id = space->ioas,
		.length = bytes,
		.dst_iova = iova,
		.src_iova = src,
	};

	return ioctl(space->fd, IOMMU_IOAS_COPY, &cmd) ? -errno : 0;
}

/* A BAR has no pages that could be pinned: it is a dma-buf, which vfio-pci makes. */
static int iommufd_map_bar(struct space *space, __u64 iova)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_dma_buf dmabuf;
		struct vfio_region_dma_range range;
	} get = {
		.feature.argsz = sizeof(get),
		.feature.flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF,
		.dmabuf.region_index = VFIO_PCI_BAR0_REGION_INDEX,
		.dmabuf.open_flags = O_RDWR | O_CLOEXEC,
		.dmabuf.nr_ranges = 1,
		.range.length = BAR_BYTES,
	};
	struct shape bar = { 0 };
	int rc;

	bar.fd = ioctl(space->device_fd, VFIO_DEVICE_FEATURE, &get);
	if (bar.fd < 0)
		return -errno;
	rc = iommufd_map_file(space, &bar, BAR_BYTES, iova);
	if (rc)
		close(bar.fd);
	else
		space->bar_fd = bar.fd;
	return rc;
}

static int iommufd_unmap_bar(const struct space *space, __u64 iova)
{
	int rc = iommufd_unmap(space, iova, BAR_BYTES);

	close(space->bar_fd);
	return rc;
}

static int iommufd_leave(const struct space *space)
{
	struct vfio_device_detach_iommufd_pt cmd = { .argsz = sizeof(cmd) };

	return ioctl(space->device_fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd) ? -errno : 0;
}

static int iommufd_attach(struct space *space)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.dev_id = space->device,
		.pt_id = space->ioas,
	};

	if (ioctl(space->fd, IOMMU_HWPT_ALLOC, &cmd))
		return -errno;
	space->second = cmd.out_hwpt_id;
	return 0;
}

static int iommufd_create(const struct space *space, __u32 *id)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

	if (ioctl(space->fd, IOMMU_IOAS_ALLOC, &cmd))
		return -errno;
	*id = cmd.out_ioas_id;
	return 0;
}

static int iommufd_destroy(const struct space *space, __u32 id)
{
	struct iommu_destroy cmd = {
		.size = sizeof(cmd),
		.id = id,
	};

	return ioctl(space->fd, IOMMU_DESTROY, &cmd) ? -errno : 0;
}

static int iommufd_detach(const struct space *space)
{
	return iommufd_destroy(space, space->second);
}

static int iommufd_lookup(const struct space *space)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = IOMMU_OPTION_HUGE_PAGES,
		.op = IOMMU_OPTION_OP_GET,
		.object_id = space->ioas,
	};

	return ioctl(space->fd, IOMMU_OPTION, &cmd) ? -errno : 0;
}

#define IOMMUFD_PEER(variable, its_name) \
	const struct peer variable = { \
		.name = its_name, \
		.beside = true, \
		.modules = { "iommufd" }, \
		.open = iommufd_open, \
		.close = iommufd_close, \
		.map = iommufd_map, \
		.map_file = iommufd_map_file, \
		.unmap = iommufd_unmap, \
		.copy = iommufd_copy, \
		.map_bar = iommufd_map_bar, \
		.unmap_bar = iommufd_unmap_bar, \
		.leave = iommufd_leave, \
		.attach = iommufd_attach, \
		.detach = iommufd_detach, \
		.lookup = iommufd_lookup, \
		.create = iommufd_create, \
		.destroy = iommufd_destroy, \
	}

IOMMUFD_PEER(peer_iommufd, "iommufd");
IOMMUFD_PEER(peer_fast, "fast");
