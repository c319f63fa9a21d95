/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reserved regions: IOVAs that a device's hardware path keeps for itself.
 */
#ifndef IOMMUFD_RESV_H
#define IOMMUFD_RESV_H

struct device;
struct iommu_domain;
struct iommufd_device;
struct iommufd_ioas;

int resv_add(struct iommufd_ioas *ioas, struct iommufd_device *idev);
void resv_remove(struct iommufd_ioas *ioas, struct iommufd_device *idev);
int resv_set_msi_window(struct iommu_domain *domain, struct device *dev);

#endif
