// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_OPTION: simple values of the iommufd and of its objects.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <uapi/linux/iommufd.h>

#include "ioas.h"
#include "ioctl.h"

/* What both kinds of boolean options have in common. */
static int access_bool(struct iommu_option *arg, bool *value)
{
	switch (arg->op) {
	case IOMMU_OPTION_OP_GET:
		arg->val64 = READ_ONCE(*value);
		return 0;
	case IOMMU_OPTION_OP_SET:
		if (arg->val64 > 1)
			return -EINVAL;
		WRITE_ONCE(*value, arg->val64);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* One mode for all that an iommufd pins, so it is set before anything else. */
static int option_rlimit_mode(struct iommufd_ctx *ictx,
			      struct iommu_option *arg)
{
	if (arg->object_id)
		return -EOPNOTSUPP;
	if (arg->op == IOMMU_OPTION_OP_SET) {
		if (!capable(CAP_SYS_RESOURCE))
			return -EPERM;
		if (!xa_empty(&ictx->objects.objects))
			return -EBUSY;
	}
	return access_bool(arg, &ictx->account_by_mm);
}

static int option_huge_pages(struct iommufd_ctx *ictx, struct iommu_option *arg)
{
	struct iommufd_ioas *ioas = ioas_get(ictx, arg->object_id);
	int rc;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (arg->op == IOMMU_OPTION_OP_GET) {
		rc = access_bool(arg, &ioas->combine);
		goto out_put;
	}
	/* All of the domains are mapped alike. */
	down_write(&ioas->domains_rwsem);
	if (arg->val64 != ioas->combine && !list_empty(&ioas->domains))
		rc = -EINVAL;
	else
		rc = access_bool(arg, &ioas->combine);
	up_write(&ioas->domains_rwsem);
out_put:
	ioas_put(ioas);
	return rc;
}

/**
 * ioctl_option() - IOMMU_OPTION
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for an unknown option or operation, a reserved field
 * that is not 0, or an object ID for an option that has no object; -EINVAL for
 * a value that is neither 0 nor 1, or HUGE_PAGES while a device is attached;
 * -EPERM for RLIMIT_MODE without CAP_SYS_RESOURCE; -EBUSY for it once there are
 * objects; -ENOENT, -EFAULT.
 */
int ioctl_option(struct ioctl_call *call)
{
	struct iommu_option *arg = call->arg;
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	switch (arg->option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
		rc = option_rlimit_mode(call->ictx, arg);
		break;
	case IOMMU_OPTION_HUGE_PAGES:
		rc = option_huge_pages(call->ictx, arg);
		break;
	default:
		return -EOPNOTSUPP;
	}
	return rc ? rc : ioctl_reply(call);
}
