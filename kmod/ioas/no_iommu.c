// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_NOIOMMU_GET_PA: what a program has to tell a device that nothing
 * translates for.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <uapi/linux/iommufd.h>

#include "ioas.h"

/* The last byte that is asked for. Beyond the last IOVA there is nothing to find. */
static unsigned long last_of(u64 iova, u64 length_bytes)
{
	unsigned long last;

	return check_add_overflow(iova, length_bytes - 1, &last) ? ULONG_MAX :
								   last;
}

/**
 * ioctl_noiommu_get_pa() - IOMMU_IOAS_NOIOMMU_GET_PA
 * @call: the ioctl
 *
 * Return: 0; -EPERM without CAP_SYS_RAWIO; -EOPNOTSUPP for flags and a reserved
 * field that are not 0; -EINVAL for a length of 0; -ENOENT when there is no such
 * IOAS; what ioas_find_phys() says; -EFAULT.
 */
int ioctl_noiommu_get_pa(struct ioctl_call *call)
{
	struct iommu_ioas_noiommu_get_pa *arg = call->arg;
	struct iommufd_ioas *ioas;
	int rc;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (arg->flags || arg->__reserved)
		return -EOPNOTSUPP;
	if (!arg->length)
		return -EINVAL;
	if (arg->iova > ULONG_MAX)
		return -ENOENT;
	ioas = ioas_get(call->ictx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_find_phys(ioas, arg->iova, last_of(arg->iova, arg->length),
			    &arg->out_phys, &arg->length);
	ioas_put(ioas);
	return rc ? rc : ioctl_reply(call);
}
