/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mock IOMMU: IOMMU_TEST_CMD, for the kernel's own iommufd selftests.
 *
 * Only in kernels that are configured for tests (CONFIG_IOMMUFD_TEST): devices
 * and an IOMMU that exist in memory alone, drivers' accesses that userspace
 * steers, and looks behind the scenes. What userspace sees of it is declared by
 * the kernel tree, in drivers/iommu/iommufd/iommufd_test.h.
 *
 * The rest of the module calls what is here; in other kernels all of it is
 * nothing.
 */
#ifndef IOMMUFD_MOCK_H
#define IOMMUFD_MOCK_H

#include <linux/errno.h>
#include <linux/types.h>

struct dma_buf_attachment;
struct iommufd_object;
struct ioctl_call;

#ifdef CONFIG_IOMMUFD_TEST

#include <iommufd_test.h>

int mock_init(void);
void mock_exit(void);
int ioctl_mock(struct ioctl_call *call);
void mock_object_destroy(struct iommufd_object *obj);

bool mock_should_fail(void);
int mock_dmabuf_phys(struct dma_buf_attachment *attachment,
		     struct phys_vec *phys);
unsigned long mock_limit_len(unsigned long len, size_t item_bytes);

#else

static inline int mock_init(void)
{
	return 0;
}

static inline void mock_exit(void)
{
}

/** mock_should_fail() - make this call fail, for a test of error paths? */
static inline bool mock_should_fail(void)
{
	return false;
}

/** mock_dmabuf_phys() - where a mock dma-buf is; there is none */
static inline int mock_dmabuf_phys(struct dma_buf_attachment *attachment,
				   struct phys_vec *phys)
{
	return -EOPNOTSUPP;
}

/**
 * mock_limit_len() - the length of a temporary array
 * @len: what it is to be
 * @item_bytes: the size of its items
 *
 * Return: @len.
 */
static inline unsigned long mock_limit_len(unsigned long len, size_t item_bytes)
{
	return len;
}

#endif

#endif
