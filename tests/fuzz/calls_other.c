// SPDX-License-Identifier: GPL-2.0-only
/* dma-bufs, MMIO, and ioctls of nonsense. */
#ifndef CALL_H
#include "call.h"
#endif

/* iommufd, slot, bytes */
long call_dmabuf(const __u64 *a)
{
	int *file = &w->t[a[0] % NR_FDS]->file[FILE_DMABUF][a[1] % NR_SLOTS];
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_GET,
		.dmabuf_get = { .length = a[2], .open_flags = O_CLOEXEC },
	};
	long ret;

	if (*file >= 0)
		return -EEXIST;
	if (a[2] > MEM_ALIGN)
		return -EINVAL;
	ret = test(a[0], &cmd);
	return ret < 0 ? ret : file_begin(file, ret);
}

/* iommufd, dma-buf, whether it is */
long call_revoke(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_REVOKE,
		.dmabuf_revoke = {
			.dmabuf_fd = file_of(a[0], FILE_DMABUF, a[1]),
			.revoked = a[2] & 1,
		},
	};

	return test(a[0], &cmd);
}

/* Where MMIO of an iommufd was mapped last. */
#define MMIO_BYTES	(4 * PAGE_BYTES)
static void *mmio;

static void mmio_set(void *va)
{
	va = __atomic_exchange_n(&mmio, va, __ATOMIC_SEQ_CST);
	if (va)
		munmap(va, MMIO_BYTES);
}

/* Nothing else may be where the rest of it would be. */
static void *mmio_map(__u64 f, __u64 page, size_t bytes)
{
	void *va = mmap(NULL, MMIO_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (va == MAP_FAILED)
		return NULL;
	if (mmap(va, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd_of(f),
		 page * PAGE_BYTES) != MAP_FAILED)
		return va;
	munmap(va, MMIO_BYTES);
	return NULL;
}

/* iommufd, page of its MMIO, pages. It stays mapped until the next one. */
long call_mmio(const __u64 *a)
{
	long ret = 0;
	void *va;

	mmio_set(NULL);
	pthread_mutex_lock(&layout_lock);
	va = mmio_map(a[0], a[1] % 64, (1 + a[2] % 4) * PAGE_BYTES);
	if (!va)
		ret = -errno;
	pthread_mutex_unlock(&layout_lock);
	mmio_set(va);
	return ret;
}

/* iommufd, number, bytes, seven times 8 of them */
long call_raw(const __u64 *a)
{
	__u64 buf[16] = {};
	__u32 bytes = 8 + a[2] % 121;

	memcpy(buf, &bytes, sizeof(bytes));
	((__u32 *)buf)[1] = a[3];
	memcpy(buf + 1, a + 4, (MAX_ARGS - 4) * sizeof(*a));
	return result(ioctl(fd_of(a[0]), _IO(IOMMUFD_TYPE, 0x80 + a[1] % 34), buf));
}

void mmio_end(void)
{
	mmio_set(NULL);
}
