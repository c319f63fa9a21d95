// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mock hardware needs to report page faults of devices. See mock.h.
 */
#include <linux/iommu.h>

#include "parts.h"

static struct iopf_queue *iopf_queue;

/**
 * mock_event_init() - get ready for page faults
 *
 * Return: 0 or -ENOMEM.
 */
int __init mock_event_init(void)
{
	if (!IS_ENABLED(CONFIG_IOMMU_IOPF))
		return 0;
	iopf_queue = iopf_queue_alloc("iommufd-mock");
	return iopf_queue ? 0 : -ENOMEM;
}

/**
 * mock_event_exit() - undo mock_event_init()
 */
void mock_event_exit(void)
{
	iopf_queue_free(iopf_queue);
}

/**
 * mock_event_enable_iopf() - one more domain wants a device's page faults
 * @mdev: the device; the mutex of its IOMMU group is held
 *
 * Return: 0 or an errno.
 */
int mock_event_enable_iopf(struct mock_device *mdev)
{
	int rc = 0;

	if (!mdev->nr_iopf)
		rc = iopf_queue_add_device(iopf_queue, &mdev->dev);
	if (!rc)
		mdev->nr_iopf++;
	return rc;
}

/**
 * mock_event_disable_iopf() - undo mock_event_enable_iopf()
 * @mdev: the device; the mutex of its IOMMU group is held
 */
void mock_event_disable_iopf(struct mock_device *mdev)
{
	if (!--mdev->nr_iopf)
		iopf_queue_remove_device(iopf_queue, &mdev->dev);
}

/**
 * mock_page_response() - a fault is resolved
 * @dev: whose
 * @fault: which
 * @response: how
 *
 * The device did not wait for it.
 */
void mock_page_response(struct device *dev, struct iopf_fault *fault,
			struct iommu_page_response *response)
{
}
