/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the mock IOMMU know of each other.
 */
#ifndef IOMMUFD_MOCK_PARTS_H
#define IOMMUFD_MOCK_PARTS_H

#include <linux/device.h>

#include <iommufd_test.h>

struct dma_buf_attachment;
struct ioctl_call;
struct phys_vec;

/**
 * struct mock_device - a device that does no DMA
 * @dev: on the mock bus, behind the mock IOMMU, in an IOMMU group of its own
 * @id: makes its name unique
 * @cache: what a vIOMMU would invalidate
 */
struct mock_device {
	struct device dev;
	int id;
	u32 cache[MOCK_DEV_CACHE_NUM];
};

/** to_mock_device() - the mock device that @dev is part of */
static inline struct mock_device *to_mock_device(struct device *dev)
{
	return container_of(dev, struct mock_device, dev);
}

/* The IOMMU, its bus and its domains (mock_iommu.c) */
int mock_iommu_init(void);
void mock_iommu_exit(void);
int mock_iommu_add_device(struct device *dev);
bool mock_iommu_has_device(const struct device *dev);
bool mock_iommu_has_domain(const struct iommu_domain *domain);

/* Devices that are bound to an iommufd (mock_device.c) */
int mock_domain(struct ioctl_call *call);
int mock_domain_flags(struct ioctl_call *call);
int mock_domain_replace(struct ioctl_call *call);
int mock_device_check_cache(struct ioctl_call *call);
void mock_device_exit(void);

/* Looks behind the scenes (mock_check.c) */
int mock_check_map(struct ioctl_call *call);
int mock_check_refs(struct ioctl_call *call);

/* A driver's access (mock_access.c) */
int mock_access_create(struct ioctl_call *call);
int mock_access_pin(struct ioctl_call *call);
int mock_access_unpin(struct ioctl_call *call);
int mock_access_rw(struct ioctl_call *call);
int mock_access_replace(struct ioctl_call *call);

/* Memory of a device (mock_dmabuf.c) */
int mock_dmabuf_get(struct ioctl_call *call);
int mock_dmabuf_revoke(struct ioctl_call *call);

#endif
