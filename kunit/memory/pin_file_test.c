// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in the pages of a file that are pinned: what the file has there, and
 * never what they held before they were the file's.
 */
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "balance.h"
#include "hold.h"
#include "memory.h"
#include "memory/extent.h"
#include "memory/pin.h"
#include "pin_hook.h"

#define HUGE	MEMORY_HUGE_NPAGES

/* What a device writes, and what a process does. */
#define DEVICE	0x5a
#define PROCESS	0x77

static struct extents ex, others;

static unsigned long extents_pfn(const struct extents *extents,
				 unsigned long index)
{
	struct extents_iter it = {};

	extents_seek(extents, index, &it);
	return extent_pfn(it.run) + index - it.index;
}

/* What a device would see at the first byte of a page, or writes there. */
static u8 device_read(const struct extents *extents, unsigned long index)
{
	u8 byte;

	memcpy_from_page(&byte, pfn_to_page(extents_pfn(extents, index)), 0, 1);
	return byte;
}

static void device_write(const struct extents *extents, unsigned long index)
{
	u8 byte = DEVICE;

	memcpy_to_page(pfn_to_page(extents_pfn(extents, index)), 0, &byte, 1);
}

static bool is_zero(unsigned long pfn)
{
	void *va = kmap_local_page(pfn_to_page(pfn));
	bool zero = !memchr_inv(va, 0, PAGE_SIZE);

	kunmap_local(va);
	return zero;
}

static void expect_zeros(struct kunit *test, const struct extents *extents)
{
	for (unsigned long i = 0; i < extents->npages; i++)
		KUNIT_ASSERT_TRUE_MSG(test, is_zero(extents_pfn(extents, i)),
				      "page %lu", i);
}

static const struct soil_case {
	const char *name;
	bool huge;
	unsigned long file_npages;
	unsigned long first;
	unsigned long npages;
} soil_cases[] = {
	{ "base-pages", false, 600, 0, 600 },
	{ "one-page", false, 20, 7, 1 },
	{ "huge-pages", true, 2 * HUGE, 0, 2 * HUGE },
	{ "part-of-a-huge-page", true, HUGE, 7, 20 },
	{ "ends-of-huge-pages", true, 2 * HUGE, HUGE - 3, 6 },
};

KUNIT_ARRAY_PARAM_DESC(soil, soil_cases, name);

/* A file that has its pages, of which none was used yet. */
static struct file *unused(struct kunit *test, bool huge, unsigned long npages)
{
	struct file *file = huge ? memory_shmem_huge(test, npages) :
				   memory_shmem(test, npages);

	memory_soil(test, file, 0, npages, huge ? HPAGE_PMD_ORDER : 0);
	return file;
}

static void pin_file_range_shows_zeros(struct kunit *test)
{
	const struct soil_case *param = test->param_value;
	struct balance before = balance_now();
	struct file *file;

	file = unused(test, param->huge, param->file_npages);
	KUNIT_ASSERT_EQ(test, pin_file_range(file, param->first << PAGE_SHIFT,
					     param->npages, &ex), 0);
	KUNIT_EXPECT_EQ(test, ex.npages, param->npages);
	expect_zeros(test, &ex);
	unpin_extents(&ex, false);
	balance_expect_even(test, &before);
}

/* The process's first look at a page must not undo what the device wrote. */
static void pin_file_range_is_before_the_first_fault(struct kunit *test)
{
	const struct soil_case *param = test->param_value;
	unsigned long last = param->npages - 1, va;
	struct file *file;

	file = unused(test, param->huge, param->file_npages);
	KUNIT_ASSERT_EQ(test, pin_file_range(file, param->first << PAGE_SHIFT,
					     param->npages, &ex), 0);
	device_write(&ex, 0);
	device_write(&ex, last);
	va = memory_map_file(test, file, param->file_npages) +
	     param->first * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, memory_read(test, va), DEVICE);
	KUNIT_EXPECT_EQ(test, memory_read(test, va + last * PAGE_SIZE), DEVICE);
	KUNIT_EXPECT_EQ(test, memory_read(test, va + 1), 0);
	unpin_extents(&ex, true);
}

/* What is pinned stays as it is; what the file has from then on is new. */
static void pin_file_range_of_a_hole_filled_again(struct kunit *test)
{
	struct file *file = memory_shmem(test, 40);
	unsigned long va = memory_map_file(test, file, 40);

	memory_write(test, va + 20 * PAGE_SIZE, PROCESS);
	KUNIT_ASSERT_EQ(test, pin_file_range(file, 0, 40, &others), 0);
	memory_punch(test, file, 20, 10);
	memory_soil(test, file, 20, 10, 0);
	KUNIT_ASSERT_EQ(test, pin_file_range(file, 0, 40, &ex), 0);
	expect_zeros(test, &ex);
	KUNIT_EXPECT_EQ(test, device_read(&others, 20), PROCESS);
	unpin_extents(&ex, false);
	unpin_extents(&others, false);
}

static const bool allocates[] = { false, true };

static void describe_allocate(const bool *allocate, char *desc)
{
	strscpy(desc, *allocate ? "fallocated" : "by-the-pin",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(allocate, allocates, describe_allocate);

/* The huge page that is free again is the one that was just used. */
static void pin_file_range_of_hugetlb_shows_zeros(struct kunit *test)
{
	const bool *allocate = test->param_value;
	struct file *file = memory_hugetlb(test, 2 * HUGE);

	KUNIT_ASSERT_EQ(test, pin_file_range(file, 0, 2 * HUGE, &ex), 0);
	for (unsigned long i = 0; i < ex.npages; i++)
		memset_page(pfn_to_page(extents_pfn(&ex, i)), 0, MEMORY_SOIL,
			    PAGE_SIZE);
	unpin_extents(&ex, true);
	memory_punch(test, file, 0, 2 * HUGE);
	if (*allocate)
		KUNIT_ASSERT_EQ(test, vfs_fallocate(file, 0, 0,
						    2 * PMD_SIZE), 0);
	KUNIT_ASSERT_EQ(test, pin_file_range(file, 0, 2 * HUGE, &ex), 0);
	expect_zeros(test, &ex);
	unpin_extents(&ex, false);
}

/**
 * struct pinning - a pin of a file by another thread
 * @file: the file
 * @npages: how much of it, from its start
 * @rc: what pin_file_range() said
 */
struct pinning {
	struct file *file;
	unsigned long npages;
	int rc;
};

static void pin(void *data)
{
	struct pinning *pinning = data;

	pinning->rc = pin_file_range(pinning->file, 0, pinning->npages, &ex);
}

static const bool huges[] = { false, true };

static void describe_huge(const bool *huge, char *desc)
{
	strscpy(desc, *huge ? "huge-pages" : "base-pages",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(huge, huges, describe_huge);

static void pin_file_range_while_a_process_writes(struct kunit *test)
{
	const bool *huge = test->param_value;
	struct pinning pinning = { .npages = HUGE };
	struct held *pinner;
	unsigned long va;

	pinning.file = unused(test, *huge, HUGE);
	va = memory_map_file(test, pinning.file, HUGE);
	pinner = hold_start(test, "pin_file:found-unused", pin, &pinning);
	memory_write(test, va, PROCESS);
	hold_finish(test, pinner);
	KUNIT_ASSERT_EQ(test, pinning.rc, 0);
	KUNIT_EXPECT_EQ(test, device_read(&ex, 0), PROCESS);
	KUNIT_EXPECT_EQ(test, memory_read(test, va), PROCESS);
	KUNIT_EXPECT_TRUE(test, is_zero(extents_pfn(&ex, 1)));
	unpin_extents(&ex, true);
}

static void pin_file_range_while_a_device_writes(struct kunit *test)
{
	const bool *huge = test->param_value;
	struct pinning pinning = { .npages = HUGE };
	struct held *pinner;

	pinning.file = unused(test, *huge, HUGE);
	pinner = hold_start(test, "pin_file:found-unused", pin, &pinning);
	KUNIT_ASSERT_EQ(test, pin_file_range(pinning.file, 0, HUGE, &others),
			0);
	expect_zeros(test, &others);
	device_write(&others, 0);
	hold_finish(test, pinner);
	KUNIT_ASSERT_EQ(test, pinning.rc, 0);
	KUNIT_EXPECT_EQ(test, extents_pfn(&ex, 0), extents_pfn(&others, 0));
	KUNIT_EXPECT_EQ(test, device_read(&ex, 0), DEVICE);
	unpin_extents(&ex, true);
	unpin_extents(&others, true);
}

/* Then it is of no file any more; but it is pinned, and is shown. */
static void pin_file_range_while_a_hole_is_punched(struct kunit *test)
{
	const bool *huge = test->param_value;
	struct pinning pinning = { .npages = HUGE };
	struct held *pinner;
	unsigned long va;

	pinning.file = unused(test, *huge, HUGE);
	va = memory_map_file(test, pinning.file, HUGE);
	pinner = hold_start(test, "pin_file:found-unused", pin, &pinning);
	memory_punch(test, pinning.file, 0, HUGE);
	memory_write(test, va, PROCESS);
	hold_finish(test, pinner);
	KUNIT_ASSERT_EQ(test, pinning.rc, 0);
	KUNIT_EXPECT_NE(test, extents_pfn(&ex, 0), memory_pfn(va));
	expect_zeros(test, &ex);
	unpin_extents(&ex, true);
}

/*
 * A huge page of hugetlbfs that leaves its file keeps its data, for whoever has
 * it pinned.
 */
static void pin_file_range_while_hugetlb_is_punched(struct kunit *test)
{
	struct pinning pinning = { .npages = HUGE };
	struct held *pinner;

	pinning.file = memory_hugetlb(test, HUGE);
	KUNIT_ASSERT_EQ(test, pin_file_range(pinning.file, 0, HUGE, &others),
			0);
	device_write(&others, 0);
	pinner = hold_start(test, "pin_file:pinned", pin, &pinning);
	memory_punch(test, pinning.file, 0, HUGE);
	hold_finish(test, pinner);
	KUNIT_ASSERT_EQ(test, pinning.rc, 0);
	KUNIT_EXPECT_EQ(test, extents_pfn(&ex, 0), extents_pfn(&others, 0));
	KUNIT_EXPECT_EQ(test, device_read(&others, 0), DEVICE);
	unpin_extents(&ex, true);
	unpin_extents(&others, true);
}

/**
 * struct growth - a page of a file that becomes part of a huge one
 * @test: the case
 * @file: the file
 * @index: the page
 */
struct growth {
	struct kunit *test;
	struct file *file;
	unsigned long index;
};

static void grow(void *data)
{
	struct growth *growth = data;

	memory_punch(growth->test, growth->file, growth->index, 1);
	memory_soil(growth->test, growth->file, 0, HUGE, HPAGE_PMD_ORDER);
}

/* The ends are those of the huge page, of the next one, and in it. */
static const struct growth_case {
	const char *name;
	unsigned long first;
	unsigned long npages;
} growth_cases[] = {
	{ "two-pages", 0, 2 },
	{ "the-huge-page", 0, HUGE },
	{ "one-page-more", 0, HUGE + 1 },
	{ "two-huge-pages", 0, 2 * HUGE },
	{ "from-within", 7, HUGE },
	{ "from-within-to-the-end", 7, 2 * HUGE - 7 },
};

KUNIT_ARRAY_PARAM_DESC(growth, growth_cases, name);

/* One page of base size, and a huge page after those that are missing. */
static struct file *about_to_grow(struct kunit *test, unsigned long index)
{
	struct file *file = memory_shmem_huge(test, 2 * HUGE);
	unsigned long va = memory_map_file(test, file, 2 * HUGE);

	memory_write(test, va + index * PAGE_SIZE, PROCESS);
	memory_punch(test, file, index + 1, HUGE - index - 1);
	if (index)
		memory_punch(test, file, 0, index);
	memory_write(test, va + HUGE * PAGE_SIZE, PROCESS);
	return file;
}

/* The huge page is found for the second page, and begins before it. */
static void pin_file_range_while_a_page_grows(struct kunit *test)
{
	const struct growth_case *param = test->param_value;
	struct growth growth = { .test = test, .index = param->first };
	struct balance before = balance_now();
	unsigned long va;
	int rc;

	growth.file = about_to_grow(test, param->first);
	va = memory_map_file(test, growth.file, 2 * HUGE) +
	     param->first * PAGE_SIZE;
	pin_hook_arm(grow, &growth);
	rc = pin_file_range(growth.file, param->first << PAGE_SHIFT,
			    param->npages, &ex);
	KUNIT_ASSERT_FALSE(test, pin_hook_disarm());
	KUNIT_ASSERT_EQ(test, rc, 0);
	KUNIT_ASSERT_EQ(test, ex.npages, param->npages);
	/* It was pinned before it left the file. */
	KUNIT_EXPECT_EQ(test, device_read(&ex, 0), PROCESS);
	KUNIT_EXPECT_EQ(test, pfn_npins(extents_pfn(&ex, 0)), 1);
	for (unsigned long i = 1; i < ex.npages; i++) {
		unsigned long pfn = extents_pfn(&ex, i);

		KUNIT_ASSERT_EQ_MSG(test, pfn, memory_pfn(va + i * PAGE_SIZE),
				    "page %lu", i);
		KUNIT_ASSERT_EQ_MSG(test, pfn_npins(pfn), 1, "page %lu", i);
	}
	unpin_extents(&ex, false);
	balance_expect_even(test, &before);
}

static const struct kill_case {
	const char *name;
	bool unused;
	const char *point;
} kill_cases[] = {
	{ "between-pages", true, "pin_file:found-unused" },
	{ "between-batches", false, "pin_file:pinned" },
};

KUNIT_ARRAY_PARAM_DESC(kill, kill_cases, name);

static void pin_file_range_can_be_killed(struct kunit *test)
{
	const struct kill_case *param = test->param_value;
	struct pinning pinning = { .npages = 600 };
	struct balance before = balance_now();
	struct held *pinner;

	pinning.file = memory_shmem(test, 600);
	if (param->unused)
		memory_soil(test, pinning.file, 0, 600, 0);
	pinner = hold_start(test, param->point, pin, &pinning);
	hold_signal(pinner);
	hold_finish(test, pinner);
	KUNIT_EXPECT_EQ(test, pinning.rc, -EINTR);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	unpin_extents(&ex, false);
	balance_expect_even(test, &before);
}

/* Nobody gets what has gone bad, which stays the file's; what is beside it is pinned. */
static void pin_file_range_of_a_bad_page(struct kunit *test)
{
	struct file *file = memory_shmem(test, 4);
	unsigned long va = memory_map_file(test, file, 4);
	struct balance before;
	struct page *bad;

	for (unsigned long i = 0; i < 4; i++)
		memory_touch(test, va + i * PAGE_SIZE);
	bad = pfn_to_page(memory_pfn(va + 2 * PAGE_SIZE));
	before = balance_now();
	SetPageHWPoison(bad);
	KUNIT_EXPECT_EQ(test, pin_file_range(file, 0, 4, &ex), -EHWPOISON);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	KUNIT_EXPECT_EQ(test, pin_file_range(file, 2 * PAGE_SIZE, 1, &ex), -EHWPOISON);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	balance_expect_even(test, &before);
	KUNIT_EXPECT_EQ(test, pin_file_range(file, 0, 2, &ex), 0);
	unpin_extents(&ex, false);
	ClearPageHWPoison(bad);
	KUNIT_EXPECT_EQ(test, pin_file_range(file, 0, 4, &ex), 0);
	unpin_extents(&ex, false);
	balance_expect_even(test, &before);
}

static int pin_file_test_init(struct kunit *test)
{
	extents_init(&ex);
	extents_init(&others);
	return memory_attach();
}

static struct kunit_case pin_file_test_cases[] = {
	KUNIT_CASE_PARAM(pin_file_range_shows_zeros, soil_gen_params),
	KUNIT_CASE_PARAM(pin_file_range_is_before_the_first_fault,
			 soil_gen_params),
	KUNIT_CASE(pin_file_range_of_a_hole_filled_again),
	KUNIT_CASE_PARAM(pin_file_range_of_hugetlb_shows_zeros,
			 allocate_gen_params),
	KUNIT_CASE_PARAM(pin_file_range_while_a_process_writes,
			 huge_gen_params),
	KUNIT_CASE_PARAM(pin_file_range_while_a_device_writes,
			 huge_gen_params),
	KUNIT_CASE_PARAM(pin_file_range_while_a_hole_is_punched,
			 huge_gen_params),
	KUNIT_CASE(pin_file_range_while_hugetlb_is_punched),
	KUNIT_CASE_PARAM(pin_file_range_while_a_page_grows, growth_gen_params),
	KUNIT_CASE_PARAM(pin_file_range_can_be_killed, kill_gen_params),
	KUNIT_CASE(pin_file_range_of_a_bad_page),
	{}
};

static struct kunit_suite pin_file_test_suite = {
	.name = "iommufd-pin-file",
	.init = pin_file_test_init,
	.test_cases = pin_file_test_cases,
};

kunit_test_suite(pin_file_test_suite);
