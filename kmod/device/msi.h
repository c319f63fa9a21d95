/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts of devices, where an IOMMU translates them. See core/msi.h.
 */
#ifndef IOMMUFD_DEVICE_MSI_H
#define IOMMUFD_DEVICE_MSI_H

struct device;
struct device_group;
struct iommufd_hwpt;
struct list_head;

void msi_set_cookie(struct iommufd_hwpt *hwpt);
int msi_set_up_domain(struct iommufd_hwpt *hwpt, struct device *dev);
int msi_set_window(struct device_group *group, const struct list_head *regions);
int msi_map_doorbells(struct device_group *group, struct iommufd_hwpt *hwpt);

#endif
