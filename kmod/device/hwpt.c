// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paging HWPTs: domains of the IOMMU core that mirror an IOAS. See hwpt.h.
 */
#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <uapi/linux/iommufd.h>

#include <iommu-priv.h>

#include "core/core.h"
#include "fault.h"
#include "hwpt.h"
#include "msi.h"
#include "no_iommu.h"

/**
 * hwpt_set_faults() - have page faults of a HWPT's devices reported
 * @hwpt: not published
 * @fault_id: of the fault queue
 *
 * Return: 0 or -ENOENT.
 */
int hwpt_set_faults(struct iommufd_hwpt *hwpt, u32 fault_id)
{
	struct fault_queue *faults = fault_queue_hold(hwpt->ioas->ictx,
						      fault_id);

	if (IS_ERR(faults))
		return PTR_ERR(faults);
	hwpt->faults = faults;
	hwpt->domain->iopf_handler = fault_queue_deliver;
	return 0;
}

/**
 * hwpt_clear_faults() - undo hwpt_set_faults(), if it was called
 * @hwpt: its domain is gone
 */
void hwpt_clear_faults(struct iommufd_hwpt *hwpt)
{
	if (hwpt->faults)
		fault_queue_release(hwpt->faults);
}

/*
 * A domain of a kind that userspace describes to the IOMMU driver; or of the one that
 * the IOMMU core does not know.
 */
static struct iommu_domain *
alloc_described(struct device *dev, u32 flags,
		const struct iommu_user_data *user_data)
{
	const struct iommu_ops *ops = iommu_of(dev)->ops;
	struct iommu_domain *domain;

	if (!ops->domain_alloc_paging_flags)
		return ERR_PTR(-EOPNOTSUPP);
	domain = ops->domain_alloc_paging_flags(dev, flags, user_data);
	if (IS_ERR(domain))
		return domain;
	/* What the IOMMU core does for the domains that it allocates. */
	domain->type = IOMMU_DOMAIN_UNMANAGED;
	domain->owner = ops;
	if (!domain->ops)
		domain->ops = ops->default_domain_ops;
	return domain;
}

/* Some hardware sets it with each mapping, so it comes before the first one. */
static int enforce_coherency(struct iommufd_hwpt *hwpt, struct device *dev)
{
	struct iommu_domain *domain = hwpt->domain;

	if (!device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY))
		return 0;
	if (!domain->ops->enforce_cache_coherency ||
	    !domain->ops->enforce_cache_coherency(domain))
		return -EINVAL;
	hwpt->coherent = true;
	return 0;
}

/*
 * Some drivers, that of SMMUv2 is one, do not know which of several IOMMUs a domain is
 * for before a device is attached, and can map nothing until then.
 */
static bool is_late(const struct iommu_domain *domain)
{
	return !domain->geometry.aperture_end;
}

/**
 * hwpt_create() - make a paging HWPT
 * @ioas: what it will mirror; the caller is a user of it
 * @dev: a device that it must suit
 * @flags: IOMMU_HWPT_ALLOC_NEST_PARENT, _DIRTY_TRACKING, _PASID
 * @user_data: what the IOMMU driver is to make; NULL for a domain like others
 *
 * It has a domain, which is empty, and no part in the IOAS yet.
 *
 * Context: Process; sleeps.
 * Return: the HWPT, or ERR_PTR() of what the IOMMU driver says, -ENOMEM,
 * -EOPNOTSUPP when dirty pages are to be tracked and @dev's IOMMU can not, a domain be
 * described and its driver knows no such, or there be @flags and no aperture yet;
 * -EINVAL when coherency can not be enforced though it should, or -ENOENT when @ioas is
 * being destroyed.
 */
struct iommufd_hwpt_paging *
hwpt_create(struct iommufd_ioas *ioas, struct device *dev, u32 flags,
	    const struct iommu_user_data *user_data)
{
	struct object_table *objects = &ioas->ictx->objects;
	struct iommufd_hwpt_paging *paging;
	bool is_bare = !has_iommu(dev);
	struct iommu_domain *domain;
	int rc;

	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING &&
	    !device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		return ERR_PTR(-EOPNOTSUPP);
	paging = object_alloc(objects, sizeof(*paging),
			      IOMMUFD_OBJ_HWPT_PAGING);
	if (IS_ERR(paging))
		return paging;
	if (!object_hold(&ioas->obj)) {
		rc = -ENOENT;
		goto err_abort;
	}
	paging->hwpt.parent = paging;
	paging->hwpt.ioas = ioas;
	paging->hwpt.flags = flags;

	domain = user_data || is_bare ?
			 alloc_described(dev, flags, user_data) :
			 iommu_paging_domain_alloc_flags(dev, flags);
	if (IS_ERR(domain)) {
		rc = PTR_ERR(domain);
		goto err_release;
	}
	paging->hwpt.domain = domain;
	paging->member.domain = domain;
	paging->member.no_table = is_bare;
	paging->hwpt.late = !is_bare && is_late(domain);
	/* Where others come to it than a device's own DMA it has to be there. */
	rc = paging->hwpt.late && flags ? -EOPNOTSUPP : 0;
	if (!rc)
		rc = enforce_coherency(&paging->hwpt, dev);
	if (!rc)
		rc = msi_set_up_domain(&paging->hwpt, dev);
	if (rc)
		goto err_free;
	return paging;

err_free:
	iommu_domain_free(domain);
err_release:
	object_release(&ioas->obj);
err_abort:
	object_abort(objects, &paging->hwpt.obj);
	return ERR_PTR(rc);
}

/**
 * hwpt_populate() - have a paging HWPT mirror its IOAS, unless that is for later
 * @paging: what hwpt_create() made
 *
 * Return: 0, or what ioas_add_domain() says.
 */
int hwpt_populate(struct iommufd_hwpt_paging *paging)
{
	if (paging->hwpt.late)
		return 0;
	return ioas_add_domain(paging->hwpt.ioas, &paging->member);
}

/**
 * hwpt_populate_late() - have a HWPT mirror its IOAS, if that is for now
 * @hwpt: a device is attached to it
 *
 * Context: Process; sleeps.
 * Return: 0, also when it does already, or what ioas_add_domain() says.
 */
int hwpt_populate_late(struct iommufd_hwpt *hwpt)
{
	if (!hwpt->late)
		return 0;
	return ioas_add_domain(hwpt->ioas, &hwpt->parent->member);
}

/**
 * hwpt_depopulate() - undo hwpt_populate()
 * @paging: the HWPT, not published
 */
void hwpt_depopulate(struct iommufd_hwpt_paging *paging)
{
	ioas_remove_domain(paging->hwpt.ioas, &paging->member);
}

static void free_domain(struct iommufd_hwpt_paging *paging)
{
	iommu_domain_free(paging->hwpt.domain);
	hwpt_clear_faults(&paging->hwpt);
	object_release(&paging->hwpt.ioas->obj);
}

/**
 * hwpt_abort() - free a HWPT that is neither populated nor published
 * @paging: what hwpt_create() made
 */
void hwpt_abort(struct iommufd_hwpt_paging *paging)
{
	struct object_table *objects = &paging->hwpt.ioas->ictx->objects;

	free_domain(paging);
	object_abort(objects, &paging->hwpt.obj);
}

/**
 * hwpt_publish() - make a HWPT visible
 * @paging: populated; the caller must not touch it again, unless it is a long-term
 *          user
 */
void hwpt_publish(struct iommufd_hwpt_paging *paging)
{
	struct iommufd_ioas *ioas = paging->hwpt.ioas;

	mutex_lock(&ioas->hwpts_lock);
	list_add_tail(&paging->node, &ioas->hwpts);
	mutex_unlock(&ioas->hwpts_lock);
	race_point("hwpt:listed");
	object_publish(&ioas->ictx->objects, &paging->hwpt.obj);
}

/**
 * hwpt_next_automatic() - visit the automatic HWPTs of an IOAS
 * @ioas: the IOAS
 * @prev: what this returned before, or NULL to begin; it is released
 *
 * Context: Process; sleeps.
 * Return: a HWPT of which the caller is now a long-term user, or NULL.
 */
struct iommufd_hwpt_paging *
hwpt_next_automatic(struct iommufd_ioas *ioas, struct iommufd_hwpt_paging *prev)
{
	struct iommufd_hwpt_paging *paging;
	bool found = false;

	mutex_lock(&ioas->hwpts_lock);
	paging = prev ? prev : list_entry(&ioas->hwpts, typeof(*paging), node);
	list_for_each_entry_continue(paging, &ioas->hwpts, node) {
		found = paging->hwpt.automatic &&
			object_hold(&paging->hwpt.obj);
		if (found)
			break;
		cond_resched();
	}
	mutex_unlock(&ioas->hwpts_lock);

	if (prev)
		hwpt_release(&prev->hwpt);
	return found ? paging : NULL;
}

/**
 * hwpt_paging_destroy() - end a paging HWPT
 * @obj: the HWPT; no device is attached to it
 */
void hwpt_paging_destroy(struct iommufd_object *obj)
{
	struct iommufd_hwpt_paging *paging = hwpt_paging_of(obj);
	struct iommufd_ioas *ioas = paging->hwpt.ioas;

	mutex_lock(&ioas->hwpts_lock);
	list_del(&paging->node);
	mutex_unlock(&ioas->hwpts_lock);
	race_point("hwpt:unlisted");
	ioas_remove_domain(ioas, &paging->member);
	race_point("hwpt:depopulated");
	free_domain(paging);
}

/**
 * hwpt_release() - an attachment ends
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

/**
 * hwpt_get_paging() - look a paging HWPT up
 * @ictx: whose
 * @id: its ID
 *
 * Return: the HWPT, until object_put(); or ERR_PTR(-ENOENT).
 */
struct iommufd_hwpt_paging *hwpt_get_paging(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = object_get(&ictx->objects, id,
						IOMMUFD_OBJ_HWPT_PAGING);

	return IS_ERR(obj) ? ERR_CAST(obj) : hwpt_paging_of(obj);
}

/**
 * hwpt_suits_iommu() - can a HWPT be used with an IOMMU?
 * @hwpt: the HWPT
 * @iommu_dev: the IOMMU, as of iommu_of()
 *
 * A driver takes any domain that it is given for one of its own. The IOMMU core
 * sees to that where it attaches a domain, but not where it puts one in the place
 * of another, nor where one is nested in another. And what a vIOMMU makes is for
 * the one IOMMU that it is a part of.
 *
 * Return: true if so.
 */
bool hwpt_suits_iommu(const struct iommufd_hwpt *hwpt,
		      const struct iommu_device *iommu_dev)
{
	const struct iommufd_viommu *viommu = NULL;

	if (hwpt->domain->owner != iommu_dev->ops)
		return false;
	if (hwpt->obj.type == IOMMUFD_OBJ_HWPT_NESTED)
		viommu = container_of(hwpt, struct iommufd_hwpt_nested,
				      hwpt)->viommu;
	return !viommu || viommu->iommu_dev == iommu_dev;
}
