// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fatal signals: what takes long ends, and leaves nothing behind. What takes it
 * back does not end before it is through.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "backing.h"
#include "balance.h"
#include "domain.h"
#include "memory.h"
#include "paging.h"
#include "pin.h"
#include "pin_hook.h"

#define HUGE	MEMORY_HUGE_NPAGES
#define IOVA	(1UL << 30)
#define PROT	(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)

static struct extents ex;

/* What the case does from here on, it does with a fatal signal pending. */
static void kill_self(void *data)
{
	send_sig(SIGKILL, current, 1);
}

static void revive(void)
{
	flush_signals(current);
}

static const struct pin_case {
	const char *name;
	enum memory_layout layout;
	unsigned long npages;
	int rc;
} pin_cases[] = {
	{ "base", MEMORY_BASE, HUGE + 10, -EINTR },
	{ "scattered", MEMORY_SCATTERED, HUGE + 10, -EINTR },
	{ "huge", MEMORY_THP_APART, 6 * HUGE, -EINTR },
	{ "huge-then-base", MEMORY_MIXED, 4 * HUGE, -EINTR },
	/* What one step pins is pinned. */
	{ "one-page", MEMORY_BASE, 1, 0 },
	{ "few-pages", MEMORY_BASE, 16, 0 },
};

KUNIT_ARRAY_PARAM_DESC(pin, pin_cases, name);

/* All of it is there, so that nothing but the pin itself looks for a signal. */
static void pin_user_range_ends_with_its_process(struct kunit *test)
{
	const struct pin_case *param = test->param_value;
	unsigned long va = memory_map(test, param->layout, param->npages);
	struct balance before = balance_now();

	pin_hook_arm(kill_self, NULL);
	KUNIT_EXPECT_EQ(test, pin_user_range(current->mm, va, param->npages,
					     true, &ex), param->rc);
	KUNIT_EXPECT_FALSE(test, pin_hook_disarm());
	KUNIT_EXPECT_EQ(test, ex.npages, param->rc ? 0 : param->npages);
	/* Killed or not. */
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

/**
 * struct pinned - memory that is pinned for a case
 * @backing: it
 * @claim: on all of it
 */
struct pinned {
	struct backing *backing;
	struct interval_tree_node claim;
};

static void pin(struct kunit *test, struct pinned *pinned,
		enum memory_layout layout, unsigned long npages)
{
	unsigned long va = memory_map(test, layout, npages);

	pinned->backing = backing_create_user(va, npages, true, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pinned->backing);
	KUNIT_ASSERT_EQ(test, backing_claim(pinned->backing, &pinned->claim, 0,
					    npages - 1), 0);
}

static void unpin(struct pinned *pinned)
{
	backing_unclaim(pinned->backing, &pinned->claim);
	backing_put(pinned->backing);
}

static const struct map_case {
	const char *name;
	enum paging_format format;
	unsigned long npages;
	int rc;
} map_cases[] = {
	{ "tables", PAGING_VTDSS, 2 * HUGE, -EINTR },
	{ "runs", PAGING_RECORD, 20, -EINTR },
	/* What one step maps is mapped. */
	{ "one-page", PAGING_VTDSS, 1, 0 },
	{ "one-run", PAGING_RECORD, 1, 0 },
};

KUNIT_ARRAY_PARAM_DESC(map, map_cases, name);

static void domain_map_ends_with_its_process(struct kunit *test)
{
	const struct map_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	unsigned long length_bytes = param->npages * PAGE_SIZE;
	struct balance before = balance_now();
	struct pinned pinned;
	int rc;

	pin(test, &pinned, MEMORY_SCATTERED, param->npages);
	kill_self(NULL);
	rc = domain_map(&paging->domain, IOVA, pinned.backing, 0, length_bytes,
			PROT, true);
	if (!rc)
		domain_unmap(&paging->domain, IOVA, length_bytes);
	revive();
	KUNIT_EXPECT_EQ(test, rc, param->rc);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, IOVA, length_bytes));
	unpin(&pinned);
	balance_expect_even(test, &before);
}

static const struct rw_case {
	const char *name;
	bool pinned;
	unsigned long npages;
	int rc;
} rw_cases[] = {
	{ "pinned", true, 40, -EINTR },
	{ "not-pinned", false, 40, -EINTR },
	/* A driver that writes a few words is not told that it could not. */
	{ "short-pinned", true, 1, 0 },
	{ "short-not-pinned", false, 1, 0 },
};

KUNIT_ARRAY_PARAM_DESC(rw, rw_cases, name);

static void backing_rw_ends_with_its_process(struct kunit *test)
{
	const struct rw_case *param = test->param_value;
	size_t length_bytes = param->npages * PAGE_SIZE;
	struct balance before = balance_now();
	struct pinned pinned;
	void *data;

	data = kunit_kzalloc(test, length_bytes, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, data);
	pin(test, &pinned, MEMORY_SCATTERED, param->npages);
	if (!param->pinned)
		backing_unclaim(pinned.backing, &pinned.claim);
	for (int write = 0; write < 2; write++) {
		kill_self(NULL);
		KUNIT_EXPECT_EQ(test, backing_rw(pinned.backing, 0, data,
						 length_bytes, write),
				param->rc);
		revive();
	}
	if (param->pinned)
		backing_unclaim(pinned.backing, &pinned.claim);
	backing_put(pinned.backing);
	balance_expect_even(test, &before);
}

static int killed_test_init(struct kunit *test)
{
	extents_init(&ex);
	allow_signal(SIGKILL);
	return kunit_attach_mm();
}

static void killed_test_exit(struct kunit *test)
{
	pin_hook_disarm();
	revive();
	disallow_signal(SIGKILL);
}

static struct kunit_case killed_test_cases[] = {
	KUNIT_CASE_PARAM(pin_user_range_ends_with_its_process, pin_gen_params),
	KUNIT_CASE_PARAM(domain_map_ends_with_its_process, map_gen_params),
	KUNIT_CASE_PARAM(backing_rw_ends_with_its_process, rw_gen_params),
	{}
};

static struct kunit_suite killed_test_suite = {
	.name = "iommufd-killed",
	.init = killed_test_init,
	.exit = killed_test_exit,
	.test_cases = killed_test_cases,
};

kunit_test_suite(killed_test_suite);
