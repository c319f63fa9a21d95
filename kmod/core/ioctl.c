// SPDX-License-Identifier: GPL-2.0-only
/*
 * How an ioctl's structure comes in and goes out. See ioctl.h.
 */
#include <linux/minmax.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "ctx.h"
#include "ioctl.h"
#include "race_point.h"

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
 * A hardware queue is not even hidden while an IOMMU driver looks for those that
 * the next one is built on. Who waits for that is no user of the queue yet.
 *
 * Return: 0, or -ENOENT, -EBUSY, -ERESTARTSYS as object_destroy() says; -EINTR for
 * a fatal signal.
 */
int ioctl_destroy(struct ioctl_call *call)
{
	const struct iommu_destroy *arg = call->arg;
	struct iommufd_ctx *ictx = call->ictx;
	int rc;

	rc = object_destroy_but(&ictx->objects, arg->id, IOMMUFD_OBJ_HW_QUEUE);
	if (rc != -EAGAIN)
		return rc;
	race_point("destroy:queue");
	rc = down_read_killable(&ictx->queues_rwsem);
	if (rc)
		return rc;
	rc = object_destroy(&ictx->objects, arg->id);
	up_read(&ictx->queues_rwsem);
	return rc;
}
