/* SPDX-License-Identifier: GPL-2.0-only */
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
 * in the IOVAs of the dma-buf (device/dirty.c).
 */
#ifndef IOMMUFD_DMABUF_H
#define IOMMUFD_DMABUF_H

#include <linux/err.h>
#include <linux/kconfig.h>
#include <linux/types.h>

struct backing;
struct dmabuf;
struct iommu_domain;

#if IS_ENABLED(CONFIG_DMA_SHARED_BUFFER)
struct backing *dmabuf_create_backing(int fd, unsigned long start,
				      unsigned long length_bytes, bool writable,
				      bool account_by_mm);
void dmabuf_release(struct dmabuf *buf);
int dmabuf_map_domain(struct backing *backing, struct iommu_domain *domain,
		      unsigned long iova, unsigned long start_byte,
		      unsigned long length_bytes, int prot);
void dmabuf_unmap_domain(struct backing *backing, struct iommu_domain *domain,
			 unsigned long iova);
bool dmabuf_is_revoked(const struct backing *backing);
#else
static inline struct backing *
dmabuf_create_backing(int fd, unsigned long start, unsigned long length_bytes,
		      bool writable, bool account_by_mm)
{
	return ERR_PTR(-EINVAL);
}

static inline void dmabuf_release(struct dmabuf *buf)
{
}

static inline int dmabuf_map_domain(struct backing *backing,
				    struct iommu_domain *domain,
				    unsigned long iova,
				    unsigned long start_byte,
				    unsigned long length_bytes, int prot)
{
	return -EOPNOTSUPP;
}

static inline void dmabuf_unmap_domain(struct backing *backing,
				       struct iommu_domain *domain,
				       unsigned long iova)
{
}

static inline bool dmabuf_is_revoked(const struct backing *backing)
{
	return true;
}
#endif

#endif
