// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains: what kmod/table/table.h promises. That the table that it builds is the
 * one that iommu_map() would build is the matter of fill_test.c.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/mm.h>

#include "alloc_fault.h"
#include "backings.h"
#include "balance.h"
#include "memory.h"
#include "memory/backing.h"
#include "paging.h"
#include "table/fill.h"
#include "table/table.h"

#define HUGE	MEMORY_HUGE_NPAGES
/* So that what is mapped there is in two tables, at least. */
#define IOVA	((5UL << 30) - 20 * PAGE_SIZE)
#define PROT	(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)

/**
 * struct pinned - memory that is pinned for a case
 * @backing: it
 * @claim: on all of it
 * @va: where the process sees it
 * @npages: its length
 */
struct pinned {
	struct backing *backing;
	struct interval_tree_node claim;
	unsigned long va;
	unsigned long npages;
};

static void pin(struct kunit *test, struct pinned *pinned,
		enum memory_layout layout, unsigned long npages)
{
	pinned->va = memory_map(test, layout, npages);
	pinned->npages = npages;
	pinned->backing = backing_create_user(pinned->va, true, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pinned->backing);
	KUNIT_ASSERT_EQ(test, backing_claim(pinned->backing, &pinned->claim, 0,
					    npages - 1), 0);
}

static void unpin(struct pinned *pinned)
{
	backing_unclaim(pinned->backing, &pinned->claim);
	backing_put(pinned->backing);
}

static phys_addr_t phys_at(const struct pinned *pinned, unsigned long byte)
{
	return PFN_PHYS(memory_pfn(pinned->va + (byte & PAGE_MASK))) +
	       offset_in_page(byte);
}

/* Every page of @length_bytes at @iova is what @pinned has from @byte on. */
static void expect_mapped(struct kunit *test, struct paging *paging,
			  unsigned long iova, const struct pinned *pinned,
			  unsigned long byte, unsigned long length_bytes)
{
	for (unsigned long i = 0; i < length_bytes; i += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, iommu_iova_to_phys(&paging->domain,
							 iova + i),
				phys_at(pinned, byte + i));
	/* And not a byte more. */
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&paging->domain,
						 iova + length_bytes), 0);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&paging->domain, iova - 1), 0);
}

static const struct alignment_case {
	const char *name;
	unsigned long pgsize_bitmap;
	unsigned long align_bytes;
} alignment_cases[] = {
	{ "base-pages", PAGE_SIZE | PMD_SIZE, PAGE_SIZE },
	{ "smaller-ones", 512 | PAGE_SIZE, 512 },
	{ "only-larger-ones", PMD_SIZE | PUD_SIZE, PMD_SIZE },
	{ "one-size", PAGE_SIZE, PAGE_SIZE },
};

KUNIT_ARRAY_PARAM_DESC(alignment, alignment_cases, name);

static void domain_alignment_is_the_smallest_page(struct kunit *test)
{
	const struct alignment_case *param = test->param_value;
	struct iommu_domain domain = { .pgsize_bitmap = param->pgsize_bitmap };

	KUNIT_EXPECT_EQ(test, domain_alignment_bytes(&domain),
			param->align_bytes);
}

static const struct format_case {
	enum paging_format format;
} format_cases[] = {
	{ PAGING_VTDSS }, { PAGING_VTDSS_INCOHERENT }, { PAGING_X86_64 },
	{ PAGING_AMDV1 }, { PAGING_AMDV1_GROWING }, { PAGING_RECORD },
};

static void describe_format(const struct format_case *param, char *desc)
{
	strscpy(desc, paging_format_name[param->format], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(format, format_cases, describe_format);

/* All formats, with one layout or another. */
struct map_case {
	enum paging_format format;
	enum memory_layout layout;
	bool combine;
};

static const struct map_case map_cases[] = {
	{ PAGING_VTDSS, MEMORY_BASE, true },
	{ PAGING_VTDSS, MEMORY_SCATTERED, true },
	{ PAGING_VTDSS, MEMORY_MIXED, true },
	{ PAGING_VTDSS, MEMORY_MIXED, false },
	{ PAGING_VTDSS, MEMORY_SCATTERED, false },
	{ PAGING_VTDSS_INCOHERENT, MEMORY_SCATTERED, true },
	{ PAGING_X86_64, MEMORY_SCATTERED, true },
	{ PAGING_X86_64, MEMORY_THP, true },
	{ PAGING_X86_64, MEMORY_BASE, false },
	{ PAGING_AMDV1, MEMORY_SCATTERED, true },
	{ PAGING_AMDV1, MEMORY_MIXED, true },
	{ PAGING_AMDV1, MEMORY_BASE, false },
	{ PAGING_AMDV1_GROWING, MEMORY_SCATTERED, true },
	{ PAGING_RECORD, MEMORY_SCATTERED, true },
	{ PAGING_RECORD, MEMORY_THP, true },
	{ PAGING_RECORD, MEMORY_BASE, false },
};

static void describe_map(const struct map_case *param, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s-%s%s",
		 paging_format_name[param->format],
		 memory_layout_name[param->layout],
		 param->combine ? "" : "-apart");
}

KUNIT_ARRAY_PARAM(map, map_cases, describe_map);

static void domain_map_maps_all_of_it_and_no_more(struct kunit *test)
{
	const struct map_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	bool huge = param->layout == MEMORY_THP || param->layout == MEMORY_MIXED;
	unsigned long npages = huge ? 2 * HUGE : 100;
	unsigned long length_bytes = (npages - 12) * PAGE_SIZE;
	unsigned long byte = 5 * PAGE_SIZE;
	struct pinned pinned;

	pin(test, &pinned, param->layout, npages);
	KUNIT_ASSERT_EQ(test, domain_map(&paging->domain, IOVA + byte,
					 pinned.backing, byte, length_bytes,
					 PROT, param->combine), 0);
	expect_mapped(test, paging, IOVA + byte, &pinned, byte, length_bytes);
	/* What the IOMMU may have cached of the absence was dropped. */
	KUNIT_EXPECT_GE(test, atomic_long_read(&paging->synced_bytes),
			length_bytes);

	domain_unmap(&paging->domain, IOVA + byte, length_bytes);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, IOVA + byte,
						length_bytes));
	/* Once for all of it. */
	KUNIT_EXPECT_EQ(test, atomic_read(&paging->nr_flushes), 1);
	unpin(&pinned);
}

/* Beyond what a table of three levels reaches: it has to get higher. */
static void domain_map_far_up(struct kunit *test)
{
	const unsigned long length_bytes = 60 * PAGE_SIZE;
	const unsigned long iovas[] = {
		1UL << 39, 1UL << 52, (1UL << 39) - length_bytes,
	};
	struct paging *paging = paging_create(test, PAGING_AMDV1_GROWING);
	struct pinned pinned;

	pin(test, &pinned, MEMORY_SCATTERED, 60);
	for (int i = 0; i < ARRAY_SIZE(iovas); i++) {
		KUNIT_ASSERT_EQ(test, domain_map(&paging->domain, iovas[i],
						 pinned.backing, 0,
						 length_bytes, PROT, true), 0);
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&paging->domain,
							 iovas[i] + 5),
				phys_at(&pinned, 5));
	}
	for (int i = 0; i < ARRAY_SIZE(iovas); i++)
		domain_unmap(&paging->domain, iovas[i], length_bytes);
	unpin(&pinned);
}

static const struct reach_case {
	const char *name;
	enum paging_format format;
	unsigned long iova;
} reach_cases[] = {
	{ "vtdss", PAGING_VTDSS, 1UL << 48 },
	{ "vtdss-partly", PAGING_VTDSS, (1UL << 48) - 8 * PAGE_SIZE },
	{ "x86-64", PAGING_X86_64, 1UL << 47 },
	{ "x86-64-partly", PAGING_X86_64, (1UL << 47) - 8 * PAGE_SIZE },
	{ "amdv1", PAGING_AMDV1, 1UL << 48 },
	{ "amdv1-partly", PAGING_AMDV1, (1UL << 48) - 8 * PAGE_SIZE },
};

KUNIT_ARRAY_PARAM_DESC(reach, reach_cases, name);

static void domain_map_beyond_the_iovas_of_a_domain_fails(struct kunit *test)
{
	const struct reach_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	struct pinned pinned;

	pin(test, &pinned, MEMORY_SCATTERED, 16);
	KUNIT_EXPECT_EQ(test, domain_map(&paging->domain, param->iova,
					 pinned.backing, 0, 16 * PAGE_SIZE,
					 PROT, true), -ERANGE);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, param->iova,
						16 * PAGE_SIZE));
	unpin(&pinned);
}

/* 21 bits of a physical address: none of the memory that a kernel gives out. */
static void domain_map_beyond_the_memory_of_a_domain_fails(struct kunit *test)
{
	struct paging *paging = paging_create_narrow(test, paging_table(test),
						     21);
	struct pinned pinned;

	pin(test, &pinned, MEMORY_SCATTERED, 16);
	/* A table is there, so that entries could be put into it. */
	KUNIT_ASSERT_EQ(test, iommu_map(&paging->domain, IOVA - PAGE_SIZE, 0,
					PAGE_SIZE, PROT, GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, iommu_map(&paging->domain,
					IOVA + 40 * PAGE_SIZE, 0, PAGE_SIZE,
					PROT, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, domain_map(&paging->domain, IOVA, pinned.backing,
					 0, 16 * PAGE_SIZE, PROT, true),
			-ERANGE);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, IOVA, 16 * PAGE_SIZE));
	iommu_unmap(&paging->domain, IOVA - PAGE_SIZE, PAGE_SIZE);
	iommu_unmap(&paging->domain, IOVA + 40 * PAGE_SIZE, PAGE_SIZE);
	unpin(&pinned);
}

/* Something is in the way at page 70 of 100. */
static void domain_map_over_something_changes_nothing(struct kunit *test)
{
	const struct format_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	unsigned long iova = IOVA + 70 * PAGE_SIZE;
	struct pinned pinned;
	int rc;

	pin(test, &pinned, MEMORY_SCATTERED, 100);
	KUNIT_ASSERT_EQ(test, iommu_map(&paging->domain, iova, PMD_SIZE,
					PAGE_SIZE, PROT, GFP_KERNEL), 0);
	rc = domain_map(&paging->domain, IOVA, pinned.backing, 0,
			100 * PAGE_SIZE, PROT, true);
	KUNIT_EXPECT_EQ(test, rc, param->format == PAGING_RECORD ? -EBUSY :
								   -EADDRINUSE);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, IOVA, 70 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, iova + PAGE_SIZE,
						29 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&paging->domain, iova),
			PMD_SIZE);
	KUNIT_EXPECT_EQ(test, iommu_unmap(&paging->domain, iova, PAGE_SIZE),
			PAGE_SIZE);
	unpin(&pinned);
}

static void domain_map_fails_when_the_sync_fails(struct kunit *test)
{
	const struct format_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	struct pinned pinned;

	pin(test, &pinned, MEMORY_SCATTERED, 100);
	paging->sync_map_rc = -ENOMEM;
	KUNIT_EXPECT_EQ(test, domain_map(&paging->domain, IOVA, pinned.backing,
					 0, 100 * PAGE_SIZE, PROT, true),
			-ENOMEM);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, IOVA, 100 * PAGE_SIZE));
	unpin(&pinned);
}

/* The sync is told of all that was mapped since the last one. */
static void domain_map_syncs_a_filled_mapping_once(struct kunit *test)
{
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct pinned pinned;

	if (!fill_ops_of(&paging->domain))
		kunit_skip(test, "no table is filled with pages of this size");
	pin(test, &pinned, MEMORY_SCATTERED, 100);
	KUNIT_ASSERT_EQ(test, domain_map(&paging->domain, IOVA, pinned.backing,
					 0, 100 * PAGE_SIZE, PROT, true), 0);
	/* One for each of the two tables that had to be made, and one. */
	KUNIT_EXPECT_LE(test, atomic_read(&paging->nr_sync_maps), 3);
	KUNIT_EXPECT_GE(test, atomic_long_read(&paging->synced_bytes),
			100 * PAGE_SIZE);
	domain_unmap(&paging->domain, IOVA, 100 * PAGE_SIZE);
	unpin(&pinned);
}

#define SMALL		PAGING_SMALL_BYTES

static const struct part_case {
	const char *name;
	unsigned long iova;
	unsigned long byte;
	unsigned long length_bytes;
} part_cases[] = {
	{ "in-a-page", IOVA + SMALL, SMALL, 2 * SMALL },
	{ "other-offset", IOVA, 3 * SMALL, 4 * SMALL },
	{ "end-of-a-page", IOVA + PAGE_SIZE - SMALL, PAGE_SIZE - SMALL, SMALL },
	{ "across-pages", IOVA + SMALL, PAGE_SIZE - SMALL, 5 * PAGE_SIZE },
	{ "all-but-the-ends", IOVA, SMALL, 20 * PAGE_SIZE - 2 * SMALL },
	{ "start-at-a-page", IOVA + 2 * SMALL, 0, 7 * PAGE_SIZE + SMALL },
};

KUNIT_ARRAY_PARAM_DESC(part, part_cases, name);

/* By domains with pages smaller than those of the CPU. */
static void domain_map_of_parts_of_pages(struct kunit *test)
{
	const struct part_case *param = test->param_value;
	struct paging *paging = paging_create(test, PAGING_RECORD);
	struct pinned pinned;

	pin(test, &pinned, MEMORY_SCATTERED, 20);
	KUNIT_ASSERT_EQ(test, domain_map(&paging->domain, param->iova,
					 pinned.backing, param->byte,
					 param->length_bytes, PROT, true), 0);
	for (unsigned long i = 0; i < param->length_bytes;
	     i += PAGING_SMALL_BYTES)
		KUNIT_ASSERT_EQ(test, iommu_iova_to_phys(&paging->domain,
							 param->iova + i),
				phys_at(&pinned, param->byte + i));
	domain_unmap(&paging->domain, param->iova, param->length_bytes);
	KUNIT_EXPECT_TRUE(test, xa_empty(&paging->record));
	unpin(&pinned);
}

/* Each call in turn fails. */
static void domain_map_that_fails_midway_unmaps(struct kunit *test)
{
	struct pinned pinned;
	unsigned int call;

	pin(test, &pinned, MEMORY_SCATTERED, 30);
	for (call = 1; call < 100; call++) {
		struct paging *paging = paging_create(test, PAGING_RECORD);
		int rc;

		paging->fail_map_call = call;
		rc = domain_map(&paging->domain, IOVA + SMALL, pinned.backing,
				SMALL, 30 * PAGE_SIZE - SMALL, PROT, true);
		if (!rc)
			break;
		KUNIT_EXPECT_EQ(test, rc, -ENOMEM);
		KUNIT_EXPECT_TRUE(test, xa_empty(&paging->record));
	}
	KUNIT_EXPECT_GT(test, call, 15);
	KUNIT_EXPECT_LT(test, call, 100);
	unpin(&pinned);
}

static void domain_map_fails_without_a_trace(struct kunit *test)
{
	unsigned long length_bytes = 80 * PAGE_SIZE;
	struct pinned pinned;
	struct fault fault;

	fault_require(test);
	pin(test, &pinned, MEMORY_MIXED, HUGE + 30);
	for_each_fault(&fault) {
		struct paging *paging = paging_create(test, paging_table(test));
		int rc;

		fault_arm(&fault);
		rc = domain_map(&paging->domain, IOVA, pinned.backing,
				(HUGE - 50) * PAGE_SIZE, length_bytes, PROT,
				true);
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, rc)) {
			expect_mapped(test, paging, IOVA, &pinned,
				      (HUGE - 50) * PAGE_SIZE, length_bytes);
			domain_unmap(&paging->domain, IOVA, length_bytes);
		}
		KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, IOVA,
							length_bytes));
	}
	/* Of tables, if nothing else. */
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
	unpin(&pinned);
}

static int domain_test_init(struct kunit *test)
{
	return memory_attach();
}

static struct kunit_case domain_test_cases[] = {
	KUNIT_CASE_PARAM(domain_alignment_is_the_smallest_page,
			 alignment_gen_params),
	KUNIT_CASE_PARAM(domain_map_maps_all_of_it_and_no_more, map_gen_params),
	KUNIT_CASE(domain_map_far_up),
	KUNIT_CASE_PARAM(domain_map_beyond_the_iovas_of_a_domain_fails,
			 reach_gen_params),
	KUNIT_CASE_PARAM(domain_map_beyond_the_memory_of_a_domain_fails,
			 paging_gen_tables),
	KUNIT_CASE_PARAM(domain_map_over_something_changes_nothing,
			 format_gen_params),
	KUNIT_CASE_PARAM(domain_map_fails_when_the_sync_fails,
			 format_gen_params),
	KUNIT_CASE(domain_map_syncs_a_filled_mapping_once),
	KUNIT_CASE_PARAM(domain_map_of_parts_of_pages, part_gen_params),
	KUNIT_CASE(domain_map_that_fails_midway_unmaps),
	KUNIT_CASE_PARAM(domain_map_fails_without_a_trace, paging_gen_tables),
	{}
};

static struct kunit_suite domain_test_suite = {
	.name = "iommufd-domain",
	.init = domain_test_init,
	.test_cases = domain_test_cases,
};

kunit_test_suite(domain_test_suite);
