/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mock IOMMU: IOMMU_TEST_CMD, for the kernel's own iommufd selftests.
 *
 * Only in kernels that are configured for tests (CONFIG_IOMMUFD_TEST): devices
 * and an IOMMU that exist in memory alone, drivers' accesses that userspace
 * steers, and looks behind the scenes. What userspace sees of it is declared by
 * the kernel tree, in drivers/iommu/iommufd/iommufd_test.h.
 *
 * It stands on all of the module but the table of ioctls, and answers what
 * core/test_hooks.h asks; in other kernels all of it is nothing.
 */
#ifndef IOMMUFD_MOCK_H
#define IOMMUFD_MOCK_H

struct iommufd_object;
struct ioctl_call;

#ifdef CONFIG_IOMMUFD_TEST

#include <iommufd_test.h>

/**
 * struct mock_ways - what some IOMMUs do, and the mock if a KUnit case wants it
 * @msi_window: devices reserve MOCK_MSI_WINDOW for doorbells
 * @late_aperture: a new domain has no aperture until a device is attached
 * @attaches_fail: no device can be attached any more
 * @attaches_fail_after: nor after so many, if it is not 0
 */
struct mock_ways {
	bool msi_window;
	bool late_aperture;
	bool attaches_fail;
	unsigned int attaches_fail_after;
};

extern struct mock_ways mock_ways;

#define MOCK_MSI_WINDOW		(MOCK_APERTURE_LAST - SZ_1M + 1)

int mock_init(void);
void mock_exit(void);
int ioctl_mock(struct ioctl_call *call);
void mock_object_destroy(struct iommufd_object *obj);

#else

static inline int mock_init(void)
{
	return 0;
}

static inline void mock_exit(void)
{
}

#endif

#endif
