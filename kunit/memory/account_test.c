// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounting of pinned memory: what kmod/memory/account.h promises.
 */
#include <kunit/test.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/resource.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include "balance.h"
#include "memory.h"
#include "memory/account.h"
#include "race.h"

#define LIMIT_NPAGES	100

/* The calling thread, with RLIMIT_MEMLOCK of LIMIT_NPAGES. */
static void init_account(struct account *acct, bool by_mm, bool privileged)
{
	struct rlimit *limit = &current->signal->rlim[RLIMIT_MEMLOCK];
	struct cred *cred = prepare_creds();
	const struct cred *old;

	limit->rlim_cur = LIMIT_NPAGES << PAGE_SHIFT;
	if (!privileged)
		cap_lower(cred->cap_effective, CAP_IPC_LOCK);
	old = override_creds(cred);
	account_init(acct, by_mm);
	put_cred(revert_creds(old));
}

static const struct mode_case {
	const char *name;
	bool by_mm;
	bool privileged;
	enum account_mode mode;
} mode_cases[] = {
	{ "by-user", false, false, ACCOUNT_USER },
	{ "by-process", true, false, ACCOUNT_MM },
	{ "by-user-privileged", false, true, ACCOUNT_NONE },
	{ "by-process-privileged", true, true, ACCOUNT_NONE },
};

KUNIT_ARRAY_PARAM_DESC(mode, mode_cases, name);

/* More than others take and drop meanwhile: a CPU that is idle, who looks at it. */
#define NR_ACCOUNTS	100

static int mm_refs(void)
{
	return atomic_read(&current->mm->mm_count);
}

static struct account *alloc_accounts(struct kunit *test)
{
	struct account *accts = kunit_kcalloc(test, NR_ACCOUNTS,
					      sizeof(*accts), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, accts);
	return accts;
}

static void account_init_remembers_whom_to_charge(struct kunit *test)
{
	const struct mode_case *param = test->param_value;
	struct account *accts = alloc_accounts(test);
	int refs = mm_refs();

	for (int i = 0; i < NR_ACCOUNTS; i++)
		init_account(&accts[i], param->by_mm, param->privileged);
	KUNIT_EXPECT_EQ(test, accts->mode, param->mode);
	KUNIT_EXPECT_PTR_EQ(test, accts->mm, current->mm);
	KUNIT_EXPECT_PTR_EQ(test, accts->user,
			    param->mode == ACCOUNT_USER ? current_user() :
							  NULL);
	KUNIT_EXPECT_EQ(test, accts->limit_npages, LIMIT_NPAGES);
	KUNIT_EXPECT_GT(test, mm_refs(), refs + NR_ACCOUNTS / 2);
	for (int i = 0; i < NR_ACCOUNTS; i++)
		account_destroy(&accts[i]);
	KUNIT_EXPECT_LT(test, mm_refs(), refs + NR_ACCOUNTS / 2);
}

/*
 * A process and a user that are nobody else's: references of the user who runs
 * this come and go, with the credentials that RCU frees when it gets to it.
 */
static void account_copy_holds_references_of_its_own(struct kunit *test)
{
	struct account *copies = alloc_accounts(test);
	struct account acct = { .mode = ACCOUNT_USER };

	acct.mm = kunit_kzalloc(test, sizeof(*acct.mm), GFP_KERNEL);
	acct.user = kunit_kzalloc(test, sizeof(*acct.user), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, acct.mm);
	KUNIT_ASSERT_NOT_NULL(test, acct.user);
	atomic_set(&acct.mm->mm_count, 1);
	refcount_set(&acct.user->__count, 1);
	for (int i = 0; i < NR_ACCOUNTS; i++)
		account_copy(&copies[i], &acct);
	KUNIT_EXPECT_MEMEQ(test, &copies[0], &acct, sizeof(acct));
	KUNIT_EXPECT_EQ(test, atomic_read(&acct.mm->mm_count), 1 + NR_ACCOUNTS);
	KUNIT_EXPECT_EQ(test, refcount_read(&acct.user->__count),
			1 + NR_ACCOUNTS);
	for (int i = 0; i < NR_ACCOUNTS; i++)
		account_destroy(&copies[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&acct.mm->mm_count), 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&acct.user->__count), 1);
}

static void account_charge_shows_where_the_mode_says(struct kunit *test)
{
	const struct mode_case *param = test->param_value;
	struct balance before = balance_now(), since;
	struct account acct;

	init_account(&acct, param->by_mm, param->privileged);
	KUNIT_ASSERT_EQ(test, account_charge(&acct, 30), 0);
	KUNIT_ASSERT_EQ(test, account_charge(&acct, 5), 0);
	since = balance_since(&before);
	/* Process accounts show pinned pages whatever they are limited by. */
	KUNIT_EXPECT_EQ(test, since.mm_pinned, 35);
	KUNIT_EXPECT_EQ(test, since.mm_locked,
			param->mode == ACCOUNT_MM ? 35 : 0);
	KUNIT_EXPECT_EQ(test, since.user_locked,
			param->mode == ACCOUNT_USER ? 35 : 0);
	account_uncharge(&acct, 20);
	account_uncharge(&acct, 15);
	balance_expect_even(test, &before);
	account_destroy(&acct);
}

static const struct limit_case {
	const char *name;
	bool by_mm;
	unsigned long charged;
	unsigned long npages;
	int rc;
} limit_cases[] = {
	{ "user-up-to-the-limit", false, 0, LIMIT_NPAGES, 0 },
	{ "user-one-more", false, 0, LIMIT_NPAGES + 1, -ENOMEM },
	{ "user-in-steps-up-to-the-limit", false, 60, LIMIT_NPAGES - 60, 0 },
	{ "user-in-steps-one-more", false, 60, LIMIT_NPAGES - 59, -ENOMEM },
	{ "user-so-many-that-it-wraps", false, 60, ULONG_MAX - 10, -ENOMEM },
	{ "process-up-to-the-limit", true, 0, LIMIT_NPAGES, 0 },
	{ "process-one-more", true, 0, LIMIT_NPAGES + 1, -ENOMEM },
	{ "process-in-steps-up-to-the-limit", true, 60, LIMIT_NPAGES - 60, 0 },
	{ "process-in-steps-one-more", true, 60, LIMIT_NPAGES - 59, -ENOMEM },
	{ "process-so-many-that-it-wraps", true, 60, ULONG_MAX - 10, -ENOMEM },
};

KUNIT_ARRAY_PARAM_DESC(limit, limit_cases, name);

static void account_charge_ends_at_the_limit(struct kunit *test)
{
	struct balance before = balance_now(), charged;
	const struct limit_case *param = test->param_value;
	struct account acct;

	init_account(&acct, param->by_mm, false);
	KUNIT_ASSERT_EQ(test, account_charge(&acct, param->charged), 0);
	charged = balance_now();
	KUNIT_EXPECT_EQ(test, account_charge(&acct, param->npages), param->rc);
	if (param->rc)
		balance_expect_even(test, &charged);
	else
		account_uncharge(&acct, param->npages);
	account_uncharge(&acct, param->charged);
	balance_expect_even(test, &before);
	account_destroy(&acct);
}

static void account_charge_privileged_has_no_limit(struct kunit *test)
{
	struct balance before = balance_now();
	struct account acct;

	init_account(&acct, false, true);
	KUNIT_EXPECT_EQ(test, account_charge(&acct, 10 * LIMIT_NPAGES), 0);
	account_uncharge(&acct, 10 * LIMIT_NPAGES);
	balance_expect_even(test, &before);
	account_destroy(&acct);
}

/* What others of the user have locked counts; what other processes have, not. */
static void account_charge_counts_what_others_locked(struct kunit *test)
{
	struct user_struct *user = current_user();
	struct account by_user, by_mm;

	init_account(&by_user, false, false);
	init_account(&by_mm, true, false);
	atomic_long_add(LIMIT_NPAGES - 10, &user->locked_vm);
	KUNIT_EXPECT_EQ(test, account_charge(&by_user, 11), -ENOMEM);
	KUNIT_EXPECT_EQ(test, account_charge(&by_mm, 11), 0);
	account_uncharge(&by_mm, 11);
	atomic_long_sub(LIMIT_NPAGES - 10, &user->locked_vm);
	account_destroy(&by_user);
	account_destroy(&by_mm);
}

/**
 * struct account_race - threads that charge one account
 * @test: the case
 * @acct: the account
 * @charged: how much they have charged, at least
 * @nr_refused: how often they could not
 */
struct account_race {
	struct kunit *test;
	struct account acct;
	atomic_long_t charged;
	atomic_t nr_refused;
};

static void race_charge(void *data)
{
	struct account_race *run = data;

	for (int i = 0; i < 3000; i++) {
		if (account_charge(&run->acct, 40)) {
			atomic_inc(&run->nr_refused);
			cond_resched();
			continue;
		}
		KUNIT_EXPECT_LE(run->test,
				atomic_long_add_return(40, &run->charged),
				LIMIT_NPAGES);
		cond_resched();
		atomic_long_sub(40, &run->charged);
		account_uncharge(&run->acct, 40);
	}
}

static void account_limit_holds_with_several_threads(struct kunit *test)
{
	const struct mode_case *param = test->param_value;
	struct account_race run = { .test = test };
	const struct racer racers[] = {
		{ race_charge, &run },
		{ race_charge, &run },
		{ race_charge, &run },
	};
	struct balance before = balance_now();

	init_account(&run.acct, param->by_mm, false);
	race(test, racers, ARRAY_SIZE(racers));
	balance_expect_even(test, &before);
	account_destroy(&run.acct);
}

static int account_test_init(struct kunit *test)
{
	return memory_attach();
}

static struct kunit_case account_test_cases[] = {
	KUNIT_CASE_PARAM(account_init_remembers_whom_to_charge,
			 mode_gen_params),
	KUNIT_CASE(account_copy_holds_references_of_its_own),
	KUNIT_CASE_PARAM(account_charge_shows_where_the_mode_says,
			 mode_gen_params),
	KUNIT_CASE_PARAM(account_charge_ends_at_the_limit, limit_gen_params),
	KUNIT_CASE(account_charge_privileged_has_no_limit),
	KUNIT_CASE(account_charge_counts_what_others_locked),
	KUNIT_CASE_PARAM(account_limit_holds_with_several_threads,
			 mode_gen_params),
	{}
};

static struct kunit_suite account_test_suite = {
	.name = "iommufd-account",
	.init = account_test_init,
	.test_cases = account_test_cases,
};

kunit_test_suite(account_test_suite);
