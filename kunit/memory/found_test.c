// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which page blocks may be pinned for long: what kmod/memory/found.h promises. The zone of a
 * page, and what is done about one that may not, is asked of whole memory (tests/mem_moved.c).
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/mmzone.h>

#include "memory.h"
#include "memory/found.h"

#define NR_PLACES	(2 * FOUND_NR_BLOCKS)

/* As isolation, or CMA as the machine starts, would set it; returns what it was. */
static u8 mark_block(unsigned long pfn, u8 mark)
{
	u8 *flags = (u8 *)__pfn_to_section(pfn)->usage->pageblock_flags;
	u8 *block = &flags[(pfn & (PAGES_PER_SECTION - 1)) >> pageblock_order];
	u8 was = READ_ONCE(*block);

	WRITE_ONCE(*block, mark);
	return was;
}

/* Of a huge page, so that nobody takes or frees a page of the block meanwhile. */
static void block_of_no_other_is_pinnable(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, MEMORY_HUGE_NPAGES);
	struct found fresh = FOUND_NONE(NULL, 0), knows = FOUND_NONE(NULL, 0);
	unsigned long pfn = memory_pfn(va);
	u8 was;

	KUNIT_ASSERT_LE(test, 1UL << pageblock_order, MEMORY_HUGE_NPAGES);
	KUNIT_EXPECT_TRUE(test, found_block_is_pinnable(&knows, pfn));
	was = mark_block(pfn, MIGRATE_CMA);
	KUNIT_EXPECT_FALSE(test, found_block_is_pinnable(&fresh, pfn));
	mark_block(pfn, was | PAGEBLOCK_ISO_MASK);
	KUNIT_EXPECT_FALSE(test, found_block_is_pinnable(&fresh, pfn));
	/* Once it was, it is until the table's lock is dropped. */
	KUNIT_EXPECT_TRUE(test, found_block_is_pinnable(&knows, pfn));
	mark_block(pfn, was);
	KUNIT_EXPECT_TRUE(test, found_block_is_pinnable(&fresh, pfn));
}

/* Whatever is in the place of a block, the answer is of this block. */
static void blocks_of_one_place_are_told_apart(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, MEMORY_HUGE_NPAGES);
	unsigned long pfn = memory_pfn(va), block = pfn >> pageblock_order;
	struct found found = FOUND_NONE(NULL, 0);
	u8 was = mark_block(pfn, MIGRATE_CMA);
	unsigned int nr_alike = 0;

	for (unsigned long other = block + 1; nr_alike < NR_PLACES; other++) {
		if (found_slot(other) != found_slot(block))
			continue;
		nr_alike++;
		found.block[found_slot(other)] = other;
		KUNIT_EXPECT_FALSE(test, found_block_is_pinnable(&found, pfn));
		KUNIT_EXPECT_TRUE(test, found_block_is_pinnable(&found,
								other << pageblock_order));
	}
	mark_block(pfn, was);
}

static struct kunit_case found_test_cases[] = {
	KUNIT_CASE(block_of_no_other_is_pinnable),
	KUNIT_CASE(blocks_of_one_place_are_told_apart),
	{}
};

static struct kunit_suite found_test_suite = {
	.name = "iommufd-found",
	.test_cases = found_test_cases,
};

kunit_test_suite(found_test_suite);
