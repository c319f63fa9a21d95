/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that have no IOMMU (CONFIG_IOMMUFD_NOIOMMU).
 *
 * Their DMA goes where the program that drives them says, to any memory of the
 * machine: VFIO lets nobody near them without CAP_SYS_RAWIO, and taints the kernel.
 * What is left for an iommufd to do is to keep the memory of an IOAS where it is,
 * and to say where that is (IOMMU_IOAS_NOIOMMU_GET_PA).
 *
 * Such a device is attached as others are, to HWPTs whose domain has no page table.
 * It is in no IOMMU group, or in one that VFIO made up, in which nothing of the
 * IOMMU core is: here each is a group of its own.
 *
 * For what is asked of any device's IOMMU there is one that can do nothing.
 */
#ifndef IOMMUFD_NO_IOMMU_H
#define IOMMUFD_NO_IOMMU_H

#include <linux/device.h>
#include <linux/iommu.h>

extern struct iommu_device no_iommu;

/**
 * has_iommu() - is there an IOMMU between a device and memory?
 * @dev: the device, bound
 *
 * Return: true if so, and in kernels that do not know it otherwise.
 */
static inline bool has_iommu(const struct device *dev)
{
	return !IS_ENABLED(CONFIG_IOMMUFD_NOIOMMU) ||
	       (dev->iommu && dev->iommu->iommu_dev);
}

/**
 * iommu_of() - the IOMMU of a device
 * @dev: the device, bound
 *
 * Return: it, or the one that can do nothing.
 */
static inline struct iommu_device *iommu_of(const struct device *dev)
{
#ifdef CONFIG_IOMMUFD_NOIOMMU
	if (!has_iommu(dev))
		return &no_iommu;
#endif
	return dev->iommu->iommu_dev;
}

#endif
