// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mock hardware reports: page faults of devices, events of vIOMMUs. See
 * mock.h.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/rcupdate.h>

#include "core/core.h"
#include "device/device.h"
#include "parts.h"
#include "viommu/viommu.h"

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

/**
 * mock_trigger_iopf() - IOMMU_TEST_OP_TRIGGER_IOPF: a device has a page fault
 * @call: the ioctl
 *
 * Return: 0; -ENOENT; -EINVAL when the device is no mock, or nobody wants its
 * faults; -ENOMEM, -EINTR.
 */
int mock_trigger_iopf(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	struct iopf_fault fault = {
		.fault = {
			.type = IOMMU_FAULT_PAGE_REQ,
			.prm = {
				.flags = IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE,
				.pasid = cmd->trigger_iopf.pasid,
				.grpid = cmd->trigger_iopf.grpid,
				.perm = cmd->trigger_iopf.perm,
				.addr = cmd->trigger_iopf.addr,
			},
		},
	};
	struct iommufd_device *idev = mock_idev_get(call->ictx,
						    cmd->trigger_iopf.dev_id);
	int rc;

	if (IS_ERR(idev))
		return PTR_ERR(idev);
	if (cmd->trigger_iopf.pasid != IOMMU_NO_PASID)
		fault.fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
	/* Hardware is done with a fault before its attachment may end. */
	rc = idev_lock_attachments(idev);
	if (!rc) {
		rc = iommu_report_device_fault(idev->dev, &fault);
		idev_unlock_attachments(idev);
	}
	idev_put(idev);
	return rc;
}

/* The device's virtual one, as a long-term user; or NULL. */
static struct iommufd_vdevice *hold_vdev(struct iommufd_device *idev)
{
	struct iommufd_vdevice *vdev;

	rcu_read_lock();
	/* Pairs with the release when it is complete. */
	vdev = smp_load_acquire(&idev->vdev);
	if (IS_ERR(vdev) || (vdev && !object_hold(&vdev->obj)))
		vdev = NULL;
	rcu_read_unlock();
	return vdev;
}

/**
 * mock_trigger_vevent() - IOMMU_TEST_OP_TRIGGER_VEVENT
 * @call: the ioctl
 *
 * The event says which virtual device it is about.
 *
 * Return: 0; -ENOENT, also when it has no virtual device; -EINVAL when the
 * device is no mock; what veventq_report() says.
 */
int mock_trigger_vevent(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	struct iommufd_device *idev = mock_idev_get(call->ictx,
						    cmd->trigger_vevent.dev_id);
	struct iommu_viommu_event_selftest event = {};
	struct iommufd_vdevice *vdev;
	int rc = -ENOENT;

	if (IS_ERR(idev))
		return PTR_ERR(idev);
	vdev = hold_vdev(idev);
	if (vdev) {
		event.virt_id = vdev->virt_id;
		rc = veventq_report(vdev->viommu, IOMMU_VEVENTQ_TYPE_SELFTEST,
				    &event, sizeof(event));
		object_release(&vdev->obj);
	}
	idev_put(idev);
	return rc;
}
