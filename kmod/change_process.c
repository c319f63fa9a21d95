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
#include <linux/sched/signal.h>
#include <uapi/linux/iommufd.h>

#include "area.h"
#include "backing.h"
#include "ioas.h"
#include "ioctl.h"
#include "race_point.h"

/*
 * Lock all IOAS, so that what is pinned does not change. That is those too which
 * nobody sees yet, or which may become visible again: what is copied into them
 * shares pages with the others. No further one can be made meanwhile.
 */
static int lock_all(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas;

	list_for_each_entry(ioas, &ictx->ioases, node) {
		if (fatal_signal_pending(current))
			goto err_unlock;
		down_write_nest_lock(&ioas->domains_rwsem,
				     &ictx->process_lock);
	}
	return 0;

err_unlock:
	list_for_each_entry_continue_reverse(ioas, &ictx->ioases, node)
		up_write(&ioas->domains_rwsem);
	return -EINTR;
}

static void unlock_all(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas;

	list_for_each_entry(ioas, &ictx->ioases, node)
		up_write(&ioas->domains_rwsem);
}

/* How much there is to charge. Copies share a backing, which counts once. */
static int count_pinned(struct iommufd_ctx *ictx, unsigned long *npages)
{
	struct iommufd_ioas *ioas;
	struct area *area;

	*npages = 0;
	list_for_each_entry(ioas, &ictx->ioases, node) {
		for_each_area(area, ioas) {
			race_point("change_process:counting");
			if (fatal_signal_pending(current))
				return -EINTR;
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
static void move_marked(struct iommufd_ctx *ictx, const struct account *acct)
{
	struct iommufd_ioas *ioas;
	struct area *area;

	list_for_each_entry(ioas, &ictx->ioases, node) {
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
 * that is not 0, -EINTR for a fatal signal.
 */
int ioctl_change_process(struct ioctl_call *call)
{
	const struct iommu_ioas_change_process *arg = call->arg;
	struct iommufd_ctx *ictx = call->ictx;
	struct account acct;
	unsigned long npages;
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;

	account_init(&acct, ictx->account_by_mm);
	rc = mutex_lock_killable(&ictx->process_lock);
	if (rc)
		goto out_destroy;
	rc = lock_all(ictx);
	if (rc)
		goto out_unlock;
	rc = count_pinned(ictx, &npages);
	if (!rc)
		rc = account_charge(&acct, npages);
	race_point("change_process:charged");
	move_marked(ictx, rc ? NULL : &acct);
	unlock_all(ictx);
out_unlock:
	mutex_unlock(&ictx->process_lock);
out_destroy:
	account_destroy(&acct);
	return rc;
}
