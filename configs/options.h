/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel may have that the test kernel has not, of no other effect than on
 * iommufd and vfio.ko: scripts/build/options.sh builds these as such a kernel would.
 * The files that it adds and leaves out are said there.
 */
#define CONFIG_IOMMUFD_NOIOMMU 1
#define CONFIG_IOMMUFD_VFIO_CONTAINER 1
#define CONFIG_VFIO_NOIOMMU 1
#undef CONFIG_VFIO_CONTAINER
