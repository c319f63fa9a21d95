// SPDX-License-Identifier: GPL-2.0-only
/*
 * User memory and files to extents, and back: what kmod/memory/pin.h promises.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/vmstat.h>

#include "alloc_fault.h"
#include "balance.h"
#include "memory.h"
#include "memory/extent.h"
#include "memory/pin.h"
#include "race.h"

static struct extents ex, tail;

/* The page frame that the extents have for a page; 0 if none. */
static unsigned long extents_pfn(const struct extents *extents,
				 unsigned long index)
{
	struct extents_iter it;

	if (!extents_seek(extents, index, &it))
		return 0;
	return extent_pfn(it.run) + index - it.index;
}

static unsigned long npins(const struct extents *extents)
{
	struct extents_iter it;
	unsigned long n = 0;

	extents_for_each(&it, extents)
		n += extent_npins(it.run);
	return n;
}

/* The extents are what the process sees, and every page is pinned. */
static void expect_pinned(struct kunit *test, unsigned long va,
			  unsigned long npages)
{
	KUNIT_ASSERT_EQ(test, ex.npages, npages);
	for (unsigned long i = 0; i < npages; i++) {
		unsigned long pfn = extents_pfn(&ex, i);

		KUNIT_ASSERT_EQ(test, pfn, memory_pfn(va + i * PAGE_SIZE));
		KUNIT_ASSERT_GT(test, pfn_npins(pfn), 0);
	}
}

#define HUGE	MEMORY_HUGE_NPAGES

static const struct range_case {
	const char *name;
	enum memory_layout layout;
	unsigned long first;
	unsigned long npages;
	unsigned long npins;
} range_cases[] = {
	{ "one-page", MEMORY_BASE, 0, 1, 1 },
	{ "16-pages", MEMORY_BASE, 0, 16, 16 },
	{ "17-pages", MEMORY_BASE, 3, 17, 17 },
	{ "more-than-a-batch", MEMORY_BASE, 5, 600, 600 },
	{ "scattered", MEMORY_SCATTERED, 0, 300, 300 },
	{ "untouched", MEMORY_UNTOUCHED, 100, 500, 500 },
	{ "huge", MEMORY_THP, 0, HUGE, 1 },
	{ "huge-twice", MEMORY_THP, 0, 2 * HUGE, 2 },
	{ "one-page-of-huge", MEMORY_THP, 7, 1, 1 },
	{ "few-pages-of-huge", MEMORY_THP, 7, 20, 1 },
	{ "ends-of-two-huge", MEMORY_THP, HUGE - 3, 6, 2 },
	{ "two-huge-and-some", MEMORY_THP, HUGE - 1, 2 * HUGE + 2, 4 },
	{ "huge-apart", MEMORY_THP_APART, 0, 6 * HUGE, 6 },
	{ "huge-and-base", MEMORY_MIXED, 0, 2 * HUGE, 1 + HUGE },
	{ "base-and-huge", MEMORY_MIXED, HUGE, 2 * HUGE, HUGE + 1 },
	{ "some-base-and-some-huge", MEMORY_MIXED, 2 * HUGE - 9, 10, 9 + 1 },
	{ "some-base-and-huge", MEMORY_MIXED, 2 * HUGE - 20, 20 + HUGE,
	  20 + 1 },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

static void pin_user_range_finds_every_page(struct kunit *test)
{
	const struct range_case *param = test->param_value;
	struct balance before;
	unsigned long va;

	va = memory_map(test, param->layout, param->first + param->npages) +
	     param->first * PAGE_SIZE;
	before = balance_now();
	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va, param->npages,
					     true, &ex), 0);
	KUNIT_EXPECT_EQ(test, npins(&ex), param->npins);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, param->npins);
	expect_pinned(test, va, param->npages);
	unpin_extents(&ex, true);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	balance_expect_even(test, &before);
}

/**
 * struct remote_pin - pinning by a thread with another memory, or none
 * @mm: whose memory
 * @va: where
 * @npages: how much
 * @rc: what pin_user_range() said
 */
struct remote_pin {
	struct mm_struct *mm;
	unsigned long va;
	unsigned long npages;
	int rc;
};

static void pin_remotely(void *data)
{
	struct remote_pin *remote = data;

	remote->rc = pin_user_range(remote->mm, remote->va, remote->npages,
				    true, &ex);
}

static void pin_user_range_of_another_process(struct kunit *test)
{
	const struct range_case *param = test->param_value;
	struct remote_pin remote = {
		.mm = current->mm,
		.npages = param->npages,
	};
	struct balance before;

	remote.va = memory_map(test, param->layout,
			       param->first + param->npages) +
		    param->first * PAGE_SIZE;
	before = balance_now();
	run_elsewhere(test, pin_remotely, &remote);
	KUNIT_ASSERT_EQ(test, remote.rc, 0);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, param->npins);
	expect_pinned(test, remote.va, param->npages);
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

static void attach_mm(void *data)
{
	struct mm_struct **mm = data;

	if (memory_attach())
		return;
	mmgrab(current->mm);
	*mm = current->mm;
}

static void pin_user_range_of_a_process_that_exited(struct kunit *test)
{
	struct mm_struct *mm = NULL;

	run_elsewhere(test, attach_mm, &mm);
	KUNIT_ASSERT_NOT_NULL(test, mm);
	while (atomic_read(&mm->mm_users))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, pin_user_range(mm, PMD_SIZE, 1, false, &ex),
			-EFAULT);
	mmdrop(mm);
}

/* Pinned memory stays what the process sees, whatever it does afterwards. */
/* Of shmem: by page, to the end of the file, and of the mapping. */
static void pin_user_range_of_a_file_that_is_not_mapped_yet(struct kunit *test)
{
	struct file *file = memory_shmem(test, 2 * HUGE);
	unsigned long va = memory_map_file(test, file, 2 * HUGE);
	struct balance before = balance_now();

	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va, HUGE + 7, true,
					     &ex), 0);
	expect_pinned(test, va, HUGE + 7);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, HUGE + 7);
	unpin_extents(&ex, true);

	KUNIT_EXPECT_EQ(test, pin_user_range(current->mm, va + HUGE * PAGE_SIZE,
					     HUGE + 1, true, &ex), -EFAULT);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);

	va = memory_map_file(test, file, 2 * HUGE);
	KUNIT_ASSERT_EQ(test, vm_munmap(va + 9 * PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, pin_user_range(current->mm, va, 11, true, &ex),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, ex.npages, 0);
	balance_expect_even(test, &before);
}

static void pin_user_range_to_read_is_not_left_behind(struct kunit *test)
{
	unsigned long va = memory_map_prot(test, 4, PROT_READ | PROT_WRITE);
	struct balance before;

	/* What is there now is the page of zeroes, which all share. */
	KUNIT_ASSERT_EQ(test, memory_read(test, va), 0);
	before = balance_now();
	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va, 4, false, &ex),
			0);
	memory_write(test, va, 77);
	memory_write(test, va + 3 * PAGE_SIZE, 78);
	expect_pinned(test, va, 4);
	unpin_extents(&ex, false);
	balance_expect_even(test, &before);
}

static const struct bad_case {
	const char *name;
	unsigned long prot;
	bool write;
	/* Where from, in pages from the start of 20 that are mapped. */
	long first;
	unsigned long npages;
	int rc;
} bad_cases[] = {
	{ "read-only-to-read", PROT_READ, false, 0, 20, 0 },
	{ "read-only-to-write", PROT_READ, true, 0, 20, -EFAULT },
	{ "no-access", PROT_NONE, false, 0, 20, -EFAULT },
	{ "not-mapped", PROT_READ | PROT_WRITE, true, HUGE + 21, 1, -EFAULT },
	{ "end-not-mapped", PROT_READ | PROT_WRITE, true, 0, HUGE + 40,
	  -EFAULT },
	{ "beyond-user-space", PROT_READ | PROT_WRITE, true, 1L << 38, 1,
	  -EFAULT },
	{ "kernel-memory", PROT_READ | PROT_WRITE, true, LONG_MIN >> PAGE_SHIFT,
	  1, -EFAULT },
};

KUNIT_ARRAY_PARAM_DESC(bad, bad_cases, name);

static void pin_user_range_refuses_what_is_not_accessible(struct kunit *test)
{
	const struct bad_case *param = test->param_value;
	unsigned long va = memory_map_prot(test, 20, param->prot);
	struct balance before = balance_now();

	va += param->first * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, pin_user_range(current->mm, va, param->npages,
					     param->write, &ex), param->rc);
	if (param->rc)
		KUNIT_EXPECT_EQ(test, ex.npages, 0);
	unpin_extents(&ex, false);
	balance_expect_even(test, &before);
}

static bool is_dirty(unsigned long pfn)
{
	return folio_test_dirty(page_folio(pfn_to_page(pfn)));
}

static void make_clean(unsigned long pfn)
{
	struct folio *folio = page_folio(pfn_to_page(pfn));

	folio_lock(folio);
	folio_clear_dirty_for_io(folio);
	folio_unlock(folio);
}

static const struct dirty_case {
	const char *name;
	bool huge;
	bool dirty;
} dirty_cases[] = {
	{ "clean", false, false },
	{ "dirty", false, true },
	{ "huge-clean", true, false },
	{ "huge-dirty", true, true },
};

KUNIT_ARRAY_PARAM_DESC(dirty, dirty_cases, name);

static void unpin_extents_marks_pages_as_told(struct kunit *test)
{
	const struct dirty_case *param = test->param_value;
	unsigned long npages = param->huge ? HUGE : 40;
	struct file *file = param->huge ? memory_hugetlb(test, npages) :
					  memory_shmem(test, npages);

	KUNIT_ASSERT_EQ(test, pin_file_range(file, 0, npages, &ex), 0);
	for (int i = 0; i < npages; i++)
		make_clean(extents_pfn(&ex, i));
	/* Twice, for there must be something left to look at. */
	KUNIT_ASSERT_EQ(test, pin_file_range(file, 0, npages, &tail), 0);
	unpin_extents(&ex, param->dirty);
	for (int i = 0; i < npages; i++)
		KUNIT_EXPECT_EQ(test, is_dirty(extents_pfn(&tail, i)),
				param->dirty);
	unpin_extents(&tail, false);
}

static const struct anonymous_dirty_case {
	const char *name;
	enum memory_layout layout;
	unsigned long npages;
	unsigned int every;
	bool dirty;
} anonymous_dirty_cases[] = {
	{ "base-clean", MEMORY_BASE, 600, 3, false },
	{ "base", MEMORY_BASE, 600, 0, true },
	{ "base-some-before", MEMORY_BASE, 600, 3, true },
	{ "base-few-before", MEMORY_BASE, 600, 30, true },
	{ "scattered-clean", MEMORY_SCATTERED, 300, 2, false },
	{ "scattered", MEMORY_SCATTERED, 300, 0, true },
	{ "scattered-some-before", MEMORY_SCATTERED, 300, 2, true },
	{ "one-page", MEMORY_BASE, 1, 0, true },
	{ "huge", MEMORY_THP, HUGE, 0, true },
	{ "huge-and-base", MEMORY_MIXED, 2 * HUGE, 0, true },
	{ "huge-clean", MEMORY_THP, HUGE, 0, false },
};

KUNIT_ARRAY_PARAM_DESC(anonymous_dirty, anonymous_dirty_cases, name);

/* Of which each @every'th page was dirty before. */
static void unpin_extents_marks_anonymous_pages_as_told(struct kunit *test)
{
	const struct anonymous_dirty_case *param = test->param_value;
	unsigned long va = memory_map(test, param->layout, param->npages);
	struct balance before = balance_now();

	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va, param->npages, true,
					     &ex), 0);
	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va, param->npages, true,
					     &tail), 0);
	for (int i = 0; i < param->npages; i++) {
		make_clean(extents_pfn(&ex, i));
		if (param->every && !(i % param->every))
			set_page_dirty_lock(pfn_to_page(extents_pfn(&ex, i)));
	}
	unpin_extents(&ex, param->dirty);
	for (int i = 0; i < param->npages; i++)
		KUNIT_EXPECT_EQ(test, is_dirty(extents_pfn(&tail, i)),
				param->dirty || (param->every && !(i % param->every)));
	unpin_extents(&tail, false);
	balance_expect_even(test, &before);
}

static const struct file_case {
	const char *name;
	unsigned long first;
	unsigned long npages;
	int rc;
} file_cases[] = {
	{ "all", 0, 600, 0 },
	{ "one-page", 77, 1, 0 },
	{ "16-pages", 500, 16, 0 },
	{ "17-pages", 500, 17, 0 },
	{ "the-last-page", 599, 1, 0 },
	{ "from-the-middle", 300, 300, 0 },
	{ "one-page-too-many", 0, 601, -EINVAL },
	{ "beyond-the-end", 600, 1, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(file, file_cases, name);

/* A file of 600 pages that has nothing but holes. */
static void pin_file_range_finds_every_page(struct kunit *test)
{
	const struct file_case *param = test->param_value;
	struct file *file = memory_shmem(test, 600);
	struct balance before;
	unsigned long va;

	va = memory_map_file(test, file, 600) + param->first * PAGE_SIZE;
	before = balance_now();
	KUNIT_ASSERT_EQ(test, pin_file_range(file, param->first << PAGE_SHIFT,
					     param->npages, &ex), param->rc);
	if (!param->rc) {
		KUNIT_EXPECT_EQ(test, balance_since(&before).pins, npins(&ex));
		expect_pinned(test, va, param->npages);
	}
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

static void pin_file_range_takes_one_pin_for_a_huge_page(struct kunit *test)
{
	struct file *file = memory_hugetlb(test, 2 * HUGE);
	unsigned long va = memory_map_file(test, file, 2 * HUGE);
	struct balance before = balance_now();

	KUNIT_ASSERT_EQ(test, pin_file_range(file, 5 << PAGE_SHIFT,
					     2 * HUGE - 9, &ex), 0);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 2);
	expect_pinned(test, va + 5 * PAGE_SIZE, 2 * HUGE - 9);
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

/* Of the eight that scripts/test/kunit.sh reserves, two among five are neighbours. */
#define NR_HUGE	5

/* A file of two huge pages that lie side by side in memory. */
static struct file *file_of_neighbours(struct kunit *test)
{
	struct file *file = memory_hugetlb(test, NR_HUGE * HUGE);
	unsigned long pfn[NR_HUGE];

	KUNIT_ASSERT_EQ(test, pin_file_range(file, 0, NR_HUGE * HUGE, &ex), 0);
	for (int i = 0; i < NR_HUGE; i++)
		pfn[i] = extents_pfn(&ex, i * HUGE);
	unpin_extents(&ex, false);
	for (int i = 0; i < NR_HUGE * NR_HUGE; i++) {
		int first = i / NR_HUGE, second = i % NR_HUGE;

		if (pfn[first] + HUGE != pfn[second])
			continue;
		/* What is given back last is taken first. */
		memory_punch(test, file, second * HUGE, HUGE);
		memory_punch(test, file, first * HUGE, HUGE);
		return memory_hugetlb(test, 2 * HUGE);
	}
	kunit_skip(test, "no huge pages are neighbours");
}

/* They are one run, of which little is in each page with a pin of its own. */
static void unpin_extents_of_the_edges_of_two_huge_pages(struct kunit *test)
{
	struct file *file = file_of_neighbours(test);
	unsigned long va = memory_map_file(test, file, 2 * HUGE);
	struct balance before = balance_now();

	KUNIT_ASSERT_EQ(test, pin_file_range(file, (HUGE - 1) << PAGE_SHIFT, 3,
					     &ex), 0);
	KUNIT_EXPECT_EQ(test, extents_nr_runs(&ex), 1);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 2);
	expect_pinned(test, va + (HUGE - 1) * PAGE_SIZE, 3);
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

static void pin_user_range_takes_one_pin_for_a_hugetlb_page(struct kunit *test)
{
	struct file *file = memory_hugetlb(test, 2 * HUGE);
	unsigned long va = memory_map_file(test, file, 2 * HUGE);
	struct balance before = balance_now();

	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va + 3 * PAGE_SIZE,
					     2 * HUGE - 3, true, &ex), 0);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 2);
	expect_pinned(test, va + 3 * PAGE_SIZE, 2 * HUGE - 3);
	unpin_extents(&ex, true);
	balance_expect_even(test, &before);
}

#ifdef CONFIG_ARM64
static const struct block_case {
	const char *name;
	unsigned long bytes;
	/* Which of the three are mapped before. */
	unsigned int mapped;
	bool remote;
} block_cases[] = {
	{ "of-base-pages", CONT_PTE_SIZE, 0b111 },
	{ "of-base-pages-absent", CONT_PTE_SIZE, 0b000 },
	{ "of-base-pages-first-absent", CONT_PTE_SIZE, 0b110 },
	{ "of-base-pages-last-absent", CONT_PTE_SIZE, 0b011 },
	{ "of-base-pages-of-another-process", CONT_PTE_SIZE, 0b101, true },
	{ "of-huge-leaves", CONT_PMD_SIZE, 0b111 },
	{ "of-huge-leaves-absent", CONT_PMD_SIZE, 0b000 },
	{ "of-huge-leaves-first-absent", CONT_PMD_SIZE, 0b110 },
	{ "of-huge-leaves-of-another-process", CONT_PMD_SIZE, 0b101, true },
};

KUNIT_ARRAY_PARAM_DESC(block, block_cases, name);

/* All but the first page and the last one; and then cut in a block. */
static void pin_user_range_takes_one_pin_for_a_block(struct kunit *test)
{
	const struct block_case *param = test->param_value;
	struct file *file = memory_hugetlb_of(test, param->bytes, 3);
	unsigned long npages = 3 * param->bytes / PAGE_SIZE - 2;
	unsigned long va = memory_map_all(test, file);
	struct remote_pin remote = {
		.mm = current->mm,
		.va = va + PAGE_SIZE,
		.npages = npages,
	};
	struct balance before;

	for (int i = 0; i < 3; i++) {
		if (param->mapped & BIT(i))
			memory_touch(test, va + i * param->bytes);
	}
	before = balance_now();
	if (param->remote)
		run_elsewhere(test, pin_remotely, &remote);
	else
		pin_remotely(&remote);
	KUNIT_ASSERT_EQ(test, remote.rc, 0);
	KUNIT_EXPECT_EQ(test, npins(&ex), 3);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 3);
	expect_pinned(test, va + PAGE_SIZE, npages);

	KUNIT_ASSERT_EQ(test, pin_cut(&ex, 5, &tail), 0);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 4);
	unpin_extents(&ex, true);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins, 3);
	unpin_extents(&tail, true);
	balance_expect_even(test, &before);
}
#endif

static const struct cut_case {
	const char *name;
	enum memory_layout layout;
	unsigned long index;
	unsigned long more_pins;
} cut_cases[] = {
	{ "base-pages", MEMORY_MIXED, HUGE + 5, 0 },
	{ "in-a-huge-page", MEMORY_THP, 5, 1 },
	{ "between-huge-pages", MEMORY_THP, HUGE, 0 },
	{ "last-page-of-a-huge-page", MEMORY_THP, 2 * HUGE - 1, 1 },
	{ "at-the-start", MEMORY_THP, 0, 0 },
	{ "at-the-end", MEMORY_THP, 2 * HUGE, 0 },
};

KUNIT_ARRAY_PARAM_DESC(cut, cut_cases, name);

/* Each part can be unpinned alone, and the other one stays pinned. */
static void pin_cut_takes_a_second_pin_where_it_must(struct kunit *test)
{
	unsigned long va, first_pfn, last_pfn, pins;
	const struct cut_case *param = test->param_value;
	struct balance before;

	va = memory_map(test, param->layout, 2 * HUGE);
	before = balance_now();
	KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va, 2 * HUGE, true,
					     &ex), 0);
	pins = balance_since(&before).pins;
	first_pfn = extents_pfn(&ex, 0);
	last_pfn = extents_pfn(&ex, 2 * HUGE - 1);

	KUNIT_ASSERT_EQ(test, pin_cut(&ex, param->index, &tail), 0);
	KUNIT_EXPECT_EQ(test, ex.npages, param->index);
	KUNIT_EXPECT_EQ(test, tail.npages, 2 * HUGE - param->index);
	KUNIT_EXPECT_EQ(test, balance_since(&before).pins,
			pins + param->more_pins);
	KUNIT_EXPECT_EQ(test, npins(&ex) + npins(&tail),
			pins + param->more_pins);
	if (tail.npages) {
		unpin_extents(&ex, true);
		KUNIT_EXPECT_GT(test, pfn_npins(last_pfn), 0);
	} else {
		KUNIT_EXPECT_GT(test, pfn_npins(first_pfn), 0);
		unpin_extents(&ex, true);
	}
	unpin_extents(&tail, true);
	balance_expect_even(test, &before);
}

static const struct range_case fault_cases[] = {
	{ "short", MEMORY_SCATTERED, 0, 10, 10 },
	{ "scattered", MEMORY_SCATTERED, 0, 150, 150 },
	{ "untouched", MEMORY_UNTOUCHED, 0, 30, 30 },
	{ "huge-and-base", MEMORY_MIXED, HUGE - 20, 60, 1 + 40 },
	{ "huge-apart", MEMORY_THP_APART, 0, 6 * HUGE, 6 },
};

KUNIT_ARRAY_PARAM_DESC(fault, fault_cases, name);

static void pin_user_range_fails_without_a_trace(struct kunit *test)
{
	const struct range_case *param = test->param_value;
	struct fault fault;
	unsigned long va;

	fault_require(test);
	va = memory_map(test, param->layout, param->first + param->npages) +
	     param->first * PAGE_SIZE;
	for_each_fault(&fault) {
		struct balance before = balance_now();
		int rc;

		fault_arm(&fault);
		rc = pin_user_range(current->mm, va, param->npages, true, &ex);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc))
			KUNIT_EXPECT_EQ(test, ex.npages, 0);
		else
			unpin_extents(&ex, true);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GT(test, fault.nr_failed, 0);
}

static const unsigned long room_cases[] = { 1, EXTENTS_INLINE, 16, 128 };

static void describe_room(const unsigned long *nr_runs, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "after-%lu-runs", *nr_runs);
}

KUNIT_ARRAY_PARAM(room, room_cases, describe_room);

/*
 * A page that was not there is pinned alone; and with so many runs before it,
 * the sequence has to grow for it.
 */
static void pin_user_range_of_absent_fails_without_a_trace(struct kunit *test)
{
	unsigned long nr_runs = *(const unsigned long *)test->param_value;
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 2 * HUGE);
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		struct balance before;
		int rc;

		memory_replace(test, va + PMD_SIZE, MEMORY_UNTOUCHED, HUGE);
		before = balance_now();
		fault_arm(&fault);
		rc = pin_user_range(current->mm, va + PMD_SIZE -
				    nr_runs * PAGE_SIZE, nr_runs + 2, true,
				    &ex);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc))
			KUNIT_EXPECT_EQ(test, ex.npages, 0);
		else
			unpin_extents(&ex, true);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GT(test, fault.nr_failed, 0);
}

#define PAGE_LEAK_ROUNDS	4000

/* And what the slab allocator has, for KASAN has it keep what was freed for a while. */
static long nr_free_pages_now(void)
{
	return global_zone_page_state(NR_FREE_PAGES) +
	       global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) +
	       global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
}

/* Of whole pages kmemleak knows nothing. */
static void pin_frees_its_batches(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 40);
	struct file *file = memory_shmem(test, 40);
	long before = 0;

	for (int i = -100; i < PAGE_LEAK_ROUNDS; i++) {
		if (!i)
			before = nr_free_pages_now();
		KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va, 40, true,
						     &ex), 0);
		unpin_extents(&ex, true);
		KUNIT_ASSERT_EQ(test, pin_file_range(file, 0, 40, &ex), 0);
		unpin_extents(&ex, true);
	}
	KUNIT_EXPECT_LT(test, before - nr_free_pages_now(),
			PAGE_LEAK_ROUNDS * 3 / 4);
}

static void pin_file_range_fails_without_a_trace(struct kunit *test)
{
	struct file *file = memory_shmem(test, 100);
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		struct balance before = balance_now();
		int rc;

		fault_arm(&fault);
		rc = pin_file_range(file, 0, 100, &ex);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc))
			KUNIT_EXPECT_EQ(test, ex.npages, 0);
		else
			unpin_extents(&ex, true);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

static void pin_cut_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_MIXED, HUGE + 200);
	struct balance before = balance_now();
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		unsigned long pins;
		int rc;

		KUNIT_ASSERT_EQ(test, pin_user_range(current->mm, va,
						     HUGE + 200, true, &ex), 0);
		pins = npins(&ex);
		fault_arm(&fault);
		rc = pin_cut(&ex, 5, &tail);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc)) {
			KUNIT_EXPECT_EQ(test, rc, -ENOMEM);
			KUNIT_EXPECT_EQ(test, ex.npages, HUGE + 200);
			KUNIT_EXPECT_EQ(test, tail.npages, 0);
			KUNIT_EXPECT_EQ(test, balance_since(&before).pins,
					pins);
		}
		unpin_extents(&ex, true);
		unpin_extents(&tail, true);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

static int pin_test_init(struct kunit *test)
{
	extents_init(&ex);
	extents_init(&tail);
	return memory_attach();
}

static struct kunit_case pin_test_cases[] = {
	KUNIT_CASE_PARAM(pin_user_range_finds_every_page, range_gen_params),
	KUNIT_CASE_PARAM(pin_user_range_of_another_process, range_gen_params),
	KUNIT_CASE(pin_user_range_of_a_process_that_exited),
	KUNIT_CASE(pin_user_range_of_a_file_that_is_not_mapped_yet),
	KUNIT_CASE(pin_user_range_to_read_is_not_left_behind),
	KUNIT_CASE_PARAM(pin_user_range_refuses_what_is_not_accessible,
			 bad_gen_params),
	KUNIT_CASE(pin_user_range_takes_one_pin_for_a_hugetlb_page),
#ifdef CONFIG_ARM64
	KUNIT_CASE_PARAM(pin_user_range_takes_one_pin_for_a_block, block_gen_params),
#endif
	KUNIT_CASE(unpin_extents_of_the_edges_of_two_huge_pages),
	KUNIT_CASE_PARAM(pin_user_range_fails_without_a_trace,
			 fault_gen_params),
	KUNIT_CASE_PARAM(pin_user_range_of_absent_fails_without_a_trace,
			 room_gen_params),
	KUNIT_CASE(pin_frees_its_batches),
	KUNIT_CASE_PARAM(pin_file_range_finds_every_page, file_gen_params),
	KUNIT_CASE(pin_file_range_takes_one_pin_for_a_huge_page),
	KUNIT_CASE(pin_file_range_fails_without_a_trace),
	KUNIT_CASE_PARAM(unpin_extents_marks_pages_as_told, dirty_gen_params),
	KUNIT_CASE_PARAM(unpin_extents_marks_anonymous_pages_as_told,
			 anonymous_dirty_gen_params),
	KUNIT_CASE_PARAM(pin_cut_takes_a_second_pin_where_it_must,
			 cut_gen_params),
	KUNIT_CASE(pin_cut_fails_without_a_trace),
	{}
};

static struct kunit_suite pin_test_suite = {
	.name = "iommufd-pin",
	.init = pin_test_init,
	.test_cases = pin_test_cases,
};

kunit_test_suite(pin_test_suite);
