// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compatibility with the VFIO container: not supported yet.
 *
 * The symbols exist, for vfio.ko links to them: VFIO_GROUP_SET_CONTAINER with
 * an iommufd fails with -EOPNOTSUPP. docs/status.md says the same to users.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/iommufd.h>

/**
 * iommufd_vfio_compat_ioas_get_id() - there is no compatibility IOAS yet
 * @ictx: unused
 * @out_ioas_id: unused
 *
 * Return: -EOPNOTSUPP.
 */
int iommufd_vfio_compat_ioas_get_id(struct iommufd_ctx *ictx, u32 *out_ioas_id)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_ioas_get_id, "IOMMUFD_VFIO");

/**
 * iommufd_vfio_compat_ioas_create() - not supported yet
 * @ictx: unused
 *
 * Return: -EOPNOTSUPP.
 */
int iommufd_vfio_compat_ioas_create(struct iommufd_ctx *ictx)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_ioas_create, "IOMMUFD_VFIO");

/**
 * iommufd_vfio_compat_set_no_iommu() - not supported yet
 * @ictx: unused
 *
 * Return: -EOPNOTSUPP.
 */
int iommufd_vfio_compat_set_no_iommu(struct iommufd_ctx *ictx)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_set_no_iommu, "IOMMUFD_VFIO");
