// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kernel may be configured to have in addition: /dev/vfio/vfio by iommufd, and devices
 * without an IOMMU.
 *
 * options_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern.
 */
#include "options.h"
#include "rig.h"

static const struct ktap_suite * const suites[] = {
	&options_container, &options_no_iommu, NULL,
};

int main(int argc, char **argv)
{
	return ktap_main(argc, argv, &rig_hooks, suites);
}
