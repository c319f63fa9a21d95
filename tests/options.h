/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef OPTIONS_H
#define OPTIONS_H

/*
 * The suites of options_test: what there is only in a kernel with CONFIG_IOMMUFD_VFIO_CONTAINER and
 * CONFIG_VFIO_NOIOMMU. One file a suite.
 */

#include "ktap.h"

extern const struct ktap_suite options_container;
extern const struct ktap_suite options_no_iommu;

#endif
