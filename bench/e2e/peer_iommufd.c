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

static int iommufd = -1, vfio = -1;
static __u32 device, ioas, second;

static void iommufd_close(void)
{
	/* The device first: it is detached and unbound with it. */
	if (vfio >= 0)
		close(vfio);
	if (iommufd >= 0)
		close(iommufd);
	vfio = -1;
	iommufd = -1;
}

/* The node of a device that vfio-pci has: /dev/vfio/devices/vfioN. */
static int open_device(const char *bdf)
{
	struct dirent *entry;
	char path[300];
	DIR *dir;

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
	vfio = open(path, O_RDWR | O_CLOEXEC);
	return vfio < 0 ? -errno : 0;
}

static int iommufd_open(const char *bdf)
{
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int rc = open_device(bdf);

	if (rc)
		return rc;
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (iommufd < 0)
		goto fail;
	bind.iommufd = iommufd;
	if (ioctl(vfio, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc))
		goto fail;
	attach.pt_id = alloc.out_ioas_id;
	if (ioctl(vfio, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		goto fail;
	device = bind.out_devid;
	ioas = alloc.out_ioas_id;
	return 0;
fail:
	rc = -errno;
	iommufd_close();
	return rc;
}

#define MAP_FLAGS \
	(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)

static int iommufd_map(const struct shape *shape, size_t bytes, __u64 iova)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = MAP_FLAGS,
		.ioas_id = ioas,
		.user_va = (uintptr_t)shape->va,
		.length = bytes,
		.iova = iova,
	};

	return ioctl(iommufd, IOMMU_IOAS_MAP, &cmd) ? -errno : 0;
}

static int iommufd_map_file(const struct shape *shape, size_t bytes, __u64 iova)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = MAP_FLAGS,
		.ioas_id = ioas,
		.fd = shape->fd,
		.length = bytes,
		.iova = iova,
	};

	return ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &cmd) ? -errno : 0;
}

static int iommufd_unmap(__u64 iova, size_t bytes)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.iova = iova,
		.length = bytes,
	};

	if (ioctl(iommufd, IOMMU_IOAS_UNMAP, &cmd))
		return -errno;
	return cmd.length == bytes ? 0 : -EIO;
}

static int iommufd_copy(__u64 src, size_t bytes, __u64 iova)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd),
		.flags = MAP_FLAGS,
		.dst_ioas_id = ioas,
		.src_ioas_id = ioas,
		.length = bytes,
		.dst_iova = iova,
		.src_iova = src,
	};

	return ioctl(iommufd, IOMMU_IOAS_COPY, &cmd) ? -errno : 0;
}

static int iommufd_attach(void)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.dev_id = device,
		.pt_id = ioas,
	};

	if (ioctl(iommufd, IOMMU_HWPT_ALLOC, &cmd))
		return -errno;
	second = cmd.out_hwpt_id;
	return 0;
}

static int iommufd_detach(void)
{
	struct iommu_destroy cmd = {
		.size = sizeof(cmd),
		.id = second,
	};

	return ioctl(iommufd, IOMMU_DESTROY, &cmd) ? -errno : 0;
}

static int iommufd_lookup(void)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = IOMMU_OPTION_HUGE_PAGES,
		.op = IOMMU_OPTION_OP_GET,
		.object_id = ioas,
	};

	return ioctl(iommufd, IOMMU_OPTION, &cmd) ? -errno : 0;
}

#define IOMMUFD_PEER(variable, its_name) \
	const struct peer variable = { \
		.name = its_name, \
		.modules = { "iommufd" }, \
		.open = iommufd_open, \
		.close = iommufd_close, \
		.map = iommufd_map, \
		.map_file = iommufd_map_file, \
		.unmap = iommufd_unmap, \
		.copy = iommufd_copy, \
		.attach = iommufd_attach, \
		.detach = iommufd_detach, \
		.lookup = iommufd_lookup, \
	}

IOMMUFD_PEER(peer_iommufd, "iommufd");
IOMMUFD_PEER(peer_fast, "fast");
