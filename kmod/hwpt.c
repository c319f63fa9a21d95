// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains of the IOMMU core that mirror an IOAS. See hwpt.h.
 */
#include <linux/iommu.h>
#include <uapi/linux/iommufd.h>

#include "device.h"
#include "hwpt.h"
#include "ioctl.h"
#include "resv.h"

/* Some hardware sets it with each mapping, so it comes before the first one. */
static int enforce_coherency(struct iommufd_hwpt *hwpt, struct device *dev)
{
	struct iommu_domain *domain = hwpt->member.domain;

	if (!device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY))
		return 0;
	if (!domain->ops->enforce_cache_coherency ||
	    !domain->ops->enforce_cache_coherency(domain))
		return -EINVAL;
	hwpt->coherent = true;
	return 0;
}

/**
 * hwpt_create() - make a HWPT
 * @ioas: what it will mirror; the caller is a user of it
 * @dev: a device that it must suit
 * @flags: for the IOMMU driver: 0 or IOMMU_HWPT_ALLOC_NEST_PARENT
 *
 * It has a domain, which is empty, and no part in the IOAS yet.
 *
 * Context: Process; sleeps.
 * Return: the HWPT, or ERR_PTR() of what the IOMMU driver says, -ENOMEM,
 * -EINVAL when coherency can not be enforced though it should, or -ENOENT when
 * @ioas is being destroyed.
 */
struct iommufd_hwpt *hwpt_create(struct iommufd_ioas *ioas, struct device *dev,
				 u32 flags)
{
	struct object_table *objects = &ioas->ictx->objects;
	struct iommu_domain *domain;
	struct iommufd_hwpt *hwpt;
	int rc;

	hwpt = object_alloc(objects, sizeof(*hwpt), IOMMUFD_OBJ_HWPT_PAGING);
	if (IS_ERR(hwpt))
		return hwpt;
	if (!object_hold(&ioas->obj)) {
		rc = -ENOENT;
		goto err_abort;
	}
	hwpt->ioas = ioas;

	domain = iommu_paging_domain_alloc_flags(dev, flags);
	if (IS_ERR(domain)) {
		rc = PTR_ERR(domain);
		goto err_release;
	}
	hwpt->member.domain = domain;
	rc = enforce_coherency(hwpt, dev);
	if (!rc)
		rc = resv_set_msi_window(domain, dev);
	if (rc)
		goto err_free;
	return hwpt;

err_free:
	iommu_domain_free(domain);
err_release:
	object_release(&ioas->obj);
err_abort:
	object_abort(objects, &hwpt->obj);
	return ERR_PTR(rc);
}

/**
 * hwpt_populate() - have a HWPT mirror its IOAS
 * @hwpt: what hwpt_create() made
 *
 * Return: 0, or what ioas_add_domain() says.
 */
int hwpt_populate(struct iommufd_hwpt *hwpt)
{
	return ioas_add_domain(hwpt->ioas, &hwpt->member);
}

static void free_domain(struct iommufd_hwpt *hwpt)
{
	iommu_domain_free(hwpt->member.domain);
	object_release(&hwpt->ioas->obj);
}

/**
 * hwpt_abort() - free a HWPT that is neither populated nor published
 * @hwpt: what hwpt_create() made
 */
void hwpt_abort(struct iommufd_hwpt *hwpt)
{
	struct object_table *objects = &hwpt->ioas->ictx->objects;

	free_domain(hwpt);
	object_abort(objects, &hwpt->obj);
}

/**
 * hwpt_publish() - make a HWPT visible
 * @hwpt: populated; the caller must not touch it again
 */
void hwpt_publish(struct iommufd_hwpt *hwpt)
{
	struct iommufd_ioas *ioas = hwpt->ioas;

	spin_lock(&ioas->hwpts_lock);
	list_add_tail(&hwpt->node, &ioas->hwpts);
	spin_unlock(&ioas->hwpts_lock);
	object_publish(&ioas->ictx->objects, &hwpt->obj);
}

/**
 * hwpt_next_automatic() - visit the automatic HWPTs of an IOAS
 * @ioas: the IOAS
 * @prev: what this returned before, or NULL to begin; it is released
 *
 * Context: Process; sleeps.
 * Return: a HWPT of which the caller is now a long-term user, or NULL.
 */
struct iommufd_hwpt *hwpt_next_automatic(struct iommufd_ioas *ioas,
					 struct iommufd_hwpt *prev)
{
	struct iommufd_hwpt *hwpt;
	bool found = false;

	spin_lock(&ioas->hwpts_lock);
	hwpt = prev ? prev : list_entry(&ioas->hwpts, typeof(*hwpt), node);
	list_for_each_entry_continue(hwpt, &ioas->hwpts, node) {
		found = hwpt->automatic && object_hold(&hwpt->obj);
		if (found)
			break;
	}
	spin_unlock(&ioas->hwpts_lock);

	if (prev)
		hwpt_release(prev);
	return found ? hwpt : NULL;
}

/**
 * hwpt_destroy() - end a HWPT
 * @obj: the HWPT; no device is attached to it
 */
void hwpt_destroy(struct iommufd_object *obj)
{
	struct iommufd_hwpt *hwpt = container_of(obj, struct iommufd_hwpt, obj);

	spin_lock(&hwpt->ioas->hwpts_lock);
	list_del(&hwpt->node);
	spin_unlock(&hwpt->ioas->hwpts_lock);
	ioas_remove_domain(hwpt->ioas, &hwpt->member);
	free_domain(hwpt);
}

/**
 * hwpt_release() - a group is attached no more
 * @hwpt: the HWPT; the caller must not touch it again
 *
 * Context: Process; sleeps until the last short-term user went: the caller is
 * none.
 */
void hwpt_release(struct iommufd_hwpt *hwpt)
{
	if (hwpt->automatic)
		object_release_destroy(&hwpt->ioas->ictx->objects, &hwpt->obj);
	else
		object_release(&hwpt->obj);
}

static int check_alloc(const struct iommu_hwpt_alloc *arg)
{
	/* Dirty tracking, faults and PASID are still to come. */
	if (arg->flags & ~IOMMU_HWPT_ALLOC_NEST_PARENT || arg->__reserved ||
	    arg->__reserved2)
		return -EOPNOTSUPP;
	if (arg->fault_id)
		return -EINVAL;
	if (arg->data_type == IOMMU_HWPT_DATA_NONE &&
	    (arg->data_len || arg->data_uptr))
		return -EINVAL;
	return 0;
}

/* The HWPT for @idev; @obj is what it is to be made on. */
static struct iommufd_hwpt *create_on(struct iommufd_object *obj,
				      const struct iommufd_device *idev,
				      const struct iommu_hwpt_alloc *arg)
{
	if (obj->type != IOMMUFD_OBJ_IOAS)
		return ERR_PTR(-EINVAL);
	/* Domains that userspace describes, and nested ones, are to come. */
	if (arg->data_type != IOMMU_HWPT_DATA_NONE)
		return ERR_PTR(-EOPNOTSUPP);
	return hwpt_create(container_of(obj, struct iommufd_ioas, obj),
			   idev->dev, arg->flags);
}

static int populate_and_reply(struct ioctl_call *call,
			      struct iommufd_hwpt *hwpt)
{
	struct iommu_hwpt_alloc *arg = call->arg;
	int rc;

	rc = hwpt_populate(hwpt);
	if (rc)
		goto err_abort;
	arg->out_hwpt_id = hwpt->obj.id;
	rc = ioctl_reply(call);
	if (rc)
		goto err_remove;
	hwpt_publish(hwpt);
	return 0;

err_remove:
	ioas_remove_domain(hwpt->ioas, &hwpt->member);
err_abort:
	hwpt_abort(hwpt);
	return rc;
}

/**
 * ioctl_hwpt_alloc() - IOMMU_HWPT_ALLOC
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for flags, data types and reserved fields that are not
 * supported; -EINVAL for data without a type, or a pt_id that is no IOAS;
 * -ENOENT; what hwpt_create() and hwpt_populate() say; -EFAULT.
 */
int ioctl_hwpt_alloc(struct ioctl_call *call)
{
	const struct iommu_hwpt_alloc *arg = call->arg;
	struct object_table *objects = &call->ictx->objects;
	struct iommufd_device *idev;
	struct iommufd_object *obj;
	struct iommufd_hwpt *hwpt;
	int rc;

	rc = check_alloc(arg);
	if (rc)
		return rc;
	idev = idev_get(call->ictx, arg->dev_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	obj = object_get(objects, arg->pt_id, IOMMUFD_OBJ_ANY);
	if (IS_ERR(obj)) {
		idev_put(idev);
		return PTR_ERR(obj);
	}
	hwpt = create_on(obj, idev, arg);
	/* Populating may wait for userspace; unbinding must not wait for it. */
	idev_put(idev);
	if (IS_ERR(hwpt))
		rc = PTR_ERR(hwpt);
	else
		rc = populate_and_reply(call, hwpt);
	object_put(objects, obj);
	return rc;
}
