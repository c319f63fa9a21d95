// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_GET_HW_INFO: what the IOMMU behind a device can do.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include <iommu-priv.h>

#include "core/core.h"
#include "device.h"

static int check(const struct iommu_hw_info *arg)
{
	if (arg->flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE)
		return -EOPNOTSUPP;
	if (arg->__reserved[0] || arg->__reserved[1] || arg->__reserved[2])
		return -EOPNOTSUPP;
	return 0;
}

/* The driver's data; NULL with a type of NONE if it has none. */
static void *read_info(struct device *dev, u32 *length_bytes,
		       enum iommu_hw_info_type *type)
{
	const struct iommu_ops *ops = dev_iommu_ops(dev);

	*length_bytes = 0;
	if (ops->hw_info)
		return ops->hw_info(dev, length_bytes, type);
	/* Only what every IOMMU has can be asked for. */
	if (*type != IOMMU_HW_INFO_TYPE_DEFAULT)
		return ERR_PTR(-EOPNOTSUPP);
	*type = IOMMU_HW_INFO_TYPE_NONE;
	return NULL;
}

/* As much as fits, and zeroes in what is left of the buffer. */
static int write_info(void __user *user, u32 room_bytes, const void *data,
		      u32 length_bytes)
{
	u32 n = min(room_bytes, length_bytes);

	if (copy_to_user(user, data, n) ||
	    clear_user(user + n, room_bytes - n))
		return -EFAULT;
	return 0;
}

static u64 capabilities(struct device *dev)
{
	u64 caps = 0;

	if (device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		caps |= IOMMU_HW_CAP_DIRTY_TRACKING;
	if (!device_iommu_capable(dev, IOMMU_CAP_PCI_ATS_SUPPORTED))
		caps |= IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED;
	return caps;
}

/*
 * How many bits a PASID may have, and what a PCI device may say with one: of
 * these only what the IOMMU driver has enabled.
 */
static u8 pasid_width(struct device *dev, u64 *caps)
{
	u32 max_pasids = dev->iommu->max_pasids;
	int ctrl;

	if (!max_pasids)
		return 0;
	if (dev_is_pci(dev)) {
		ctrl = pci_pasid_status(to_pci_dev(dev));
		if (ctrl <= 0)
			return 0;
		if (ctrl & PCI_PASID_CTRL_EXEC)
			*caps |= IOMMU_HW_CAP_PCI_PASID_EXEC;
		if (ctrl & PCI_PASID_CTRL_PRIV)
			*caps |= IOMMU_HW_CAP_PCI_PASID_PRIV;
	}
	return ilog2(max_pasids);
}

/* All that is to be known of a device, in @arg; returns the driver's data. */
static void *query(struct iommufd_ctx *ictx, struct iommu_hw_info *arg,
		   u32 *length_bytes)
{
	enum iommu_hw_info_type type = IOMMU_HW_INFO_TYPE_DEFAULT;
	struct iommufd_device *idev = idev_get(ictx, arg->dev_id);
	void *data;

	if (IS_ERR(idev))
		return ERR_CAST(idev);
	if (arg->flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE)
		type = arg->in_data_type;
	data = has_iommu(idev->dev) ?
		       read_info(idev->dev, length_bytes, &type) :
		       ERR_PTR(-EOPNOTSUPP);
	if (!IS_ERR(data)) {
		arg->out_data_type = type;
		arg->out_capabilities = capabilities(idev->dev);
		arg->out_max_pasid_log2 = pasid_width(idev->dev,
						      &arg->out_capabilities);
	}
	idev_put(idev);
	return data;
}

/**
 * ioctl_get_hw_info() - IOMMU_GET_HW_INFO
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for unknown flags, reserved fields that are not 0, a type
 * that the driver does not know, or a device without an IOMMU; -ENOENT; -EFAULT;
 * -ENOMEM.
 */
int ioctl_get_hw_info(struct ioctl_call *call)
{
	struct iommu_hw_info *arg = call->arg;
	u32 length_bytes;
	void *data;
	int rc;

	rc = check(arg);
	if (rc)
		return rc;
	data = query(call->ictx, arg, &length_bytes);
	if (IS_ERR(data))
		return PTR_ERR(data);
	/* Writing may take any time, and unbinding must not wait for it. */
	rc = write_info(u64_to_user_ptr(arg->data_uptr), arg->data_len, data,
			length_bytes);
	kfree(data);
	if (rc)
		return rc;
	arg->data_len = length_bytes;
	return ioctl_reply(call);
}
