// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's own code reads of devices and HWPTs. See core/contract.h.
 */
#include "device.h"
#include "group.h"
#include "hwpt.h"

/* From an attachment to its device, and from that to its group and its iommufd */
ASSERT_SAME(attachment, handle, iommufd_attach_handle, handle);
ASSERT_SAME(attachment, idev, iommufd_attach_handle, idev);
ASSERT_SAME(iommufd_device, obj, kernels_device, obj);
ASSERT_SAME(iommufd_device, ictx, kernels_device, ictx);
ASSERT_SAME(iommufd_device, group, kernels_device, igroup);
ASSERT_SAME(iommufd_device, dev, kernels_device, dev);
ASSERT_SAME(device_group, needed_doorbells, iommufd_group, required_sw_msi);
ASSERT_SAME(device_group, msi_window_iova, iommufd_group, sw_msi_start);

/* From a domain to its HWPT, and from a nested one to its parent */
ASSERT_SAME(iommufd_hwpt, obj, iommufd_hw_pagetable, obj);
ASSERT_SAME(iommufd_hwpt, domain, iommufd_hw_pagetable, domain);
ASSERT_SAME(iommufd_hwpt_paging, hwpt.domain, kernels_hwpt_paging, common.domain);
ASSERT_SAME(iommufd_hwpt_nested, hwpt.domain, kernels_hwpt_nested, common.domain);
ASSERT_SAME(iommufd_hwpt_nested, hwpt.parent, kernels_hwpt_nested, parent);
ASSERT_SAME(iommufd_hwpt_paging, mapped_doorbells, kernels_hwpt_paging,
	    present_sw_msi);
