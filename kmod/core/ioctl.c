// SPDX-License-Identifier: GPL-2.0-only
/*
 * How an ioctl's structure comes in and goes out. See ioctl.h.
 */
#include <linux/minmax.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "ctx.h"
#include "ioctl.h"

/**
 * ioctl_run() - carry an ioctl out
 * @ictx: whose
 * @op: which
 * @user: its structure
 *
 * Context: Process; sleeps.
 * Return: what the handler says; -EINVAL when userspace knows less of the
 * structure than there has ever been, -E2BIG when it has set what is not known
 * here, -EFAULT.
 */
long ioctl_run(struct iommufd_ctx *ictx, const struct ioctl_op *op,
	       void __user *user)
{
	u64 buf[IOCTL_ARG_BYTES / sizeof(u64)];
	struct ioctl_call call = {
		.ictx = ictx,
		.arg = buf,
		.user = user,
	};
	int rc;

	if (get_user(call.size_bytes, (u32 __user *)user))
		return -EFAULT;
	if (call.size_bytes < op->min_bytes)
		return -EINVAL;
	rc = copy_struct_from_user(buf, op->size_bytes, user, call.size_bytes);
	if (rc)
		return rc;
	call.size_bytes = min(call.size_bytes, op->size_bytes);
	return op->handler(&call);
}

/**
 * ioctl_reply() - give the structure back to userspace
 * @call: the ioctl
 *
 * As much of it as userspace gave.
 *
 * Return: 0 or -EFAULT.
 */
int ioctl_reply(const struct ioctl_call *call)
{
	return copy_to_user(call->user, call->arg, call->size_bytes) ? -EFAULT :
								       0;
}

/**
 * ioctl_destroy() - IOMMU_DESTROY
 * @call: the ioctl
 *
 * Return: 0, or -ENOENT, -EBUSY, -ERESTARTSYS as object_destroy() says.
 */
int ioctl_destroy(struct ioctl_call *call)
{
	const struct iommu_destroy *arg = call->arg;

	return object_destroy(&call->ictx->objects, arg->id);
}
