// SPDX-License-Identifier: GPL-2.0-only
/*
 * What userspace can make as long as it likes: others get their turn in between,
 * and a fatal signal ends it with nothing half done.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "balance.h"
#include "core/race_point.h"
#include "hold.h"
#include "ioas/area.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"
#include "paging.h"

#define RW	(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FIXED	(RW | IOMMU_IOAS_MAP_FIXED_IOVA)

/* More than is done in one go, of whatever it is. */
#define MANY	200UL

/* How long to wait for what should come at once, in seconds. */
#define HANGS_S	30

static struct iofd iofd;
static struct iommufd_ioas *ioas;

/**
 * struct job - what a thread that is held does
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @chain: areas to map
 * @member: a domain to add
 * @unmapped_bytes: how much was unmapped
 * @rc: what came of it
 */
struct job {
	unsigned long first;
	unsigned long last;
	struct area *chain;
	struct ioas_domain member;
	unsigned long unmapped_bytes;
	int rc;
};

static int map(unsigned long iova, unsigned long va, unsigned long npages)
{
	return ioas_map_user(ioas, FIXED, va, npages << PAGE_SHIFT, iova, NULL);
}

static int unmap(unsigned long first, unsigned long last)
{
	unsigned long unmapped_bytes;

	return ioas_unmap(ioas, first, last, &unmapped_bytes);
}

/* MANY pages side by side, each an area. */
static void map_many(struct kunit *test, unsigned long iova, unsigned long va)
{
	for (unsigned long i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, map(iova + i * PAGE_SIZE,
					  va + i * PAGE_SIZE, 1), 0);
}

static unsigned long nr_areas(unsigned long first, unsigned long last)
{
	struct iova_node *node = iova_space_find(&ioas->space, first, last);
	unsigned long nr = 0;

	for (; node && node->first <= last; node = iova_space_next(node))
		nr++;
	return nr;
}

static void map_two_pages(void *data)
{
	struct job *job = data;

	job->rc = ioas_map_user(ioas, RW, 0, 2 * PAGE_SIZE, 0,
				(u64 __user *)iofd.arg);
}

/* Pages with a page between each two. */
static void allow_single_pages(struct kunit *test)
{
	struct rb_root_cached ranges = RB_ROOT_CACHED;

	for (unsigned long i = 1; i <= MANY; i++)
		KUNIT_ASSERT_EQ(test, iova_ranges_add(&ranges, 2 * i * PAGE_SIZE,
						      (2 * i + 1) * PAGE_SIZE -
						      1), 0);
	KUNIT_ASSERT_EQ(test, iova_space_set_allowed(&ioas->space, &ranges), 0);
}

/* Gaps of two pages, of which none begins at an even one, and no other room. */
static void leave_odd_gaps(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, map(0, 0, 1), 0);
	for (unsigned long i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, map((4 * i + 3) * PAGE_SIZE, 0, 2), 0);
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&ioas->space,
						 (4 * MANY + 1) * PAGE_SIZE,
						 ULONG_MAX, &iofd), 0);
}

/* While one thread looks for a place, others can map and unmap. */
static void search_lets_others_in(struct kunit *test)
{
	struct job job = {};
	struct held *searcher = hold_start(test, "iova_space:searching",
					   map_two_pages, &job);

	KUNIT_EXPECT_EQ(test, map(PAGE_SIZE, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, unmap(PAGE_SIZE, 2 * PAGE_SIZE - 1), 0);
	/* And again, for it is not once that it lets go. */
	hold_advance(test, searcher, "iova_space:searching");
	KUNIT_EXPECT_EQ(test, map(PAGE_SIZE, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, unmap(PAGE_SIZE, 2 * PAGE_SIZE - 1), 0);
	hold_finish(test, searcher);
	KUNIT_EXPECT_EQ(test, job.rc, -ENOSPC);
}

static void search_can_be_killed(struct kunit *test)
{
	struct job job = {};
	unsigned long nr = nr_areas(0, ULONG_MAX);
	struct held *searcher = hold_start(test, "iova_space:searching",
					   map_two_pages, &job);

	hold_signal(searcher);
	hold_finish(test, searcher);
	KUNIT_EXPECT_EQ(test, job.rc, -EINTR);
	KUNIT_EXPECT_EQ(test, nr_areas(0, ULONG_MAX), nr);
}

static void ioas_search_of_allowed_ranges_has_breaks(struct kunit *test)
{
	allow_single_pages(test);
	search_lets_others_in(test);
	search_can_be_killed(test);
}

static void ioas_search_of_gaps_has_breaks(struct kunit *test)
{
	leave_odd_gaps(test);
	search_lets_others_in(test);
	search_can_be_killed(test);
}

/* A search finds the room that unmapping one area ahead of it makes. */
static void search_finds(struct kunit *test, unsigned long nr)
{
	unsigned long ahead = (4 * nr + 3) * PAGE_SIZE;
	struct job job = {};
	struct held *searcher;

	leave_odd_gaps(test);
	searcher = hold_start(test, "iova_space:searching", map_two_pages,
			      &job);
	KUNIT_EXPECT_EQ(test, unmap(ahead, ahead + 2 * PAGE_SIZE - 1), 0);
	hold_finish(test, searcher);
	KUNIT_EXPECT_EQ(test, job.rc, 0);
	KUNIT_EXPECT_EQ(test, nr_areas(ahead - PAGE_SIZE,
				       ahead + 3 * PAGE_SIZE - 1), 1);
}

/* What a search has passed may be free by now; what is ahead it finds. */
static void ioas_search_finds_what_is_freed_ahead(struct kunit *test)
{
	search_finds(test, MANY - 2);
}

/* And what is free above all that is mapped, which is no gap between two. */
static void ioas_search_finds_what_is_freed_at_the_end(struct kunit *test)
{
	search_finds(test, MANY - 1);
}

static void map_chain(void *data)
{
	struct job *job = data;

	job->rc = ioas_map_chain(ioas, job->chain, &job->first, true);
}

static struct area *copy_many(struct kunit *test, unsigned long iova)
{
	struct area *chain = ioas_copy_areas(ioas, iova, MANY * PAGE_SIZE,
					     IOMMU_READ);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chain);
	return chain;
}

/* Areas of a copy go in some at a time; but nobody has a part of them. */
static void ioas_copy_of_many_is_seen_whole(struct kunit *test)
{
	unsigned long last = SZ_2G + MANY * PAGE_SIZE - 1, unmapped_bytes;
	unsigned long va = memory_map(test, MEMORY_SCATTERED, MANY);
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct job job = { .first = SZ_2G };
	struct balance before;
	struct held *mapper;

	job.member.domain = &paging->domain;
	before = balance_now();
	KUNIT_ASSERT_EQ(test, ioas_add_domain(ioas, &job.member), 0);
	map_many(test, SZ_1G, va);
	job.chain = copy_many(test, SZ_1G);
	mapper = hold_start(test, "ioas_copy:inserted", map_chain, &job);
	for (unsigned long i = 0; i < MANY; i += MANY / 10) {
		unsigned long iova = SZ_2G + i * PAGE_SIZE;

		KUNIT_EXPECT_EQ(test, map(iova, va, 1), -EEXIST);
		KUNIT_EXPECT_EQ(test,
				PTR_ERR_OR_ZERO(ioas_copy_areas(ioas, iova,
								PAGE_SIZE,
								IOMMU_READ)),
				-ENOENT);
	}
	KUNIT_EXPECT_EQ(test, ioas_unmap(ioas, SZ_2G, last, &unmapped_bytes),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, unmapped_bytes, 0);
	hold_finish(test, mapper);
	KUNIT_EXPECT_EQ(test, job.rc, 0);
	KUNIT_EXPECT_EQ(test, nr_areas(SZ_2G, last), MANY);
	paging_expect_mapped(test, paging, SZ_2G, va, MANY);
	KUNIT_EXPECT_EQ(test, ioas_unmap(ioas, SZ_2G, last, &unmapped_bytes),
			0);
	KUNIT_EXPECT_EQ(test, unmapped_bytes, MANY * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, unmap(0, ULONG_MAX), 0);
	balance_expect_even(test, &before);
	ioas_remove_domain(ioas, &job.member);
}

static void unmap_job(void *data)
{
	struct job *job = data;

	job->rc = ioas_unmap(ioas, job->first, job->last,
			     &job->unmapped_bytes);
}

/* What was unmapped is told and gone; the rest is as it was. */
static void ioas_unmap_can_be_killed(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, MANY);
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct job job = { .last = ULONG_MAX };
	struct balance before;
	struct held *unmapper;

	job.member.domain = &paging->domain;
	before = balance_now();
	KUNIT_ASSERT_EQ(test, ioas_add_domain(ioas, &job.member), 0);
	map_many(test, SZ_1G, va);
	unmapper = hold_start(test, "ioas:unmapped", unmap_job, &job);
	hold_advance(test, unmapper, "ioas:unmapped");
	hold_signal(unmapper);
	hold_finish(test, unmapper);
	KUNIT_EXPECT_EQ(test, job.rc, -EINTR);
	KUNIT_EXPECT_EQ(test, job.unmapped_bytes, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, nr_areas(0, ULONG_MAX), MANY - 2);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, MANY - 2);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, SZ_1G, 2 * PAGE_SIZE));
	paging_expect_mapped(test, paging, SZ_1G + 2 * PAGE_SIZE,
			     va + 2 * PAGE_SIZE, MANY - 2);
	KUNIT_EXPECT_EQ(test, unmap(0, ULONG_MAX), 0);
	balance_expect_even(test, &before);
	ioas_remove_domain(ioas, &job.member);
}

static void destroy_job(void *data)
{
	struct job *job = data;

	job->rc = object_destroy(&iofd.ictx->objects, ioas->obj.id);
}

/* A program that is killed leaves nothing behind. */
static void ioas_destroy_can_not_be_killed(struct kunit *test)
{
	struct balance before = balance_now();
	struct job job = {};
	struct held *destroyer;

	for (unsigned long i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, map(SZ_1G + i * PAGE_SIZE, 0, 1), 0);
	destroyer = hold_start(test, "ioas:unmapped", destroy_job, &job);
	hold_signal(destroyer);
	hold_finish(test, destroyer);
	KUNIT_EXPECT_EQ(test, job.rc, 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&iofd.ictx->objects.objects));
	balance_expect_even(test, &before);
}

static void add_domain(void *data)
{
	struct job *job = data;

	job->rc = ioas_add_domain(ioas, &job->member);
}

static void ioas_add_domain_can_be_killed(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, MANY);
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct balance before = balance_now();
	struct job job = {};
	struct held *adder;

	job.member.domain = &paging->domain;
	map_many(test, SZ_1G, va);
	adder = hold_start(test, "ioas:mapping", add_domain, &job);
	hold_advance(test, adder, "ioas:mapping");
	hold_signal(adder);
	hold_finish(test, adder);
	KUNIT_EXPECT_EQ(test, job.rc, -EINTR);
	KUNIT_EXPECT_TRUE(test, list_empty(&ioas->domains));
	KUNIT_EXPECT_EQ(test, ioas->space.alignment_bytes, 1);
	KUNIT_EXPECT_EQ(test, map(1UL << 48, va, 1), 0);
	KUNIT_EXPECT_EQ(test, unmap(1UL << 48, ULONG_MAX), 0);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, SZ_1G,
						MANY * PAGE_SIZE));
	balance_expect_even(test, &before);

	/* It is as good as before. */
	KUNIT_EXPECT_EQ(test, ioas_add_domain(ioas, &job.member), 0);
	paging_expect_mapped(test, paging, SZ_1G, va, MANY);
	ioas_remove_domain(ioas, &job.member);
	balance_expect_even(test, &before);
}

/**
 * struct waiting_case - what may have to wait for who holds domains_rwsem
 * @name: of the case
 * @fn: what is done
 */
struct waiting_case {
	const char *name;
	void (*fn)(void *data);
};

static const struct waiting_case waiting_cases[] = {
	{ "map", map_two_pages },
	{ "map-chain", map_chain },
	{ "unmap", unmap_job },
	{ "add-domain", add_domain },
};

KUNIT_ARRAY_PARAM_DESC(waiting, waiting_cases, name);

/**
 * struct waiting - somebody who waits
 * @job: for what
 * @fn: to do it
 */
struct waiting {
	struct job job;
	void (*fn)(void *data);
};

static void wait_and_do(void *data)
{
	struct waiting *waiting = data;

	race_point("test:ready");
	waiting->fn(&waiting->job);
}

/* Who holds the lock may be waiting for memory that another process provides. */
static void ioas_wait_can_be_killed(struct kunit *test)
{
	const struct waiting_case *param = test->param_value;
	struct waiting waiting = { .fn = param->fn };
	struct held *waiter;

	waiting.job.last = ULONG_MAX;
	waiting.job.member.domain = &paging_create(test, PAGING_VTDSS)->domain;
	map_many(test, SZ_1G, 0);
	waiting.job.chain = copy_many(test, SZ_1G);
	waiter = hold_start(test, "test:ready", wait_and_do, &waiting);
	down_write(&ioas->domains_rwsem);
	hold_signal(waiter);
	hold_let_go(waiter);
	for (int i = 0; i < HANGS_S * 50 && !hold_is_over(waiter); i++)
		msleep(20);
	KUNIT_EXPECT_TRUE(test, hold_is_over(waiter));
	up_write(&ioas->domains_rwsem);
	hold_finish(test, waiter);
	KUNIT_EXPECT_EQ(test, waiting.job.rc, -EINTR);
	KUNIT_EXPECT_EQ(test, nr_areas(0, ULONG_MAX), MANY);
	area_free_chain(waiting.job.chain);
}

static int ioas_long_test_init(struct kunit *test)
{
	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	return 0;
}

static void ioas_long_test_exit(struct kunit *test)
{
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case ioas_long_test_cases[] = {
	KUNIT_CASE(ioas_search_of_allowed_ranges_has_breaks),
	KUNIT_CASE(ioas_search_of_gaps_has_breaks),
	KUNIT_CASE(ioas_search_finds_what_is_freed_ahead),
	KUNIT_CASE(ioas_search_finds_what_is_freed_at_the_end),
	KUNIT_CASE(ioas_copy_of_many_is_seen_whole),
	KUNIT_CASE(ioas_unmap_can_be_killed),
	KUNIT_CASE(ioas_destroy_can_not_be_killed),
	KUNIT_CASE(ioas_add_domain_can_be_killed),
	KUNIT_CASE_PARAM(ioas_wait_can_be_killed, waiting_gen_params),
	{}
};

static struct kunit_suite ioas_long_test_suite = {
	.name = "iommufd-ioas-long",
	.init = ioas_long_test_init,
	.exit = ioas_long_test_exit,
	.test_cases = ioas_long_test_cases,
};

kunit_test_suite(ioas_long_test_suite);
