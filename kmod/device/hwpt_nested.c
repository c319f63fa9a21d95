// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested HWPTs: page tables that a guest manages. See hwpt.h.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <uapi/linux/iommufd.h>

#include <iommu-priv.h>

#include "hwpt.h"
#include "msi.h"
#include "no_iommu.h"

static struct iommufd_hwpt_nested *nested_of(struct iommufd_hwpt *hwpt)
{
	return container_of(hwpt, struct iommufd_hwpt_nested, hwpt);
}

/* What a nested HWPT is built on: the vIOMMU, or if there is none the parent. */
static struct iommufd_object *base_of(const struct iommufd_hwpt_nested *nested)
{
	return nested->viommu ? &nested->viommu->obj :
				&nested->hwpt.parent->hwpt.obj;
}

static struct iommufd_hwpt_nested *
alloc_nested(struct iommufd_hwpt_paging *parent, struct iommufd_viommu *viommu,
	     u32 flags)
{
	struct object_table *objects = &parent->hwpt.ioas->ictx->objects;
	struct iommufd_hwpt_nested *nested;

	nested = object_alloc(objects, sizeof(*nested),
			      IOMMUFD_OBJ_HWPT_NESTED);
	if (IS_ERR(nested))
		return nested;
	nested->viommu = viommu;
	nested->hwpt.parent = parent;
	nested->hwpt.ioas = parent->hwpt.ioas;
	nested->hwpt.flags = flags;
	/* Who translates the guest's table reads it through the parent. */
	nested->hwpt.coherent = parent->hwpt.coherent;
	if (!object_hold(base_of(nested))) {
		object_abort(objects, &nested->hwpt.obj);
		return ERR_PTR(-ENOENT);
	}
	return nested;
}

static void free_unset(struct iommufd_hwpt_nested *nested)
{
	struct object_table *objects = &nested->hwpt.ioas->ictx->objects;

	object_release(base_of(nested));
	object_abort(objects, &nested->hwpt.obj);
}

/* Take what a driver made; its errors pass. */
static struct iommufd_hwpt *set_domain(struct iommufd_hwpt_nested *nested,
				       struct iommu_domain *domain,
				       const struct iommu_ops *ops)
{
	int rc = PTR_ERR_OR_ZERO(domain);

	if (!rc && WARN_ON_ONCE(domain->type != IOMMU_DOMAIN_NESTED)) {
		iommu_domain_free(domain);
		rc = -EINVAL;
	}
	if (rc) {
		free_unset(nested);
		return ERR_PTR(rc);
	}
	domain->owner = ops;
	nested->hwpt.domain = domain;
	msi_set_cookie(&nested->hwpt);
	return &nested->hwpt;
}

/**
 * hwpt_create_nested() - make a nested HWPT on a paging one
 * @parent: the paging one, which is for nesting; the caller is a user of it
 * @dev: a device that it must suit
 * @flags: 0 or IOMMU_HWPT_ALLOC_PASID
 * @user_data: the guest's page table, in the terms of the IOMMU driver
 *
 * Context: Process; sleeps.
 * Return: the HWPT, or ERR_PTR() of -EINVAL when another driver's IOMMU is behind
 * @dev, -EOPNOTSUPP when the driver does not nest, what the driver says, -ENOMEM, or
 * -ENOENT when @parent is being destroyed.
 */
struct iommufd_hwpt *
hwpt_create_nested(struct iommufd_hwpt_paging *parent, struct device *dev,
		   u32 flags, const struct iommu_user_data *user_data)
{
	const struct iommu_ops *ops = iommu_of(dev)->ops;
	struct iommufd_hwpt_nested *nested;

	if (!hwpt_suits_iommu(&parent->hwpt, iommu_of(dev)))
		return ERR_PTR(-EINVAL);
	if (!ops->domain_alloc_nested)
		return ERR_PTR(-EOPNOTSUPP);
	nested = alloc_nested(parent, NULL, flags);
	if (IS_ERR(nested))
		return ERR_CAST(nested);
	return set_domain(nested,
			  ops->domain_alloc_nested(dev, parent->hwpt.domain,
						   flags, user_data),
			  ops);
}

/**
 * hwpt_create_viommu() - make a nested HWPT on a vIOMMU
 * @viommu: the vIOMMU; the caller is a user of it
 * @dev: a device that it must suit
 * @flags: 0 or IOMMU_HWPT_ALLOC_PASID
 * @user_data: the guest's page table, in the terms of the IOMMU driver
 *
 * Context: Process; sleeps.
 * Return: the HWPT, or ERR_PTR() of -EINVAL when another IOMMU is behind @dev,
 * -EOPNOTSUPP when the driver does not nest on vIOMMUs, what the driver says,
 * -ENOMEM, or -ENOENT when @viommu is being destroyed.
 */
struct iommufd_hwpt *
hwpt_create_viommu(struct iommufd_viommu *viommu, struct device *dev, u32 flags,
		   const struct iommu_user_data *user_data)
{
	struct iommufd_hwpt_nested *nested;

	if (iommu_of(dev) != viommu->iommu_dev)
		return ERR_PTR(-EINVAL);
	if (!viommu->ops->alloc_domain_nested)
		return ERR_PTR(-EOPNOTSUPP);
	nested = alloc_nested(viommu->hwpt, viommu, flags);
	if (IS_ERR(nested))
		return ERR_CAST(nested);
	return set_domain(nested,
			  viommu->ops->alloc_domain_nested(viommu, flags,
							   user_data),
			  viommu->iommu_dev->ops);
}

static void free_domain(struct iommufd_hwpt *hwpt)
{
	iommu_domain_free(hwpt->domain);
	hwpt_clear_faults(hwpt);
	object_release(base_of(nested_of(hwpt)));
}

/**
 * hwpt_nested_abort() - free a nested HWPT that is not published
 * @hwpt: the HWPT
 */
void hwpt_nested_abort(struct iommufd_hwpt *hwpt)
{
	struct object_table *objects = &hwpt->ioas->ictx->objects;

	free_domain(hwpt);
	object_abort(objects, &hwpt->obj);
}

/**
 * hwpt_nested_destroy() - end a nested HWPT
 * @obj: the HWPT; no device is attached to it
 */
void hwpt_nested_destroy(struct iommufd_object *obj)
{
	free_domain(hwpt_of(obj));
}
