// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounting of pinned memory against RLIMIT_MEMLOCK. See account.h.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include "account.h"

/**
 * account_init() - remember whom to charge: the calling process and its user
 * @acct: the account
 * @by_mm: count per process and not per user
 *
 * Context: Process, with an mm.
 */
void account_init(struct account *acct, bool by_mm)
{
	acct->mm = current->mm;
	acct->user = NULL;
	acct->limit_npages = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	if (capable(CAP_IPC_LOCK)) {
		acct->mode = ACCOUNT_NONE;
	} else if (by_mm) {
		acct->mode = ACCOUNT_MM;
	} else {
		acct->mode = ACCOUNT_USER;
		acct->user = get_uid(current_user());
	}
	mmgrab(acct->mm);
}

/**
 * account_copy() - remember the same process and user as another account
 * @acct: the account
 * @from: the other one
 */
void account_copy(struct account *acct, const struct account *from)
{
	*acct = *from;
	mmgrab(acct->mm);
	if (acct->user)
		get_uid(acct->user);
}

/**
 * account_destroy() - forget whom to charge
 * @acct: the account; all that was charged is uncharged
 */
void account_destroy(struct account *acct)
{
	if (acct->user)
		free_uid(acct->user);
	mmdrop(acct->mm);
}

static bool exceeds(const struct account *acct, unsigned long old_npages,
		    unsigned long npages)
{
	return npages > acct->limit_npages ||
	       old_npages > acct->limit_npages - npages;
}

static int charge_mm(struct account *acct, unsigned long npages)
{
	int rc = -ENOMEM;

	if (mmap_write_lock_killable(acct->mm))
		return -EINTR;
	if (!exceeds(acct, acct->mm->locked_vm, npages)) {
		acct->mm->locked_vm += npages;
		rc = 0;
	}
	mmap_write_unlock(acct->mm);
	return rc;
}

static int charge_user(struct account *acct, unsigned long npages)
{
	long old = atomic_long_read(&acct->user->locked_vm);

	do {
		if (exceeds(acct, old, npages))
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&acct->user->locked_vm, &old,
					  old + npages));
	return 0;
}

/**
 * account_charge() - charge pages before they are pinned
 * @acct: whom
 * @npages: how many
 *
 * The rule is mlock(2)'s: RLIMIT_MEMLOCK bounds what the user, or the process,
 * has locked in all.
 *
 * Context: Process; takes mmap_lock for writing when counting per process.
 * Return: 0, -ENOMEM when that would exceed the limit, or -EINTR for a fatal
 * signal while waiting.
 */
int account_charge(struct account *acct, unsigned long npages)
{
	int rc = 0;

	if (acct->mode == ACCOUNT_USER)
		rc = charge_user(acct, npages);
	else if (acct->mode == ACCOUNT_MM)
		rc = charge_mm(acct, npages);
	if (!rc)
		atomic64_add(npages, &acct->mm->pinned_vm);
	return rc;
}

/**
 * account_uncharge() - give back what was charged
 * @acct: whom
 * @npages: how many
 *
 * Context: Process; takes mmap_lock for writing when counting per process.
 */
void account_uncharge(struct account *acct, unsigned long npages)
{
	atomic64_sub(npages, &acct->mm->pinned_vm);
	if (acct->mode == ACCOUNT_USER) {
		atomic_long_sub(npages, &acct->user->locked_vm);
	} else if (acct->mode == ACCOUNT_MM) {
		mmap_write_lock(acct->mm);
		acct->mm->locked_vm -= npages;
		mmap_write_unlock(acct->mm);
	}
}
