// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_CHANGE_PROCESS: what is pinned is charged to the caller, all of it
 * or nothing.
 */
#include <kunit/test.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "backings.h"
#include "balance.h"
#include "core/race_point.h"
#include "hold.h"
#include "ioas/area.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"
#include "memory/backing.h"
#include "paging.h"
#include "race.h"

#define NPAGES	40UL

static struct iofd iofd;
static struct iommufd_ioas *ioas;

/**
 * struct successor - the process that takes over
 * @test: the case
 * @rc: what the ioctl said
 * @limit_npages: its RLIMIT_MEMLOCK, if it is not privileged; 0 if it is
 * @locked: what its VmLck was afterwards
 * @mm: its memory; a reference
 */
struct successor {
	struct kunit *test;
	long rc;
	unsigned long limit_npages;
	unsigned long locked;
	struct mm_struct *mm;
};

static long change_process(unsigned long arg)
{
	struct iommu_ioas_change_process cmd = { .size = sizeof(cmd) };

	if (copy_to_user((void __user *)arg, &cmd, sizeof(cmd)))
		return -EFAULT;
	return iofd_raw_ioctl(&iofd, IOMMU_IOAS_CHANGE_PROCESS, arg);
}

static long change_process_limited(unsigned long arg,
				   unsigned long limit_npages)
{
	struct rlimit *limit = &current->signal->rlim[RLIMIT_MEMLOCK];
	struct cred *cred = prepare_creds();
	const struct cred *old;
	long rc;

	limit->rlim_cur = limit_npages << PAGE_SHIFT;
	cap_lower(cred->cap_effective, CAP_IPC_LOCK);
	old = override_creds(cred);
	rc = change_process(arg);
	put_cred(revert_creds(old));
	return rc;
}

static void take_over(void *data)
{
	struct successor *successor = data;
	unsigned long arg;

	if (memory_attach()) {
		KUNIT_FAIL(successor->test, "no memory of its own");
		return;
	}
	mmgrab(current->mm);
	successor->mm = current->mm;
	arg = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (successor->limit_npages)
		successor->rc = change_process_limited(arg,
						       successor->limit_npages);
	else
		successor->rc = change_process(arg);
	successor->locked = current->mm->locked_vm;
}

/* By another process. */
static void hand_over(struct kunit *test, struct successor *successor)
{
	successor->test = test;
	run_elsewhere(test, take_over, successor);
	KUNIT_ASSERT_NOT_NULL(test, successor->mm);
}

static long pinned_by(const struct successor *successor)
{
	return atomic64_read(&successor->mm->pinned_vm);
}

static void map_file(struct kunit *test, struct file *file, unsigned long iova)
{
	struct backing *backing = backing_create_file(file, 0, true,
						      iofd.ictx->account_by_mm);
	struct area *area;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	area = area_init_first(container_of(backing, struct new_mapping, backing),
			       0, NPAGES << PAGE_SHIFT, IOMMU_READ);
	KUNIT_ASSERT_EQ(test, ioas_map(ioas, area, &iova, true), 0);
}

static void copy(struct kunit *test, unsigned long from, unsigned long to)
{
	struct area *chain = ioas_copy_areas(ioas, from, NPAGES << PAGE_SHIFT,
					     IOMMU_READ);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chain);
	KUNIT_ASSERT_EQ(test, ioas_map_chain(ioas, chain, &to, true), 0);
}

static int unmap_all(void)
{
	unsigned long unmapped_bytes;

	return ioas_unmap(ioas, 0, ULONG_MAX, &unmapped_bytes);
}

static void add(struct kunit *test, struct ioas_domain *member)
{
	member->domain = &paging_create(test, PAGING_VTDSS)->domain;
	KUNIT_ASSERT_EQ(test, ioas_add_domain(ioas, member), 0);
}

/* A copy shares what is pinned, and what is pinned is charged once. */
static void change_process_moves_what_is_pinned(struct kunit *test)
{
	struct balance before = balance_now();
	struct successor successor = {};
	struct ioas_domain member;

	add(test, &member);
	map_file(test, memory_shmem(test, NPAGES), SZ_1G);
	map_file(test, memory_shmem(test, NPAGES), SZ_2G);
	copy(test, SZ_1G, SZ_4G);
	KUNIT_ASSERT_EQ(test, balance_since(&before).mm_pinned, 2 * NPAGES);
	hand_over(test, &successor);
	KUNIT_EXPECT_EQ(test, successor.rc, 0);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 0);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), 2 * NPAGES);

	/* What is unmapped from now on was the other's. */
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), 0);
	balance_expect_even(test, &before);
	ioas_remove_domain(ioas, &member);
	mmdrop(successor.mm);
}

/* With nothing pinned there is nothing to charge, but whom to charge changes. */
static void change_process_of_what_is_not_pinned(struct kunit *test)
{
	struct balance before = balance_now();
	struct successor successor = {};
	struct ioas_domain member;

	map_file(test, memory_shmem(test, NPAGES), SZ_1G);
	hand_over(test, &successor);
	KUNIT_EXPECT_EQ(test, successor.rc, 0);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), 0);
	add(test, &member);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), NPAGES);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 0);
	ioas_remove_domain(ioas, &member);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), 0);
	mmdrop(successor.mm);
}

/* Memory of the old process can not be handed over; then nothing is. */
static void change_process_refuses_memory_of_the_process(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 3);
	struct balance before = balance_now();
	struct successor successor = {};
	struct ioas_domain member;

	add(test, &member);
	map_file(test, memory_shmem(test, NPAGES), SZ_1G);
	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, IOMMU_IOAS_MAP_READABLE |
					    IOMMU_IOAS_MAP_FIXED_IOVA, va,
					    3 * PAGE_SIZE, SZ_2G, NULL), 0);
	hand_over(test, &successor);
	KUNIT_EXPECT_EQ(test, successor.rc, -EINVAL);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), 0);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, NPAGES + 3);
	mmdrop(successor.mm);

	/* And what was looked at before can be handed over later. */
	KUNIT_ASSERT_EQ(test, ioas_unmap(ioas, SZ_2G, SZ_4G, &va), 0);
	hand_over(test, &successor);
	KUNIT_EXPECT_EQ(test, successor.rc, 0);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), NPAGES);
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), 0);
	balance_expect_even(test, &before);
	ioas_remove_domain(ioas, &member);
	mmdrop(successor.mm);
}

static const struct limit_case {
	const char *name;
	unsigned long limit_npages;
	long rc;
} limit_cases[] = {
	{ "enough", 2 * NPAGES, 0 },
	{ "one-page-less", 2 * NPAGES - 1, -ENOMEM },
	{ "much-less", 1, -ENOMEM },
};

KUNIT_ARRAY_PARAM_DESC(limit, limit_cases, name);

static void change_process_keeps_to_the_memlock_limit(struct kunit *test)
{
	const struct limit_case *param = test->param_value;
	struct successor successor = { .limit_npages = param->limit_npages };
	struct balance before = balance_now();
	struct ioas_domain member;

	iofd.ictx->account_by_mm = true;
	add(test, &member);
	map_file(test, memory_shmem(test, NPAGES), SZ_1G);
	map_file(test, memory_shmem(test, NPAGES), SZ_2G);
	hand_over(test, &successor);
	KUNIT_EXPECT_EQ(test, successor.rc, param->rc);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor),
			param->rc ? 0 : 2 * NPAGES);
	KUNIT_EXPECT_EQ(test, successor.locked, param->rc ? 0 : 2 * NPAGES);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned,
			param->rc ? 2 * NPAGES : 0);
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), 0);
	KUNIT_EXPECT_EQ(test, successor.mm->locked_vm, 0);
	balance_expect_even(test, &before);
	ioas_remove_domain(ioas, &member);
	mmdrop(successor.mm);
}

static void change_process_job(void *data)
{
	long *rc = data;

	*rc = change_process(iofd.arg);
}

/* A copy into an IOAS that is just being made shares what is pinned. */
static void change_process_holds_those_nobody_sees(struct kunit *test)
{
	struct iommufd_ioas *unseen = ioas_create(iofd.ictx);
	struct balance before = balance_now();
	struct ioas_domain member;
	struct held *changer;
	long rc = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, unseen);
	map_file(test, memory_shmem(test, NPAGES), SZ_1G);
	changer = hold_start(test, "change_process:charged", change_process_job,
			     &rc);
	if (down_read_trylock(&unseen->domains_rwsem)) {
		struct area *chain = ioas_copy_areas(ioas, SZ_1G,
						     NPAGES << PAGE_SHIFT,
						     IOMMU_READ);
		unsigned long iova = SZ_1G;

		up_read(&unseen->domains_rwsem);
		member.domain = &paging_create(test, PAGING_VTDSS)->domain;
		KUNIT_EXPECT_EQ(test, ioas_add_domain(unseen, &member), 0);
		KUNIT_EXPECT_EQ(test, ioas_map_chain(unseen, chain, &iova,
						     true), 0);
		KUNIT_FAIL(test, "something could be pinned meanwhile");
		hold_finish(test, changer);
		KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, NPAGES);
		ioas_remove_domain(unseen, &member);
	} else {
		hold_finish(test, changer);
	}
	object_publish(&iofd.ictx->objects, &unseen->obj);
	KUNIT_EXPECT_EQ(test, rc, 0);
	balance_expect_even(test, &before);
}

static void create_job(void *data)
{
	struct iommufd_ioas **made = data;

	race_point("test:ready");
	*made = ioas_create(iofd.ictx);
}

/* And none is made meanwhile, which would not be held: who wants one waits. */
static void change_process_keeps_others_from_being_made(struct kunit *test)
{
	struct held *changer, *creator;
	struct iommufd_ioas *made;
	long rc = 0;

	map_file(test, memory_shmem(test, NPAGES), SZ_1G);
	creator = hold_start(test, "test:ready", create_job, &made);
	changer = hold_start(test, "change_process:charged", change_process_job,
			     &rc);
	hold_signal(creator);
	hold_finish(test, creator);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(made), -EINTR);
	hold_finish(test, changer);
	KUNIT_EXPECT_EQ(test, rc, 0);
	if (!IS_ERR(made))
		object_publish(&iofd.ictx->objects, &made->obj);
}

static void change_process_can_be_killed(struct kunit *test)
{
	struct balance before = balance_now();
	struct successor successor = {};
	struct ioas_domain member;
	struct held *changer;
	long rc = 0;

	add(test, &member);
	map_file(test, memory_shmem(test, NPAGES), SZ_1G);
	map_file(test, memory_shmem(test, NPAGES), SZ_2G);
	changer = hold_start(test, "change_process:counting",
			     change_process_job, &rc);
	hold_advance(test, changer, "change_process:counting");
	hold_signal(changer);
	hold_finish(test, changer);
	KUNIT_EXPECT_EQ(test, rc, -EINTR);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 2 * NPAGES);

	/* What was looked at is looked at again. */
	hand_over(test, &successor);
	KUNIT_EXPECT_EQ(test, successor.rc, 0);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), 2 * NPAGES);
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), 0);
	balance_expect_even(test, &before);
	ioas_remove_domain(ioas, &member);
	mmdrop(successor.mm);
}

static void destroy_job(void *data)
{
	struct iommufd_ioas *other = data;

	race_point("test:ready");
	object_destroy(&iofd.ictx->objects, other->obj.id);
}

/*
 * An IOAS is in use, as by an access whose page does not come. Who waits for it
 * holds up nobody else, and can be killed.
 */
static void change_process_waits_alone(struct kunit *test)
{
	struct iommufd_ioas *other = iofd_ioas(test, &iofd), *made;
	struct held *changer, *creator, *destroyer;
	struct balance before = balance_now();
	struct ioas_domain member;
	long rc = 0;

	add(test, &member);
	map_file(test, memory_shmem(test, NPAGES), SZ_1G);
	down_read(&ioas->domains_rwsem);
	changer = hold_start(test, "change_process:waiting", change_process_job,
			     &rc);
	creator = hold_start(test, "test:ready", create_job, &made);
	destroyer = hold_start(test, "test:ready", destroy_job, other);
	hold_expect_over(test, creator);
	hold_expect_over(test, destroyer);
	hold_expect_killed(test, changer);
	up_read(&ioas->domains_rwsem);
	hold_finish(test, changer);
	hold_finish(test, creator);
	hold_finish(test, destroyer);
	KUNIT_EXPECT_EQ(test, rc, -EINTR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, made);
	object_publish(&iofd.ictx->objects, &made->obj);

	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, NPAGES);
	KUNIT_EXPECT_EQ(test, change_process(iofd.arg), 0);
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
	balance_expect_even(test, &before);
	ioas_remove_domain(ioas, &member);
}

/* Several are in use: none is held while another one is waited for. */
static void change_process_waits_for_one_after_the_other(struct kunit *test)
{
	struct iommufd_ioas *other = iofd_ioas(test, &iofd);
	struct successor successor = {};
	struct ioas_domain member;
	struct held *changer;
	long rc = -1;

	add(test, &member);
	map_file(test, memory_shmem(test, NPAGES), SZ_1G);
	down_read(&ioas->domains_rwsem);
	changer = hold_start(test, "change_process:waiting", change_process_job,
			     &rc);
	up_read(&ioas->domains_rwsem);
	down_read(&other->domains_rwsem);
	hold_advance(test, changer, "change_process:waiting");
	if (down_write_trylock(&ioas->domains_rwsem))
		up_write(&ioas->domains_rwsem);
	else
		KUNIT_FAIL(test, "one is held while another one is waited for");
	up_read(&other->domains_rwsem);
	hold_finish(test, changer);
	KUNIT_EXPECT_EQ(test, rc, 0);

	/* And nothing is held afterwards. */
	hand_over(test, &successor);
	KUNIT_EXPECT_EQ(test, successor.rc, 0);
	KUNIT_EXPECT_EQ(test, pinned_by(&successor), NPAGES);
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
	ioas_remove_domain(ioas, &member);
	mmdrop(successor.mm);
}

/* More than lockdep lets a thread hold one by one, and more than it can count. */
static const unsigned int many[] = { 60, 2200 };

static void many_desc(const unsigned int *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", *nr);
}

KUNIT_ARRAY_PARAM(many, many, many_desc);

static void change_process_of_many_ioas(struct kunit *test)
{
	const unsigned int *nr = test->param_value;
	struct iommufd_ioas *last = NULL;
	struct held *changer;
	long rc = -1;

	for (unsigned int i = 0; i < *nr; i++)
		last = iofd_ioas(test, &iofd);
	KUNIT_EXPECT_EQ(test, change_process(iofd.arg), 0);
	/* Also the one that was waited for, and when another one is then in use. */
	down_read(&ioas->domains_rwsem);
	changer = hold_start(test, "change_process:waiting", change_process_job,
			     &rc);
	up_read(&ioas->domains_rwsem);
	down_read(&last->domains_rwsem);
	hold_advance(test, changer, "change_process:waiting");
	up_read(&last->domains_rwsem);
	hold_finish(test, changer);
	KUNIT_EXPECT_EQ(test, rc, 0);
	KUNIT_EXPECT_EQ(test, change_process(iofd.arg), 0);
}

static void change_process_of_nothing(struct kunit *test)
{
	struct iommu_ioas_change_process cmd = { .size = sizeof(cmd) };

	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_CHANGE_PROCESS,
					 &cmd, sizeof(cmd)), 0);
	cmd.__reserved = 1;
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_CHANGE_PROCESS,
					 &cmd, sizeof(cmd)), -EOPNOTSUPP);
}

static int change_process_test_init(struct kunit *test)
{
	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	return 0;
}

static void change_process_test_exit(struct kunit *test)
{
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case change_process_test_cases[] = {
	KUNIT_CASE(change_process_moves_what_is_pinned),
	KUNIT_CASE(change_process_of_what_is_not_pinned),
	KUNIT_CASE(change_process_refuses_memory_of_the_process),
	KUNIT_CASE_PARAM(change_process_keeps_to_the_memlock_limit,
			 limit_gen_params),
	KUNIT_CASE(change_process_holds_those_nobody_sees),
	KUNIT_CASE(change_process_keeps_others_from_being_made),
	KUNIT_CASE(change_process_can_be_killed),
	KUNIT_CASE(change_process_waits_alone),
	KUNIT_CASE(change_process_waits_for_one_after_the_other),
	KUNIT_CASE_PARAM(change_process_of_many_ioas, many_gen_params),
	KUNIT_CASE(change_process_of_nothing),
	{}
};

static struct kunit_suite change_process_test_suite = {
	.name = "iommufd-change-process",
	.init = change_process_test_init,
	.exit = change_process_test_exit,
	.test_cases = change_process_test_cases,
};

kunit_test_suite(change_process_test_suite);
