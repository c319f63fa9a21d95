/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the mock IOMMU know of each other.
 */
#ifndef IOMMUFD_MOCK_PARTS_H
#define IOMMUFD_MOCK_PARTS_H

#include <linux/device.h>
#include <linux/iommufd.h>

#include <iommufd_test.h>

struct dma_buf_attachment;
struct ioctl_call;
struct iommufd_ctx;
struct phys_vec;

/**
 * struct mock_device - a device that does no DMA
 * @dev: on the mock bus, behind the mock IOMMU, in an IOMMU group of its own
 * @id: makes its name unique
 * @flags: MOCK_FLAGS_DEVICE_*
 * @nr_iopf: how many attached domains want its page faults
 * @cache: what a vIOMMU would invalidate
 * @idle: while no driver has it
 */
struct mock_device {
	struct device dev;
	int id;
	u32 flags;
	unsigned int nr_iopf;
	u32 cache[MOCK_DEV_CACHE_NUM];
	struct list_head idle;
};

/**
 * to_mock_device() - the mock device that a device is part of
 * @dev: the device
 *
 * Return: the mock device.
 */
static inline struct mock_device *to_mock_device(struct device *dev)
{
	return container_of(dev, struct mock_device, dev);
}

/* The IOMMU, its bus and its domains (iommu.c) */
int mock_iommu_init(void);
void mock_iommu_exit(void);
int mock_iommu_add_device(struct device *dev);
bool mock_iommu_has_device(const struct device *dev);
bool mock_iommu_has_domain(const struct iommu_domain *domain);
void mock_iommu_set_aperture(struct iommu_domain *domain);

int mock_iommu_set_dirty(struct iommu_domain *domain, unsigned long iova);

/* Attaching (attach.c) */
int mock_attach_dev(struct iommu_domain *domain, struct device *dev,
		    struct iommu_domain *old);
int mock_attach_pasid(struct iommu_domain *domain, struct device *dev,
		      ioasid_t pasid, struct iommu_domain *old);

/* Guests' page tables (nested.c) */
struct iommu_domain *
mock_nested_alloc(struct device *dev, struct iommu_domain *parent, u32 flags,
		  const struct iommu_user_data *user_data);
struct iommu_domain *
mock_nested_alloc_viommu(struct iommufd_viommu *viommu, u32 flags,
			 const struct iommu_user_data *user_data);
int mock_nested_check_iotlb(struct ioctl_call *call);

/* vIOMMUs (viommu.c) */
size_t mock_viommu_size(struct device *dev, enum iommu_viommu_type type);
int mock_viommu_init(struct iommufd_viommu *viommu,
		     struct iommu_domain *parent,
		     const struct iommu_user_data *user_data);

/* Page faults of devices (event.c) */
int mock_event_init(void);
void mock_event_exit(void);
int mock_event_enable_iopf(struct mock_device *mdev);
void mock_event_disable_iopf(struct mock_device *mdev);
void mock_page_response(struct device *dev, struct iopf_fault *fault,
			struct iommu_page_response *response);

/* Hardware reports something (trigger.c) */
int mock_trigger_iopf(struct ioctl_call *call);
int mock_trigger_vevent(struct ioctl_call *call);

/* Devices that are bound to an iommufd (device.c) */
struct iommufd_device *mock_idev_get(struct iommufd_ctx *ictx, u32 id);
int mock_domain(struct ioctl_call *call);
int mock_domain_flags(struct ioctl_call *call);
int mock_domain_replace(struct ioctl_call *call);
int mock_pasid_attach(struct ioctl_call *call);
int mock_pasid_replace(struct ioctl_call *call);
int mock_pasid_detach(struct ioctl_call *call);
int mock_pasid_check(struct ioctl_call *call);
int mock_device_check_cache(struct ioctl_call *call);
void mock_device_exit(void);

/* Looks behind the scenes (check.c) */
int mock_check_map(struct ioctl_call *call);
int mock_check_refs(struct ioctl_call *call);
int mock_set_dirty(struct ioctl_call *call);

/* A driver's access (access.c) */
int mock_access_create(struct ioctl_call *call);
int mock_access_pin(struct ioctl_call *call);
int mock_access_unpin(struct ioctl_call *call);
int mock_access_rw(struct ioctl_call *call);
int mock_access_replace(struct ioctl_call *call);

/* Threads of a program that are held (hold.c) */
void mock_hold_init(void);
void mock_hold_exit(void);

/* Memory of a device (dmabuf.c) */
int mock_dmabuf_phys(struct dma_buf_attachment *attachment,
		     struct phys_vec *phys);
int mock_dmabuf_get(struct ioctl_call *call);
int mock_dmabuf_revoke(struct ioctl_call *call);

#endif
