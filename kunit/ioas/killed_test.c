// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fatal signals: what takes long ends, and leaves nothing behind. What takes it
 * back does not end before it is through.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <uapi/linux/iommufd.h>

#include "backings.h"
#include "balance.h"
#include "ioas/area.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"
#include "memory/backing.h"
#include "memory/pin.h"
#include "paging.h"
#include "pin_hook.h"
#include "table/table.h"

#define HUGE	MEMORY_HUGE_NPAGES
#define IOVA	BIT(30)
#define PROT	(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define MAP_FLAGS \
	(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | \
	 IOMMU_IOAS_MAP_WRITEABLE)

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
	/* More leaves than it is likely that they are neighbours by chance. */
	{ "huge", MEMORY_THP_APART, MIN(16 * HUGE, SZ_4G / PAGE_SIZE), -EINTR },
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

	pinned->backing = backing_create_user(va, true, false);
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

/* Mapped by as many calls, side by side. */
#define NR_AREAS	4

static struct iofd iofd;

static struct iommufd_ioas *map_areas(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NR_AREAS);
	struct iommufd_ioas *ioas;

	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	for (int i = 0; i < NR_AREAS; i++)
		KUNIT_ASSERT_EQ(test,
				ioas_map_user(ioas, MAP_FLAGS,
					      va + i * PAGE_SIZE, PAGE_SIZE,
					      IOVA + i * PAGE_SIZE, NULL), 0);
	return ioas;
}

static void access_unmap(void *data, unsigned long iova, unsigned long length)
{
}

static const struct iommufd_access_ops pin_ops = {
	.needs_pin_pages = 1,
	.unmap = access_unmap,
};

/* Each area is a step, and a short one. */
static void access_of_areas_ends_with_its_process(struct kunit *test)
{
	struct iommufd_ioas *ioas = map_areas(test);
	struct balance before = balance_now();
	struct page *pages[NR_AREAS] = {};
	struct iommufd_access *access;
	int pin_rc, rw_rc;
	void *data;
	u32 id;

	data = kunit_kzalloc(test, NR_AREAS * PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, data);
	access = iommufd_access_create(iofd.ictx, &pin_ops, NULL, &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, access);
	KUNIT_ASSERT_EQ(test, iommufd_access_attach(access, ioas->obj.id), 0);
	kill_self(NULL);
	pin_rc = iommufd_access_pin_pages(access, IOVA, NR_AREAS * PAGE_SIZE,
					  pages, 0);
	rw_rc = iommufd_access_rw(access, IOVA, data, NR_AREAS * PAGE_SIZE, 0);
	revive();
	KUNIT_EXPECT_EQ(test, pin_rc, -EINTR);
	KUNIT_EXPECT_EQ(test, rw_rc, -EINTR);
	balance_expect_even(test, &before);
	iommufd_access_destroy(access);
}

static void copy_of_areas_ends_with_its_process(struct kunit *test)
{
	struct iommufd_ioas *ioas = map_areas(test);
	struct iommufd_ioas *dst = iofd_ioas(test, &iofd);
	unsigned long iova = IOVA;
	struct area *chain;
	int rc;

	kill_self(NULL);
	chain = ioas_copy_areas(ioas, IOVA, NR_AREAS * PAGE_SIZE, PROT);
	revive();
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(chain), -EINTR);
	if (!IS_ERR(chain))
		area_free_chain(chain);

	chain = ioas_copy_areas(ioas, IOVA, NR_AREAS * PAGE_SIZE, PROT);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chain);
	kill_self(NULL);
	rc = ioas_map_chain(dst, chain, &iova, true);
	revive();
	KUNIT_ASSERT_EQ(test, rc, -EINTR);
	/* Its place is free. */
	KUNIT_EXPECT_EQ(test, ioas_map_chain(dst, chain, &iova, true), 0);
}

static int killed_test_init(struct kunit *test)
{
	extents_init(&ex);
	allow_signal(SIGKILL);
	return memory_attach();
}

static void killed_test_exit(struct kunit *test)
{
	pin_hook_disarm();
	revive();
	disallow_signal(SIGKILL);
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case killed_test_cases[] = {
	KUNIT_CASE_PARAM(pin_user_range_ends_with_its_process, pin_gen_params),
	KUNIT_CASE_PARAM(domain_map_ends_with_its_process, map_gen_params),
	KUNIT_CASE_PARAM(backing_rw_ends_with_its_process, rw_gen_params),
	KUNIT_CASE(access_of_areas_ends_with_its_process),
	KUNIT_CASE(copy_of_areas_ends_with_its_process),
	{}
};

static struct kunit_suite killed_test_suite = {
	.name = "iommufd-killed",
	.init = killed_test_init,
	.exit = killed_test_exit,
	.test_cases = killed_test_cases,
};

kunit_test_suite(killed_test_suite);
