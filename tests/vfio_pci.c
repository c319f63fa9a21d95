// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/pci_regs.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio_pci.h"

int vfio_region_offset(int device, __u32 index, __u64 *offset)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	*offset = info.offset;
	return 0;
}

int vfio_enable(int device, bool on)
{
	__u16 command, bits = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	__u64 config = 0;
	int ret;

	ret = vfio_region_offset(device, VFIO_PCI_CONFIG_REGION_INDEX, &config);
	if (ret)
		return ret;
	if (pread(device, &command, sizeof(command), config + PCI_COMMAND) != sizeof(command))
		return -EIO;
	command = on ? command | bits : command & ~bits;
	if (pwrite(device, &command, sizeof(command), config + PCI_COMMAND) != sizeof(command))
		return -EIO;
	return 0;
}

int vfio_map_bar(int device, size_t bytes, unsigned char **bar)
{
	__u64 offset = 0;
	void *va;
	int ret;

	*bar = NULL;
	ret = vfio_region_offset(device, VFIO_PCI_BAR0_REGION_INDEX, &offset);
	if (ret)
		return ret;
	va = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, device, offset);
	if (va == MAP_FAILED)
		return -errno;
	*bar = va;
	return 0;
}

int vfio_reset(int device)
{
	return ioctl(device, VFIO_DEVICE_RESET) ? -errno : 0;
}

int vfio_dmabuf(int device, __u64 offset, __u64 length)
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
		.range = { .offset = offset, .length = length },
	};
	int fd = ioctl(device, VFIO_DEVICE_FEATURE, &get);

	return fd < 0 ? -errno : fd;
}

int vfio_dma_map(int container, void *va, size_t bytes, __u64 iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (unsigned long)va,
		.iova = iova,
		.size = bytes,
	};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}
