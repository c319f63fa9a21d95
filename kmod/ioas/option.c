// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_OPTION: simple values of the iommufd and of its objects.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "ioas.h"

/* One mode for all that an iommufd pins, so it is set before anything else. */
static int set_rlimit_mode(struct iommufd_ctx *ictx, bool by_mm)
{
	struct xarray *objects = &ictx->objects.objects;
	int rc = 0;

	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	race_point("option:permitted");
	/* Nor does another thread make an object meanwhile. */
	xa_lock(objects);
	if (xa_empty(objects))
		WRITE_ONCE(ictx->account_by_mm, by_mm);
	else
		rc = -EBUSY;
	xa_unlock(objects);
	return rc;
}

static int option_rlimit_mode(struct iommufd_ctx *ictx,
			      struct iommu_option *arg, bool set)
{
	if (arg->object_id)
		return -EOPNOTSUPP;
	if (set)
		return set_rlimit_mode(ictx, arg->val64);
	arg->val64 = READ_ONCE(ictx->account_by_mm);
	return 0;
}

static int option_huge_pages(struct iommufd_ctx *ictx, struct iommu_option *arg,
			     bool set)
{
	struct iommufd_ioas *ioas = ioas_get(ictx, arg->object_id);
	int rc = 0;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (set)
		rc = ioas_set_combine(ioas, arg->val64);
	else
		arg->val64 = READ_ONCE(ioas->combine);
	ioas_put(ioas);
	return rc;
}

/**
 * ioctl_option() - IOMMU_OPTION
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for an unknown option or operation, a reserved field
 * that is not 0, or an object ID for an option that has no object; -EINVAL for
 * a value that is neither 0 nor 1, or no HUGE_PAGES once a domain has some;
 * -EADDRINUSE for it once something is mapped that is not aligned to pages;
 * -EPERM for RLIMIT_MODE without CAP_SYS_RESOURCE; -EBUSY for it once there are
 * objects; -ENOENT, -EFAULT, -EINTR for a fatal signal.
 */
int ioctl_option(struct ioctl_call *call)
{
	struct iommu_option *arg = call->arg;
	bool set = arg->op == IOMMU_OPTION_OP_SET;
	int rc;

	if (arg->__reserved || (!set && arg->op != IOMMU_OPTION_OP_GET))
		return -EOPNOTSUPP;
	switch (arg->option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
	case IOMMU_OPTION_HUGE_PAGES:
		if (set && arg->val64 > 1)
			return -EINVAL;
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (arg->option_id == IOMMU_OPTION_RLIMIT_MODE)
		rc = option_rlimit_mode(call->ictx, arg, set);
	else
		rc = option_huge_pages(call->ictx, arg, set);
	return rc ? rc : ioctl_reply(call);
}
