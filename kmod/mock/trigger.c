// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mock hardware reports when userspace says so: page faults of devices,
 * events of vIOMMUs. See mock.h.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/rcupdate.h>

#include "core/core.h"
#include "device/device.h"
#include "parts.h"
#include "viommu/viommu.h"

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
 * device is no mock; what iommufd_viommu_report_event() says.
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
		race_point("vevent:begun");
		event.virt_id = vdev->virt_id;
		rc = iommufd_viommu_report_event(vdev->viommu,
						 IOMMU_VEVENTQ_TYPE_SELFTEST,
						 &event, sizeof(event));
		object_release(&vdev->obj);
	}
	idev_put(idev);
	return rc;
}
