// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching mock devices and their PASIDs to domains of any kind of the mock
 * IOMMU. See mock.h.
 */
#include <linux/iommu.h>

#include <iommu-priv.h>

#include "mock.h"
#include "parts.h"

struct mock_ways mock_ways;

static bool wants_iopf(const struct iommu_domain *domain)
{
	return domain && domain->iopf_handler;
}

/* A domain takes the place of another one, or of none. */
static int move(struct mock_device *mdev, const struct iommu_domain *domain,
		const struct iommu_domain *old)
{
	int rc = 0;

	if (wants_iopf(domain))
		rc = mock_event_enable_iopf(mdev);
	if (!rc && wants_iopf(old))
		mock_event_disable_iopf(mdev);
	return rc;
}

/**
 * mock_attach_dev() - attach a device
 * @domain: any domain of the mock IOMMU
 * @dev: the device
 * @old: where it is now, or NULL
 *
 * Return: 0 or -ENOMEM.
 */
int mock_attach_dev(struct iommu_domain *domain, struct device *dev,
		    struct iommu_domain *old)
{
	int rc;

	iommu_group_mutex_assert(dev);
	if (mock_ways.attaches_fail)
		return -ENOMEM;
	rc = move(to_mock_device(dev), domain, old);
	if (rc)
		return rc;
	if (mock_ways.attaches_fail_after)
		mock_ways.attaches_fail = !--mock_ways.attaches_fail_after;
	if (mock_iommu_has_domain(domain))
		mock_iommu_set_aperture(domain);
	return 0;
}

/**
 * mock_attach_pasid() - attach a PASID of a device
 * @domain: any domain of the mock IOMMU
 * @dev: the device
 * @pasid: the PASID
 * @old: where it is now, or NULL
 *
 * One PASID can not be moved to a nested domain: tests use it to see what becomes
 * of an attachment then.
 *
 * Return: 0 or -ENOMEM.
 */
int mock_attach_pasid(struct iommu_domain *domain, struct device *dev,
		      ioasid_t pasid, struct iommu_domain *old)
{
	iommu_group_mutex_assert(dev);
	if (pasid == IOMMU_TEST_PASID_RESERVED && old &&
	    domain->type == IOMMU_DOMAIN_NESTED)
		return -ENOMEM;
	return move(to_mock_device(dev), domain, old);
}
