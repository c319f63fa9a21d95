// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses of drivers in software: what kmod/access/access.h and the kAPI promise.
 */
#include <kunit/test.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>
#include <uapi/linux/iommufd.h>

#include "access/access.h"
#include "alloc_fault.h"
#include "balance.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"
#include "paging.h"

#define HUGE	MEMORY_HUGE_NPAGES
#define RW	(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FIXED	IOMMU_IOAS_MAP_FIXED_IOVA
#define IOVA	SZ_1G

static struct iofd iofd;
static struct iommufd_ioas *ioas;

/**
 * struct driver - a driver that has an access
 * @access: it
 * @iova: what it has pinned; unpinned by the unmap callback
 * @length: its length, or 0
 * @nr_unmaps: how often the callback was called
 * @unmap_iova: with what, the last time
 * @unmap_length: with what, the last time
 * @late: unpins not in the callback, but a moment later
 * @work: what does so
 */
struct driver {
	struct iommufd_access *access;
	unsigned long iova;
	unsigned long length;
	unsigned int nr_unmaps;
	unsigned long unmap_iova;
	unsigned long unmap_length;
	bool late;
	struct delayed_work work;
};

static struct driver driver;

static void driver_unpin(struct driver *drv)
{
	unsigned long length = drv->length;

	drv->length = 0;
	if (length)
		iommufd_access_unpin_pages(drv->access, drv->iova, length);
}

static void driver_work(struct work_struct *work)
{
	driver_unpin(container_of(to_delayed_work(work), struct driver, work));
}

static void driver_unmap(void *data, unsigned long iova, unsigned long length)
{
	struct driver *drv = data;

	drv->nr_unmaps++;
	drv->unmap_iova = iova;
	drv->unmap_length = length;
	if (drv->late)
		schedule_delayed_work(&drv->work, HZ / 20);
	else
		driver_unpin(drv);
}

static const struct iommufd_access_ops pin_ops = {
	.needs_pin_pages = 1,
	.unmap = driver_unmap,
};

static const struct iommufd_access_ops rw_ops = {
	.unmap = driver_unmap,
};

static struct iommufd_access *create(struct kunit *test,
				     const struct iommufd_access_ops *ops)
{
	u32 id;

	driver.access = iommufd_access_create(iofd.ictx, ops, &driver, &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, driver.access);
	return driver.access;
}

static struct iommufd_access *attach(struct kunit *test,
				     const struct iommufd_access_ops *ops)
{
	struct iommufd_access *access = create(test, ops);

	KUNIT_ASSERT_EQ(test, iommufd_access_attach(access, ioas->obj.id), 0);
	return access;
}

static void map(struct kunit *test, unsigned long iova, unsigned long va,
		unsigned long npages, u32 flags)
{
	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, FIXED | flags, va,
					    npages << PAGE_SHIFT, iova, NULL),
			0);
}

static int unmap_all(void)
{
	unsigned long unmapped_bytes;

	return ioas_unmap(ioas, 0, ULONG_MAX, &unmapped_bytes);
}

static void access_is_seen_and_held(struct kunit *test)
{
	struct iommufd_object *obj;
	u32 id;

	driver.access = iommufd_access_create(iofd.ictx, &rw_ops, NULL, &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, driver.access);
	obj = object_get(&iofd.ictx->objects, id, IOMMUFD_OBJ_ACCESS);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	object_put(&iofd.ictx->objects, obj);
	/* It is the driver's to end. */
	KUNIT_EXPECT_EQ(test, object_destroy(&iofd.ictx->objects, id), -EBUSY);
	iommufd_access_destroy(driver.access);
	KUNIT_EXPECT_EQ(test, object_destroy(&iofd.ictx->objects, id), -ENOENT);
}

static void access_that_pins_has_to_unpin(struct kunit *test)
{
	const struct iommufd_access_ops ops = { .needs_pin_pages = 1 };
	struct iommufd_access *access;
	u32 id;

	access = iommufd_access_create(iofd.ictx, &ops, NULL, &id);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(access), -EINVAL);
}

static void access_attach_takes_one_ioas(struct kunit *test)
{
	struct object_table *objects = &iofd.ictx->objects;
	struct iommufd_ioas *other = iofd_ioas(test, &iofd);
	struct iommufd_access *access = create(test, &rw_ops);

	KUNIT_EXPECT_EQ(test, iommufd_access_attach(access, 12345), -ENOENT);
	KUNIT_EXPECT_EQ(test, iommufd_access_attach(access, access->obj.id),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, iommufd_access_attach(access, ioas->obj.id), 0);
	KUNIT_EXPECT_EQ(test, iommufd_access_attach(access, other->obj.id),
			-EINVAL);
	/* The access is a long-term user. */
	KUNIT_EXPECT_EQ(test, object_destroy(objects, ioas->obj.id), -EBUSY);
	iommufd_access_detach(access);
	KUNIT_EXPECT_EQ(test, object_destroy(objects, ioas->obj.id), 0);
	KUNIT_EXPECT_EQ(test, iommufd_access_attach(access, other->obj.id), 0);
	iommufd_access_destroy(access);
}

static void access_replace_moves_to_another_ioas(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 4);
	struct iommufd_ioas *other = iofd_ioas(test, &iofd);
	struct balance before = balance_now();
	struct iommufd_access *access;
	struct page *pages[4];

	map(test, IOVA, va, 4, RW);
	access = create(test, &pin_ops);
	KUNIT_EXPECT_EQ(test, iommufd_access_replace(access, ioas->obj.id), 0);
	KUNIT_ASSERT_EQ(test, iommufd_access_pin_pages(access, IOVA, PAGE_SIZE,
						       pages, 0), 0);
	driver.iova = IOVA;
	driver.length = PAGE_SIZE;
	/* To where it is, nothing changes. */
	KUNIT_EXPECT_EQ(test, iommufd_access_replace(access, ioas->obj.id), 0);
	KUNIT_EXPECT_EQ(test, driver.nr_unmaps, 0);
	KUNIT_EXPECT_EQ(test, iommufd_access_replace(access, 12345), -ENOENT);
	KUNIT_EXPECT_EQ(test, driver.nr_unmaps, 0);
	/* To another one, everything is unpinned where it was pinned. */
	KUNIT_EXPECT_EQ(test, iommufd_access_replace(access, other->obj.id), 0);
	KUNIT_EXPECT_EQ(test, driver.nr_unmaps, 1);
	KUNIT_EXPECT_EQ(test, driver.unmap_iova, 0);
	KUNIT_EXPECT_EQ(test, driver.unmap_length, ULONG_MAX);
	balance_expect_even(test, &before);
	KUNIT_EXPECT_EQ(test, iommufd_access_pin_pages(access, IOVA, PAGE_SIZE,
						       pages, 0), -ENOENT);
	iommufd_access_destroy(access);
}

static const struct pin_case {
	const char *name;
	enum memory_layout layout;
	/* In pages, from IOVA on; 3 + HUGE and 20 are mapped, side by side */
	unsigned long first;
	unsigned long npages;
} pin_cases[] = {
	{ "one-page", MEMORY_BASE, 2, 1 },
	{ "several", MEMORY_SCATTERED, 1, 9 },
	{ "all-of-an-area", MEMORY_MIXED, 0, 3 + HUGE },
	{ "across-areas", MEMORY_SCATTERED, HUGE, 15 },
	{ "everything", MEMORY_MIXED, 0, 3 + HUGE + 20 },
	{ "part-of-huge", MEMORY_THP, 5, 5 },
};

KUNIT_ARRAY_PARAM_DESC(pin, pin_cases, name);

/* With no domain nothing was pinned before, and nothing is after. */
static void access_pin_pages_gives_what_is_mapped(struct kunit *test)
{
	const struct pin_case *param = test->param_value;
	unsigned long va = memory_map(test, param->layout, 3 + HUGE + 20);
	struct iommufd_access *access;
	struct balance before;
	struct page **pages;
	unsigned long iova;

	pages = kunit_kcalloc(test, 2 * HUGE, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	map(test, IOVA, va, 3 + HUGE, RW);
	map(test, IOVA + (3 + HUGE) * PAGE_SIZE, va + (3 + HUGE) * PAGE_SIZE,
	    20, RW);
	access = attach(test, &pin_ops);
	before = balance_now();
	iova = IOVA + param->first * PAGE_SIZE;

	KUNIT_ASSERT_EQ(test, iommufd_access_pin_pages(access, iova,
						       param->npages *
						       PAGE_SIZE, pages,
						       IOMMUFD_ACCESS_RW_WRITE),
			0);
	for (unsigned long i = 0; i < param->npages; i++) {
		unsigned long pfn = page_to_pfn(pages[i]);

		KUNIT_EXPECT_EQ(test, pfn,
				memory_pfn(va + (param->first + i) *
					   PAGE_SIZE));
		KUNIT_EXPECT_GT(test, pfn_npins(pfn), 0);
	}
	KUNIT_EXPECT_NULL(test, pages[param->npages]);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, param->npages);
	iommufd_access_unpin_pages(access, iova, param->npages * PAGE_SIZE);
	balance_expect_even(test, &before);
	iommufd_access_destroy(access);
}

/* Pinned in part, a page is pinned. */
static void access_pins_add_up(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 10);
	struct iommufd_access *access;
	struct page *pages[10];
	struct balance before;

	map(test, IOVA, va, 10, RW);
	access = attach(test, &pin_ops);
	before = balance_now();
	for (int i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test,
				iommufd_access_pin_pages(access, IOVA,
							 4 * PAGE_SIZE, pages,
							 0), 0);
	KUNIT_ASSERT_EQ(test, iommufd_access_pin_pages(access,
						       IOVA + 2 * PAGE_SIZE,
						       3 * PAGE_SIZE + 512,
						       pages, 0), 0);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 6);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 6);
	iommufd_access_unpin_pages(access, IOVA, 4 * PAGE_SIZE);
	iommufd_access_unpin_pages(access, IOVA, 4 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 6);
	iommufd_access_unpin_pages(access, IOVA, 4 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 4);
	iommufd_access_unpin_pages(access, IOVA + 2 * PAGE_SIZE,
				   3 * PAGE_SIZE + 512);
	balance_expect_even(test, &before);
	iommufd_access_destroy(access);
}

static const struct bad_pin_case {
	const char *name;
	unsigned long iova;
	unsigned long length;
	unsigned int flags;
	int rc;
} bad_pin_cases[] = {
	/* 10 pages are mapped to write, and 5 to read, after a gap of 5. */
	{ "to-write", IOVA, PAGE_SIZE, IOMMUFD_ACCESS_RW_WRITE, 0 },
	{ "to-read", IOVA + 15 * PAGE_SIZE, PAGE_SIZE, 0, 0 },
	{ "to-write-what-is-to-read", IOVA + 15 * PAGE_SIZE, PAGE_SIZE,
	  IOMMUFD_ACCESS_RW_WRITE, -EPERM },
	{ "nothing", IOVA, 0, 0, -EINVAL },
	{ "unknown-flags", IOVA, PAGE_SIZE, BIT(5), -EINVAL },
	{ "wraps", ULONG_MAX - 5, 7, 0, -EOVERFLOW },
	{ "not-mapped", IOVA + 12 * PAGE_SIZE, PAGE_SIZE, 0, -ENOENT },
	{ "reaches-beyond", IOVA + 8 * PAGE_SIZE, 3 * PAGE_SIZE, 0, -ENOENT },
	{ "across-the-gap", IOVA, 18 * PAGE_SIZE, 0, -ENOENT },
	{ "in-a-page", IOVA + 512, PAGE_SIZE, 0, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(bad_pin, bad_pin_cases, name);

static void access_pin_pages_refuses(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 20);
	const struct bad_pin_case *param = test->param_value;
	struct iommufd_access *access;
	struct page *pages[20];
	struct balance before;

	map(test, IOVA, va, 10, RW);
	map(test, IOVA + 15 * PAGE_SIZE, va, 5, IOMMU_IOAS_MAP_READABLE);
	access = attach(test, &pin_ops);
	before = balance_now();
	KUNIT_EXPECT_EQ(test, iommufd_access_pin_pages(access, param->iova,
						       param->length, pages,
						       param->flags),
			param->rc);
	if (!param->rc)
		iommufd_access_unpin_pages(access, param->iova, param->length);
	balance_expect_even(test, &before);
	/* Nothing is still in use. */
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
	KUNIT_EXPECT_EQ(test, driver.nr_unmaps, 0);
	iommufd_access_destroy(access);
}

static void access_that_does_not_pin_cannot(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 1);
	struct iommufd_access *access;
	struct page *page;

	map(test, IOVA, va, 1, RW);
	access = attach(test, &rw_ops);
	KUNIT_EXPECT_EQ(test, iommufd_access_pin_pages(access, IOVA, PAGE_SIZE,
						       &page, 0), -EINVAL);
	iommufd_access_destroy(access);
	access = create(test, &pin_ops);
	KUNIT_EXPECT_EQ(test, iommufd_access_pin_pages(access, IOVA, PAGE_SIZE,
						       &page, 0), -ENOENT);
	iommufd_access_destroy(access);
}

static void access_that_pins_asks_for_whole_pages(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 2);
	struct iommufd_access *access = create(test, &pin_ops);

	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, FIXED | RW, va, 100, 7, NULL),
			0);
	KUNIT_EXPECT_EQ(test, iommufd_access_attach(access, ioas->obj.id),
			-EADDRINUSE);
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
	KUNIT_EXPECT_EQ(test, iommufd_access_attach(access, ioas->obj.id), 0);
	KUNIT_EXPECT_EQ(test, ioas_map_user(ioas, FIXED | RW, va, 100, 7, NULL),
			-EINVAL);
	iommufd_access_detach(access);
	KUNIT_EXPECT_EQ(test, ioas_map_user(ioas, FIXED | RW, va, 100, 7, NULL),
			0);
	iommufd_access_destroy(access);
}

static const bool lates[] = { false, true };

static void describe_late(const bool *late, char *desc)
{
	strscpy(desc, *late ? "a-moment-later" : "in-the-callback",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(late, lates, describe_late);

/* Unmapping asks the driver, and waits until it has unpinned. */
static void access_unpins_what_is_unmapped(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 10);
	struct iommufd_access *access;
	unsigned long unmapped_bytes;
	struct page *pages[10];
	struct balance before;

	map(test, IOVA, va, 10, RW);
	map(test, IOVA + SZ_1M, va, 10, RW);
	access = attach(test, &pin_ops);
	before = balance_now();
	KUNIT_ASSERT_EQ(test, iommufd_access_pin_pages(access,
						       IOVA + 2 * PAGE_SIZE,
						       PAGE_SIZE, pages, 0), 0);
	driver.iova = IOVA + 2 * PAGE_SIZE;
	driver.length = PAGE_SIZE;
	driver.late = *(const bool *)test->param_value;

	/* What is not pinned is nobody's business. */
	KUNIT_EXPECT_EQ(test, ioas_unmap(ioas, IOVA + SZ_1M, ULONG_MAX,
					 &unmapped_bytes), 0);
	KUNIT_EXPECT_EQ(test, driver.nr_unmaps, 0);
	KUNIT_EXPECT_EQ(test, ioas_unmap(ioas, IOVA, ULONG_MAX,
					 &unmapped_bytes), 0);
	KUNIT_EXPECT_EQ(test, unmapped_bytes, 10 * PAGE_SIZE);
	KUNIT_EXPECT_GE(test, driver.nr_unmaps, 1);
	KUNIT_EXPECT_LE(test, driver.unmap_iova, IOVA + 2 * PAGE_SIZE);
	KUNIT_EXPECT_GE(test, driver.unmap_iova + driver.unmap_length,
			IOVA + 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, driver.length, 0);
	balance_expect_even(test, &before);
	driver.late = false;
	iommufd_access_destroy(access);
}

static void access_is_asked_when_it_ends(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 10);
	struct balance before = balance_now();
	struct iommufd_access *access;
	struct page *pages[10];

	map(test, IOVA, va, 10, RW);
	access = attach(test, &pin_ops);
	for (int i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, iommufd_access_pin_pages(access, IOVA,
							       10 * PAGE_SIZE,
							       pages, 0), 0);
		driver.iova = IOVA;
		driver.length = 10 * PAGE_SIZE;
		if (i) {
			iommufd_access_destroy(access);
		} else {
			iommufd_access_detach(access);
			KUNIT_ASSERT_EQ(test,
					iommufd_access_attach(access,
							      ioas->obj.id),
					0);
		}
		KUNIT_EXPECT_EQ(test, driver.nr_unmaps, i + 1);
		KUNIT_EXPECT_EQ(test, driver.unmap_iova, 0);
		KUNIT_EXPECT_EQ(test, driver.unmap_length, ULONG_MAX);
		balance_expect_even(test, &before);
	}
}

static const struct rw_case {
	const char *name;
	unsigned long iova;
	size_t length;
	unsigned int flags;
	int rc;
} rw_cases[] = {
	/*
	 * 10 pages are mapped, and 5 more side by side, both to read and write;
	 * after a gap of 5 there are 5 to read, then 5 to write.
	 */
	{ "read", IOVA + 5, 100, 0, 0 },
	{ "write", IOVA + 5, 100, IOMMUFD_ACCESS_RW_WRITE, 0 },
	{ "kthread", IOVA + 5, 100, IOMMUFD_ACCESS_RW_KTHREAD, 0 },
	{ "slow-path", IOVA + 5, 100, __IOMMUFD_ACCESS_RW_SLOW_PATH, 0 },
	{ "read-across", IOVA + 10 * PAGE_SIZE - 50, 100, 0, 0 },
	{ "write-across", IOVA + 10 * PAGE_SIZE - 50, 100,
	  IOMMUFD_ACCESS_RW_WRITE, 0 },
	{ "read-all", IOVA, 15 * PAGE_SIZE, 0, 0 },
	{ "nothing", IOVA, 0, 0, -EINVAL },
	{ "unknown-flags", IOVA, 1, BIT(7), -EINVAL },
	{ "wraps", ULONG_MAX, 2, 0, -EOVERFLOW },
	{ "not-mapped", IOVA + 17 * PAGE_SIZE, 1, 0, -ENOENT },
	{ "reaches-beyond", IOVA + 15 * PAGE_SIZE - 1, 2, 0, -ENOENT },
	{ "read-read-only", IOVA + 20 * PAGE_SIZE, 1, 0, 0 },
	{ "write-read-only", IOVA + 20 * PAGE_SIZE, 1,
	  IOMMUFD_ACCESS_RW_WRITE, -EPERM },
	{ "read-write-only", IOVA + 25 * PAGE_SIZE, 1, 0, -EPERM },
	{ "write-write-only", IOVA + 25 * PAGE_SIZE, 1,
	  IOMMUFD_ACCESS_RW_WRITE, 0 },
};

KUNIT_ARRAY_PARAM_DESC(rw, rw_cases, name);

/* What the byte at an IOVA was before. */
static u8 byte_at(unsigned long iova)
{
	return (iova - IOVA) / PAGE_SIZE + 1;
}

static void access_rw_as_it_is_mapped(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 30);
	const struct rw_case *param = test->param_value;
	bool write = param->flags & IOMMUFD_ACCESS_RW_WRITE;
	struct iommufd_access *access;
	struct balance before;
	u8 *buf;

	buf = kunit_kzalloc(test, 15 * PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (unsigned long i = 0; i < 30 * PAGE_SIZE; i += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, clear_user((void __user *)va + i,
						 PAGE_SIZE), 0);
	map(test, IOVA, va, 10, RW);
	map(test, IOVA + 10 * PAGE_SIZE, va + 10 * PAGE_SIZE, 5, RW);
	map(test, IOVA + 20 * PAGE_SIZE, va + 20 * PAGE_SIZE, 5,
	    IOMMU_IOAS_MAP_READABLE);
	map(test, IOVA + 25 * PAGE_SIZE, va + 25 * PAGE_SIZE, 5,
	    IOMMU_IOAS_MAP_WRITEABLE);
	access = attach(test, &rw_ops);
	before = balance_now();

	for (size_t i = 0; i < param->length && !param->rc; i++) {
		u8 byte = byte_at(param->iova + i);

		if (write)
			buf[i] = byte;
		else
			memory_write(test, va + param->iova - IOVA + i, byte);
	}
	KUNIT_EXPECT_EQ(test, iommufd_access_rw(access, param->iova, buf,
						param->length, param->flags),
			param->rc);
	for (size_t i = 0; i < param->length && !param->rc; i++) {
		u8 seen = memory_read(test, va + param->iova - IOVA + i);

		KUNIT_ASSERT_EQ(test, buf[i], byte_at(param->iova + i));
		KUNIT_ASSERT_EQ(test, seen, byte_at(param->iova + i));
	}
	balance_expect_even(test, &before);
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
	iommufd_access_destroy(access);
}

static void access_rw_not_attached(struct kunit *test)
{
	struct iommufd_access *access = create(test, &rw_ops);
	u8 byte;

	KUNIT_EXPECT_EQ(test, iommufd_access_rw(access, IOVA, &byte, 1, 0),
			-ENOENT);
	iommufd_access_destroy(access);
}

static void access_create_fails_without_a_trace(struct kunit *test)
{
	long refs = file_count(iofd.file);
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		struct iommufd_access *access;
		u32 id;

		fault_arm(&fault);
		access = iommufd_access_create(iofd.ictx, &rw_ops, NULL, &id);
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, PTR_ERR_OR_ZERO(access)))
			iommufd_access_destroy(access);
		KUNIT_EXPECT_EQ(test, file_count(iofd.file), refs);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

/* Of several areas, so that there is something to undo. */
static void access_pin_pages_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 40);
	struct iommufd_access *access;
	struct page *pages[40];
	struct balance before;
	struct fault fault;

	fault_require(test);
	map(test, IOVA, va, 10, RW);
	map(test, IOVA + 10 * PAGE_SIZE, va + 10 * PAGE_SIZE, 10, RW);
	map(test, IOVA + 20 * PAGE_SIZE, va + 20 * PAGE_SIZE, 20, RW);
	access = attach(test, &pin_ops);
	before = balance_now();
	for_each_fault(&fault) {
		int rc;

		fault_arm(&fault);
		rc = iommufd_access_pin_pages(access, IOVA, 40 * PAGE_SIZE,
					      pages, 0);
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, rc))
			iommufd_access_unpin_pages(access, IOVA,
						   40 * PAGE_SIZE);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 3);
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
	KUNIT_EXPECT_EQ(test, driver.nr_unmaps, 0);
	iommufd_access_destroy(access);
}

static int access_test_init(struct kunit *test)
{
	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	driver = (struct driver){};
	INIT_DELAYED_WORK(&driver.work, driver_work);
	return 0;
}

static void access_test_exit(struct kunit *test)
{
	cancel_delayed_work_sync(&driver.work);
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case access_test_cases[] = {
	KUNIT_CASE(access_is_seen_and_held),
	KUNIT_CASE(access_that_pins_has_to_unpin),
	KUNIT_CASE(access_attach_takes_one_ioas),
	KUNIT_CASE(access_replace_moves_to_another_ioas),
	KUNIT_CASE_PARAM(access_pin_pages_gives_what_is_mapped, pin_gen_params),
	KUNIT_CASE(access_pins_add_up),
	KUNIT_CASE_PARAM(access_pin_pages_refuses, bad_pin_gen_params),
	KUNIT_CASE(access_that_does_not_pin_cannot),
	KUNIT_CASE(access_that_pins_asks_for_whole_pages),
	KUNIT_CASE_PARAM(access_unpins_what_is_unmapped, late_gen_params),
	KUNIT_CASE(access_is_asked_when_it_ends),
	KUNIT_CASE_PARAM(access_rw_as_it_is_mapped, rw_gen_params),
	KUNIT_CASE(access_rw_not_attached),
	KUNIT_CASE(access_create_fails_without_a_trace),
	KUNIT_CASE(access_pin_pages_fails_without_a_trace),
	{}
};

static struct kunit_suite access_test_suite = {
	.name = "iommufd-access",
	.init = access_test_init,
	.exit = access_test_exit,
	.test_cases = access_test_cases,
};

kunit_test_suite(access_test_suite);
