// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmapping without iommu_unmap(): what kmod/table/fill.h promises. Above all, that
 * what is left of the table is what iommu_unmap() would leave.
 *
 * What is mapped here is made up, for no hardware uses the tables.
 */
#include <kunit/test.h>
#include <linux/iommu.h>

#include "paging.h"
#include "table/fill.h"
#include "table/table.h"

#define PROT		(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
/* A run that lies so to its IOVAs forms no entry but those of base pages. */
#define BASE_PADDR	(SZ_1T + PAGE_SIZE)
#define HUGE_PADDR	SZ_1T
/* The formats of a table come first. */
#define NR_TABLES	PAGING_RECORD

static void map(struct kunit *test, struct paging *paging, unsigned long iova,
		phys_addr_t paddr, unsigned long length_bytes)
{
	KUNIT_ASSERT_EQ(test, iommu_map(&paging->domain, iova, paddr,
					length_bytes, PROT, GFP_KERNEL), 0);
}

/* Nothing that was taken out is freed by it. */
static int unmap(struct paging *paging, unsigned long iova,
		 unsigned long length_bytes)
{
	const struct fill_ops *ops = fill_ops_of(&paging->domain);
	struct iommu_iotlb_gather gather;
	int rc;

	iommu_iotlb_gather_init(&gather);
	rc = ops->unmap(&paging->domain, iova, length_bytes, &gather.freelist);
	iommu_iotlb_gather_add_range(&gather, iova, length_bytes);
	iommu_iotlb_sync(&paging->domain, &gather);
	return rc;
}

static void unmap_takes_what_it_is_told_to(struct kunit *test)
{
	struct paging *paging = paging_create(test, paging_table(test));
	struct iommu_domain *domain = &paging->domain;

	map(test, paging, SZ_1G, BASE_PADDR, 5 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, unmap(paging, SZ_1G + PAGE_SIZE,
				    3 * PAGE_SIZE), 0);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, SZ_1G + PAGE_SIZE,
						3 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, SZ_1G), BASE_PADDR);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, SZ_1G + 4 * PAGE_SIZE),
			BASE_PADDR + 4 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, atomic_read(&paging->nr_freed_tables), 0);
}

/* Where nothing is mapped, where some is, and at either end of what is one entry. */
static void unmap_refuses_what_is_not_there(struct kunit *test)
{
	struct paging *paging = paging_create(test, paging_table(test));
	struct iommu_domain *domain = &paging->domain;

	KUNIT_EXPECT_EQ(test, unmap(paging, SZ_1G, PAGE_SIZE), -EINVAL);
	map(test, paging, SZ_1G, HUGE_PADDR, 2 * PMD_SIZE);
	KUNIT_EXPECT_EQ(test, unmap(paging, SZ_1G, PAGE_SIZE), -EINVAL);
	KUNIT_EXPECT_EQ(test, unmap(paging,
				    SZ_1G + PMD_SIZE - PAGE_SIZE, PAGE_SIZE),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, unmap(paging, SZ_1G + PMD_SIZE,
				    PMD_SIZE + PAGE_SIZE), -EINVAL);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, SZ_1G), HUGE_PADDR);

	map(test, paging, SZ_2G, BASE_PADDR, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, unmap(paging, SZ_2G, 2 * PAGE_SIZE),
			-EINVAL);
	KUNIT_EXPECT_NE(test, unmap(paging, 1UL << 56, PAGE_SIZE), 0);
}

/**
 * struct left_case - what is unmapped of a domain
 * @name: of the case
 * @first: the first IOVA, from 512 GiB on
 * @last: the last one, the same
 * @large: the memory lies so that entries larger than a page form
 * @nr_tables: how many tables nobody needs any more
 */
static const struct left_case {
	const char *name;
	unsigned long first;
	unsigned long last;
	bool large;
	int nr_tables;
} left_cases[] = {
	{ "page", 0, SZ_4K - 1 },
	{ "end-of-table", SZ_1M, SZ_2M - 1 },
	{ "all-but-a-page", SZ_4K, SZ_2M - 1 },
	{ "table", 0, SZ_2M - 1, .nr_tables = 1 },
	{ "across-tables", SZ_1M, SZ_2M + SZ_1M - 1 },
	{ "tables-and-parts", SZ_2M - SZ_4K, 3 * SZ_2M + SZ_4K - 1,
	  .nr_tables = 2 },
	{ "entries-of-64K", SZ_64K, SZ_1M - 1, .large = true },
	{ "huge-page", 0, SZ_2M - 1, .large = true },
	{ "huge-pages-and-parts", SZ_2M - SZ_64K, 3 * SZ_2M + SZ_64K - 1,
	  .large = true },
	{ "GiB", SZ_1G, SZ_2G - 1, .nr_tables = 513 },
	{ "GiB-and-parts", SZ_1G - SZ_2M - SZ_4K, SZ_2G + SZ_2M + SZ_4K - 1,
	  .nr_tables = 515 },
	{ "across-GiBs", SZ_1G - SZ_2M, SZ_1G + SZ_4K - 1, .nr_tables = 1 },
};

/* All formats for all that. */
static const void *left_gen_params(struct kunit *test, const void *prev,
				   char *desc)
{
	unsigned long i = (unsigned long)prev;

	if (i >= ARRAY_SIZE(left_cases) * NR_TABLES)
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s-%s",
		 left_cases[i / NR_TABLES].name,
		 paging_format_name[i % NR_TABLES]);
	return (const void *)(i + 1);
}

/* With a neighbour on each side, which has part of the same tables. */
static struct paging *create_left(struct kunit *test, enum paging_format format,
				  const struct left_case *left)
{
	struct paging *paging = paging_create(test, format);
	phys_addr_t paddr = left->large ? HUGE_PADDR : BASE_PADDR;
	unsigned long iova = SZ_1T / 2;

	map(test, paging, iova + left->first, paddr + left->first,
	    left->last + 1 - left->first);
	map(test, paging, iova + left->first - PAGE_SIZE, BASE_PADDR,
	    PAGE_SIZE);
	map(test, paging, iova + left->last + 1, BASE_PADDR, PAGE_SIZE);
	return paging;
}

static void unmap_leaves_what_iommu_unmap_leaves(struct kunit *test)
{
	unsigned long i = (unsigned long)test->param_value - 1;
	const struct left_case *left = &left_cases[i / NR_TABLES];
	enum paging_format format = i % NR_TABLES;
	struct paging *ours = create_left(test, format, left);
	struct paging *theirs = create_left(test, format, left);
	unsigned long iova = SZ_1T / 2 + left->first;
	unsigned long length_bytes = left->last + 1 - left->first;

	KUNIT_ASSERT_TRUE(test, paging_same(ours, theirs));
	domain_unmap(&ours->domain, iova, length_bytes);
	KUNIT_EXPECT_EQ(test, iommu_unmap(&theirs->domain, iova, length_bytes),
			length_bytes);
	KUNIT_EXPECT_TRUE(test, paging_same(ours, theirs));
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&ours->domain, iova - 1),
			BASE_PADDR + PAGE_SIZE - 1);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&ours->domain,
						 iova + length_bytes),
			BASE_PADDR);

	/* Once, and told of all tables: the IOTLB remembers those, too. */
	KUNIT_EXPECT_EQ(test, atomic_read(&ours->nr_flushes), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&ours->nr_freed_tables),
			left->nr_tables);
	KUNIT_EXPECT_EQ(test, atomic_read(&theirs->nr_freed_tables),
			left->nr_tables);
}

static struct kunit_case unmap_test_cases[] = {
	KUNIT_CASE_PARAM(unmap_takes_what_it_is_told_to, paging_gen_tables),
	KUNIT_CASE_PARAM(unmap_refuses_what_is_not_there, paging_gen_tables),
	KUNIT_CASE_PARAM(unmap_leaves_what_iommu_unmap_leaves,
			 left_gen_params),
	{}
};

static struct kunit_suite unmap_test_suite = {
	.name = "iommufd-unmap-tables",
	.test_cases = unmap_test_cases,
};

kunit_test_suite(unmap_test_suite);
