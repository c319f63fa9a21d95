// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mock dma-bufs: what vfio-pci exports for a BAR, with memory instead of one.
 * See mock.h.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "core/core.h"
#include "mock.h"
#include "parts.h"

/**
 * struct mock_dmabuf - a dma-buf
 * @memory: the buffer, contiguous
 * @length_bytes: its length
 * @revoked: it must not be used; protected by the dma-buf's reservation lock
 */
struct mock_dmabuf {
	void *memory;
	size_t length_bytes;
	bool revoked;
};

/* Who can not let go of it at once can not have it. */
static int mock_attach(struct dma_buf *dmabuf,
		       struct dma_buf_attachment *attachment)
{
	return dma_buf_attach_revocable(attachment) ? 0 : -EOPNOTSUPP;
}

/* There is no device that could do DMA to it; iommufd asks for the address. */
static struct sg_table *mock_map(struct dma_buf_attachment *attachment,
				 enum dma_data_direction dir)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static void mock_unmap(struct dma_buf_attachment *attachment,
		       struct sg_table *sgt, enum dma_data_direction dir)
{
}

static void free_mock(struct mock_dmabuf *mock)
{
	free_pages_exact(mock->memory, mock->length_bytes);
	kfree(mock);
}

static void mock_release(struct dma_buf *dmabuf)
{
	free_mock(dmabuf->priv);
}

static const struct dma_buf_ops mock_dmabuf_ops = {
	.attach = mock_attach,
	.map_dma_buf = mock_map,
	.unmap_dma_buf = mock_unmap,
	.release = mock_release,
};

static struct mock_dmabuf *alloc_mock(size_t length_bytes)
{
	struct mock_dmabuf *mock = kzalloc_obj(*mock, GFP_KERNEL_ACCOUNT);

	if (!mock)
		return ERR_PTR(-ENOMEM);
	mock->length_bytes = length_bytes;
	mock->memory = alloc_pages_exact(length_bytes, GFP_KERNEL_ACCOUNT |
					 __GFP_ZERO | __GFP_NOWARN);
	if (!mock->memory) {
		kfree(mock);
		return ERR_PTR(-ENOMEM);
	}
	return mock;
}

/**
 * mock_dmabuf_get() - IOMMU_TEST_OP_DMABUF_GET: make a dma-buf
 * @call: the ioctl
 *
 * Return: its descriptor; -EINVAL for a length that is not in pages, or 0;
 * -EMFILE; -ENOMEM.
 */
int mock_dmabuf_get(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct mock_dmabuf *mock;
	struct dma_buf *dmabuf;
	int fd;

	if (!cmd->dmabuf_get.length || !PAGE_ALIGNED(cmd->dmabuf_get.length))
		return -EINVAL;
	mock = alloc_mock(cmd->dmabuf_get.length);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	info.ops = &mock_dmabuf_ops;
	info.size = mock->length_bytes;
	info.flags = cmd->dmabuf_get.open_flags;
	info.priv = mock;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		free_mock(mock);
		return PTR_ERR(dmabuf);
	}
	fd = dma_buf_fd(dmabuf, cmd->dmabuf_get.open_flags);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

static void set_revoked(struct dma_buf *dmabuf, bool revoked)
{
	struct mock_dmabuf *mock = dmabuf->priv;

	dma_resv_lock(dmabuf->resv, NULL);
	mock->revoked = revoked;
	if (revoked)
		dma_buf_invalidate_mappings(dmabuf);
	dma_resv_unlock(dmabuf->resv);
}

/**
 * mock_dmabuf_revoke() - IOMMU_TEST_OP_DMABUF_REVOKE
 * @call: the ioctl
 *
 * Return: 0; -EINVAL when it is another's dma-buf, or none; -EBADF.
 */
int mock_dmabuf_revoke(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	struct dma_buf *dmabuf = dma_buf_get(cmd->dmabuf_revoke.dmabuf_fd);
	int rc = -EINVAL;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	if (dmabuf->ops == &mock_dmabuf_ops) {
		set_revoked(dmabuf, cmd->dmabuf_revoke.revoked);
		rc = 0;
	}
	dma_buf_put(dmabuf);
	return rc;
}

/**
 * mock_dmabuf_phys() - where the memory of a mock dma-buf is
 * @attachment: of any dma-buf
 * @phys: set to its one range
 *
 * For who maps dma-bufs, beside vfio_pci_dma_buf_iommufd_map(), which does this
 * for those of vfio-pci.
 *
 * Context: The dma-buf's reservation lock is held.
 * Return: 0; -EOPNOTSUPP when it is another's dma-buf; -ENODEV when it is
 * revoked.
 */
int mock_dmabuf_phys(struct dma_buf_attachment *attachment,
		     struct phys_vec *phys)
{
	const struct mock_dmabuf *mock;

	dma_resv_assert_held(attachment->dmabuf->resv);

	if (attachment->dmabuf->ops != &mock_dmabuf_ops)
		return -EOPNOTSUPP;
	mock = attachment->dmabuf->priv;
	if (mock->revoked)
		return -ENODEV;
	phys->paddr = virt_to_phys(mock->memory);
	phys->len = mock->length_bytes;
	return 0;
}

MODULE_IMPORT_NS("DMA_BUF");
