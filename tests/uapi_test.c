// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every iommufd ioctl answers to good and to bad input, and that bad input changes nothing.
 *
 * uapi_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern.
 */
#include "rig.h"
#include "uapi.h"

static const struct ktap_suite *const suites[] = {
	&uapi_table, &uapi_objects, &uapi_ranges, &uapi_allow, &uapi_map, &uapi_map_bad,
	&uapi_map_file, &uapi_copy, &uapi_unmap, &uapi_option, &uapi_hwpt, &uapi_hw_info,
	&uapi_device, &uapi_viommu, &uapi_fuzz, &uapi_container, &uapi_place, NULL,
};

int main(int argc, char **argv)
{
	return ktap_main(argc, argv, &rig_hooks, suites);
}
