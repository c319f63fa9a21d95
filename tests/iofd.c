// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "iofd.h"

int iofd_open(void)
{
	const char *node = getenv("IOFD");
	int fd = open(node ? node : "/dev/iommu", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int iofd_ioctl(int iofd, unsigned long cmd, void *arg)
{
	int ret = ioctl(iofd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

int iofd_destroy(int iofd, __u32 id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return iofd_ioctl(iofd, IOMMU_DESTROY, &cmd);
}

int iofd_option(int iofd, __u32 option, __u16 op, __u32 object, __u64 *value)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = option,
		.op = op,
		.object_id = object,
		.val64 = *value,
	};
	int ret = iofd_ioctl(iofd, IOMMU_OPTION, &cmd);

	*value = cmd.val64;
	return ret;
}

int ioas_alloc(int iofd, __u32 *ioas)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	int ret = iofd_ioctl(iofd, IOMMU_IOAS_ALLOC, &cmd);

	*ioas = cmd.out_ioas_id;
	return ret;
}

int ioas_map(int iofd, __u32 ioas, __u32 flags, const void *va, size_t length, __u64 *iova)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.ioas_id = ioas,
		.user_va = (__u64)va,
		.length = length,
		.iova = *iova,
	};
	int ret = iofd_ioctl(iofd, IOMMU_IOAS_MAP, &cmd);

	*iova = cmd.iova;
	return ret;
}

int ioas_map_file(int iofd, __u32 ioas, __u32 flags, int fd, __u64 start, size_t length,
		  __u64 *iova)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.ioas_id = ioas,
		.fd = fd,
		.start = start,
		.length = length,
		.iova = *iova,
	};
	int ret = iofd_ioctl(iofd, IOMMU_IOAS_MAP_FILE, &cmd);

	*iova = cmd.iova;
	return ret;
}

int ioas_copy(int iofd, __u32 flags, __u32 dst, __u32 src, size_t length, __u64 *dst_iova,
	      __u64 src_iova)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dst_ioas_id = dst,
		.src_ioas_id = src,
		.length = length,
		.dst_iova = *dst_iova,
		.src_iova = src_iova,
	};
	int ret = iofd_ioctl(iofd, IOMMU_IOAS_COPY, &cmd);

	*dst_iova = cmd.dst_iova;
	return ret;
}

int ioas_unmap(int iofd, __u32 ioas, __u64 iova, __u64 *length)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.iova = iova,
		.length = *length,
	};
	int ret = iofd_ioctl(iofd, IOMMU_IOAS_UNMAP, &cmd);

	*length = cmd.length;
	return ret;
}

int ioas_iova_ranges(int iofd, __u32 ioas, struct iommu_iova_range *ranges, __u32 *count,
		     __u64 *align)
{
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.num_iovas = *count,
		.allowed_iovas = (__u64)ranges,
	};
	int ret = iofd_ioctl(iofd, IOMMU_IOAS_IOVA_RANGES, &cmd);

	*count = cmd.num_iovas;
	if (align)
		*align = cmd.out_iova_alignment;
	return ret;
}

int ioas_allow_iovas(int iofd, __u32 ioas, const struct iommu_iova_range *ranges, __u32 count)
{
	struct iommu_ioas_allow_iovas cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.num_iovas = count,
		.allowed_iovas = (__u64)ranges,
	};

	return iofd_ioctl(iofd, IOMMU_IOAS_ALLOW_IOVAS, &cmd);
}

int hwpt_alloc(int iofd, __u32 flags, __u32 dev, __u32 pt, __u32 *hwpt)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = dev,
		.pt_id = pt,
		.data_type = IOMMU_HWPT_DATA_NONE,
	};
	int ret = iofd_ioctl(iofd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return ret;
}

int hwpt_track_dirty(int iofd, __u32 hwpt, bool enable)
{
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.size = sizeof(cmd),
		.flags = enable ? IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
		.hwpt_id = hwpt,
	};

	return iofd_ioctl(iofd, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd);
}

int hwpt_read_dirty(int iofd, __u32 hwpt, __u32 flags, __u64 iova, __u64 length, __u64 page_bytes,
		    void *bits)
{
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt,
		.flags = flags,
		.iova = iova,
		.length = length,
		.page_size = page_bytes,
		.data = (__u64)bits,
	};

	return iofd_ioctl(iofd, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd);
}

int fault_queue_alloc(int iofd, __u32 *faults, int *fd)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd) };
	int ret = iofd_ioctl(iofd, IOMMU_FAULT_QUEUE_ALLOC, &cmd);

	*faults = cmd.out_fault_id;
	*fd = cmd.out_fault_fd;
	return ret;
}

int ioas_map_at(int iofd, __u32 ioas, const void *va, size_t length, __u64 iova)
{
	return ioas_map(iofd, ioas, IOAS_FIXED_RW, va, length, &iova);
}

int ioas_unmap_at(int iofd, __u32 ioas, __u64 iova, __u64 length)
{
	return ioas_unmap(iofd, ioas, iova, &length);
}

long long ioas_unmap_all(int iofd, __u32 ioas)
{
	__u64 length = ~0ULL;
	int ret = ioas_unmap(iofd, ioas, 0, &length);

	return ret ? ret : (long long)length;
}

__u64 ioas_last_iova(int iofd, __u32 ioas)
{
	struct iommu_iova_range ranges[32];
	__u32 count = 32;

	if (ioas_iova_ranges(iofd, ioas, ranges, &count, NULL) || !count)
		return 0;
	return ranges[count - 1].last;
}
