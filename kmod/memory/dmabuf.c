// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a device that is mapped for other devices. See dmabuf.h.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/vfio_pci_core.h>

#include "backing.h"
#include "core/ctx.h"
#include "dmabuf.h"
#include "mock/mock.h"
#include "table/domain.h"

/**
 * struct dmabuf - a dma-buf behind a backing
 * @attachment: our use of it; NULL until it is attached
 * @phys: where it is
 * @lock: protects what follows
 * @mapped: struct mapped, where it is mapped, by domain and IOVA
 * @revoked: its memory must not be used any more
 */
struct dmabuf {
	struct dma_buf_attachment *attachment;
	struct phys_vec phys;
	struct mutex lock; /* @mapped, @revoked */
	struct rb_root mapped;
	bool revoked;
};

/**
 * struct mapped - a range of a domain that maps a dma-buf
 * @node: in the dma-buf's
 * @domain: the domain
 * @iova: where
 * @length_bytes: how much
 */
struct mapped {
	struct rb_node node;
	struct iommu_domain *domain;
	unsigned long iova;
	unsigned long length_bytes;
};

/* The order of two places: below 0, above it, or 0 where they are the same. */
static int compare(const struct mapped *a, const struct mapped *b)
{
	if (a->domain != b->domain)
		return cmp_int(a->domain, b->domain);
	return cmp_int(a->iova, b->iova);
}

static struct mapped *to_mapped(const struct rb_node *node)
{
	return rb_entry_safe(node, struct mapped, node);
}

static bool is_less(struct rb_node *a, const struct rb_node *b)
{
	return compare(to_mapped(a), to_mapped(b)) < 0;
}

static int compare_key(const void *key, const struct rb_node *node)
{
	return compare(key, to_mapped(node));
}

static void unmap(struct dmabuf *buf, struct mapped *mapped)
{
	domain_unmap(mapped->domain, mapped->iova, mapped->length_bytes);
	rb_erase(&mapped->node, &buf->mapped);
	kfree(mapped);
}

/* The exporter takes the memory back, for good. */
static void revoke(struct dma_buf_attachment *attachment)
{
	struct backing *backing = attachment->importer_priv;
	struct dmabuf *buf = backing->dmabuf;
	struct mapped *mapped;

	dma_resv_assert_held(attachment->dmabuf->resv);

	mutex_lock(&buf->lock);
	WRITE_ONCE(buf->revoked, true);
	while ((mapped = to_mapped(rb_first(&buf->mapped)))) {
		unmap(buf, mapped);
		cond_resched();
	}
	mutex_unlock(&buf->lock);
}

static const struct dma_buf_attach_ops attach_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = revoke,
};

/* Ask vfio-pci, which is loaded if the dma-buf is one of its own. */
static int vfio_phys(struct dma_buf_attachment *attachment,
		     struct phys_vec *phys)
{
	int rc = -EOPNOTSUPP;

#if IS_ENABLED(CONFIG_VFIO_PCI_DMABUF)
	/* Not by its name, which would make us depend on vfio-pci. */
	int (*map)(struct dma_buf_attachment *attachment,
		   struct phys_vec *phys);

	map = symbol_get(vfio_pci_dma_buf_iommufd_map);
	if (map) {
		rc = map(attachment, phys);
		symbol_put(vfio_pci_dma_buf_iommufd_map);
	}
#endif
	return rc;
}

/* Where it is, from whichever exporter knows it. */
static int find_phys(struct dma_buf_attachment *attachment,
		     struct phys_vec *phys)
{
	int rc;

	dma_resv_lock(attachment->dmabuf->resv, NULL);
	rc = mock_dmabuf_phys(attachment, phys);
	if (rc == -EOPNOTSUPP)
		rc = vfio_phys(attachment, phys);
	dma_resv_unlock(attachment->dmabuf->resv);
	return rc == -EOPNOTSUPP ? -EINVAL : rc;
}

static int attach(struct backing *backing, struct dma_buf *dma_buf,
		  unsigned long start, unsigned long length_bytes)
{
	struct dma_buf_attachment *attachment;
	struct dmabuf *buf = backing->dmabuf;
	int rc;

	attachment = dma_buf_dynamic_attach(dma_buf, ctx_device(), &attach_ops,
					    backing);
	if (IS_ERR(attachment))
		return PTR_ERR(attachment);
	buf->attachment = attachment;
	rc = find_phys(attachment, &buf->phys);
	if (rc)
		return rc;
	if (start >= buf->phys.len || length_bytes > buf->phys.len - start)
		return -EINVAL;
	buf->phys.paddr += start;
	buf->phys.len = length_bytes;
	backing->va = buf->phys.paddr;
	return 0;
}

/**
 * dmabuf_create_backing() - describe a range of a dma-buf
 * @fd: its descriptor
 * @start: page aligned byte offset
 * @length_bytes: how much
 * @writable: mappings of it may be writable
 * @account_by_mm: unused, for nothing is charged
 *
 * Return: the backing with one reference, or ERR_PTR() of
 * * -EINVAL: not a dma-buf, not one that can be mapped so, or the range ends
 *   beyond it
 * * -ENODEV: it is revoked
 * * -ENOMEM: out of memory
 */
struct backing *dmabuf_create_backing(int fd, unsigned long start,
				      unsigned long length_bytes, bool writable,
				      bool account_by_mm)
{
	struct dma_buf *dma_buf = dma_buf_get(fd);
	struct backing *backing;
	struct dmabuf *buf;
	int rc;

	if (IS_ERR(dma_buf))
		return ERR_CAST(dma_buf);
	buf = kzalloc_obj(*buf, GFP_KERNEL_ACCOUNT);
	if (!buf) {
		rc = -ENOMEM;
		goto err_put;
	}
	mutex_init(&buf->lock);
	buf->mapped = RB_ROOT;
	backing = backing_create_dmabuf(buf, writable, account_by_mm);
	if (IS_ERR(backing)) {
		rc = PTR_ERR(backing);
		mutex_destroy(&buf->lock);
		kfree(buf);
		goto err_put;
	}
	rc = attach(backing, dma_buf, start, length_bytes);
	if (!rc)
		return backing;
	/* With an attachment it is the backing that puts the dma-buf. */
	if (buf->attachment)
		get_dma_buf(dma_buf);
	backing_put(backing);
err_put:
	dma_buf_put(dma_buf);
	return ERR_PTR(rc);
}

/**
 * dmabuf_release() - the end of a backing that is a dma-buf
 * @buf: mapped nowhere; freed
 */
void dmabuf_release(struct dmabuf *buf)
{
	if (buf->attachment) {
		struct dma_buf *dma_buf = buf->attachment->dmabuf;

		dma_buf_detach(dma_buf, buf->attachment);
		dma_buf_put(dma_buf);
	}
	WARN_ON(!RB_EMPTY_ROOT(&buf->mapped));
	mutex_destroy(&buf->lock);
	kfree(buf);
}

/**
 * dmabuf_map_domain() - map a dma-buf
 * @backing: it
 * @domain: where
 * @iova: where to
 * @start_byte: start in the mapped range
 * @length_bytes: how much
 * @prot: IOMMU_READ, IOMMU_WRITE
 *
 * What is revoked is not mapped, and that is no error: it would be revoked just
 * afterwards as well.
 *
 * Return: 0, or with nothing mapped -ENOMEM, or what iommu_map() says.
 */
int dmabuf_map_domain(struct backing *backing, struct iommu_domain *domain,
		      unsigned long iova, unsigned long start_byte,
		      unsigned long length_bytes, int prot)
{
	struct dmabuf *buf = backing->dmabuf;
	struct mapped *mapped;
	int rc = 0;

	mapped = kmalloc_obj(*mapped, GFP_KERNEL_ACCOUNT);
	if (!mapped)
		return -ENOMEM;
	mapped->domain = domain;
	mapped->iova = iova;
	mapped->length_bytes = length_bytes;

	mutex_lock(&buf->lock);
	if (!buf->revoked) {
		rc = iommu_map(domain, iova, buf->phys.paddr + start_byte,
			       length_bytes, (prot & ~IOMMU_CACHE) | IOMMU_MMIO,
			       GFP_KERNEL_ACCOUNT);
		if (!rc) {
			rb_add(&mapped->node, &buf->mapped, is_less);
			mapped = NULL;
		}
	}
	mutex_unlock(&buf->lock);
	kfree(mapped);
	return rc;
}

/**
 * dmabuf_unmap_domain() - undo dmabuf_map_domain()
 * @backing: the dma-buf
 * @domain: where
 * @iova: where it was mapped; nothing is when it was revoked since
 */
void dmabuf_unmap_domain(struct backing *backing, struct iommu_domain *domain,
			 unsigned long iova)
{
	const struct mapped key = { .domain = domain, .iova = iova };
	struct dmabuf *buf = backing->dmabuf;
	struct mapped *mapped;

	mutex_lock(&buf->lock);
	mapped = to_mapped(rb_find(&key, &buf->mapped, compare_key));
	if (mapped)
		unmap(buf, mapped);
	mutex_unlock(&buf->lock);
}

/**
 * dmabuf_is_revoked() - is a dma-buf mapped nowhere any more, for good?
 * @backing: the dma-buf
 *
 * Return: true if so; false may have changed meanwhile.
 */
bool dmabuf_is_revoked(const struct backing *backing)
{
	return READ_ONCE(backing->dmabuf->revoked);
}

MODULE_IMPORT_NS("DMA_BUF");
