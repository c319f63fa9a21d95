// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a page table maps already, or that a file has: what kmod/memory/walk.h says
 * is pinned from there, and what is left to the kernel's calls.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>

#include "balance.h"
#include "hold.h"
#include "memory.h"
#include "memory/extent.h"
#include "memory/leaf.h"
#include "memory/pin.h"
#include "memory/walk.h"

#define HUGE	MEMORY_HUGE_NPAGES
#define NPAGES	64

static extent_t runs[HUGE];
static bool was_allowed;
static struct extents ex;

/*
 * That @nr runs are pinned, of what is mapped from @va on, with a pin for each block,
 * and @before was before. Unpins them. How many pages they are.
 */
static unsigned long expect_found(struct kunit *test, unsigned int nr,
				  unsigned long va, bool write,
				  const struct balance *before)
{
	unsigned long index = 0, npins = 0;

	extents_init(&ex);
	for (unsigned int i = 0; i < nr; i++) {
		unsigned long pfn = extent_pfn(runs[i]);

		npins += extent_npins(runs[i]);
		for (; pfn < extent_end_pfn(runs[i]); pfn++, index++) {
			KUNIT_ASSERT_EQ(test, pfn,
					memory_pfn(va + index * PAGE_SIZE));
			KUNIT_ASSERT_GT(test, pfn_npins(pfn), 0);
		}
		KUNIT_ASSERT_EQ(test, extents_append(&ex, extent_pfn(runs[i]),
						     extent_npages(runs[i]),
						     extent_pin_order(runs[i])),
				0);
	}
	KUNIT_EXPECT_EQ(test, balance_since(before).pins, npins);
	unpin_extents(&ex, write);
	balance_expect_even(test, before);
	return index;
}

/* How many pages are pinned from the page table. Nothing stays pinned. */
static unsigned long walk_npages(struct kunit *test, unsigned long va,
				 unsigned long npages, bool write,
				 unsigned int max_runs)
{
	struct balance before = balance_now();
	unsigned int nr;

	nr = walk_pin(current->mm, va, npages, write, false, runs, max_runs);
	KUNIT_EXPECT_LE(test, nr, max_runs);
	return expect_found(test, nr, va, write, &before);
}

/* How many pages are pinned of a file, from @index on, which is mapped at @va. */
static unsigned long file_npages(struct kunit *test, struct file *file,
				 unsigned long va, unsigned long index,
				 unsigned long npages, unsigned int max_runs)
{
	struct balance before = balance_now();
	unsigned int nr;

	nr = walk_pin_file(file->f_mapping, index, npages, runs, max_runs);
	KUNIT_EXPECT_LE(test, nr, max_runs);
	return expect_found(test, nr, va + index * PAGE_SIZE, true, &before);
}

static void walk_pin_finds_what_is_mapped(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 2 * HUGE);

	KUNIT_EXPECT_EQ(test, walk_npages(test, va, 1, true, HUGE), 1);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, true, HUGE), NPAGES);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, false, HUGE), NPAGES);
	/* Not beyond its table. */
	KUNIT_EXPECT_EQ(test, walk_npages(test, va + 5 * PAGE_SIZE, 2 * HUGE - 5,
					  true, HUGE), HUGE - 5);
}

static void walk_pin_keeps_to_the_room_there_is(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);

	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, true, 1), 1);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, true, 7), 7);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, true, HUGE), NPAGES);
}

static void walk_pin_stops_where_nothing_is_mapped(struct kunit *test)
{
	unsigned long va = memory_map_prot(test, NPAGES, PROT_READ | PROT_WRITE);

	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, true, HUGE), 0);
	for (int i = 0; i < 9; i++)
		memory_touch(test, va + i * PAGE_SIZE);
	memory_touch(test, va + 11 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, true, HUGE), 9);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va + 9 * PAGE_SIZE, 3, true, HUGE),
			0);
}

static void walk_pin_stops_at_the_end_of_a_mapping(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, HUGE);

	KUNIT_ASSERT_EQ(test, vm_munmap(va + NPAGES * PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, HUGE, true, HUGE), NPAGES);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va + NPAGES * PAGE_SIZE, 1, true,
					  HUGE), 0);
}

/* At any place among those that are looked at in one go, and with any of it. */
static void walk_pin_sees_what_is_not_alike(struct kunit *test)
{
	for (unsigned long at = 1; at < 11; at++) {
		unsigned long va = memory_map(test, MEMORY_BASE, 40);

		/* Not mapped; or the page of zeroes, and then one that is anywhere. */
		KUNIT_ASSERT_EQ(test, vm_munmap(va + at * PAGE_SIZE, PAGE_SIZE), 0);
		KUNIT_ASSERT_EQ(test, walk_npages(test, va, 40, true, HUGE), at);
		va = memory_map_prot(test, 40, PROT_READ | PROT_WRITE);
		for (unsigned long i = 0; i < 40; i++) {
			if (i == at)
				memory_read(test, va + i * PAGE_SIZE);
			else
				memory_touch(test, va + i * PAGE_SIZE);
		}
		KUNIT_ASSERT_EQ(test, walk_npages(test, va, 40, true, HUGE), at);
		KUNIT_ASSERT_EQ(test, walk_npages(test, va, 40, false, HUGE), at);
		memory_touch(test, va + at * PAGE_SIZE);
		KUNIT_ASSERT_EQ(test, walk_npages(test, va, 40, true, HUGE), 40);
	}
}

/* It is shared by all, and a pin for long has to get a page of its own. */
static void walk_pin_leaves_the_page_of_zeroes(struct kunit *test)
{
	unsigned long va = memory_map_prot(test, 4, PROT_READ | PROT_WRITE);

	memory_touch(test, va);
	KUNIT_ASSERT_EQ(test, memory_read(test, va + PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, 4, false, HUGE), 1);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, 4, true, HUGE), 1);
}

static void walk_pin_leaves_huge_leaves(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, HUGE);
	struct file *file = memory_hugetlb(test, HUGE);
	unsigned long file_va = memory_map_file(test, file, HUGE);

	memory_touch(test, file_va);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, HUGE, true, HUGE), 0);
	KUNIT_EXPECT_EQ(test, walk_npages(test, file_va, HUGE, true, HUGE), 0);
}

/*
 * What is left of a huge page, a part of which was unmapped, is mapped page by
 * page. It is one folio as before, and one pin holds all of it.
 */
static void walk_pin_takes_one_pin_for_a_folio(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, HUGE);
	struct balance before;

	KUNIT_ASSERT_EQ(test, vm_munmap(va, PAGE_SIZE), 0);
	va += PAGE_SIZE;
	before = balance_now();
	KUNIT_ASSERT_EQ(test, walk_pin(current->mm, va, HUGE - 1, true, false,
				       runs, HUGE), 1);
	KUNIT_EXPECT_EQ(test, extent_pfn(runs[0]), memory_pfn(va));
	KUNIT_EXPECT_EQ(test, extent_npages(runs[0]), HUGE - 1);
	KUNIT_EXPECT_EQ(test, 1UL << extent_pin_order(runs[0]), HUGE);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 1);
	KUNIT_ASSERT_EQ(test, extents_append(&ex, extent_pfn(runs[0]), HUGE - 1,
					     extent_pin_order(runs[0])), 0);
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);

	/* A hole leaves two runs in one folio, each with a pin of its own. */
	KUNIT_ASSERT_EQ(test, vm_munmap(va + 9 * PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, HUGE - 1, true, HUGE), 9);
	va += 10 * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, HUGE - 11, true, HUGE),
			HUGE - 11);
}

static void walk_pin_knows_shmem(struct kunit *test)
{
	struct file *file = memory_shmem(test, NPAGES);
	unsigned long va = memory_map_file(test, file, NPAGES);

	for (int i = 0; i < NPAGES; i++)
		memory_touch(test, va + i * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, true, HUGE), NPAGES);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, false, HUGE), NPAGES);
}

/* A page of the file may be replaced by a copy, and is not what is to be pinned. */
static void walk_pin_of_a_private_file_wants_copies(struct kunit *test)
{
	struct file *file = memory_shmem(test, 4);
	unsigned long va;

	va = memory_map_as(test, file, 0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE);
	for (int i = 0; i < 4; i++)
		memory_read(test, va + i * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, 4, false, HUGE), 0);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, 4, true, HUGE), 0);
	memory_touch(test, va);
	memory_touch(test, va + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, 4, false, HUGE), 2);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, 4, true, HUGE), 2);
}

static void walk_pin_asks_for_rights(struct kunit *test)
{
	struct file *file = memory_shmem(test, 1);
	unsigned long va;

	memory_touch(test, memory_map_file(test, file, 1));
	va = memory_map_as(test, file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED);
	memory_read(test, va);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, 1, false, HUGE), 1);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, 1, true, HUGE), 0);
}

/* How many pins it takes to pin all of it. */
static long npins_of(struct kunit *test, unsigned long va, unsigned long npages)
{
	struct balance before = balance_now();
	long pins;

	KUNIT_EXPECT_EQ(test, pin_user_range(current->mm, va, npages, true, &ex),
			0);
	KUNIT_EXPECT_EQ(test, ex.npages, npages);
	pins = balance_since(&before).pins;
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
	return pins;
}

/* The kernel's calls pin each page of a folio that is mapped page by page. */
static void pin_user_range_walks_unless_told_not_to(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, HUGE) + PAGE_SIZE;

	KUNIT_ASSERT_EQ(test, vm_munmap(va - PAGE_SIZE, PAGE_SIZE), 0);
	walk_allowed = true;
	KUNIT_EXPECT_EQ(test, npins_of(test, va, HUGE - 1), 1);
	walk_allowed = false;
	KUNIT_EXPECT_EQ(test, npins_of(test, va, HUGE - 1), HUGE - 1);
}

/* Fork asks for this before it shares pages. */
static void walk_pin_says_that_there_are_pins(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, NPAGES);

	KUNIT_EXPECT_FALSE(test, mm_flags_test(MMF_HAS_PINNED, current->mm));
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, true, HUGE), NPAGES);
	KUNIT_EXPECT_TRUE(test, mm_flags_test(MMF_HAS_PINNED, current->mm));
}

/* Who changes the mappings is not waited for: then it is for the kernel's calls. */
static void walk_pin_waits_for_no_lock(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, NPAGES);
	struct balance before = balance_now();

	mmap_write_lock(current->mm);
	KUNIT_EXPECT_EQ(test, walk_pin(current->mm, va, NPAGES, true, false,
				       runs, HUGE), 0);
	mmap_write_unlock(current->mm);
	balance_expect_even(test, &before);
	KUNIT_EXPECT_EQ(test, walk_npages(test, va, NPAGES, true, HUGE), NPAGES);
}

/* What is pinned of an address by walk_pin_one(), which stays so no longer. */
static enum leaf_kind one_kind(struct kunit *test, unsigned long va, bool write)
{
	struct balance before = balance_now();
	struct leaf leaf;

	if (!walk_pin_one(va, write, &leaf)) {
		balance_expect_even(test, &before);
		return LEAF_ABSENT;
	}
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 1);
	KUNIT_EXPECT_EQ(test, leaf.pfn, memory_pfn(va));
	KUNIT_EXPECT_GT(test, pfn_npins(leaf.pfn), 0);
	unpin_user_page(pfn_to_page(leaf.pfn));
	balance_expect_even(test, &before);
	return leaf.kind;
}

static void walk_pin_one_finds_what_is_mapped(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 2);
	unsigned long huge_va = memory_map(test, MEMORY_THP, HUGE);
	struct file *file = memory_hugetlb(test, HUGE);
	unsigned long file_va = memory_map_file(test, file, HUGE);
	unsigned long shmem_va = memory_map_file(test, memory_shmem(test, 1), 1);

	memory_touch(test, file_va);
	memory_touch(test, shmem_va);
	for (int write = 0; write < 2; write++) {
		KUNIT_EXPECT_EQ(test, one_kind(test, va, write), LEAF_SMALL);
		KUNIT_EXPECT_EQ(test, one_kind(test, shmem_va, write), LEAF_SMALL);
		KUNIT_EXPECT_EQ(test, one_kind(test, huge_va, write), LEAF_HUGE);
		KUNIT_EXPECT_EQ(test, one_kind(test, file_va, write), LEAF_HUGE);
	}
	KUNIT_EXPECT_TRUE(test, mm_flags_test(MMF_HAS_PINNED, current->mm));
	/* A part of a huge page, mapped page by page. */
	KUNIT_ASSERT_EQ(test, vm_munmap(huge_va, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, one_kind(test, huge_va + PAGE_SIZE, true), LEAF_SMALL);
}

/* By an entry for 1 GiB, wherever in it the address is; and not what is mapped to be read. */
static void walk_pin_one_finds_a_gigantic_page(struct kunit *test)
{
	struct file *file = memory_gigantic(test);
	unsigned long va = memory_map_as(test, file, 0, PUD_SIZE,
					 PROT_READ | PROT_WRITE, MAP_SHARED);
	struct leaf leaf;

	KUNIT_EXPECT_EQ(test, one_kind(test, va, true), LEAF_ABSENT);
	memory_touch(test, va);
	for (int write = 0; write < 2; write++)
		KUNIT_EXPECT_EQ(test, one_kind(test, va, write), LEAF_HUGE);
	KUNIT_ASSERT_TRUE(test, walk_pin_one(va + PUD_SIZE - PAGE_SIZE, true,
					     &leaf));
	KUNIT_EXPECT_EQ(test, leaf.order, PUD_SHIFT - PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, leaf.pfn, memory_pfn(va));
	KUNIT_EXPECT_EQ(test, leaf_skip_npages(&leaf, va + PUD_SIZE - PAGE_SIZE),
			PUD_SIZE / PAGE_SIZE - 1);
	unpin_user_page(pfn_to_page(leaf.pfn));

	va = memory_map_as(test, file, 0, PUD_SIZE, PROT_READ, MAP_SHARED);
	memory_read(test, va);
	for (int write = 0; write < 2; write++)
		KUNIT_EXPECT_EQ(test, one_kind(test, va, write), LEAF_ABSENT);
}

#ifdef CONFIG_ARM64
static const unsigned long block_cases[] = { CONT_PTE_SIZE, CONT_PMD_SIZE };

static void describe_block(const unsigned long *bytes, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu-KiB", *bytes / SZ_1K);
}

KUNIT_ARRAY_PARAM(block, block_cases, describe_block);

/* By any entry of it; and not what is mapped to be read. */
static void walk_pin_one_finds_a_block(struct kunit *test)
{
	unsigned long bytes = *(const unsigned long *)test->param_value, va;
	struct file *file = memory_hugetlb_of(test, bytes, 1);
	struct leaf leaf;

	va = memory_map_all(test, file);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, true), LEAF_ABSENT);
	memory_touch(test, va);
	for (int write = 0; write < 2; write++)
		KUNIT_EXPECT_EQ(test, one_kind(test, va, write), LEAF_HUGE);
	KUNIT_ASSERT_TRUE(test, walk_pin_one(va + bytes - PAGE_SIZE, true, &leaf));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE << leaf.order, bytes);
	KUNIT_EXPECT_EQ(test, leaf.pfn, memory_pfn(va));
	unpin_user_page(pfn_to_page(leaf.pfn));

	va = memory_map_as(test, file, 0, bytes, PROT_READ, MAP_SHARED);
	memory_read(test, va);
	for (int write = 0; write < 2; write++)
		KUNIT_EXPECT_EQ(test, one_kind(test, va, write), LEAF_ABSENT);
}
#endif

static void walk_pin_one_leaves_what_is_unusual(struct kunit *test)
{
	struct file *huge_file = memory_hugetlb(test, HUGE);
	struct file *file = memory_shmem(test, 2);
	unsigned long va;

	va = memory_map_prot(test, 2, PROT_READ | PROT_WRITE);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, true), LEAF_ABSENT);
	/* The page of zeroes. */
	KUNIT_ASSERT_EQ(test, memory_read(test, va), 0);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, false), LEAF_ABSENT);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, true), LEAF_ABSENT);

	/* Of another file than shmem's. */
	va = memory_map_file(test, memory_ramfs(test, 1), 1);
	memory_touch(test, va);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, false), LEAF_ABSENT);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, true), LEAF_ABSENT);

	/* Not writable. */
	memory_touch(test, memory_map_file(test, file, 1));
	va = memory_map_as(test, file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED);
	memory_read(test, va);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, false), LEAF_ABSENT);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, true), LEAF_ABSENT);

	/* Of which a copy is still to be made, and then of the copy. */
	va = memory_map_as(test, file, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE);
	memory_read(test, va);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, false), LEAF_ABSENT);
	memory_touch(test, va);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, true), LEAF_SMALL);

	/* The same of hugetlbfs. */
	memory_touch(test, memory_map_file(test, huge_file, HUGE));
	va = memory_map_as(test, huge_file, 0, PMD_SIZE, PROT_READ, MAP_SHARED);
	memory_read(test, va);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, false), LEAF_ABSENT);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, true), LEAF_ABSENT);
}

struct pin_one_args {
	unsigned long va;
	bool pinned;
};

static void pin_one(void *data)
{
	struct pin_one_args *args = data;
	struct leaf leaf;

	args->pinned = walk_pin_one(args->va, true, &leaf);
}

/* What fork does before it write-protects. */
static void begin_to_fork(struct mm_struct *mm)
{
	mmap_write_lock(mm);
	raw_write_seqcount_begin(&mm->write_protect_seq);
}

static void end_of_fork(struct mm_struct *mm)
{
	raw_write_seqcount_end(&mm->write_protect_seq);
	mmap_write_unlock(mm);
}

static void walk_pin_one_waits_for_no_fork(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 1);
	bool pinned;
	struct leaf leaf;

	begin_to_fork(current->mm);
	pinned = walk_pin_one(va, true, &leaf);
	end_of_fork(current->mm);
	KUNIT_EXPECT_FALSE(test, pinned);
	KUNIT_EXPECT_EQ(test, one_kind(test, va, true), LEAF_SMALL);
}

/* A fork that was there meanwhile may have shared the page before it was pinned. */
static void walk_pin_one_keeps_nothing_of_a_fork(struct kunit *test)
{
	struct pin_one_args args = { .va = memory_map(test, MEMORY_BASE, 1) };
	struct balance before = balance_now();
	struct held *held;

	held = hold_start(test, "walk_one:pinned", pin_one, &args);
	KUNIT_EXPECT_GT(test, pfn_npins(memory_pfn(args.va)), 0);
	begin_to_fork(current->mm);
	end_of_fork(current->mm);
	hold_finish(test, held);
	KUNIT_EXPECT_FALSE(test, args.pinned);
	KUNIT_EXPECT_EQ(test, pfn_npins(memory_pfn(args.va)), 0);
	balance_expect_even(test, &before);
}

static void walk_pin_file_finds_what_is_there(struct kunit *test)
{
	const unsigned long max_folios = min(512, EXTENT_MAX_NPAGES / HUGE);
	struct file *file = memory_shmem(test, HUGE + NPAGES);
	unsigned long va = memory_map_file(test, file, HUGE + NPAGES);

	for (int i = 0; i < HUGE + NPAGES; i++)
		memory_touch(test, va + i * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, 0, 1, HUGE), 1);
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, 7, NPAGES, HUGE),
			NPAGES);
	/* Not more than in one go. */
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, 3, max_folios + 9, HUGE),
			max_folios);
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, HUGE, NPAGES + 1, HUGE),
			NPAGES);
}

static void walk_pin_file_stops_at_a_hole(struct kunit *test)
{
	struct file *file = memory_shmem(test, NPAGES);
	unsigned long va = memory_map_file(test, file, NPAGES);

	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, 0, NPAGES, HUGE), 0);
	for (int i = 0; i < NPAGES; i++)
		memory_touch(test, va + i * PAGE_SIZE);
	memory_punch(test, file, 20, 10);
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, 0, NPAGES, HUGE), 20);
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, 25, 5, HUGE), 0);
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, 30, NPAGES - 30, HUGE),
			NPAGES - 30);
}

/* It has to be cleared before a device sees it. */
static void walk_pin_file_leaves_what_is_unused(struct kunit *test)
{
	struct file *file = memory_shmem(test, NPAGES);
	unsigned long va = memory_map_file(test, file, NPAGES);

	for (int i = 0; i < NPAGES; i++)
		memory_touch(test, va + i * PAGE_SIZE);
	memory_punch(test, file, 20, 10);
	memory_soil(test, file, 20, 10, 0);
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, 0, NPAGES, HUGE), 20);
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, 20, 10, HUGE), 0);
}

static void walk_pin_file_takes_one_pin_for_a_folio(struct kunit *test)
{
	struct file *file = memory_shmem_huge(test, 3 * HUGE);
	unsigned long va = memory_map_file(test, file, 3 * HUGE);
	struct balance before;

	for (int i = 0; i < 3; i++)
		memory_touch(test, va + i * PMD_SIZE);
	before = balance_now();
	KUNIT_ASSERT_EQ(test, walk_pin_file(file->f_mapping, HUGE + 5, 9, runs, 1),
			1);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 1);
	KUNIT_EXPECT_EQ(test, expect_found(test, 1, va + PMD_SIZE + 5 * PAGE_SIZE,
					   true, &before), 9);
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, HUGE - 1, 2, 1 + HUGE),
			2);
	KUNIT_EXPECT_EQ(test, file_npages(test, file, va, 9, 3 * HUGE - 9, HUGE),
			3 * HUGE - 9);
}

/* A large folio may reach beyond the end of its file, and what is there is not its. */
static void pin_file_range_beyond_the_end_of_a_folio_fails(struct kunit *test)
{
	struct file *file = memory_shmem_huge(test, HUGE);
	struct balance before = balance_now();

	memory_touch(test, memory_map_file(test, file, HUGE));
	i_size_write(file_inode(file), NPAGES * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pin_file_range(file, 0, NPAGES + 1, &ex), -EINVAL);
	balance_expect_even(test, &before);
	KUNIT_EXPECT_EQ(test, pin_file_range(file, 0, NPAGES, &ex), 0);
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

static int walk_test_init(struct kunit *test)
{
	extents_init(&ex);
	was_allowed = walk_allowed;
	return memory_attach();
}

static void walk_test_exit(struct kunit *test)
{
	walk_allowed = was_allowed;
}

static struct kunit_case walk_test_cases[] = {
	KUNIT_CASE(walk_pin_finds_what_is_mapped),
	KUNIT_CASE(walk_pin_keeps_to_the_room_there_is),
	KUNIT_CASE(walk_pin_stops_where_nothing_is_mapped),
	KUNIT_CASE(walk_pin_stops_at_the_end_of_a_mapping),
	KUNIT_CASE(walk_pin_sees_what_is_not_alike),
	KUNIT_CASE(walk_pin_leaves_the_page_of_zeroes),
	KUNIT_CASE(walk_pin_leaves_huge_leaves),
	KUNIT_CASE(walk_pin_takes_one_pin_for_a_folio),
	KUNIT_CASE(walk_pin_knows_shmem),
	KUNIT_CASE(walk_pin_of_a_private_file_wants_copies),
	KUNIT_CASE(walk_pin_asks_for_rights),
	KUNIT_CASE(pin_user_range_walks_unless_told_not_to),
	KUNIT_CASE(walk_pin_says_that_there_are_pins),
	KUNIT_CASE(walk_pin_waits_for_no_lock),
	KUNIT_CASE(walk_pin_one_finds_what_is_mapped),
	KUNIT_CASE_SLOW(walk_pin_one_finds_a_gigantic_page),
#ifdef CONFIG_ARM64
	KUNIT_CASE_PARAM(walk_pin_one_finds_a_block, block_gen_params),
#endif
	KUNIT_CASE(walk_pin_one_leaves_what_is_unusual),
	KUNIT_CASE(walk_pin_one_waits_for_no_fork),
	KUNIT_CASE(walk_pin_one_keeps_nothing_of_a_fork),
	KUNIT_CASE(walk_pin_file_finds_what_is_there),
	KUNIT_CASE(walk_pin_file_stops_at_a_hole),
	KUNIT_CASE(walk_pin_file_leaves_what_is_unused),
	KUNIT_CASE(walk_pin_file_takes_one_pin_for_a_folio),
	KUNIT_CASE(pin_file_range_beyond_the_end_of_a_folio_fails),
	{}
};

static struct kunit_suite walk_test_suite = {
	.name = "iommufd-pin-walk",
	.init = walk_test_init,
	.exit = walk_test_exit,
	.test_cases = walk_test_cases,
};

kunit_test_suite(walk_test_suite);
