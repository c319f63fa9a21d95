// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-bufs: memory of a device that is mapped for other devices.
 *
 * Such a backing is one range of bus addresses, with no pages to pin, account or
 * read. Its exporter can revoke it at any time: then it goes out of all domains
 * at once, and stays out, though the areas that map it remain. Exporters that
 * are known to mean just that are the only ones taken: vfio-pci, for a BAR.
 *
 * Locking: what maps it where has a lock of its own, which is taken after the
 * dma-buf's reservation lock. The backing's lock could not be: under it memory is
 * pinned, and page faults come before reservation locks. So a revocation waits for
 * nobody who holds a lock of an IOAS: its domains change under who holds them all,
 * in the IOVAs of the dma-buf (ioas/dirty.c).
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
#include "core/core.h"

/**
 * struct dmabuf - a dma-buf behind a backing
 * @attachment: our use of it
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

static void unmap_one(struct dmabuf *buf, struct mapped *mapped)
{
	size_t unmapped_bytes = iommu_unmap(mapped->domain, mapped->iova,
					    mapped->length_bytes);

	/* Then devices would still reach what the exporter takes back. */
	WARN_ON(unmapped_bytes != mapped->length_bytes);
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
	race_point("dmabuf:revoked");
	while ((mapped = to_mapped(rb_first(&buf->mapped)))) {
		unmap_one(buf, mapped);
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
	rc = test_dmabuf_phys(attachment, phys);
	if (rc == -EOPNOTSUPP)
		rc = vfio_phys(attachment, phys);
	dma_resv_unlock(attachment->dmabuf->resv);
	return rc == -EOPNOTSUPP ? -EINVAL : rc;
}

static void free_dmabuf(struct dmabuf *buf)
{
	WARN_ON(!RB_EMPTY_ROOT(&buf->mapped));
	mutex_destroy(&buf->lock);
	kfree(buf);
}

static void release(struct backing *backing)
{
	struct dmabuf *buf = backing->dmabuf;
	struct dma_buf *dma_buf = buf->attachment->dmabuf;

	dma_buf_detach(dma_buf, buf->attachment);
	dma_buf_put(dma_buf);
	free_dmabuf(buf);
}

/*
 * What is revoked is not mapped, and that is no error: it would be revoked just
 * afterwards as well.
 */
static int map(struct backing *backing, struct iommu_domain *domain,
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
		race_point("dmabuf:mapped");
		if (!rc) {
			rb_add(&mapped->node, &buf->mapped, is_less);
			mapped = NULL;
		}
	}
	mutex_unlock(&buf->lock);
	kfree(mapped);
	return rc;
}

/* Nothing is mapped there when it was revoked since. */
static void unmap(struct backing *backing, struct iommu_domain *domain,
		  unsigned long iova)
{
	const struct mapped key = { .domain = domain, .iova = iova };
	struct dmabuf *buf = backing->dmabuf;
	struct mapped *mapped;

	mutex_lock(&buf->lock);
	mapped = to_mapped(rb_find(&key, &buf->mapped, compare_key));
	if (mapped)
		unmap_one(buf, mapped);
	mutex_unlock(&buf->lock);
}

static bool is_revoked(const struct backing *backing)
{
	return READ_ONCE(backing->dmabuf->revoked);
}

static const struct backing_ops dmabuf_ops = {
	.release = release,
	.map = map,
	.unmap = unmap,
	.is_lost = is_revoked,
};

static struct dmabuf *create(void)
{
	struct dmabuf *buf = kzalloc_obj(*buf, GFP_KERNEL_ACCOUNT);

	if (buf) {
		mutex_init(&buf->lock);
		buf->mapped = RB_ROOT;
	}
	return buf;
}

/* The range, of an attached one. */
static int set_range(struct backing *backing, unsigned long start,
		     unsigned long length_bytes)
{
	struct dmabuf *buf = backing->dmabuf;
	int rc;

	rc = find_phys(buf->attachment, &buf->phys);
	if (rc)
		return rc;
	if (start >= buf->phys.len || length_bytes > buf->phys.len - start)
		return -EINVAL;
	buf->phys.paddr += start;
	buf->phys.len = length_bytes;
	backing->start = buf->phys.paddr;
	return 0;
}

/**
 * backing_init_dmabuf() - begin a backing that is a range of a dma-buf
 * @backing: as of backing_init()
 * @fd: its descriptor
 * @start: page aligned byte offset
 * @length_bytes: how much
 * @writable: mappings of it may be writable
 * @account_by_mm: unused, for nothing is charged
 *
 * Context: Process; sleeps. Takes the dma-buf's reservation lock.
 * Return: 0, or with nothing begun
 *
 * * -EINVAL: not a dma-buf, not one that can be mapped so, or the range ends
 *   beyond it
 * * -ENODEV: it is revoked
 * * -ENOMEM: out of memory
 */
int backing_init_dmabuf(struct backing *backing, int fd, unsigned long start,
			unsigned long length_bytes, bool writable,
			bool account_by_mm)
{
	struct dma_buf *dma_buf = dma_buf_get(fd);
	struct dma_buf_attachment *attachment;
	struct dmabuf *buf;
	int rc = -ENOMEM;

	if (IS_ERR(dma_buf))
		return PTR_ERR(dma_buf);
	buf = create();
	if (!buf)
		goto err_put;
	/* Once it is attached it may be revoked. */
	backing_init(backing, &dmabuf_ops, 0, writable, account_by_mm);
	backing->dmabuf = buf;
	attachment = dma_buf_dynamic_attach(dma_buf, ctx_device(), &attach_ops,
					    backing);
	if (IS_ERR(attachment)) {
		rc = PTR_ERR(attachment);
		goto err_end;
	}
	buf->attachment = attachment;
	race_point("dmabuf:attached");
	rc = set_range(backing, start, length_bytes);
	if (rc)
		goto err_detach;
	return 0;

err_detach:
	dma_buf_detach(dma_buf, attachment);
err_end:
	backing_end(backing);
	free_dmabuf(buf);
err_put:
	dma_buf_put(dma_buf);
	return rc;
}

MODULE_IMPORT_NS("DMA_BUF");
