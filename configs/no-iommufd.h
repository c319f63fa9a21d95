/* SPDX-License-Identifier: GPL-2.0-only */
/* For a vfio.ko as it is in a kernel without iommufd: see options.h. */
#undef CONFIG_IOMMUFD_MODULE
#undef CONFIG_VFIO_DEVICE_CDEV
