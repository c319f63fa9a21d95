// SPDX-License-Identifier: GPL-2.0-only
/*
 * What needs a driver's access, a device that faults, or an IOMMU that nests or tracks what is
 * written: the mock IOMMU has them.
 *
 * mock_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern.
 */
#include "mock.h"
#include "rig.h"

static const struct ktap_suite *const suites[] = {
	&mock_frame, &mock_fault, &mock_late, &mock_count, &mock_dirty, &mock_dmabufs,
	&mock_pages, &mock_fields, &mock_signal, &mock_holes, NULL,
};

int main(int argc, char **argv)
{
	return ktap_main(argc, argv, &rig_hooks, suites);
}
