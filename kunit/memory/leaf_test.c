// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaves of the CPU page table: what kmod/memory/leaf.h promises.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "memory.h"
#include "memory/leaf.h"
#include "memory/walk.h"

/*
 * Entries: of a table, of a huge leaf, and of nothing that is there, at any level that
 * has such.
 */
#ifdef CONFIG_ARM64
#define TABLE_AT(pa)	((u64)(pa) | PMD_TYPE_TABLE)
#define LEAF_AT(pfn)	((u64)(pfn) << PAGE_SHIFT | PMD_TYPE_SECT | PMD_SECT_USER)
#define WRITABLE	PTE_WRITE
#define NO_LEAF		NO_TABLE
#define CONT_PTE_ORDER	(CONT_PTE_SHIFT - PAGE_SHIFT)
#define CONT_PMD_ORDER	(CONT_PMD_SHIFT - PAGE_SHIFT)
#else
#define TABLE_AT(pa)	((u64)(pa) | _PAGE_TABLE)
#define LEAF_AT(pfn)	((u64)(pfn) << PAGE_SHIFT | _PAGE_PRESENT | _PAGE_USER | _PAGE_PSE)
#define WRITABLE	_PAGE_RW
#define NO_LEAF		(NO_TABLE | _PAGE_PSE)
#endif
#define NO_TABLE	0x5000

/**
 * enum level - levels of a CPU page table, from the top
 * @LEVEL_PGD: the top, where there are five
 * @LEVEL_P4D: the top, where there are four
 * @LEVEL_PUD: what can hold leaves of PUD_SIZE
 * @LEVEL_PMD: what can hold leaves of PMD_SIZE
 */
enum level {
	LEVEL_PGD,
	LEVEL_P4D,
	LEVEL_PUD,
	LEVEL_PMD,
};

KUNIT_DEFINE_ACTION_WRAPPER(free_table, free_page, unsigned long);

static u64 *new_table(struct kunit *test)
{
	unsigned long table = get_zeroed_page(GFP_KERNEL);

	KUNIT_ASSERT_NE(test, table, 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_table,
							(void *)table), 0);
	return (u64 *)table;
}

/*
 * A process's memory of which there is nothing but the way to one entry. No CPU
 * uses its tables.
 */
static struct mm_struct *make_up(struct kunit *test, unsigned long va,
				 enum level level, u64 entry)
{
	static const unsigned int shifts[] = {
		[LEVEL_PGD] = P4D_SHIFT + 9,
		[LEVEL_P4D] = P4D_SHIFT,
		[LEVEL_PUD] = PUD_SHIFT,
		[LEVEL_PMD] = PMD_SHIFT,
	};
	struct mm_struct *mm = kunit_kzalloc(test, sizeof(*mm), GFP_KERNEL);
	enum level top = pgtable_l5_enabled() ? LEVEL_PGD : LEVEL_P4D;
	u64 *table = new_table(test), *at;

	KUNIT_ASSERT_NOT_NULL(test, mm);
	mm->pgd = (pgd_t *)table;
	for (enum level i = top; ; i++) {
		/* Folded into the next one. */
		if (i < LEVEL_PMD && shifts[i] == shifts[i + 1])
			continue;
		at = &table[(va >> shifts[i]) % (PAGE_SIZE / sizeof(*at))];
		if (i >= level)
			break;
		table = new_table(test);
		*at = TABLE_AT(__pa(table));
	}
	*at = entry;
	return mm;
}

static const struct entry_case {
	const char *name;
	enum level level;
	u64 entry;
	struct leaf leaf;
	bool is_table;
} entry_cases[] = {
	{ "no-pgd", LEVEL_PGD, 0, { LEAF_ABSENT } },
	{ "no-p4d", LEVEL_P4D, 0, { LEAF_ABSENT } },
#ifndef CONFIG_ARM64
	/* There what is not 0 is a table. */
	{ "p4d-not-present", LEVEL_P4D, NO_TABLE, { LEAF_ABSENT } },
#endif
	{ "no-pud", LEVEL_PUD, 0, { LEAF_ABSENT } },
	{ "pud-not-present", LEVEL_PUD, NO_LEAF, { LEAF_ABSENT } },
#ifndef __PAGETABLE_PUD_FOLDED
	{ "pud-leaf", LEVEL_PUD, LEAF_AT(3UL << PUD_ORDER) | WRITABLE,
	  { LEAF_HUGE, true, PUD_ORDER, 3UL << PUD_ORDER } },
	{ "pud-leaf-read-only", LEVEL_PUD, LEAF_AT(5UL << PUD_ORDER),
	  { LEAF_HUGE, false, PUD_ORDER, 5UL << PUD_ORDER } },
#endif
	{ "no-pmd", LEVEL_PMD, 0, { LEAF_ABSENT } },
	{ "pmd-not-present", LEVEL_PMD, NO_TABLE, { LEAF_ABSENT } },
	{ "pmd-leaf", LEVEL_PMD, LEAF_AT(7UL << PMD_ORDER) | WRITABLE,
	  { LEAF_HUGE, true, PMD_ORDER, 7UL << PMD_ORDER } },
	{ "pmd-leaf-read-only", LEVEL_PMD, LEAF_AT(9UL << PMD_ORDER),
	  { LEAF_HUGE, false, PMD_ORDER, 9UL << PMD_ORDER } },
#ifdef CONFIG_ARM64
	{ "pmd-leaf-of-a-block", LEVEL_PMD,
	  LEAF_AT((3UL << CONT_PMD_ORDER) + (5UL << PMD_ORDER)) | WRITABLE | PMD_SECT_CONT,
	  { LEAF_HUGE, true, CONT_PMD_ORDER, 3UL << CONT_PMD_ORDER } },
	{ "pmd-leaf-of-a-block-read-only", LEVEL_PMD,
	  LEAF_AT((5UL << CONT_PMD_ORDER) + (1UL << PMD_ORDER)) | PMD_SECT_CONT,
	  { LEAF_HUGE, false, CONT_PMD_ORDER, 5UL << CONT_PMD_ORDER } },
#endif
	{ "pmd-table", LEVEL_PMD, 0, { LEAF_SMALL }, .is_table = true },
};

KUNIT_ARRAY_PARAM_DESC(entry, entry_cases, name);

static void leaf_look_up_understands_entries(struct kunit *test)
{
	const struct entry_case *param = test->param_value;
	unsigned long va = 0x123456789000;
	u64 entry = param->is_table ? TABLE_AT(__pa(new_table(test))) : param->entry;
	struct mm_struct *mm = make_up(test, va, param->level, entry);
	struct leaf leaf = leaf_look_up(mm, va);

	KUNIT_ASSERT_EQ(test, leaf.kind, param->leaf.kind);
	if (leaf.kind != LEAF_HUGE)
		return;
	KUNIT_EXPECT_EQ(test, leaf.write, param->leaf.write);
	KUNIT_EXPECT_EQ(test, leaf.order, param->leaf.order);
	KUNIT_EXPECT_EQ(test, leaf.pfn, param->leaf.pfn);
}

static const struct kind_case {
	const char *name;
	enum memory_layout layout;
	enum leaf_kind kind;
} kind_cases[] = {
	{ "base", MEMORY_BASE, LEAF_SMALL },
	{ "scattered", MEMORY_SCATTERED, LEAF_SMALL },
	{ "thp", MEMORY_THP, LEAF_HUGE },
	{ "untouched", MEMORY_UNTOUCHED, LEAF_ABSENT },
};

KUNIT_ARRAY_PARAM_DESC(kind, kind_cases, name);

static void leaf_look_up_tells_the_kind(struct kunit *test)
{
	const struct kind_case *param = test->param_value;
	unsigned long va = memory_map(test, param->layout, MEMORY_HUGE_NPAGES);

	KUNIT_EXPECT_EQ(test, leaf_look_up(current->mm, va).kind, param->kind);
	KUNIT_EXPECT_EQ(test, leaf_look_up(current->mm,
					   va + PMD_SIZE - PAGE_SIZE).kind,
			param->kind);
}

static void leaf_look_up_where_nothing_can_be(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, memory_attach(), 0);
	KUNIT_EXPECT_EQ(test, leaf_look_up(current->mm, 0).kind, LEAF_ABSENT);
	KUNIT_EXPECT_EQ(test, leaf_look_up(current->mm,
					   TASK_SIZE_MAX - PAGE_SIZE).kind,
			LEAF_ABSENT);
}

/* Wherever in the leaf one looks, it is the same leaf. */
static void leaf_look_up_describes_the_whole_leaf(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, 2 * MEMORY_HUGE_NPAGES);
	static const unsigned long indexes[] = { 0, 1, 300, MEMORY_HUGE_NPAGES - 1 };
	unsigned long pfn = memory_pfn(va);

	KUNIT_ASSERT_NE(test, pfn, 0);
	for (int i = 0; i < ARRAY_SIZE(indexes); i++) {
		unsigned long at = va + indexes[i] * PAGE_SIZE;
		struct leaf leaf = leaf_look_up(current->mm, at);

		KUNIT_ASSERT_EQ(test, leaf.kind, LEAF_HUGE);
		KUNIT_EXPECT_EQ(test, leaf.order, PMD_SHIFT - PAGE_SHIFT);
		KUNIT_EXPECT_EQ(test, leaf.pfn, pfn);
		KUNIT_EXPECT_TRUE(test, leaf.write);
	}
	KUNIT_EXPECT_EQ(test, leaf_look_up(current->mm, va + PMD_SIZE).pfn,
			memory_pfn(va + PMD_SIZE));
}

static void leaf_look_up_sees_hugetlb(struct kunit *test)
{
	struct file *file = memory_hugetlb(test, 2 * MEMORY_HUGE_NPAGES);
	unsigned long va = memory_map_file(test, file, MEMORY_HUGE_NPAGES);
	struct leaf leaf;

	memory_touch(test, va);
	leaf = leaf_look_up(current->mm, va + 5 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, leaf.kind, LEAF_HUGE);
	KUNIT_EXPECT_EQ(test, leaf.order, PMD_SHIFT - PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, leaf.pfn, memory_pfn(va));
}

#ifdef CONFIG_ARM64
static const struct block_case {
	const char *name;
	unsigned int order;
} block_cases[] = {
	{ "of-base-pages", CONT_PTE_ORDER },
	{ "of-huge-leaves", CONT_PMD_ORDER },
};

KUNIT_ARRAY_PARAM_DESC(block, block_cases, name);

/* Whichever of its entries one looks at, or of them the half. */
static void leaf_look_up_sees_a_block_of_hugetlb(struct kunit *test)
{
	const struct block_case *param = test->param_value;
	unsigned long bytes = PAGE_SIZE << param->order, pfn, va;

	va = memory_map_all(test, memory_hugetlb_of(test, bytes, 2));
	KUNIT_EXPECT_EQ(test, leaf_look_up(current->mm, va).kind, LEAF_ABSENT);
	memory_touch(test, va);
	pfn = memory_pfn(va);
	for (unsigned long at = va; at < va + bytes; at += bytes / 16) {
		struct leaf leaf = leaf_look_up(current->mm, at);

		KUNIT_ASSERT_EQ(test, leaf.kind, LEAF_HUGE);
		KUNIT_ASSERT_EQ(test, leaf.order, param->order);
		KUNIT_ASSERT_EQ(test, leaf.pfn, pfn);
		KUNIT_ASSERT_TRUE(test, leaf.write);
	}
	KUNIT_EXPECT_NE(test, leaf_look_up(current->mm, va + bytes).kind, LEAF_HUGE);
}

/* Entries say that they are of a block where they are of one that can come apart, too. */
static void leaf_look_up_sees_no_block_of_other_memory(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, MEMORY_HUGE_NPAGES);
	unsigned long at = va + PMD_SIZE / 2;
	struct leaf leaf;
	pmd_t *pmdp;

	/* The rest of the huge page is mapped page by page then. */
	KUNIT_ASSERT_EQ(test, vm_munmap(va, PAGE_SIZE), 0);
	pmdp = walk_find_pmd(current->mm, at);
	KUNIT_ASSERT_NOT_NULL(test, pmdp);
	KUNIT_ASSERT_TRUE(test, pmd_table(pmdp_get(pmdp)));
	if (IS_ENABLED(CONFIG_ARM64_CONTPTE))
		KUNIT_EXPECT_TRUE(test, pte_cont(__ptep_get(pte_offset_kernel(pmdp, at))));
	leaf = leaf_look_up(current->mm, at);
	KUNIT_EXPECT_EQ(test, leaf.kind, LEAF_SMALL);
	KUNIT_EXPECT_EQ(test, leaf.order, 0);
}
#endif

static const struct holds_case {
	const char *name;
	int pfn_offset;
	int va_offset;
	int order_offset;
	enum leaf_kind kind;
	bool leaf_write;
	bool write;
	bool holds;
} holds_cases[] = {
	{ "as-it-is", 0, 0, 0, LEAF_HUGE, true, true, true },
	{ "to-read", 0, 0, 0, LEAF_HUGE, true, false, true },
	{ "read-only-to-read", 0, 0, 0, LEAF_HUGE, false, false, true },
	{ "read-only-to-write", 0, 0, 0, LEAF_HUGE, false, true, false },
	{ "small", 0, 0, 0, LEAF_SMALL, true, true, false },
	{ "absent", 0, 0, 0, LEAF_ABSENT, true, true, false },
	{ "another-pfn", MEMORY_HUGE_NPAGES, 0, 0, LEAF_HUGE, true, true, false },
	{ "another-place-in-the-leaf", 0, 1, 0, LEAF_HUGE, true, true, false },
	{ "larger-than-the-folio", 0, 0, 1, LEAF_HUGE, true, true, false },
	{ "smaller-than-the-folio", 0, 0, -1, LEAF_HUGE, true, true, true },
};

KUNIT_ARRAY_PARAM_DESC(holds, holds_cases, name);

/* A page at index 17 of a huge page, and what was seen of its leaf. */
static void leaf_holds_what_is_one_folio(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, MEMORY_HUGE_NPAGES);
	const struct holds_case *param = test->param_value;
	struct leaf leaf = leaf_look_up(current->mm, va);
	unsigned long pfn = memory_pfn(va) + 17;

	KUNIT_ASSERT_EQ(test, leaf.kind, LEAF_HUGE);
	/* Addresses whose place in a leaf of twice the size is the same. */
	va = ALIGN_DOWN(va, 2 * PMD_SIZE) +
	     (17 + param->va_offset) * PAGE_SIZE;
	leaf.kind = param->kind;
	leaf.write = param->leaf_write;
	leaf.order += param->order_offset;
	leaf.pfn += param->pfn_offset;
	KUNIT_EXPECT_EQ(test, leaf_holds(&leaf, va, pfn_to_page(pfn),
					 param->write), param->holds);
}

static struct kunit_case leaf_test_cases[] = {
	KUNIT_CASE_PARAM(leaf_look_up_understands_entries, entry_gen_params),
	KUNIT_CASE_PARAM(leaf_look_up_tells_the_kind, kind_gen_params),
	KUNIT_CASE(leaf_look_up_where_nothing_can_be),
	KUNIT_CASE(leaf_look_up_describes_the_whole_leaf),
	KUNIT_CASE(leaf_look_up_sees_hugetlb),
#ifdef CONFIG_ARM64
	KUNIT_CASE_PARAM(leaf_look_up_sees_a_block_of_hugetlb, block_gen_params),
	KUNIT_CASE(leaf_look_up_sees_no_block_of_other_memory),
#endif
	KUNIT_CASE_PARAM(leaf_holds_what_is_one_folio, holds_gen_params),
	{}
};

static struct kunit_suite leaf_test_suite = {
	.name = "iommufd-leaf",
	.test_cases = leaf_test_cases,
};

kunit_test_suite(leaf_test_suite);
