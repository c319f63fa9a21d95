/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accounting of pinned memory against RLIMIT_MEMLOCK.
 */
#ifndef IOMMUFD_ACCOUNT_H
#define IOMMUFD_ACCOUNT_H

#include <linux/types.h>

struct mm_struct;
struct user_struct;

/**
 * struct account - whom pinned pages are charged to
 * @mm: their process's memory; holds a reference on the struct (mmgrab())
 * @user: whose pages are counted; holds a reference
 * @limit_npages: the RLIMIT_MEMLOCK that counts: the process's when it made the
 *                mapping; ULONG_MAX if it had CAP_IPC_LOCK: charged, but never
 *                refused
 * @by_mm: IOMMU_OPTION_RLIMIT_MODE 1: count per process, not per user
 */
struct account {
	struct mm_struct *mm;
	struct user_struct *user;
	unsigned long limit_npages;
	bool by_mm;
};

void account_init(struct account *acct, bool by_mm);
void account_destroy(struct account *acct);
int account_charge(struct account *acct, unsigned long npages);
void account_uncharge(struct account *acct, unsigned long npages);

#endif
