// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compatibility with the VFIO container: the compatibility IOAS. See
 * vfio.h; the container's ioctls are in container.c.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/iommufd.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "ioas/ioas.h"
#include "vfio.h"

/**
 * vfio_compat_ioas() - look the compatibility IOAS up
 * @ictx: whose
 *
 * Return: the IOAS, until ioas_put(); or ERR_PTR(-ENODEV) when there is none.
 */
struct iommufd_ioas *vfio_compat_ioas(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas;
	u32 id;

	for (;;) {
		id = READ_ONCE(ictx->vfio_ioas_id);
		if (!id)
			return ERR_PTR(-ENODEV);
		race_point("vfio:found");
		ioas = ioas_get(ictx, id);
		/* Meanwhile it may have ended, and its ID be another's. */
		if (READ_ONCE(ictx->vfio_ioas_id) == id)
			return IS_ERR(ioas) ? ERR_PTR(-ENODEV) : ioas;
		if (!IS_ERR(ioas))
			ioas_put(ioas);
	}
}

/**
 * iommufd_vfio_compat_ioas_get_id() - the compatibility IOAS, for VFIO
 * @ictx: the iommufd
 * @out_ioas_id: set to its ID
 *
 * Return: 0, or -ENODEV when there is none.
 */
int iommufd_vfio_compat_ioas_get_id(struct iommufd_ctx *ictx, u32 *out_ioas_id)
{
	struct iommufd_ioas *ioas = vfio_compat_ioas(ictx);

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	*out_ioas_id = ioas->obj.id;
	ioas_put(ioas);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_ioas_get_id, "IOMMUFD_VFIO");

/**
 * iommufd_vfio_compat_ioas_create() - make a compatibility IOAS, for VFIO
 * @ictx: the iommufd
 *
 * Keeps the one there is.
 *
 * Return: 0, -EINVAL when the iommufd is for groups without an IOMMU, -EINTR for
 * a fatal signal while waiting, or what ioas_create() says.
 */
int iommufd_vfio_compat_ioas_create(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas;
	int rc;

	rc = mutex_lock_killable(&ictx->vfio_lock);
	if (rc)
		return rc;
	if (ictx->vfio_no_iommu) {
		rc = -EINVAL;
	} else if (!ictx->vfio_ioas_id) {
		ioas = ioas_create(ictx);
		if (IS_ERR(ioas)) {
			rc = PTR_ERR(ioas);
			goto out_unlock;
		}
		/*
		 * Not after it is visible, and may be destroyed: it would not
		 * be forgotten. Until it is, this is as if there was none.
		 */
		WRITE_ONCE(ictx->vfio_ioas_id, ioas->obj.id);
		race_point("vfio:chosen");
		object_publish(&ictx->objects, &ioas->obj);
	}
out_unlock:
	mutex_unlock(&ictx->vfio_lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_ioas_create, "IOMMUFD_VFIO");

/**
 * iommufd_vfio_compat_set_no_iommu() - use an iommufd for groups without IOMMU
 * @ictx: the iommufd
 *
 * Return: 0, -EINVAL when it has a compatibility IOAS, or -EINTR for a fatal
 * signal while waiting.
 */
int iommufd_vfio_compat_set_no_iommu(struct iommufd_ctx *ictx)
{
	int rc;

	rc = mutex_lock_killable(&ictx->vfio_lock);
	if (rc)
		return rc;
	if (ictx->vfio_ioas_id)
		rc = -EINVAL;
	else
		WRITE_ONCE(ictx->vfio_no_iommu, true);
	mutex_unlock(&ictx->vfio_lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_set_no_iommu, "IOMMUFD_VFIO");

static int set_id(struct iommufd_ctx *ictx, u32 id)
{
	int rc;

	rc = mutex_lock_killable(&ictx->vfio_lock);
	if (rc)
		return rc;
	WRITE_ONCE(ictx->vfio_ioas_id, id);
	mutex_unlock(&ictx->vfio_lock);
	return 0;
}

static int set_ioas(struct iommufd_ctx *ictx, u32 id)
{
	/* While it is in use it can not be destroyed, and forgotten too early. */
	struct iommufd_ioas *ioas = ioas_get(ictx, id);
	int rc;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	race_point("vfio:looked-up");
	rc = set_id(ictx, id);
	ioas_put(ioas);
	return rc;
}

/**
 * ioctl_vfio_ioas() - IOMMU_VFIO_IOAS
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for an unknown operation or a reserved field that is
 * not 0; -ENODEV when there is no such IOAS to get; -ENOENT; -EFAULT; -EINTR for
 * a fatal signal while waiting.
 */
int ioctl_vfio_ioas(struct ioctl_call *call)
{
	struct iommu_vfio_ioas *arg = call->arg;
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	switch (arg->op) {
	case IOMMU_VFIO_IOAS_GET:
		rc = iommufd_vfio_compat_ioas_get_id(call->ictx,
						     &arg->ioas_id);
		return rc ? rc : ioctl_reply(call);
	case IOMMU_VFIO_IOAS_SET:
		return set_ioas(call->ictx, arg->ioas_id);
	case IOMMU_VFIO_IOAS_CLEAR:
		return set_id(call->ictx, 0);
	default:
		return -EOPNOTSUPP;
	}
}
