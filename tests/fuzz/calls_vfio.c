// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of a VFIO container, and a real device. */
#include <linux/vfio.h>

#ifndef CALL_H
#include "call.h"
#endif

/* iommufd, flags, memory, bytes, IOVA */
long call_dma_map(const __u64 *a)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd),
		.flags = a[1],
		.vaddr = (__u64)address_of(a[2]),
		.size = a[3],
		.iova = a[4],
	};

	return result(ioctl(fd_of(a[0]), VFIO_IOMMU_MAP_DMA, &cmd));
}

/* iommufd, flags, IOVA, bytes */
long call_dma_unmap(const __u64 *a)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.flags = a[1],
		.iova = a[2],
		.size = a[3],
	};

	return result(ioctl(fd_of(a[0]), VFIO_IOMMU_UNMAP_DMA, &cmd));
}

/* iommufd, 0: version, 1: an extension, 2: the IOMMU, 3: information; argument */
long call_dma_info(const __u64 *a)
{
	struct vfio_iommu_type1_info *info = (void *)w->data;

	switch (a[1] % 4) {
	case 0:
		return result(ioctl(fd_of(a[0]), VFIO_GET_API_VERSION));
	case 1:
		return result(ioctl(fd_of(a[0]), VFIO_CHECK_EXTENSION, a[2] % 16));
	case 2:
		return result(ioctl(fd_of(a[0]), VFIO_SET_IOMMU, a[2] % 16));
	}
	info->argsz = a[2] % RW_MAX_BYTES;
	return result(ioctl(fd_of(a[0]), VFIO_IOMMU_GET_INFO, info));
}

/* Of the edu device: one, and whoever has it. */
static int edu = -1;

/* iommufd: bind it, or if it is already let it go */
long call_vfio(const __u64 *a)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = fd_of(a[0]) };
	int fd;

	fd = __atomic_exchange_n(&edu, -1, __ATOMIC_SEQ_CST);
	if (fd >= 0)
		return result(close(fd));
	fd = open("/dev/vfio/devices/vfio0", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &bind)) {
		close(fd);
		return -EINVAL;
	}
	fd = __atomic_exchange_n(&edu, fd, __ATOMIC_SEQ_CST);
	if (fd >= 0)
		close(fd);
	return 0;
}

/* iommufd, IOAS or HWPT */
long call_vfio_attach(const __u64 *a)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = id_of(a[0], KIND_IOAS, a[1]),
	};

	return result(ioctl(__atomic_load_n(&edu, __ATOMIC_SEQ_CST), VFIO_DEVICE_ATTACH_IOMMUFD_PT,
			    &attach));
}

void vfio_end(void)
{
	int fd = __atomic_exchange_n(&edu, -1, __ATOMIC_SEQ_CST);

	if (fd >= 0)
		close(fd);
}
