/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests turn in the module: the places ask here, and the mock IOMMU answers.
 *
 * Only in kernels that are configured for tests (CONFIG_IOMMUFD_TEST); in others
 * nothing fails, nothing is limited, and there are no mock dma-bufs.
 */
#ifndef IOMMUFD_TEST_HOOKS_H
#define IOMMUFD_TEST_HOOKS_H

#include <linux/errno.h>
#include <linux/types.h>

struct dma_buf_attachment;
struct phys_vec;

#ifdef CONFIG_IOMMUFD_TEST

/**
 * struct test_hooks - what the mock IOMMU says
 * @should_fail: is this call to fail, for a test of error paths?
 * @limit_len: how long a temporary array may be that is to have @len items of
 *             @item_bytes; at least 1
 * @dmabuf_phys: where a mock dma-buf is; -EOPNOTSUPP for any other
 */
struct test_hooks {
	bool (*should_fail)(void);
	unsigned long (*limit_len)(unsigned long len, size_t item_bytes);
	int (*dmabuf_phys)(struct dma_buf_attachment *attachment,
			   struct phys_vec *phys);
};

/* Set before there is an iommufd. */
extern const struct test_hooks *test_hooks;

/**
 * test_should_fail() - make this call fail, for a test of error paths?
 *
 * Return: true if so.
 */
static inline bool test_should_fail(void)
{
	return test_hooks->should_fail();
}

/**
 * test_limit_len() - the length of a temporary array
 * @len: what it is to be
 * @item_bytes: the size of its items
 *
 * Return: @len, or what tests leave of it.
 */
static inline unsigned long test_limit_len(unsigned long len, size_t item_bytes)
{
	return test_hooks->limit_len(len, item_bytes);
}

/**
 * test_dmabuf_phys() - where a mock dma-buf is
 * @attachment: of a dma-buf; its reservation lock is held
 * @phys: set to the range of addresses
 *
 * Return: 0, -EOPNOTSUPP when it is none of the mock's, or what the mock says.
 */
static inline int test_dmabuf_phys(struct dma_buf_attachment *attachment,
				   struct phys_vec *phys)
{
	return test_hooks->dmabuf_phys(attachment, phys);
}

#else

static inline bool test_should_fail(void)
{
	return false;
}

static inline unsigned long test_limit_len(unsigned long len, size_t item_bytes)
{
	return len;
}

static inline int test_dmabuf_phys(struct dma_buf_attachment *attachment,
				   struct phys_vec *phys)
{
	return -EOPNOTSUPP;
}

#endif

#endif
