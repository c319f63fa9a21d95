// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers that move to another IOAS while one of them is asked to let go.
 */
#include <kunit/test.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "access/access.h"
#include "balance.h"
#include "core/race_point.h"
#include "hold.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"

#define RW	(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FIXED	IOMMU_IOAS_MAP_FIXED_IOVA
#define IOVA	SZ_1G

/* The callback of a driver was called, and it did nothing yet. */
#define ASKED	"access_move_test:asked"

static struct iofd iofd;
static struct iommufd_ioas *ioas, *other;

/**
 * struct driver - a driver that pins a page
 * @access: its access
 * @pinned: it has one pinned
 */
struct driver {
	struct iommufd_access *access;
	bool pinned;
};

static struct driver first, second;

static void driver_unmap(void *data, unsigned long iova, unsigned long length)
{
	struct driver *driver = data;

	race_point(ASKED);
	if (driver->pinned)
		iommufd_access_unpin_pages(driver->access, IOVA, PAGE_SIZE);
	driver->pinned = false;
}

static const struct iommufd_access_ops pin_ops = {
	.needs_pin_pages = 1,
	.unmap = driver_unmap,
};

static int driver_pin(struct driver *driver)
{
	struct page *page;
	int rc = iommufd_access_pin_pages(driver->access, IOVA, PAGE_SIZE,
					  &page, 0);

	driver->pinned = !rc;
	return rc;
}

static void driver_start(struct kunit *test, struct driver *driver)
{
	u32 id;

	driver->access = iommufd_access_create(iofd.ictx, &pin_ops, driver,
					       &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, driver->access);
	KUNIT_ASSERT_EQ(test, iommufd_access_attach(driver->access,
						    ioas->obj.id), 0);
	KUNIT_ASSERT_EQ(test, driver_pin(driver), 0);
}

/**
 * struct unmapping - the page is unmapped
 * @rc: how that ended
 * @unmapped_bytes: how much there was
 */
struct unmapping {
	int rc;
	unsigned long unmapped_bytes;
};

static void unmap(void *data)
{
	struct unmapping *unmapping = data;

	unmapping->rc = ioas_unmap(ioas, IOVA, IOVA + PAGE_SIZE - 1,
				   &unmapping->unmapped_bytes);
}

/* Both have the page pinned, and the first one is asked to let go of it. */
static struct held *start(struct kunit *test, struct unmapping *unmapping)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 2);

	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, FIXED | RW, va, PAGE_SIZE,
					    IOVA, NULL), 0);
	KUNIT_ASSERT_EQ(test, ioas_map_user(other, FIXED | RW, va + PAGE_SIZE,
					    PAGE_SIZE, IOVA, NULL), 0);
	driver_start(test, &first);
	driver_start(test, &second);
	return hold_start(test, ASKED, unmap, unmapping);
}

static void finish(struct kunit *test, struct held *held,
		   const struct unmapping *unmapping)
{
	hold_finish(test, held);
	KUNIT_EXPECT_EQ(test, unmapping->rc, 0);
	KUNIT_EXPECT_EQ(test, unmapping->unmapped_bytes, PAGE_SIZE);
}

static int move(struct driver *driver, const struct iommufd_ioas *to)
{
	return iommufd_access_replace(driver->access, to->obj.id);
}

static void end(struct kunit *test, const struct balance *before)
{
	iommufd_access_destroy(first.access);
	iommufd_access_destroy(second.access);
	balance_expect_even(test, before);
}

/* It has unpinned where it was by then, and is not asked for what is elsewhere. */
static void access_that_is_not_asked_yet_moves(struct kunit *test)
{
	struct balance before = balance_now();
	struct unmapping unmapping;
	struct held *held = start(test, &unmapping);

	KUNIT_EXPECT_EQ(test, move(&second, other), 0);
	KUNIT_EXPECT_FALSE(test, second.pinned);
	KUNIT_EXPECT_EQ(test, driver_pin(&second), 0);
	finish(test, held, &unmapping);
	KUNIT_EXPECT_FALSE(test, first.pinned);
	KUNIT_EXPECT_TRUE(test, second.pinned);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 1);
	end(test, &before);
}

/* What it has there does not keep the page, nor can it have that again. */
static void access_that_is_asked_moves_and_comes_back(struct kunit *test)
{
	struct balance before = balance_now();
	struct unmapping unmapping;
	struct held *held = start(test, &unmapping);

	KUNIT_EXPECT_EQ(test, move(&first, other), 0);
	KUNIT_EXPECT_FALSE(test, first.pinned);
	KUNIT_EXPECT_EQ(test, move(&first, ioas), 0);
	KUNIT_EXPECT_EQ(test, driver_pin(&first), -ENOENT);
	finish(test, held, &unmapping);
	KUNIT_EXPECT_FALSE(test, second.pinned);
	balance_expect_even(test, &before);
	end(test, &before);
}

/* They pass each other, and nobody's pin is taken for another's. */
static void accesses_move_both_ways(struct kunit *test)
{
	struct balance before = balance_now();
	struct unmapping unmapping;
	struct held *held = start(test, &unmapping);

	KUNIT_EXPECT_EQ(test, move(&second, other), 0);
	KUNIT_EXPECT_EQ(test, driver_pin(&second), 0);
	KUNIT_EXPECT_EQ(test, move(&first, other), 0);
	KUNIT_EXPECT_EQ(test, move(&second, ioas), 0);
	KUNIT_EXPECT_FALSE(test, second.pinned);
	KUNIT_EXPECT_EQ(test, driver_pin(&second), -ENOENT);
	finish(test, held, &unmapping);
	KUNIT_EXPECT_EQ(test, driver_pin(&first), 0);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 1);
	end(test, &before);
}

static int access_move_test_init(struct kunit *test)
{
	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	other = iofd_ioas(test, &iofd);
	return 0;
}

static void access_move_test_exit(struct kunit *test)
{
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case access_move_test_cases[] = {
	KUNIT_CASE(access_that_is_not_asked_yet_moves),
	KUNIT_CASE(access_that_is_asked_moves_and_comes_back),
	KUNIT_CASE(accesses_move_both_ways),
	{}
};

static struct kunit_suite access_move_test_suite = {
	.name = "iommufd-access-move",
	.init = access_move_test_init,
	.exit = access_move_test_exit,
	.test_cases = access_move_test_cases,
};

kunit_test_suite(access_move_test_suite);
