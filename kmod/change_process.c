// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_CHANGE_PROCESS: charge what is pinned to the calling process.
 *
 * For updates of a program that keep its devices running: the new process takes
 * over from the old one. Memory of a file can be handed over so, memory of the
 * old process itself can not.
 */
#include <linux/err.h>
#include <linux/list.h>
#include <uapi/linux/iommufd.h>

#include "area.h"
#include "backing.h"
#include "ioas.h"
#include "ioctl.h"

static struct area *next_area(struct area *area)
{
	return area_of(iova_space_next(&area->node));
}

#define for_each_area(area, ioas)                                       \
	for ((area) = area_of(iova_space_find(&(ioas)->space, 0,        \
					      ULONG_MAX));              \
	     (area); (area) = next_area(area))

/*
 * Lock all IOAS, so that what is pinned does not change. One that is made
 * meanwhile has nothing of another process.
 */
static void lock_all(struct iommufd_ctx *ictx, struct list_head *locked)
{
	struct iommufd_object *obj;
	unsigned long id;

	xa_for_each(&ictx->objects.objects, id, obj) {
		struct iommufd_ioas *ioas = ioas_get(ictx, id);

		if (IS_ERR(ioas))
			continue;
		down_write_nest_lock(&ioas->domains_rwsem,
				     &ictx->process_lock);
		list_add(&ioas->process_node, locked);
	}
}

static void unlock_all(struct list_head *locked)
{
	struct iommufd_ioas *ioas, *next;

	list_for_each_entry_safe(ioas, next, locked, process_node) {
		list_del(&ioas->process_node);
		up_write(&ioas->domains_rwsem);
		ioas_put(ioas);
	}
}

/* How much there is to charge. Copies share a backing, which counts once. */
static int count_pinned(struct list_head *locked, unsigned long *npages)
{
	struct iommufd_ioas *ioas;
	struct area *area;

	*npages = 0;
	list_for_each_entry(ioas, locked, process_node) {
		for_each_area(area, ioas) {
			/* Of a dma-buf nothing is charged. */
			if (area->backing->dmabuf || area->backing->moving)
				continue;
			if (!area->backing->file)
				return -EINVAL;
			area->backing->moving = true;
			*npages += backing_pinned_npages(area->backing);
		}
	}
	return 0;
}

/* Hand what is marked over to @acct, which is charged for it; or unmark it. */
static void move_marked(struct list_head *locked, const struct account *acct)
{
	struct iommufd_ioas *ioas;
	struct area *area;

	list_for_each_entry(ioas, locked, process_node) {
		for_each_area(area, ioas) {
			if (!area->backing->moving)
				continue;
			area->backing->moving = false;
			if (acct)
				backing_move_account(area->backing, acct);
		}
	}
}

/**
 * ioctl_change_process() - IOMMU_IOAS_CHANGE_PROCESS
 * @call: the ioctl
 *
 * Return: 0, or with nothing changed -EINVAL when something is mapped that is
 * not of a file, -ENOMEM beyond RLIMIT_MEMLOCK, -EOPNOTSUPP for a reserved field
 * that is not 0.
 */
int ioctl_change_process(struct ioctl_call *call)
{
	const struct iommu_ioas_change_process *arg = call->arg;
	struct iommufd_ctx *ictx = call->ictx;
	struct account acct;
	unsigned long npages;
	LIST_HEAD(locked);
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;

	account_init(&acct, ictx->account_by_mm);
	mutex_lock(&ictx->process_lock);
	lock_all(ictx, &locked);
	rc = count_pinned(&locked, &npages);
	if (!rc)
		rc = account_charge(&acct, npages);
	move_marked(&locked, rc ? NULL : &acct);
	unlock_all(&locked);
	mutex_unlock(&ictx->process_lock);
	account_destroy(&acct);
	return rc;
}
