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
#include "core/core.h"
#include "ioas.h"
#include "memory/memory.h"

/*
 * So many of one class lockdep can count as one (11 bits, lockdep_types.h), and one
 * more that is just being unlocked.
 */
#define LOCKDEP_MAX	2046

/*
 * There is no down_write_nest_lock() that tries, or that can be killed, so lockdep
 * is told afterwards. It then counts all that process_lock stands for as one; of
 * others no thread can hold more than 48. Those beyond what it can count it does
 * not know of: process_lock is what stands for them.
 */
static void say_nested(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas,
		       unsigned long nth)
{
	if (nth < LOCKDEP_MAX)
		rwsem_acquire_nest(&ioas->domains_rwsem.dep_map, 0, 1,
				   &ictx->process_lock.dep_map, _THIS_IP_);
}

/* Lockdep forgets it, to be told otherwise. */
static void say_not_locked(struct iommufd_ioas *ioas)
{
	rwsem_release(&ioas->domains_rwsem.dep_map, _THIS_IP_);
}

/* The @nth of the list, which say_nested() was told. */
static void unlock_nested(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas,
			  unsigned long nth)
{
	if (nth >= LOCKDEP_MAX)
		say_nested(ictx, ioas, 0);
	up_write(&ioas->domains_rwsem);
}

/*
 * Lock all IOAS; @locked, if there is one, is so already. Returns NULL, or one
 * that is in use, and then none is locked any more.
 */
static struct iommufd_ioas *try_lock_all(struct iommufd_ctx *ictx,
					 struct iommufd_ioas *locked)
{
	struct iommufd_ioas *ioas, *busy;
	unsigned long nth = 0;

	if (locked)
		say_not_locked(locked);
	list_for_each_entry(ioas, &ictx->ioases, node) {
		if (ioas != locked) {
			if (!down_write_trylock(&ioas->domains_rwsem))
				goto err_unlock;
			say_not_locked(ioas);
		}
		say_nested(ictx, ioas, nth++);
	}
	return NULL;

err_unlock:
	busy = ioas;
	list_for_each_entry_continue_reverse(ioas, &ictx->ioases, node) {
		unlock_nested(ictx, ioas, --nth);
		if (ioas == locked)
			locked = NULL;
	}
	if (locked) {
		say_nested(ictx, locked, 0);
		up_write(&locked->domains_rwsem);
	}
	return busy;
}

/*
 * Lock all IOAS, so that what is pinned does not change. That is those too which
 * nobody sees yet, or which may become visible again: what is copied into them
 * shares pages with the others. No further one can be made meanwhile.
 *
 * An IOAS may be in use for as long as userspace likes, which is waited for with
 * nothing else held: others go on with the other ones, and make and destroy some.
 * Who does so with several of them and never pauses keeps this waiting.
 */
static int lock_all(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *locked = NULL, *busy;
	bool ended;
	int rc;

	for (;;) {
		rc = mutex_lock_killable(&ictx->process_lock);
		if (rc)
			break;
		busy = try_lock_all(ictx, locked);
		/* As long as it is on the list its memory stays. */
		if (locked)
			ioas_put(locked);
		if (!busy)
			return 0;
		locked = NULL;
		ended = !refcount_inc_not_zero(&busy->obj.wait_cnt);
		mutex_unlock(&ictx->process_lock);
		if (ended) {
			/* Soon it is not on the list any more. */
			rc = cond_resched_killable();
			if (rc)
				return rc;
			continue;
		}
		race_point("change_process:waiting");
		rc = down_write_killable(&busy->domains_rwsem);
		if (rc) {
			ioas_put(busy);
			return rc;
		}
		locked = busy;
	}
	if (locked) {
		up_write(&locked->domains_rwsem);
		ioas_put(locked);
	}
	return rc;
}

static void unlock_all(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas;
	unsigned long nth = 0;

	list_for_each_entry(ioas, &ictx->ioases, node)
		unlock_nested(ictx, ioas, nth++);
	mutex_unlock(&ictx->process_lock);
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
			if (!backing_has_pages(area->backing) ||
			    area->backing->moving)
				continue;
			if (!area->backing->ops->outlives_process)
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
 * that is not 0, -EINTR for a fatal signal, also while waiting.
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
	rc = lock_all(ictx);
	if (rc)
		goto out_destroy;
	rc = count_pinned(ictx, &npages);
	if (!rc)
		rc = account_charge(&acct, npages);
	race_point("change_process:charged");
	move_marked(ictx, rc ? NULL : &acct);
	unlock_all(ictx);
out_destroy:
	account_destroy(&acct);
	return rc;
}
