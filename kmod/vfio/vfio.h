/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compatibility with the VFIO container (type1): its ioctls on an iommufd.
 *
 * They have no IDs and act on one IOAS, the compatibility IOAS of the iommufd.
 * VFIO makes it when a group is put into the "container", or IOMMU_VFIO_IOAS
 * sets it. The iommufd knows it by ID only: it is no user of it, and when the
 * IOAS is destroyed there is none any more.
 */
#ifndef IOMMUFD_VFIO_COMPAT_H
#define IOMMUFD_VFIO_COMPAT_H

struct ioctl_call;
struct iommufd_ctx;
struct iommufd_ioas;

long vfio_compat_ioctl(struct iommufd_ctx *ictx, unsigned int cmd,
		       unsigned long arg);
int ioctl_vfio_ioas(struct ioctl_call *call);
struct iommufd_ioas *vfio_compat_ioas(struct iommufd_ctx *ictx);

#endif
