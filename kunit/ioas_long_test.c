// SPDX-License-Identifier: GPL-2.0-only
/*
 * What userspace can make as long as it likes: others get their turn in between,
 * and a fatal signal ends it with nothing half done.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <uapi/linux/iommufd.h>

#include "hold.h"
#include "ioas.h"
#include "iofd.h"

#define RW	(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FIXED	(RW | IOMMU_IOAS_MAP_FIXED_IOVA)

/* More than is done in one go, of whatever it is. */
#define MANY	200UL

static struct iofd iofd;
static struct iommufd_ioas *ioas;

/**
 * struct job - what a thread that is held does
 * @rc: what came of it
 */
struct job {
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

/* What a search has passed may be free by now; what is ahead it finds. */
static void ioas_search_finds_what_is_freed_ahead(struct kunit *test)
{
	unsigned long ahead = (4 * (MANY - 2) + 3) * PAGE_SIZE;
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
	{}
};

static struct kunit_suite ioas_long_test_suite = {
	.name = "iommufd-ioas-long",
	.init = ioas_long_test_init,
	.exit = ioas_long_test_exit,
	.test_cases = ioas_long_test_cases,
};

kunit_test_suite(ioas_long_test_suite);
