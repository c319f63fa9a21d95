// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock IOMMU: a bus, an IOMMU driver for what is on it, and domains whose
 * page table is a real one that no hardware walks. See mock.h.
 */
#include <linux/fwnode.h>
#include <linux/generic_pt/iommu.h>
#include <linux/iommu.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <iommu-pages.h>
#include <iommu-priv.h>

#include "mock.h"
#include "parts.h"

/* Three levels of tables reach over the aperture that userspace is promised. */
#define MOCK_TOP_LEVEL		2
#define MOCK_VA_BITS		31
#define MOCK_PA_BITS		51

#define DOMAIN_FLAGS						\
	(IOMMU_HWPT_ALLOC_NEST_PARENT |				\
	 IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_ALLOC_PASID)

/**
 * struct mock_domain - a domain
 * @domain: what the IOMMU core sees
 * @pt: its page table: AMD v1, with pages of MOCK_PAGE_SIZE
 */
struct mock_domain {
	union {
		struct iommu_domain domain;
		struct pt_iommu_amdv1_mock pt;
	};
};

PT_IOMMU_CHECK_DOMAIN(struct mock_domain, pt.iommu, domain);

static const struct bus_type mock_bus = {
	.name = "iommufd_mock",
};

static struct iommu_device mock_iommu = {
	.max_pasids = 1U << MOCK_PASID_WIDTH,
};

static struct notifier_block mock_bus_nb;
/* Where the devices' interrupts would come from; kept apart from all others. */
static struct irq_domain *mock_msi_domain;

static struct mock_domain *to_mock_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_domain, domain);
}

/* Nothing is cached, but tables that are free wait for this. */
static void mock_iotlb_sync(struct iommu_domain *domain,
			    struct iommu_iotlb_gather *gather)
{
	iommu_put_pages_list(&gather->freelist);
}

static void mock_domain_free(struct iommu_domain *domain)
{
	struct mock_domain *mock = to_mock_domain(domain);

	pt_iommu_deinit(&mock->pt.iommu);
	kfree(mock);
}

static const struct iommu_domain_ops mock_paging_ops = {
	IOMMU_PT_DOMAIN_OPS(amdv1_mock),
	.attach_dev = mock_attach_dev,
	.set_dev_pasid = mock_attach_pasid,
	.iotlb_sync = mock_iotlb_sync,
	.free = mock_domain_free,
};

static const struct iommu_domain_ops mock_blocked_ops = {
	.attach_dev = mock_attach_dev,
	.set_dev_pasid = mock_attach_pasid,
};

static struct iommu_domain mock_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &mock_blocked_ops,
};

/* There is no hardware to tell. */
static int mock_set_dirty_tracking(struct iommu_domain *domain, bool enabled)
{
	return 0;
}

static const struct iommu_dirty_ops mock_dirty_ops = {
	IOMMU_PT_DIRTY_OPS(amdv1_mock),
	.set_dirty_tracking = mock_set_dirty_tracking,
};

/* What userspace may ask of a domain: MOCK_IOMMUPT_*. */
static int read_type(const struct iommu_user_data *user_data, u32 *type)
{
	struct iommu_hwpt_selftest data;
	int rc;

	*type = MOCK_IOMMUPT_DEFAULT;
	if (!user_data)
		return 0;
	rc = iommu_copy_struct_from_user(&data, user_data,
					 IOMMU_HWPT_DATA_SELFTEST,
					 pagetable_type);
	if (rc)
		return rc;
	if (data.pagetable_type > MOCK_IOMMUPT_HUGE)
		return -EOPNOTSUPP;
	*type = data.pagetable_type;
	return 0;
}

/**
 * mock_iommu_set_aperture() - say what a domain can hold
 * @domain: a paging domain of the mock IOMMU
 */
void mock_iommu_set_aperture(struct iommu_domain *domain)
{
	domain->geometry.aperture_start = MOCK_APERTURE_START;
	domain->geometry.aperture_end = MOCK_APERTURE_LAST;
}

/* One that can be a nesting parent, or have PASIDs, is like any other. */
static struct iommu_domain *
mock_domain_alloc(struct device *dev, u32 flags,
		  const struct iommu_user_data *user_data)
{
	const struct pt_iommu_amdv1_mock_cfg cfg = {
		.common.hw_max_vasz_lg2 = MOCK_VA_BITS,
		.common.hw_max_oasz_lg2 = MOCK_PA_BITS,
		.starting_level = MOCK_TOP_LEVEL,
	};
	struct mock_domain *mock;
	u32 type;
	int rc;

	if (flags & ~DOMAIN_FLAGS)
		return ERR_PTR(-EOPNOTSUPP);
	rc = read_type(user_data, &type);
	if (rc)
		return ERR_PTR(rc);
	mock = kzalloc_obj(*mock, GFP_KERNEL_ACCOUNT);
	if (!mock)
		return ERR_PTR(-ENOMEM);
	mock->pt.iommu.nid = NUMA_NO_NODE;
	rc = pt_iommu_amdv1_mock_init(&mock->pt, &cfg, GFP_KERNEL_ACCOUNT);
	if (rc) {
		kfree(mock);
		return ERR_PTR(rc);
	}
	mock->domain.ops = &mock_paging_ops;
	mock->domain.geometry = (struct iommu_domain_geometry){};
	if (!mock_ways.late_aperture)
		mock_iommu_set_aperture(&mock->domain);
	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING)
		mock->domain.dirty_ops = &mock_dirty_ops;
	/* No sizes in between: a mark then stands for one or the other. */
	if (type == MOCK_IOMMUPT_HUGE)
		mock->domain.pgsize_bitmap = MOCK_PAGE_SIZE |
					     MOCK_HUGE_PAGE_SIZE;
	return &mock->domain;
}

/**
 * mock_iommu_set_dirty() - write to a page as a device would
 * @domain: a paging domain of the mock IOMMU
 * @iova: where
 *
 * Return: 0, or an errno when nothing is mapped there that may be written.
 */
int mock_iommu_set_dirty(struct iommu_domain *domain, unsigned long iova)
{
	struct pt_iommu *pt = &to_mock_domain(domain)->pt.iommu;

	return pt->ops->set_dirty(pt, iova);
}

static void *mock_hw_info(struct device *dev, u32 *length_bytes,
			  enum iommu_hw_info_type *type)
{
	struct iommu_test_hw_info *info;

	if (*type != IOMMU_HW_INFO_TYPE_DEFAULT &&
	    *type != (enum iommu_hw_info_type)IOMMU_HW_INFO_TYPE_SELFTEST)
		return ERR_PTR(-EOPNOTSUPP);
	info = kzalloc_obj(*info);
	if (!info)
		return ERR_PTR(-ENOMEM);
	info->test_reg = IOMMU_HW_INFO_SELFTEST_REGVAL;
	*length_bytes = sizeof(*info);
	*type = (enum iommu_hw_info_type)IOMMU_HW_INFO_TYPE_SELFTEST;
	return info;
}

static bool mock_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return true;
	case IOMMU_CAP_DIRTY_TRACKING:
		return !(to_mock_device(dev)->flags &
			 MOCK_FLAGS_DEVICE_NO_DIRTY);
	default:
		return false;
	}
}

static void mock_get_resv_regions(struct device *dev, struct list_head *regions)
{
	struct iommu_resv_region *region;

	if (!mock_ways.msi_window)
		return;
	region = iommu_alloc_resv_region(MOCK_MSI_WINDOW, SZ_1M,
					 IOMMU_WRITE | IOMMU_MMIO,
					 IOMMU_RESV_SW_MSI, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, regions);
}

static struct iommu_device *mock_probe(struct device *dev)
{
	return mock_iommu_has_device(dev) ? &mock_iommu : ERR_PTR(-ENODEV);
}

static struct iommu_domain *
mock_domain_alloc_nested(struct device *dev, struct iommu_domain *parent,
			 u32 flags, const struct iommu_user_data *user_data)
{
	if (!mock_iommu_has_domain(parent))
		return ERR_PTR(-EINVAL);
	return mock_nested_alloc(dev, parent, flags, user_data);
}

static const struct iommu_ops mock_iommu_ops = {
	.owner = THIS_MODULE,
	.capable = mock_capable,
	.hw_info = mock_hw_info,
	.domain_alloc_paging_flags = mock_domain_alloc,
	.domain_alloc_nested = mock_domain_alloc_nested,
	.get_viommu_size = mock_viommu_size,
	.viommu_init = mock_viommu_init,
	.page_response = mock_page_response,
	.get_resv_regions = mock_get_resv_regions,
	/* Faults of any PASID go to a nested domain, if there is one. */
	.user_pasid_table = 1,
	.probe_device = mock_probe,
	.device_group = generic_device_group,
	.blocked_domain = &mock_blocked_domain,
	.release_domain = &mock_blocked_domain,
	.default_domain = &mock_blocked_domain,
};

/**
 * mock_iommu_has_device() - is a device behind the mock IOMMU?
 * @dev: any device
 *
 * Return: true if so; then to_mock_device() is valid.
 */
bool mock_iommu_has_device(const struct device *dev)
{
	return dev->bus == &mock_bus;
}

/**
 * mock_iommu_has_domain() - is it a paging domain of the mock IOMMU?
 * @domain: any domain
 *
 * Return: true if so.
 */
bool mock_iommu_has_domain(const struct iommu_domain *domain)
{
	return domain->ops == &mock_paging_ops;
}

/**
 * mock_iommu_add_device() - put a device behind the mock IOMMU
 * @dev: initialized and named
 *
 * Return: 0 or an errno, -ENODEV when the IOMMU core does not put it there; on
 * success device_del() takes it away again.
 */
int mock_iommu_add_device(struct device *dev)
{
	int rc;

	dev->bus = &mock_bus;
	dev_set_msi_domain(dev, mock_msi_domain);
	rc = iommu_mock_device_add(dev, &mock_iommu);
	/* It forgets this when it has no memory for the rest. */
	if (rc && dev->iommu) {
		kfree(dev->iommu);
		dev->iommu = NULL;
	}
	if (rc || device_iommu_mapped(dev))
		return rc;
	/* The device is there nevertheless, and would be one without an IOMMU. */
	device_del(dev);
	return -ENODEV;
}

static int create_msi_domain(void)
{
	static const struct irq_domain_ops no_ops;
	struct irq_domain_info info = {
		.domain_flags = IRQ_DOMAIN_FLAG_ISOLATED_MSI,
		.ops = &no_ops,
	};

	info.fwnode = irq_domain_alloc_named_fwnode(mock_bus.name);
	if (!info.fwnode)
		return -ENOMEM;
	mock_msi_domain = irq_domain_instantiate(&info);
	if (!IS_ERR(mock_msi_domain))
		return 0;
	irq_domain_free_fwnode(info.fwnode);
	return PTR_ERR(mock_msi_domain);
}

static void remove_msi_domain(void)
{
	struct fwnode_handle *fwnode = mock_msi_domain->fwnode;

	irq_domain_remove(mock_msi_domain);
	irq_domain_free_fwnode(fwnode);
}

/**
 * mock_iommu_init() - set the IOMMU and its bus up
 *
 * Return: 0 or an errno.
 */
int __init mock_iommu_init(void)
{
	int rc;

	rc = create_msi_domain();
	if (rc)
		return rc;
	rc = bus_register(&mock_bus);
	if (rc)
		goto err_msi;
	rc = iommu_device_sysfs_add(&mock_iommu, NULL, NULL, "%s",
				    mock_bus.name);
	if (rc)
		goto err_bus;
	rc = iommu_device_register_bus(&mock_iommu, &mock_iommu_ops, &mock_bus,
				       &mock_bus_nb);
	if (rc)
		goto err_sysfs;
	return 0;

err_sysfs:
	iommu_device_sysfs_remove(&mock_iommu);
err_bus:
	bus_unregister(&mock_bus);
err_msi:
	remove_msi_domain();
	return rc;
}

/**
 * mock_iommu_exit() - undo mock_iommu_init()
 *
 * There are no devices.
 */
void mock_iommu_exit(void)
{
	iommu_device_unregister_bus(&mock_iommu, &mock_bus, &mock_bus_nb);
	iommu_device_sysfs_remove(&mock_iommu);
	bus_unregister(&mock_bus);
	remove_msi_domain();
}
