// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOAS: areas in and out, and the domains that mirror them.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "alloc_fault.h"
#include "balance.h"
#include "ioas/area.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"
#include "paging.h"

#define HUGE	MEMORY_HUGE_NPAGES
#define RW	(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FIXED	(RW | IOMMU_IOAS_MAP_FIXED_IOVA)

static struct iofd iofd;
static struct iommufd_ioas *ioas;

/* At a given place, in units of pages. */
static int map(unsigned long iova, unsigned long va, unsigned long npages)
{
	return ioas_map_user(ioas, FIXED, va, npages << PAGE_SHIFT, iova, NULL);
}

static int unmap(unsigned long first, unsigned long last)
{
	unsigned long unmapped_bytes;

	return ioas_unmap(ioas, first, last, &unmapped_bytes);
}

static void add(struct kunit *test, struct ioas_domain *member,
		struct paging *paging)
{
	member->domain = &paging->domain;
	KUNIT_ASSERT_EQ(test, ioas_add_domain(ioas, member), 0);
}

static bool nothing_is_mapped(void)
{
	return !iova_space_find(&ioas->space, 0, ULONG_MAX);
}

static void ioas_without_domains_pins_nothing(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 10);
	struct balance before = balance_now();

	KUNIT_ASSERT_EQ(test, map(SZ_1M, va, 10), 0);
	balance_expect_even(test, &before);
	KUNIT_EXPECT_EQ(test, map(SZ_1M + PAGE_SIZE, va, 1), -EEXIST);
	KUNIT_EXPECT_EQ(test, unmap(0, ULONG_MAX), 0);
	KUNIT_EXPECT_TRUE(test, nothing_is_mapped());
}

static void ioas_domains_mirror_what_is_mapped(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_MIXED, HUGE + 20);
	struct paging *early = paging_create(test, PAGING_VTDSS);
	struct paging *late = paging_create(test, PAGING_AMDV1);
	struct balance before = balance_now(), pinned;
	struct ioas_domain members[2];

	add(test, &members[0], early);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, HUGE + 7), 0);
	KUNIT_ASSERT_EQ(test, map(SZ_2G, va + PMD_SIZE, 9), 0);
	paging_expect_mapped(test, early, SZ_1G, va, HUGE + 7);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, HUGE + 7 + 9);

	/* A further domain needs no further pins. */
	pinned = balance_now();
	add(test, &members[1], late);
	balance_expect_even(test, &pinned);
	paging_expect_mapped(test, late, SZ_1G, va, HUGE + 7);
	paging_expect_mapped(test, late, SZ_2G, va + PMD_SIZE, 9);

	KUNIT_EXPECT_EQ(test, unmap(SZ_1G, SZ_2G - 1), 0);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(early, SZ_1G, 2 * PMD_SIZE));
	KUNIT_EXPECT_TRUE(test, paging_is_empty(late, SZ_1G, 2 * PMD_SIZE));
	paging_expect_mapped(test, early, SZ_2G, va + PMD_SIZE, 9);

	/* The last domain takes the pins with it, but not the areas. */
	ioas_remove_domain(ioas, &members[0]);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(early, SZ_2G, PMD_SIZE));
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 9);
	paging_expect_mapped(test, late, SZ_2G, va + PMD_SIZE, 9);
	ioas_remove_domain(ioas, &members[1]);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(late, SZ_2G, PMD_SIZE));
	balance_expect_even(test, &before);
	KUNIT_EXPECT_FALSE(test, nothing_is_mapped());
}

static const struct unmap_case {
	const char *name;
	unsigned long first;
	unsigned long last;
	int rc;
	unsigned long npages;
} unmap_cases[] = {
	/* Pages 10 to 19, 20 to 24 and 30 to 39 are mapped, each at once. */
	{ "one", 10, 19, 0, 10 },
	{ "one-and-around", 5, 19, 0, 10 },
	{ "two-side-by-side", 10, 24, 0, 15 },
	{ "everything", 0, 100, 0, 25 },
	{ "nothing", 40, 50, 0, 0 },
	{ "start-of-one", 10, 18, -ENOENT, 0 },
	{ "end-of-one", 11, 19, -ENOENT, 0 },
	{ "middle-of-one", 12, 12, -ENOENT, 0 },
	{ "one-and-start-of-next", 10, 22, -ENOENT, 0 },
	{ "one-and-start-of-a-far-one", 10, 35, -ENOENT, 0 },
	{ "end-of-one-and-next", 15, 24, -ENOENT, 0 },
};

KUNIT_ARRAY_PARAM_DESC(unmap, unmap_cases, name);

static void ioas_unmap_takes_whole_areas(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 10);
	const struct unmap_case *param = test->param_value;
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct ioas_domain member;
	unsigned long unmapped_bytes = 1;

	add(test, &member, paging);
	KUNIT_ASSERT_EQ(test, map(10 * PAGE_SIZE, va, 10), 0);
	KUNIT_ASSERT_EQ(test, map(20 * PAGE_SIZE, va, 5), 0);
	KUNIT_ASSERT_EQ(test, map(30 * PAGE_SIZE, va, 10), 0);
	KUNIT_EXPECT_EQ(test, ioas_unmap(ioas, param->first * PAGE_SIZE,
					 (param->last + 1) * PAGE_SIZE - 1,
					 &unmapped_bytes), param->rc);
	KUNIT_EXPECT_EQ(test, unmapped_bytes, param->npages * PAGE_SIZE);
	/* What is left is mapped as it was. */
	for (unsigned long i = 10; i < 40; i++) {
		bool hole = i >= 25 && i < 30;
		bool gone = !param->rc && i >= param->first && i <= param->last;

		KUNIT_EXPECT_EQ(test, !iommu_iova_to_phys(&paging->domain,
							  i * PAGE_SIZE),
				hole || gone);
	}
	ioas_remove_domain(ioas, &member);
}

static const struct place_case {
	const char *name;
	unsigned long skip_npages;
	unsigned long npages;
	unsigned long align_npages;
} place_cases[] = {
	{ "small", 5, 10, 1 },
	{ "huge", 0, HUGE, HUGE },
	{ "from-the-midst-of-huge", 7, HUGE, HUGE },
	{ "several-huge", 3, 3 * HUGE, HUGE },
};

KUNIT_ARRAY_PARAM_DESC(place, place_cases, name);

/* So that large entries can form: IOVA and address lie alike in a huge page. */
static void ioas_chooses_places_alike(struct kunit *test)
{
	const struct place_case *param = test->param_value;
	unsigned long mask = param->align_npages * PAGE_SIZE - 1;
	unsigned long va = memory_map(test, MEMORY_UNTOUCHED, 4 * HUGE);
	u64 iova = 1;

	va += param->skip_npages * PAGE_SIZE;
	/* Something small is in the way. */
	KUNIT_ASSERT_EQ(test, map(0, va, 1), 0);
	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, RW, va,
					    param->npages * PAGE_SIZE, 0,
					    (u64 __user *)iofd.arg), 0);
	KUNIT_ASSERT_EQ(test, copy_from_user(&iova, (void __user *)iofd.arg,
					     sizeof(iova)), 0);
	KUNIT_EXPECT_EQ(test, iova & mask, va & mask);
	KUNIT_EXPECT_EQ(test, unmap(iova, iova + param->npages * PAGE_SIZE - 1),
			0);
	KUNIT_EXPECT_FALSE(test, nothing_is_mapped());
}

/* Addresses that are as aligned as any leaf, and lengths by which they are chosen. */
#define VA		0x7f0000000000
#define SOME		(16 * PAGE_SIZE)
#define ROOM		(16 * SOME)
#define MUCH		(PUD_SIZE + PUD_SIZE / 4)
#define MUCH_ROOM	(2 * PUD_SIZE - PUD_SIZE / 64)

static const struct room_case {
	const char *name;
	/* All that is free */
	unsigned long first;
	unsigned long length_bytes;
	/* What is to be mapped there; nothing is pinned, so there may be none */
	unsigned long va;
	unsigned long map_bytes;
	bool allowed;
	/* Where it goes, or 0 for -ENOSPC */
	unsigned long iova;
} room_cases[] = {
	{ "just-long-enough", ROOM, SOME, VA + PAGE_SIZE, SOME, false, ROOM },
	{ "one-page-too-short", ROOM, SOME - PAGE_SIZE, VA + PAGE_SIZE, SOME,
	  false, 0 },
	{ "no-alignment-to-a-gigabyte", PUD_SIZE / 64, MUCH_ROOM,
	  VA + PAGE_SIZE, MUCH, false, PUD_SIZE / 64 + PAGE_SIZE },
	{ "huge-pages-stay-whole", PMD_SIZE / 2, MUCH_ROOM, VA, MUCH, false,
	  PMD_SIZE },
	{ "not-even-to-huge-pages", PMD_SIZE / 2, PMD_SIZE + PAGE_SIZE,
	  VA + PAGE_SIZE, PMD_SIZE + PAGE_SIZE, false, PMD_SIZE / 2 },
	{ "as-aligned-as-the-memory", ROOM + PAGE_SIZE, 2 * SOME, VA + SOME,
	  SOME, false, ROOM + SOME },
	{ "less-aligned-than-the-memory", ROOM + PAGE_SIZE, SOME, VA + SOME,
	  SOME, false, 0 },
	{ "anything-that-is-allowed", ROOM + PAGE_SIZE, SOME, VA + SOME, SOME,
	  true, ROOM + PAGE_SIZE },
	{ "within-a-page", ROOM, SOME, VA + PAGE_SIZE + 0x234,
	  SOME - PAGE_SIZE, false, ROOM + 0x234 },
};

KUNIT_ARRAY_PARAM_DESC(room, room_cases, name);

/* Where there is room, but not at the best alignment. */
static void ioas_takes_what_room_there_is(struct kunit *test)
{
	const struct room_case *param = test->param_value;
	unsigned long end = param->first + param->length_bytes;
	struct rb_root_cached ranges = RB_ROOT_CACHED;
	u64 iova = 0;

	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, FIXED, 0, param->first, 0,
					    NULL), 0);
	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, FIXED, 0, -end, end, NULL),
			0);
	if (param->allowed) {
		KUNIT_ASSERT_EQ(test, iova_ranges_add(&ranges, 0, ULONG_MAX),
				0);
		KUNIT_ASSERT_EQ(test, iova_space_set_allowed(&ioas->space,
							     &ranges), 0);
	}
	KUNIT_EXPECT_EQ(test, ioas_map_user(ioas, RW, param->va,
					    param->map_bytes, 0,
					    (u64 __user *)iofd.arg),
			param->iova ? 0 : -ENOSPC);
	if (!param->iova)
		return;
	KUNIT_ASSERT_EQ(test, copy_from_user(&iova, (void __user *)iofd.arg,
					     sizeof(iova)), 0);
	KUNIT_EXPECT_EQ(test, iova, param->iova);
}

static void ioas_map_undoes_when_the_place_cannot_be_told(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 10);
	unsigned long arg = memory_map_prot(test, 1, PROT_READ);

	KUNIT_EXPECT_EQ(test, ioas_map_user(ioas, RW, va, PAGE_SIZE, 0,
					    (u64 __user *)arg), -EFAULT);
	KUNIT_EXPECT_TRUE(test, nothing_is_mapped());
}

static void ioas_map_of_bad_memory_changes_nothing(struct kunit *test)
{
	unsigned long va = memory_map_prot(test, 10, PROT_NONE);
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct balance before = balance_now();
	struct ioas_domain member;

	add(test, &member, paging);
	KUNIT_EXPECT_EQ(test, map(SZ_1M, va, 10), -EFAULT);
	KUNIT_EXPECT_TRUE(test, nothing_is_mapped());
	balance_expect_even(test, &before);
	ioas_remove_domain(ioas, &member);

	/* Without a domain it is taken as it is; with one it cannot be. */
	KUNIT_EXPECT_EQ(test, map(SZ_1M, va, 10), 0);
	KUNIT_EXPECT_EQ(test, ioas_add_domain(ioas, &member), -EFAULT);
	KUNIT_EXPECT_TRUE(test, list_empty(&ioas->domains));
	balance_expect_even(test, &before);
}

static const struct refuse_case {
	const char *name;
	unsigned long iova;
	unsigned long skip_bytes;
	unsigned long length_bytes;
	int rc;
} refuse_cases[] = {
	{ "in-reach", SZ_1M, 0, PAGE_SIZE, 0 },
	{ "beyond-the-aperture", 1UL << 48, 0, PAGE_SIZE, -EADDRINUSE },
	{ "iova-in-a-page", SZ_1M + 512, 512, PAGE_SIZE, -EADDRINUSE },
	{ "length-in-a-page", SZ_1M, 0, 512, -EADDRINUSE },
	{ "address-in-a-page", SZ_1M, 512, PAGE_SIZE, -EADDRINUSE },
};

KUNIT_ARRAY_PARAM_DESC(refuse, refuse_cases, name);

/* What is mapped before a domain comes may be more than it can do. */
static void ioas_add_domain_refuses_what_it_cannot_map(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 2);
	const struct refuse_case *param = test->param_value;
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct ioas_domain member = { .domain = &paging->domain };
	struct balance before = balance_now();

	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, FIXED, va + param->skip_bytes,
					    param->length_bytes, param->iova,
					    NULL), 0);
	KUNIT_EXPECT_EQ(test, ioas_add_domain(ioas, &member), param->rc);
	if (param->rc) {
		/* The IOAS is as it was: anything can be mapped. */
		KUNIT_EXPECT_EQ(test, ioas->space.alignment_bytes, 1);
		KUNIT_EXPECT_TRUE(test, list_empty(&ioas->domains));
		KUNIT_EXPECT_EQ(test, ioas_map_user(ioas, FIXED, va, 1,
						    ULONG_MAX, NULL), 0);
	} else {
		/* And what the domain cannot do cannot be mapped now. */
		KUNIT_EXPECT_EQ(test, map(1UL << 48, va, 1), -EINVAL);
		KUNIT_EXPECT_EQ(test, map(512, va, 1), -EINVAL);
		ioas_remove_domain(ioas, &member);
		KUNIT_EXPECT_EQ(test, map(1UL << 48, va, 1), 0);
		KUNIT_EXPECT_EQ(test, map(512, va, 1), 0);
	}
	KUNIT_EXPECT_EQ(test, unmap(0, ULONG_MAX), 0);
	balance_expect_even(test, &before);
}

static void ioas_add_domain_refuses_large_pages_only(struct kunit *test)
{
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct ioas_domain member = { .domain = &paging->domain };

	paging->domain.pgsize_bitmap = PMD_SIZE;
	KUNIT_EXPECT_EQ(test, ioas_add_domain(ioas, &member), -EINVAL);
	KUNIT_EXPECT_TRUE(test, list_empty(&ioas->domains));
	/* Nothing is reserved any more. */
	KUNIT_EXPECT_EQ(test, map(1UL << 48, PAGE_SIZE, 1), 0);
}

static const struct copy_case {
	const char *name;
	/* In pages; 10 to 19 and 20 to 24 are mapped, 30 to 34 to read only */
	unsigned long first;
	unsigned long npages;
	int prot;
	int rc;
} copy_cases[] = {
	{ "all-of-one", 10, 10, IOMMU_READ | IOMMU_WRITE, 0 },
	{ "part-of-one", 13, 2, IOMMU_READ | IOMMU_WRITE, 0 },
	{ "two-side-by-side", 12, 13, IOMMU_READ, 0 },
	{ "to-read", 30, 5, IOMMU_READ, 0 },
	{ "to-write-what-is-to-read", 30, 5, IOMMU_WRITE, -EPERM },
	{ "nothing", 50, 1, IOMMU_READ, -ENOENT },
	{ "reaches-beyond", 20, 6, IOMMU_READ, -ENOENT },
	{ "across-a-gap", 20, 12, IOMMU_READ, -ENOENT },
};

KUNIT_ARRAY_PARAM_DESC(copy, copy_cases, name);

static void map_to_copy(struct kunit *test, unsigned long va)
{
	KUNIT_ASSERT_EQ(test, map(10 * PAGE_SIZE, va, 10), 0);
	KUNIT_ASSERT_EQ(test, map(20 * PAGE_SIZE, va + 10 * PAGE_SIZE, 5), 0);
	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, IOMMU_IOAS_MAP_READABLE |
					    IOMMU_IOAS_MAP_FIXED_IOVA, va,
					    5 * PAGE_SIZE, 30 * PAGE_SIZE,
					    NULL), 0);
}

/* The copy is the same memory, and outlives what it is a copy of. */
static void ioas_copy_is_of_the_same_memory(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 20);
	const struct copy_case *param = test->param_value;
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct balance before = balance_now();
	unsigned long iova = SZ_1G, skip;
	struct ioas_domain member;
	struct area *chain;

	map_to_copy(test, va);
	chain = ioas_copy_areas(ioas, param->first * PAGE_SIZE,
				param->npages * PAGE_SIZE, param->prot);
	KUNIT_ASSERT_EQ(test, PTR_ERR_OR_ZERO(chain), param->rc);
	if (param->rc)
		return;
	KUNIT_ASSERT_EQ(test, ioas_map_chain(ioas, chain, &iova, true), 0);
	add(test, &member, paging);
	KUNIT_EXPECT_EQ(test, unmap(0, SZ_1G - 1), 0);
	skip = param->first < 30 ? param->first - 10 : param->first - 30;
	paging_expect_mapped(test, paging, SZ_1G, va + skip * PAGE_SIZE,
			     param->npages);
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, param->npages);
	KUNIT_EXPECT_EQ(test, unmap(0, ULONG_MAX), 0);
	balance_expect_even(test, &before);
	ioas_remove_domain(ioas, &member);
}

static const struct cut_case {
	const char *name;
	unsigned long iova;
	bool combine;
	bool domain;
	int rc;
	bool cut;
} cut_cases[] = {
	/* Pages 100 to 119 are mapped. */
	{ "in-the-middle", 107 * PAGE_SIZE, false, true, 0, true },
	{ "no-domain", 107 * PAGE_SIZE, true, false, 0, true },
	{ "in-a-page-no-domain", 107 * PAGE_SIZE + 8, true, false, 0, true },
	{ "in-a-page", 107 * PAGE_SIZE + 8, false, true, -EINVAL, false },
	{ "maybe-large-entries", 107 * PAGE_SIZE, true, true, -EINVAL, false },
	{ "at-its-start", 100 * PAGE_SIZE, false, true, 0, false },
	{ "at-its-end", 120 * PAGE_SIZE, false, true, 0, false },
	{ "elsewhere", 10 * PAGE_SIZE, false, true, 0, false },
};

KUNIT_ARRAY_PARAM_DESC(cut, cut_cases, name);

static void ioas_cut_makes_two_areas_of_one(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, 20);
	const struct cut_case *param = test->param_value;
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct balance before = balance_now(), mapped;
	struct ioas_domain member;
	struct iova_node *node;

	KUNIT_ASSERT_EQ(test, ioas_set_combine(ioas, param->combine), 0);
	if (param->domain)
		add(test, &member, paging);
	KUNIT_ASSERT_EQ(test, map(100 * PAGE_SIZE, va, 20), 0);
	mapped = balance_now();
	KUNIT_EXPECT_EQ(test, ioas_cut(ioas, param->iova), param->rc);
	/* What devices reach has not changed. */
	KUNIT_EXPECT_EQ(test, balance_since(&mapped).mm_pinned, 0);
	if (param->domain)
		paging_expect_mapped(test, paging, 100 * PAGE_SIZE, va, 20);

	node = iova_space_find(&ioas->space, 100 * PAGE_SIZE, ULONG_MAX);
	KUNIT_ASSERT_NOT_NULL(test, node);
	KUNIT_EXPECT_EQ(test, node->last + 1,
			param->cut ? param->iova : 120 * PAGE_SIZE);
	/* Each part goes by itself. */
	if (param->cut) {
		KUNIT_EXPECT_EQ(test, unmap(param->iova, ULONG_MAX), 0);
		node = iova_space_find(&ioas->space, 0, ULONG_MAX);
		KUNIT_ASSERT_NOT_NULL(test, node);
		KUNIT_EXPECT_EQ(test, node->last + 1, param->iova);
	}
	KUNIT_EXPECT_EQ(test, unmap(0, ULONG_MAX), 0);
	balance_expect_even(test, &before);
	if (param->domain)
		ioas_remove_domain(ioas, &member);
}

static void ioas_set_combine_before_large_entries_only(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, HUGE);
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct ioas_domain member;

	add(test, &member, paging);
	KUNIT_EXPECT_EQ(test, ioas_set_combine(ioas, false), 0);
	KUNIT_EXPECT_EQ(test, ioas_set_combine(ioas, true), 0);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, HUGE), 0);
	KUNIT_EXPECT_EQ(test, ioas_set_combine(ioas, true), 0);
	KUNIT_EXPECT_EQ(test, ioas_set_combine(ioas, false), -EINVAL);
	/* It was large. */
	KUNIT_EXPECT_EQ(test, unmap(0, ULONG_MAX), 0);
	KUNIT_EXPECT_EQ(test, ioas_set_combine(ioas, false), 0);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, HUGE), 0);
	KUNIT_EXPECT_EQ(test, iommu_unmap(&paging->domain, SZ_1G, PAGE_SIZE),
			PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, iommu_map(&paging->domain, SZ_1G,
					PFN_PHYS(memory_pfn(va)),
					PAGE_SIZE, IOMMU_READ, GFP_KERNEL), 0);
	ioas_remove_domain(ioas, &member);
}

static void ioas_map_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_MIXED, HUGE + 50);
	struct balance before = balance_now();
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		struct paging *one = paging_create(test, PAGING_VTDSS);
		struct paging *two = paging_create(test, PAGING_AMDV1);
		struct ioas_domain members[2];
		int rc;

		add(test, &members[0], one);
		add(test, &members[1], two);
		fault_arm(&fault);
		rc = map(SZ_1G, va + PMD_SIZE - 20 * PAGE_SIZE, 60);
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, rc))
			KUNIT_EXPECT_EQ(test, unmap(SZ_1G, ULONG_MAX), 0);
		KUNIT_ASSERT_TRUE(test, nothing_is_mapped());
		KUNIT_ASSERT_TRUE(test, paging_is_empty(one, SZ_1G,
							60 * PAGE_SIZE));
		KUNIT_ASSERT_TRUE(test, paging_is_empty(two, SZ_1G,
							60 * PAGE_SIZE));
		balance_expect_even(test, &before);
		ioas_remove_domain(ioas, &members[0]);
		ioas_remove_domain(ioas, &members[1]);
	}
	/* The backing, two times two tables, and what pinning needs. */
	KUNIT_EXPECT_GE(test, fault.nr_failed, 4);
}

static void ioas_add_domain_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 60);
	struct balance before = balance_now();
	struct fault fault;

	fault_require(test);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, 20), 0);
	KUNIT_ASSERT_EQ(test, map(SZ_2G, va + 30 * PAGE_SIZE, 30), 0);
	for_each_fault(&fault) {
		struct paging *paging = paging_create(test, PAGING_VTDSS);
		struct ioas_domain member = { .domain = &paging->domain };
		int rc;

		fault_arm(&fault);
		rc = ioas_add_domain(ioas, &member);
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, rc))
			ioas_remove_domain(ioas, &member);
		KUNIT_ASSERT_TRUE(test, list_empty(&ioas->domains));
		KUNIT_ASSERT_TRUE(test, paging_is_empty(paging, SZ_1G,
							20 * PAGE_SIZE));
		KUNIT_ASSERT_EQ(test, ioas->space.alignment_bytes, 1);
		/* No reservation is left, either. */
		KUNIT_ASSERT_EQ(test, map(1UL << 48, va, 1), 0);
		KUNIT_ASSERT_EQ(test, unmap(1UL << 48, ULONG_MAX), 0);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 4);
}

static void ioas_copy_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 20);
	struct balance before = balance_now();
	struct fault fault;

	fault_require(test);
	map_to_copy(test, va);
	for_each_fault(&fault) {
		struct paging *paging = paging_create(test, PAGING_VTDSS);
		struct balance mapped;
		unsigned long iova = SZ_1G;
		struct ioas_domain member;
		struct area *chain;
		int rc;

		add(test, &member, paging);
		mapped = balance_now();
		fault_arm(&fault);
		chain = ioas_copy_areas(ioas, 12 * PAGE_SIZE, 13 * PAGE_SIZE,
					IOMMU_READ);
		rc = PTR_ERR_OR_ZERO(chain);
		if (!rc) {
			rc = ioas_map_chain(ioas, chain, &iova, true);
			if (rc)
				area_free_chain(chain);
		}
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, rc))
			KUNIT_EXPECT_EQ(test, unmap(SZ_1G, ULONG_MAX), 0);
		KUNIT_ASSERT_NULL(test, iova_space_find(&ioas->space, SZ_1G,
							ULONG_MAX));
		KUNIT_ASSERT_TRUE(test, paging_is_empty(paging, SZ_1G,
							20 * PAGE_SIZE));
		balance_expect_even(test, &mapped);
		ioas_remove_domain(ioas, &member);
	}
	/* Two areas, the one that holds their place, and tables. */
	KUNIT_EXPECT_GE(test, fault.nr_failed, 3);
	KUNIT_EXPECT_EQ(test, unmap(0, ULONG_MAX), 0);
	balance_expect_even(test, &before);
}

static void ioas_cut_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 200);
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct balance before = balance_now();
	struct ioas_domain member;
	struct fault fault;

	fault_require(test);
	KUNIT_ASSERT_EQ(test, ioas_set_combine(ioas, false), 0);
	add(test, &member, paging);
	for_each_fault(&fault) {
		struct balance mapped;
		int rc;

		KUNIT_ASSERT_EQ(test, map(SZ_1G, va, 200), 0);
		mapped = balance_now();
		fault_arm(&fault);
		rc = ioas_cut(ioas, SZ_1G + 70 * PAGE_SIZE);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc))
			KUNIT_EXPECT_EQ(test, unmap(SZ_1G, SZ_1G +
						    70 * PAGE_SIZE - 1),
					-ENOENT);
		balance_expect_even(test, &mapped);
		KUNIT_EXPECT_EQ(test, unmap(SZ_1G, ULONG_MAX), 0);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
	ioas_remove_domain(ioas, &member);
}

static int ioas_test_init(struct kunit *test)
{
	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	return 0;
}

static void ioas_test_exit(struct kunit *test)
{
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case ioas_test_cases[] = {
	KUNIT_CASE(ioas_without_domains_pins_nothing),
	KUNIT_CASE(ioas_domains_mirror_what_is_mapped),
	KUNIT_CASE_PARAM(ioas_unmap_takes_whole_areas, unmap_gen_params),
	KUNIT_CASE_PARAM(ioas_chooses_places_alike, place_gen_params),
	KUNIT_CASE_PARAM(ioas_takes_what_room_there_is, room_gen_params),
	KUNIT_CASE(ioas_map_undoes_when_the_place_cannot_be_told),
	KUNIT_CASE(ioas_map_of_bad_memory_changes_nothing),
	KUNIT_CASE_PARAM(ioas_add_domain_refuses_what_it_cannot_map,
			 refuse_gen_params),
	KUNIT_CASE(ioas_add_domain_refuses_large_pages_only),
	KUNIT_CASE_PARAM(ioas_copy_is_of_the_same_memory, copy_gen_params),
	KUNIT_CASE_PARAM(ioas_cut_makes_two_areas_of_one, cut_gen_params),
	KUNIT_CASE(ioas_set_combine_before_large_entries_only),
	KUNIT_CASE(ioas_map_fails_without_a_trace),
	KUNIT_CASE(ioas_add_domain_fails_without_a_trace),
	KUNIT_CASE(ioas_copy_fails_without_a_trace),
	KUNIT_CASE(ioas_cut_fails_without_a_trace),
	{}
};

static struct kunit_suite ioas_test_suite = {
	.name = "iommufd-ioas",
	.init = ioas_test_init,
	.exit = ioas_test_exit,
	.test_cases = ioas_test_cases,
};

kunit_test_suite(ioas_test_suite);
