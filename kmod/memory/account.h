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
 * enum account_mode - what RLIMIT_MEMLOCK is a limit on
 * @ACCOUNT_NONE: nothing: the process had CAP_IPC_LOCK when it made the mapping
 * @ACCOUNT_USER: all that the user has locked: IOMMU_OPTION_RLIMIT_MODE 0
 * @ACCOUNT_MM: all that the process has locked, as VmLck shows it:
 *              IOMMU_OPTION_RLIMIT_MODE 1
 */
enum account_mode {
	ACCOUNT_NONE,
	ACCOUNT_USER,
	ACCOUNT_MM,
};

/**
 * struct account - whom pinned pages are charged to
 * @mm: their process's memory; holds a reference on the struct (mmgrab()). Its
 *      VmPin shows the pages, whatever @mode says.
 * @user: whose pages are counted; holds a reference. NULL but with ACCOUNT_USER.
 * @limit_npages: the RLIMIT_MEMLOCK that counts: the process's when it made the
 *                mapping
 * @mode: what the limit is on
 */
struct account {
	struct mm_struct *mm;
	struct user_struct *user;
	unsigned long limit_npages;
	enum account_mode mode;
};

void account_init(struct account *acct, bool by_mm);
void account_copy(struct account *acct, const struct account *from);
void account_destroy(struct account *acct);
int account_charge(struct account *acct, unsigned long npages);
void account_uncharge(struct account *acct, unsigned long npages);

#endif
