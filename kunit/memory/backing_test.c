// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backings: what kmod/memory/backing.h promises of claims. Reading and writing them is
 * in backing_rw_test.c.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>

#include "alloc_fault.h"
#include "backings.h"
#include "balance.h"
#include "memory.h"
#include "memory/backing.h"
#include "race.h"
#include "random.h"

#define HUGE	MEMORY_HUGE_NPAGES

static struct backing *create(struct kunit *test, unsigned long va)
{
	struct backing *backing = backing_create_user(va, true, false);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	return backing;
}

static void claim(struct kunit *test, struct backing *backing,
		  struct interval_tree_node *node, unsigned long first,
		  unsigned long last)
{
	KUNIT_ASSERT_EQ(test, backing_claim(backing, node, first, last), 0);
}

/* A walk over claimed pages gives what the process sees, in longest runs. */
static void expect_walk(struct kunit *test, struct backing *backing,
			unsigned long va, unsigned long first,
			unsigned long last)
{
	unsigned long index = first, end_pfn = 0;
	struct backing_walk walk;

	mutex_lock(&backing->lock);
	backing_walk_start(backing, &walk, first, last);
	while (walk.npages && index <= last) {
		KUNIT_EXPECT_NE(test, walk.pfn, end_pfn);
		end_pfn = walk.pfn + walk.npages;
		for (unsigned long pfn = walk.pfn; pfn < end_pfn; pfn++) {
			KUNIT_EXPECT_EQ(test, pfn,
					memory_pfn(va + index * PAGE_SIZE));
			index++;
		}
		KUNIT_EXPECT_EQ(test, walk.left_npages, last + 1 - index);
		backing_walk_next(&walk);
	}
	mutex_unlock(&backing->lock);
	KUNIT_EXPECT_EQ(test, index, last + 1);
	KUNIT_EXPECT_EQ(test, walk.npages, 0);
}

static const enum memory_layout layouts[] = {
	MEMORY_BASE, MEMORY_SCATTERED, MEMORY_THP, MEMORY_MIXED,
	MEMORY_UNTOUCHED,
};

static void describe_layout(const enum memory_layout *layout, char *desc)
{
	strscpy(desc, memory_layout_name[*layout], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(layout, layouts, describe_layout);

static void backing_create_pins_nothing(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 10);
	struct balance before = balance_now();
	struct backing *backing = create(test, va);

	balance_expect_even(test, &before);
	KUNIT_EXPECT_EQ(test, backing_pinned_npages(backing), 0);
	backing_put(backing);
	balance_expect_even(test, &before);
}

static void backing_claim_pins_and_charges(struct kunit *test)
{
	const enum memory_layout *layout = test->param_value;
	unsigned long va = memory_map(test, *layout, HUGE + 50);
	struct balance before = balance_now();
	struct backing *backing = create(test, va);
	struct interval_tree_node node;

	claim(test, backing, &node, 7, HUGE + 40);
	KUNIT_EXPECT_EQ(test, backing_pinned_npages(backing), HUGE + 34);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, HUGE + 34);
	KUNIT_EXPECT_GT(test, balance_since(&before).pins, 0);
	expect_walk(test, backing, va, 7, HUGE + 40);
	backing_unclaim(backing, &node);
	balance_expect_even(test, &before);
	backing_put(backing);
}

static const struct overlap_case {
	const char *name;
	unsigned long first[2];
	unsigned long last[2];
	unsigned long npages;
} overlap_cases[] = {
	{ "apart", { 0, 50 }, { 9, 59 }, 20 },
	{ "side-by-side", { 0, 10 }, { 9, 19 }, 20 },
	{ "same", { 5, 5 }, { 25, 25 }, 21 },
	{ "ends-overlap", { 0, 15 }, { 19, 29 }, 30 },
	{ "starts-overlap", { 15, 0 }, { 29, 19 }, 30 },
	{ "inside", { 0, 30 }, { 99, 39 }, 100 },
	{ "around", { 30, 0 }, { 39, 99 }, 100 },
};

KUNIT_ARRAY_PARAM_DESC(overlap, overlap_cases, name);

/* A page is pinned and charged once, and until the last claim has gone. */
static void backing_claims_may_overlap(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 100);
	const struct overlap_case *param = test->param_value;
	struct balance before = balance_now();
	struct backing *backing = create(test, va);
	struct interval_tree_node nodes[2];

	for (int i = 0; i < 2; i++)
		claim(test, backing, &nodes[i], param->first[i],
		      param->last[i]);
	KUNIT_EXPECT_EQ(test, backing_pinned_npages(backing), param->npages);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, param->npages);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, param->npages);

	backing_unclaim(backing, &nodes[0]);
	KUNIT_EXPECT_EQ(test, backing_pinned_npages(backing),
			param->last[1] - param->first[1] + 1);
	expect_walk(test, backing, va, param->first[1], param->last[1]);
	backing_unclaim(backing, &nodes[1]);
	balance_expect_even(test, &before);
	backing_put(backing);
}

/* Claims of every 10 pages, from both ends, make ten segments. */
static void backing_walk_crosses_segments(struct kunit *test)
{
	const enum memory_layout *layout = test->param_value;
	unsigned long va = memory_map(test, *layout, 100);
	struct backing *backing = create(test, va);
	struct interval_tree_node nodes[10];

	for (int i = 0; i < 10; i++) {
		int at = i % 2 ? 9 - i / 2 : i / 2;

		claim(test, backing, &nodes[i], at * 10, at * 10 + 9);
	}
	for (unsigned long first = 0; first < 100; first += 7) {
		for (unsigned long last = first; last < 100; last += 9)
			expect_walk(test, backing, va, first, last);
	}
	for (int i = 0; i < 10; i++)
		backing_unclaim(backing, &nodes[i]);
	backing_put(backing);
}

static void backing_walk_skip_takes_from_the_start(struct kunit *test)
{
	const enum memory_layout *layout = test->param_value;
	unsigned long va = memory_map(test, *layout, 90);
	struct backing *backing = create(test, va);
	struct interval_tree_node node;
	struct backing_walk walk;

	claim(test, backing, &node, 0, 89);
	mutex_lock(&backing->lock);
	backing_walk_start(backing, &walk, 0, 89);
	for (unsigned long i = 0; i < 90; i++) {
		KUNIT_EXPECT_GT(test, walk.npages, 0);
		KUNIT_EXPECT_EQ(test, walk.pfn,
				memory_pfn(va + i * PAGE_SIZE));
		backing_walk_skip(&walk, 1);
	}
	KUNIT_EXPECT_EQ(test, walk.npages, 0);
	mutex_unlock(&backing->lock);
	backing_unclaim(backing, &node);
	backing_put(backing);
}

static const unsigned long shrinks[] = { 0, 5, 15, 98, 99 };

static void describe_shrink(const unsigned long *last, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "to-%lu", *last);
}

KUNIT_ARRAY_PARAM(shrink, shrinks, describe_shrink);

/* Another claim keeps pages 10 to 19. */
static void backing_shrink_claim_lets_go_of_the_end(struct kunit *test)
{
	unsigned long last = *(const unsigned long *)test->param_value;
	unsigned long va = memory_map(test, MEMORY_THP, 100);
	struct balance before = balance_now();
	struct backing *backing = create(test, va);
	struct interval_tree_node node, other;
	unsigned long npages = last + 1;

	claim(test, backing, &node, 0, 99);
	claim(test, backing, &other, 10, 19);
	backing_shrink_claim(backing, &node, last);
	if (last < 19)
		npages = last < 10 ? last + 1 + 10 : 20;
	KUNIT_EXPECT_EQ(test, backing_pinned_npages(backing), npages);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, npages);
	expect_walk(test, backing, va, 0, last);
	expect_walk(test, backing, va, 10, 19);
	backing_unclaim(backing, &node);
	backing_unclaim(backing, &other);
	balance_expect_even(test, &before);
	backing_put(backing);
}

/* The last of its pages are not there. */
static void backing_claim_fails_for_what_is_not_mapped(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 10);
	unsigned long npages = HUGE + 60;
	struct balance before = balance_now(), claimed;
	struct backing *backing = create(test, va);
	struct interval_tree_node node, failed;

	claim(test, backing, &node, 3, 5);
	claimed = balance_now();
	KUNIT_EXPECT_EQ(test, backing_claim(backing, &failed, 0, npages - 1),
			-EFAULT);
	balance_expect_even(test, &claimed);
	KUNIT_EXPECT_EQ(test, backing_pinned_npages(backing), 3);
	expect_walk(test, backing, va, 3, 5);
	backing_unclaim(backing, &node);
	balance_expect_even(test, &before);
	backing_put(backing);
}

/* The calling thread, without CAP_IPC_LOCK, and RLIMIT_MEMLOCK of 50 pages. */
static struct backing *create_limited(unsigned long va, bool by_mm)
{
	struct cred *cred = prepare_creds();
	struct backing *backing;
	const struct cred *old;

	current->signal->rlim[RLIMIT_MEMLOCK].rlim_cur = 50 << PAGE_SHIFT;
	cap_lower(cred->cap_effective, CAP_IPC_LOCK);
	old = override_creds(cred);
	backing = backing_create_user(va, true, by_mm);
	put_cred(revert_creds(old));
	return backing;
}

static const bool by_mms[] = { false, true };

static void describe_by_mm(const bool *by_mm, char *desc)
{
	strscpy(desc, *by_mm ? "by-process" : "by-user", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(by_mm, by_mms, describe_by_mm);

static void backing_claim_keeps_to_the_memlock_limit(struct kunit *test)
{
	bool by_mm = *(const bool *)test->param_value;
	unsigned long va = memory_map(test, MEMORY_BASE, 100);
	struct balance before = balance_now(), claimed;
	struct backing *backing = create_limited(va, by_mm);
	struct interval_tree_node node, failed, shared;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	claim(test, backing, &node, 20, 59);
	claimed = balance_now();
	KUNIT_EXPECT_EQ(test, by_mm ? balance_since(&before).mm_locked :
				      balance_since(&before).user_locked, 40);
	/* Five pages before fit, and what follows does not. */
	KUNIT_EXPECT_EQ(test, backing_claim(backing, &failed, 15, 65), -ENOMEM);
	balance_expect_even(test, &claimed);
	/* What is pinned already costs nothing more. */
	claim(test, backing, &shared, 15, 64);
	backing_unclaim(backing, &shared);
	backing_unclaim(backing, &node);
	balance_expect_even(test, &before);
	backing_put(backing);
}

static void backing_move_account_charges_the_other(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 40);
	struct balance before = balance_now();
	struct backing *from = create(test, va);
	struct backing *to = create_limited(va, true);
	struct interval_tree_node node;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, to);
	claim(test, from, &node, 0, 29);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_locked, 0);
	KUNIT_ASSERT_EQ(test, account_charge(&to->account,
					     backing_pinned_npages(from)), 0);
	backing_move_account(from, &to->account);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_locked, 30);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 30);
	backing_put(to);
	backing_unclaim(from, &node);
	balance_expect_even(test, &before);
	backing_put(from);
}

static void backing_of_a_file_pins_from_its_offset(struct kunit *test)
{
	struct file *file = memory_shmem(test, 50);
	unsigned long va = memory_map_file(test, file, 50);
	struct balance before = balance_now();
	struct interval_tree_node node;
	struct backing *backing;

	backing = backing_create_file(file, 10 << PAGE_SHIFT, true, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	claim(test, backing, &node, 5, 39);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 35);
	expect_walk(test, backing, va + 10 * PAGE_SIZE, 5, 39);
	backing_unclaim(backing, &node);
	balance_expect_even(test, &before);
	backing_put(backing);
}

static const struct file_operations other_fops = {};

static void backing_create_file_refuses_other_files(struct kunit *test)
{
	struct file *file = anon_inode_getfile("[kunit]", &other_fops, NULL,
					       O_RDWR);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(backing_create_file(file, 0,
								  true, false)),
			-EINVAL);
	fput(file);
}

static const struct right_case {
	const char *name;
	int open_flags;
	unsigned int inode_flags;
	unsigned int seals;
	bool writable;
	int rc;
} right_cases[] = {
	{ "read-write-to-write", O_RDWR, 0, 0, true, 0 },
	{ "read-only-to-read", O_RDONLY, 0, 0, false, 0 },
	{ "read-only-to-write", O_RDONLY, 0, 0, true, -EPERM },
	{ "write-only-to-read", O_WRONLY, 0, 0, false, -EPERM },
	{ "write-only-to-write", O_WRONLY, 0, 0, true, -EPERM },
	{ "immutable-to-read", O_RDWR, S_IMMUTABLE, 0, false, 0 },
	{ "immutable-to-write", O_RDWR, S_IMMUTABLE, 0, true, -EPERM },
	{ "append-only-to-read", O_RDWR, S_APPEND, 0, false, 0 },
	{ "append-only-to-write", O_RDWR, S_APPEND, 0, true, -EPERM },
	{ "future-write-to-read", O_RDWR, 0, F_SEAL_FUTURE_WRITE, false, 0 },
	{ "future-write-to-write", O_RDWR, 0, F_SEAL_FUTURE_WRITE, true,
	  -EPERM },
	{ "other-seals-to-write", O_RDWR, 0,
	  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_EXEC, true, 0 },
};

KUNIT_ARRAY_PARAM_DESC(right, right_cases, name);

static void expect_right(struct kunit *test, struct file *file,
			 unsigned int *seals)
{
	const struct right_case *param = test->param_value;
	struct backing *backing;
	struct file *opened;

	inode_set_flags(file_inode(file), param->inode_flags,
			S_IMMUTABLE | S_APPEND);
	*seals = param->seals;
	opened = dentry_open(&file->f_path, param->open_flags, current_cred());
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, opened);
	backing = backing_create_file(opened, 0, param->writable, false);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(backing), param->rc);
	if (!IS_ERR(backing))
		backing_put(backing);
	KUNIT_EXPECT_EQ(test, mapping_deny_writable(file->f_mapping), 0);
	mapping_allow_writable(file->f_mapping);
	fput(opened);
}

static void backing_create_file_asks_for_rights(struct kunit *test)
{
	struct file *file = memory_shmem(test, HUGE);

	expect_right(test, file, &SHMEM_I(file_inode(file))->seals);
}

static void backing_create_file_asks_hugetlb_for_rights(struct kunit *test)
{
	struct file *file = memory_hugetlb(test, HUGE);

	expect_right(test, file, &HUGETLBFS_I(file_inode(file))->seals);
}

/* What sealing a memfd against writing does. */
static void backing_of_a_file_excludes_seals(struct kunit *test)
{
	struct file *file = memory_shmem(test, 4);
	struct address_space *mapping = file->f_mapping;
	struct backing *backing;

	KUNIT_ASSERT_EQ(test, mapping_deny_writable(mapping), 0);
	backing = backing_create_file(file, 0, true, false);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(backing), -EPERM);
	mapping_allow_writable(mapping);

	backing = backing_create_file(file, 0, false, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	KUNIT_EXPECT_EQ(test, mapping_deny_writable(mapping), 0);
	mapping_allow_writable(mapping);
	backing_put(backing);

	backing = backing_create_file(file, 0, true, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	KUNIT_EXPECT_EQ(test, mapping_deny_writable(mapping), -EBUSY);
	backing_put(backing);
	KUNIT_EXPECT_EQ(test, mapping_deny_writable(mapping), 0);
	mapping_allow_writable(mapping);
}

static void backing_create_fails_without_a_trace(struct kunit *test)
{
	struct file *file = memory_shmem(test, 4);
	long refs = file_count(file);
	struct backing *backing;
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		fault_arm(&fault);
		backing = backing_create_file(file, 0, true, false);
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, PTR_ERR_OR_ZERO(backing)))
			backing_put(backing);
		KUNIT_EXPECT_EQ(test, file_count(file), refs);
		KUNIT_EXPECT_EQ(test, mapping_deny_writable(file->f_mapping),
				0);
		mapping_allow_writable(file->f_mapping);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

/* A claim across others, so that it needs several segments. */
static void backing_claim_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 200);
	struct backing *backing = create(test, va);
	struct interval_tree_node nodes[3], node;
	struct balance claimed;
	struct fault fault;

	fault_require(test);
	for (int i = 0; i < 3; i++)
		claim(test, backing, &nodes[i], 50 * i + 30, 50 * i + 45);
	claimed = balance_now();
	for_each_fault(&fault) {
		int rc;

		fault_arm(&fault);
		rc = backing_claim(backing, &node, 0, 199);
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, rc))
			backing_unclaim(backing, &node);
		balance_expect_even(test, &claimed);
		KUNIT_ASSERT_EQ(test, backing_pinned_npages(backing), 3 * 16);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 4);
	for (int i = 0; i < 3; i++) {
		expect_walk(test, backing, va, 50 * i + 30, 50 * i + 45);
		backing_unclaim(backing, &nodes[i]);
	}
	backing_put(backing);
}

/* Without memory to divide a segment its pages stay, until the backing goes. */
static void backing_unclaim_cannot_fail(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 200);
	unsigned int nr_stayed = 0;
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		struct balance before = balance_now();
		struct backing *backing = create(test, va);
		struct interval_tree_node all, some;
		unsigned long npages;

		claim(test, backing, &all, 0, 199);
		claim(test, backing, &some, 80, 120);
		fault_arm(&fault);
		backing_unclaim(backing, &all);
		fault_disarm(&fault);
		npages = backing_pinned_npages(backing);
		KUNIT_EXPECT_GE(test, npages, 41);
		KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, npages);
		nr_stayed += npages > 41;
		expect_walk(test, backing, va, 80, 120);
		/* What stayed can be claimed again. */
		claim(test, backing, &all, 0, 199);
		expect_walk(test, backing, va, 0, 199);
		backing_unclaim(backing, &all);
		backing_unclaim(backing, &some);
		backing_put(backing);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GT(test, nr_stayed, 0);
}

#define MODEL_NPAGES	(2 * MEMORY_HUGE_NPAGES)
#define MODEL_NR_CLAIMS	12
#define MODEL_STEPS	3000

/**
 * struct model - a backing, as simple as can be: an array of counts
 * @nr: how many claims cover a page
 * @claims: the claims; last is less than start where there is none
 */
struct model {
	u8 nr[MODEL_NPAGES];
	struct interval_tree_node claims[MODEL_NR_CLAIMS];
};

static void model_count(struct model *model, unsigned long first,
			unsigned long last, int n)
{
	for (unsigned long i = first; i <= last; i++)
		model->nr[i] += n;
}

static void model_step(struct kunit *test, struct backing *backing,
		       struct model *model, struct rnd_state *rnd)
{
	struct interval_tree_node *node =
		&model->claims[random_below(rnd, MODEL_NR_CLAIMS)];
	unsigned long first = random_below(rnd, MODEL_NPAGES);
	unsigned long last = first + random_below(rnd, 200);

	last = min(last, MODEL_NPAGES - 1);
	if (node->last < node->start) {
		claim(test, backing, node, first, last);
		model_count(model, first, last, 1);
	} else if (random_below(rnd, 3)) {
		model_count(model, node->start, node->last, -1);
		backing_unclaim(backing, node);
		node->start = 1;
		node->last = 0;
	} else {
		last = random_between(rnd, node->start, node->last);
		model_count(model, last + 1, node->last, -1);
		backing_shrink_claim(backing, node, last);
	}
}

static void model_compare(struct kunit *test, struct backing *backing,
			  const struct model *model,
			  const struct balance *before)
{
	unsigned long npages = 0, npins = 0, index = 0;
	struct extents_iter it;

	for (unsigned long i = 0; i < MODEL_NPAGES; i++)
		npages += !!model->nr[i];
	KUNIT_ASSERT_EQ(test, backing_pinned_npages(backing), npages);
	KUNIT_ASSERT_EQ(test, balance_since(before).mm_pinned, npages);

	/* Segments are disjoint, and exactly what is claimed. */
	mutex_lock(&backing->lock);
	while (index < MODEL_NPAGES) {
		struct segment *segment = backing_segment(backing, index);
		unsigned long first = segment ? segment->first_index :
						MODEL_NPAGES;

		for (; index < first; index++)
			KUNIT_EXPECT_EQ(test, model->nr[index], 0);
		if (!segment)
			break;
		for (; index < first + segment->extents.npages; index++)
			KUNIT_EXPECT_GT(test, model->nr[index], 0);
		extents_for_each(&it, &segment->extents)
			npins += extent_npins(it.run);
	}
	mutex_unlock(&backing->lock);
	KUNIT_ASSERT_EQ(test, balance_since(before).pins, npins);
}

static void backing_agrees_with_an_array_of_counts(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_MIXED, MODEL_NPAGES);
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	struct backing *backing = create(test, va);
	struct balance before = balance_now();
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, model);
	for (int i = 0; i < MODEL_NR_CLAIMS; i++)
		model->claims[i].start = 1;
	random_start(test, &rnd);
	for (int i = 0; i < MODEL_STEPS; i++) {
		model_step(test, backing, model, &rnd);
		if (!(i % 5))
			model_compare(test, backing, model, &before);
	}
	for (int i = 0; i < MODEL_NR_CLAIMS; i++) {
		if (model->claims[i].last >= model->claims[i].start)
			backing_unclaim(backing, &model->claims[i]);
	}
	balance_expect_even(test, &before);
	backing_put(backing);
}

/**
 * struct backing_race - threads that claim pages of one backing
 * @test: the case
 * @backing: the backing
 * @npages: its length
 */
struct backing_race {
	struct kunit *test;
	struct backing *backing;
	unsigned long npages;
};

static void race_claim(void *data)
{
	struct backing_race *run = data;
	struct interval_tree_node node;
	struct backing_walk walk;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, current->pid);
	for (int i = 0; i < 250; i++) {
		unsigned long first = random_below(&rnd, run->npages);
		unsigned long last = random_between(&rnd, first,
						    run->npages - 1);
		unsigned long npages = 0;

		if (backing_claim(run->backing, &node, first, last)) {
			KUNIT_FAIL(run->test, "claim failed");
			return;
		}
		mutex_lock(&run->backing->lock);
		backing_walk_start(run->backing, &walk, first, last);
		while (walk.npages) {
			KUNIT_EXPECT_GT(run->test, pfn_npins(walk.pfn), 0);
			npages += walk.npages;
			backing_walk_next(&walk);
		}
		mutex_unlock(&run->backing->lock);
		KUNIT_EXPECT_EQ(run->test, npages, last - first + 1);
		backing_unclaim(run->backing, &node);
	}
}

static void backing_is_claimed_by_several_threads(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, 600);
	struct balance before = balance_now();
	struct backing_race run = {
		.test = test,
		.backing = create(test, va),
		.npages = 600,
	};
	const struct racer racers[] = {
		{ race_claim, &run },
		{ race_claim, &run },
		{ race_claim, &run },
	};

	race(test, racers, ARRAY_SIZE(racers));
	KUNIT_EXPECT_EQ(test, backing_pinned_npages(run.backing), 0);
	balance_expect_even(test, &before);
	backing_put(run.backing);
}

static int backing_test_init(struct kunit *test)
{
	return memory_attach();
}

static struct kunit_case backing_test_cases[] = {
	KUNIT_CASE(backing_create_pins_nothing),
	KUNIT_CASE_PARAM(backing_claim_pins_and_charges, layout_gen_params),
	KUNIT_CASE_PARAM(backing_claims_may_overlap, overlap_gen_params),
	KUNIT_CASE_PARAM(backing_walk_crosses_segments, layout_gen_params),
	KUNIT_CASE_PARAM(backing_walk_skip_takes_from_the_start,
			 layout_gen_params),
	KUNIT_CASE_PARAM(backing_shrink_claim_lets_go_of_the_end,
			 shrink_gen_params),
	KUNIT_CASE(backing_claim_fails_for_what_is_not_mapped),
	KUNIT_CASE_PARAM(backing_claim_keeps_to_the_memlock_limit,
			 by_mm_gen_params),
	KUNIT_CASE(backing_move_account_charges_the_other),
	KUNIT_CASE(backing_of_a_file_pins_from_its_offset),
	KUNIT_CASE(backing_create_file_refuses_other_files),
	KUNIT_CASE_PARAM(backing_create_file_asks_for_rights, right_gen_params),
	KUNIT_CASE_PARAM(backing_create_file_asks_hugetlb_for_rights,
			 right_gen_params),
	KUNIT_CASE(backing_of_a_file_excludes_seals),
	KUNIT_CASE(backing_create_fails_without_a_trace),
	KUNIT_CASE(backing_claim_fails_without_a_trace),
	KUNIT_CASE(backing_unclaim_cannot_fail),
	KUNIT_CASE(backing_agrees_with_an_array_of_counts),
	KUNIT_CASE(backing_is_claimed_by_several_threads),
	{}
};

static struct kunit_suite backing_test_suite = {
	.name = "iommufd-backing",
	.init = backing_test_init,
	.test_cases = backing_test_cases,
};

kunit_test_suite(backing_test_suite);
