// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "edu.h"
#include "util.h"
#include "vfio_pci.h"

#define EDU_DMA_SRC 0x80
#define EDU_DMA_DST 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_CMD 0x98
#define EDU_DMA_RUN 1
#define EDU_DMA_TO_MEMORY 2
#define EDU_BUFFER 0x40000

#define VFIO_CDEVS "/sys/bus/pci/drivers/vfio-pci/*:*/vfio-dev/vfio*"
#define BARE_CDEVS "/sys/bus/pci/drivers/vfio-pci/*:*/vfio-dev/noiommu-vfio*"

unsigned int edu_count(void)
{
	glob_t found;
	unsigned int n;

	if (glob(VFIO_CDEVS, 0, NULL, &found))
		return 0;
	n = found.gl_pathc;
	globfree(&found);
	return n;
}

static __u64 read_register(struct edu *edu, unsigned int reg)
{
	return __atomic_load_n((__u64 *)(edu->bar + reg), __ATOMIC_ACQUIRE);
}

static void write_register(struct edu *edu, unsigned int reg, __u64 value)
{
	__atomic_store_n((__u64 *)(edu->bar + reg), value, __ATOMIC_RELEASE);
}

/* The directory in sysfs of the index-th such device's cdev. */
static int find_cdev(const char *cdevs, unsigned int index, char *path, size_t len)
{
	int ret = -ENODEV;
	glob_t found;

	if (glob(cdevs, 0, NULL, &found))
		return ret;
	if (index < found.gl_pathc) {
		snprintf(path, len, "%s", found.gl_pathv[index]);
		ret = 0;
	}
	globfree(&found);
	return ret;
}

int edu_group(unsigned int index)
{
	char cdev[128], path[256], group[256] = "";
	int ret;

	ret = find_cdev(VFIO_CDEVS, index, cdev, sizeof(cdev));
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/../../iommu_group", cdev);
	if (readlink(path, group, sizeof(group) - 1) < 0 || !strrchr(group, '/'))
		return -errno;
	return atoi(strrchr(group, '/') + 1);
}

/* The PCI address of the index-th such device. */
static int find_address(const char *cdevs, unsigned int index, char *address, size_t len)
{
	char cdev[128], path[256], device[PATH_MAX] = "";
	int ret;

	ret = find_cdev(cdevs, index, cdev, sizeof(cdev));
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/../../", cdev);
	if (!realpath(path, device))
		return -errno;
	snprintf(address, len, "%s", strrchr(device, '/') + 1);
	return 0;
}

int edu_address(unsigned int index, char *address, size_t len)
{
	return find_address(VFIO_CDEVS, index, address, len);
}

static int open_cdev(struct edu *edu, const char *cdevs, unsigned int index)
{
	char cdev[128], path[256];
	int ret;

	*edu = (struct edu){ .fd = -1 };
	ret = find_cdev(cdevs, index, cdev, sizeof(cdev));
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", strrchr(cdev, '/') + 1);
	edu->fd = open(path, O_RDWR | O_CLOEXEC);
	return edu->fd < 0 ? -errno : 0;
}

int edu_open(struct edu *edu, unsigned int index)
{
	return open_cdev(edu, VFIO_CDEVS, index);
}

int edu_open_bare(struct edu *edu)
{
	return open_cdev(edu, BARE_CDEVS, 0);
}

/* What is the same however the device was opened. */
static int make_usable(struct edu *edu)
{
	int ret;

	ret = vfio_enable(edu->fd, true);
	if (ret)
		return ret;
	ret = vfio_map_bar(edu->fd, EDU_BAR_BYTES, &edu->bar);
	if (ret)
		return ret;
	/*
	 * A transfer of the last user may still be on its way, and the registers are closed until
	 * it is done.
	 */
	return edu_dma_wait(edu);
}

int edu_bind(struct edu *edu, int iofd)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iofd };

	if (ioctl(edu->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return -errno;
	edu->devid = bind.out_devid;
	return make_usable(edu);
}

static int open_in_group(struct edu *edu, const char *cdevs, unsigned int index, int group)
{
	char address[64];
	int ret;

	*edu = (struct edu){ .fd = -1 };
	ret = find_address(cdevs, index, address, sizeof(address));
	if (ret)
		return ret;
	edu->fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address);
	if (edu->fd < 0)
		return -errno;
	return make_usable(edu);
}

int edu_open_in_group(struct edu *edu, unsigned int index, int group)
{
	return open_in_group(edu, VFIO_CDEVS, index, group);
}

int edu_open_bare_in_group(struct edu *edu, int group)
{
	return open_in_group(edu, BARE_CDEVS, 0, group);
}

int edu_attach(struct edu *edu, __u32 *pt)
{
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach), .pt_id = *pt };

	if (ioctl(edu->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		return -errno;
	*pt = attach.pt_id;
	return 0;
}

int edu_detach(struct edu *edu)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	return ioctl(edu->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach) ? -errno : 0;
}

void edu_close(struct edu *edu)
{
	if (edu->bar)
		munmap(edu->bar, EDU_BAR_BYTES);
	if (edu->fd >= 0)
		close(edu->fd);
	edu->bar = NULL;
	edu->fd = -1;
}

__u32 edu_read(struct edu *edu, unsigned int reg)
{
	return __atomic_load_n((__u32 *)(edu->bar + reg), __ATOMIC_ACQUIRE);
}

void edu_write(struct edu *edu, unsigned int reg, __u32 value)
{
	__atomic_store_n((__u32 *)(edu->bar + reg), value, __ATOMIC_RELEASE);
}

int edu_enable(struct edu *edu, bool on)
{
	return vfio_enable(edu->fd, on);
}

int edu_reset(struct edu *edu)
{
	return vfio_reset(edu->fd);
}

int edu_dmabuf(struct edu *edu, __u64 offset, __u64 length)
{
	return vfio_dmabuf(edu->fd, offset, length);
}

void edu_dma_start(struct edu *edu, __u64 iova, size_t len, bool to_memory)
{
	write_register(edu, EDU_DMA_SRC, to_memory ? EDU_BUFFER : iova);
	write_register(edu, EDU_DMA_DST, to_memory ? iova : EDU_BUFFER);
	write_register(edu, EDU_DMA_COUNT, len);
	write_register(edu, EDU_DMA_CMD, EDU_DMA_RUN | (to_memory ? EDU_DMA_TO_MEMORY : 0));
}

int edu_dma_wait(struct edu *edu)
{
	struct timespec nap = { .tv_nsec = 5 * 1000 * 1000 };
	int naps;

	for (naps = 0; naps < 1000; naps++) {
		if (!(read_register(edu, EDU_DMA_CMD) & EDU_DMA_RUN))
			return 0;
		nanosleep(&nap, NULL);
	}
	return -ETIMEDOUT;
}

static int transfer(struct edu *edu, __u64 iova, size_t len, bool to_memory)
{
	struct timespec due = { .tv_nsec = 100 * 1000 * 1000 };

	edu_dma_start(edu, iova, len, to_memory);
	nanosleep(&due, NULL);
	return edu_dma_wait(edu);
}

int edu_dma_read(struct edu *edu, __u64 iova, size_t len)
{
	return transfer(edu, iova, len, false);
}

int edu_dma_write(struct edu *edu, __u64 iova, size_t len)
{
	return transfer(edu, iova, len, true);
}
