// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling of tables: what kmod/table/fill.h promises. Above all, that the table is
 * the one that iommu_map() would make.
 *
 * What is mapped here is made up: runs of page frames that nobody owns, for no
 * hardware uses the tables.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/mm.h>

#include "memory/backing.h"
#include "paging.h"
#include "race.h"
#include "random.h"
#include "table/table.h"
#include "table/fill.h"

#define PROT		(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define HUGE		(PMD_SIZE / PAGE_SIZE)

static int pin_none(struct backing *backing, unsigned long first_index,
		    unsigned long npages, struct extents *ex)
{
	return -EFAULT;
}

static const struct backing_ops made_up_ops = {
	.pin = pin_none,
};

/* A backing of made up page frames. It is held by nobody, and never put. */
static struct backing *create(struct kunit *test)
{
	struct backing *backing = kunit_kzalloc(test, sizeof(*backing),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, backing);
	backing->ops = &made_up_ops;
	mutex_init(&backing->lock);
	backing->segments = RB_ROOT;
	extents_init(&backing->own_segment.extents);
	rb_link_node(&backing->own_segment.node, NULL,
		     &backing->segments.rb_node);
	rb_insert_color(&backing->own_segment.node, &backing->segments);
	return backing;
}

static struct extents *extents_of(struct backing *backing)
{
	return &backing->own_segment.extents;
}

static unsigned long npages_of(struct backing *backing)
{
	return extents_of(backing)->npages;
}

static void append(struct kunit *test, struct backing *backing,
		   unsigned long pfn, unsigned long npages)
{
	KUNIT_ASSERT_EQ(test, extents_append(extents_of(backing), pfn, npages,
					     0), 0);
}

static const struct large_case {
	const char *name;
	unsigned long large_npages;
} large_cases[] = {
	{ "2-pages", 2 },
	{ "8-pages", 8 },
	{ "none", 0 },
};

KUNIT_ARRAY_PARAM_DESC(large, large_cases, name);

/* Is there, somewhere in the run, an entry that fits both sides? */
static bool can_be_large(unsigned long iova_pfn, unsigned long pfn,
			 unsigned long npages, unsigned long large_npages)
{
	for (unsigned long i = 0; large_npages && i + large_npages <= npages;
	     i++) {
		if (!((iova_pfn + i) % large_npages) &&
		    !((pfn + i) % large_npages))
			return true;
	}
	return false;
}

static void fill_can_be_large_as_tried_out(struct kunit *test)
{
	const struct large_case *param = test->param_value;
	unsigned long large_bytes = param->large_npages << PAGE_SHIFT;

	for (unsigned long iova_pfn = 0; iova_pfn < 20; iova_pfn++) {
		for (unsigned long pfn = 0; pfn < 20; pfn++) {
			for (unsigned long n = 1; n < 20; n++)
				KUNIT_ASSERT_EQ(test,
						fill_can_be_large(iova_pfn << PAGE_SHIFT,
								  pfn, n,
								  large_bytes),
						can_be_large(iova_pfn, pfn, n,
							     param->large_npages));
		}
	}
}

static const struct format_case {
	enum paging_format format;
	const struct fill_ops *fill;
} format_cases[] = {
	{ PAGING_VTDSS, &fill_vtdss },
	{ PAGING_VTDSS_INCOHERENT, &fill_vtdss },
	{ PAGING_X86_64, &fill_x86_64 },
	{ PAGING_AMDV1, &fill_amdv1 },
	{ PAGING_AMDV1_GROWING, &fill_amdv1 },
};

static const struct format_case ops_cases[] = {
	{ PAGING_VTDSS, &fill_vtdss },
	{ PAGING_X86_64, &fill_x86_64 },
	{ PAGING_AMDV1, &fill_amdv1 },
	{ PAGING_RECORD, NULL },
};

static void describe_format(const struct format_case *param, char *desc)
{
	strscpy(desc, paging_format_name[param->format], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(format, format_cases, describe_format);
KUNIT_ARRAY_PARAM(ops, ops_cases, describe_format);

static void fill_ops_are_those_of_the_format(struct kunit *test)
{
	const struct format_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);

	KUNIT_EXPECT_PTR_EQ(test, fill_ops_of(&paging->domain), param->fill);
	/* Nothing is filled in pages that the domain does not have. */
	paging->domain.pgsize_bitmap &= ~PAGE_SIZE;
	KUNIT_EXPECT_NULL(test, fill_ops_of(&paging->domain));
}

/**
 * struct direct - a call of a fill_fn
 * @walk: over the backing, all of it
 * @fill: the argument
 * @rc: what it returned
 */
struct direct {
	struct backing_walk walk;
	struct fill fill;
	int rc;
};

static void fill(struct paging *paging, struct backing *backing,
		 unsigned long iova, struct direct *direct)
{
	unsigned long npages = npages_of(backing);

	mutex_lock(&backing->lock);
	backing_walk_start(backing, &direct->walk, 0, npages - 1);
	direct->fill = (struct fill){
		.iova = iova,
		.max_npages = npages,
		.prot = PROT,
		.page_bytes = PAGE_SIZE,
		.large_bytes = PMD_SIZE,
		.walk = &direct->walk,
	};
	direct->rc = fill_ops_of(&paging->domain)->fill(&paging->domain,
							&direct->fill);
	mutex_unlock(&backing->lock);
}

/* Have a table of leaves there, with one entry at its end. */
static void make_table(struct kunit *test, struct paging *paging,
		       unsigned long iova)
{
	KUNIT_ASSERT_EQ(test, iommu_map(&paging->domain,
					ALIGN_DOWN(iova, PMD_SIZE) + PMD_SIZE -
					PAGE_SIZE, 0, PAGE_SIZE, PROT,
					GFP_KERNEL), 0);
}

static void fill_makes_no_tables(struct kunit *test)
{
	const struct format_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	struct backing *backing = create(test);
	struct direct direct;

	append(test, backing, 1000, 1);
	append(test, backing, 2000, 1);
	fill(paging, backing, SZ_1G, &direct);
	KUNIT_EXPECT_EQ(test, direct.rc, 0);
	KUNIT_EXPECT_EQ(test, direct.fill.done_npages, 0);
	KUNIT_EXPECT_EQ(test, direct.walk.pfn, 1000);
	KUNIT_EXPECT_TRUE(test, paging_is_empty(paging, SZ_1G, 2 * PAGE_SIZE));
	extents_free(extents_of(backing));
}

static void fill_ends_with_the_table(struct kunit *test)
{
	const struct format_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	unsigned long iova = SZ_1G - 5 * PAGE_SIZE;
	struct backing *backing = create(test);
	struct direct direct;

	KUNIT_ASSERT_EQ(test, iommu_map(&paging->domain, SZ_1G - PMD_SIZE, 0,
					PAGE_SIZE, PROT, GFP_KERNEL), 0);
	make_table(test, paging, SZ_1G);
	for (unsigned long i = 0; i < 20; i++)
		append(test, backing, 1000 + 2 * i, 1);
	fill(paging, backing, iova, &direct);
	KUNIT_EXPECT_EQ(test, direct.rc, 0);
	KUNIT_EXPECT_EQ(test, direct.fill.done_npages, 5);
	KUNIT_EXPECT_EQ(test, direct.walk.pfn, 1010);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&paging->domain, SZ_1G - 1),
			PFN_PHYS(1009) - 1);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&paging->domain, SZ_1G), 0);
	extents_free(extents_of(backing));
}

static void fill_ends_before_what_can_be_large(struct kunit *test)
{
	const struct format_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	unsigned long iova = SZ_1G + PMD_SIZE - 3 * PAGE_SIZE;
	struct backing *backing = create(test);
	struct direct direct;

	KUNIT_ASSERT_EQ(test, iommu_map(&paging->domain, SZ_1G, 0, PAGE_SIZE,
					PROT, GFP_KERNEL), 0);
	append(test, backing, 100, 1);
	append(test, backing, 200, 1);
	/* From here on an aligned huge page, but for the page before it. */
	append(test, backing, 10 * HUGE - 1, HUGE + 2);
	fill(paging, backing, iova, &direct);
	KUNIT_EXPECT_EQ(test, direct.rc, 0);
	KUNIT_EXPECT_EQ(test, direct.fill.done_npages, 2);
	KUNIT_EXPECT_EQ(test, direct.walk.pfn, 10 * HUGE - 1);
	KUNIT_EXPECT_EQ(test, direct.walk.npages, HUGE + 2);
	extents_free(extents_of(backing));
}

static void fill_stops_at_what_is_mapped(struct kunit *test)
{
	const struct format_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	struct backing *backing = create(test);
	struct direct direct;

	KUNIT_ASSERT_EQ(test, iommu_map(&paging->domain,
					SZ_1G + 7 * PAGE_SIZE, PMD_SIZE,
					PAGE_SIZE, PROT, GFP_KERNEL), 0);
	append(test, backing, 1001, 20);
	fill(paging, backing, SZ_1G, &direct);
	KUNIT_EXPECT_EQ(test, direct.rc, -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, direct.fill.done_npages, 7);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&paging->domain,
						 SZ_1G + 7 * PAGE_SIZE),
			PMD_SIZE);
	extents_free(extents_of(backing));
}

/* Huge pages that lie apart: their entries are one table's, too. */
static void fill_takes_huge_pages(struct kunit *test)
{
	const struct format_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	struct backing *backing = create(test);
	struct direct direct;

	KUNIT_ASSERT_EQ(test, iommu_map(&paging->domain, SZ_1G + 8 * PMD_SIZE,
					0, PMD_SIZE, PROT, GFP_KERNEL), 0);
	append(test, backing, 7 * HUGE, HUGE);
	append(test, backing, 11 * HUGE, HUGE);
	/* Not as large, and so not for this table. */
	append(test, backing, 15 * HUGE, HUGE - 1);

	mutex_lock(&backing->lock);
	backing_walk_start(backing, &direct.walk, 0, npages_of(backing) - 1);
	direct.fill = (struct fill){
		.iova = SZ_1G,
		.max_npages = npages_of(backing),
		.prot = PROT,
		.page_bytes = PMD_SIZE,
		.large_bytes = SZ_1G,
		.walk = &direct.walk,
	};
	KUNIT_EXPECT_EQ(test, param->fill->fill(&paging->domain, &direct.fill),
			0);
	mutex_unlock(&backing->lock);
	KUNIT_EXPECT_EQ(test, direct.fill.done_npages, 2 * HUGE);
	KUNIT_EXPECT_EQ(test, direct.walk.pfn, 15 * HUGE);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&paging->domain,
						 SZ_1G + PMD_SIZE + 5),
			PFN_PHYS(11 * HUGE) + 5);
	KUNIT_EXPECT_EQ(test, iommu_unmap(&paging->domain, SZ_1G, PAGE_SIZE),
			PMD_SIZE);
	extents_free(extents_of(backing));
}

/* A table that was left behind is for iommu_map() to replace. */
static void fill_leaves_tables_alone(struct kunit *test)
{
	const struct format_case *param = test->param_value;
	struct paging *paging = paging_create(test, param->format);
	struct backing *backing = create(test);

	make_table(test, paging, SZ_1G);
	KUNIT_ASSERT_EQ(test, iommu_unmap(&paging->domain,
					  SZ_1G + PMD_SIZE - PAGE_SIZE,
					  PAGE_SIZE), PAGE_SIZE);
	append(test, backing, 7 * HUGE, HUGE);
	append(test, backing, 11 * HUGE, HUGE);
	KUNIT_EXPECT_EQ(test, domain_map(&paging->domain, SZ_1G, backing, 0,
					 2 * PMD_SIZE, PROT, true), 0);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&paging->domain, SZ_1G),
			PFN_PHYS(7 * HUGE));
	KUNIT_EXPECT_EQ(test, iommu_unmap(&paging->domain, SZ_1G, PAGE_SIZE),
			PMD_SIZE);
	extents_free(extents_of(backing));
}

#define WINDOW_IOVA	((1UL << 39) - 16 * PMD_SIZE)
#define WINDOW_NPAGES	(32UL * HUGE)
#define LAYOUT_STEPS	120
#define LAYOUT_SLOTS	12

/**
 * struct mapping - what is mapped in both domains
 * @iova: where
 * @length_bytes: its length; 0 for nothing
 */
struct mapping {
	unsigned long iova;
	unsigned long length_bytes;
};

/**
 * struct twins - two domains: one by domain_map(), one by iommu_map()
 * @test: the case
 * @ours: the one
 * @theirs: the other
 * @combine: large entries may form
 * @prot: of the current mapping
 * @rnd: the choices
 * @mappings: what is mapped
 */
struct twins {
	struct kunit *test;
	struct paging *ours;
	struct paging *theirs;
	bool combine;
	int prot;
	struct rnd_state rnd;
	struct mapping mappings[LAYOUT_SLOTS];
};

/* Up to @left pages: scattered, neighbours, or huge, for @iova or not. */
static void append_random(struct twins *twins, struct backing *backing,
			  unsigned long iova, unsigned long left)
{
	unsigned long pfn = 1 + random_below(&twins->rnd, 1 << 24);
	unsigned long npages = 1;

	switch (random_below(&twins->rnd, 6)) {
	case 0:
		npages = random_between(&twins->rnd, 2, 40);
		break;
	case 1:
		/* Alike within a large page, which may lie in it or not. */
		npages = random_between(&twins->rnd, 1, 3 * HUGE);
		pfn = ALIGN(pfn, HUGE) + (iova >> PAGE_SHIFT) % HUGE;
		break;
	case 2:
		npages = random_between(&twins->rnd, 1, 2 * HUGE);
		break;
	case 3:
		/* To a large boundary, then huge pages that lie apart. */
		npages = HUGE - (iova >> PAGE_SHIFT) % HUGE;
		pfn = ALIGN(pfn, HUGE) + HUGE - npages;
		for (; left > npages; npages = HUGE) {
			append(twins->test, backing, pfn, npages);
			left -= npages;
			pfn += npages + HUGE;
		}
		break;
	default:
		for (int i = 0; i < 30 && left > 1; i++, left--)
			append(twins->test, backing, pfn + 2 * i, 1);
		return;
	}
	append(twins->test, backing, pfn, min(npages, left));
}

static struct backing *create_random(struct twins *twins,
				     const struct mapping *mapping)
{
	struct backing *backing = create(twins->test);
	unsigned long npages = mapping->length_bytes >> PAGE_SHIFT;

	while (npages_of(backing) < npages) {
		unsigned long done = npages_of(backing);

		append_random(twins, backing,
			      mapping->iova + (done << PAGE_SHIFT),
			      npages - done);
	}
	return backing;
}

/* As the IOMMU core does it: by runs, or page by page. */
static void map_theirs(struct twins *twins, struct backing *backing,
		       const struct mapping *mapping)
{
	unsigned long iova = mapping->iova;
	struct backing_walk walk;

	mutex_lock(&backing->lock);
	backing_walk_start(backing, &walk, 0, npages_of(backing) - 1);
	while (walk.npages) {
		unsigned long npages = twins->combine ? walk.npages : 1;
		int rc = iommu_map(&twins->theirs->domain, iova,
				   PFN_PHYS(walk.pfn), npages << PAGE_SHIFT,
				   twins->prot, GFP_KERNEL);

		KUNIT_EXPECT_EQ(twins->test, rc, 0);
		iova += npages << PAGE_SHIFT;
		backing_walk_skip(&walk, npages);
	}
	mutex_unlock(&backing->lock);
}

static bool overlaps(const struct twins *twins, const struct mapping *mapping)
{
	for (int i = 0; i < LAYOUT_SLOTS; i++) {
		const struct mapping *other = &twins->mappings[i];

		if (mapping->iova < other->iova + other->length_bytes &&
		    other->iova < mapping->iova + mapping->length_bytes)
			return true;
	}
	return false;
}

static void map_twins(struct twins *twins, struct mapping *mapping)
{
	unsigned long npages = random_between(&twins->rnd, 1,
					      random_below(&twins->rnd, 2) ?
						      4 * HUGE : 40);
	struct backing *backing;
	struct mapping next;

	next.iova = WINDOW_IOVA + (random_below(&twins->rnd,
						WINDOW_NPAGES - npages + 1) <<
				   PAGE_SHIFT);
	next.length_bytes = npages << PAGE_SHIFT;
	if (overlaps(twins, &next))
		return;
	*mapping = next;
	twins->prot = random_below(&twins->rnd, 2) ? PROT : IOMMU_READ;
	backing = create_random(twins, mapping);
	KUNIT_EXPECT_EQ(twins->test,
			domain_map(&twins->ours->domain, mapping->iova, backing,
				   0, mapping->length_bytes, twins->prot,
				   twins->combine), 0);
	map_theirs(twins, backing, mapping);
	extents_free(extents_of(backing));
}

/* Page by page, so that what is returned tells the size of each entry. */
static void unmap_observing(struct twins *twins, struct mapping *mapping)
{
	unsigned long done = 0;

	while (done < mapping->length_bytes) {
		unsigned long iova = mapping->iova + done;
		size_t n;

		KUNIT_ASSERT_EQ(twins->test,
				iommu_iova_to_phys(&twins->ours->domain, iova),
				iommu_iova_to_phys(&twins->theirs->domain,
						   iova));
		n = iommu_unmap(&twins->ours->domain, iova, PAGE_SIZE);
		KUNIT_ASSERT_EQ(twins->test, n,
				iommu_unmap(&twins->theirs->domain, iova,
					    PAGE_SIZE));
		KUNIT_ASSERT_GE(twins->test, n, PAGE_SIZE);
		if (!twins->combine)
			KUNIT_ASSERT_EQ(twins->test, n, PAGE_SIZE);
		done += n;
	}
	mapping->length_bytes = 0;
}

static void unmap_twins(struct twins *twins, struct mapping *mapping)
{
	if (random_below(&twins->rnd, 2)) {
		unmap_observing(twins, mapping);
		return;
	}
	domain_unmap(&twins->ours->domain, mapping->iova,
		     mapping->length_bytes);
	iommu_unmap(&twins->theirs->domain, mapping->iova,
		    mapping->length_bytes);
	mapping->length_bytes = 0;
}

static const struct twin_case {
	enum paging_format format;
	bool combine;
} twin_cases[] = {
	{ PAGING_VTDSS, true },
	{ PAGING_VTDSS, false },
	{ PAGING_VTDSS_INCOHERENT, true },
	{ PAGING_X86_64, true },
	{ PAGING_X86_64, false },
	{ PAGING_AMDV1, true },
	{ PAGING_AMDV1, false },
	{ PAGING_AMDV1_GROWING, true },
};

static void describe_twin(const struct twin_case *param, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s%s",
		 paging_format_name[param->format],
		 param->combine ? "" : "-apart");
}

KUNIT_ARRAY_PARAM(twin, twin_cases, describe_twin);

/* A window in the midst of which some tables have to get higher. */
static void domain_map_builds_what_iommu_map_builds(struct kunit *test)
{
	const struct twin_case *param = test->param_value;
	struct twins *twins = kunit_kzalloc(test, sizeof(*twins), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, twins);
	twins->test = test;
	twins->ours = paging_create(test, param->format);
	twins->theirs = paging_create(test, param->format);
	twins->combine = param->combine;
	random_start(test, &twins->rnd);
	for (int step = 0; step < LAYOUT_STEPS; step++) {
		struct mapping *mapping =
			&twins->mappings[random_below(&twins->rnd,
						      LAYOUT_SLOTS)];

		if (mapping->length_bytes)
			unmap_twins(twins, mapping);
		else
			map_twins(twins, mapping);
		KUNIT_ASSERT_TRUE(test, paging_same(twins->ours,
						    twins->theirs));
	}
	/* It was filled, and not left to iommu_map(). */
	KUNIT_EXPECT_LT(test, atomic_read(&twins->ours->nr_sync_maps),
			atomic_read(&twins->theirs->nr_sync_maps) / 2);
}

#define SLICE_NPAGES	40UL
#define SLICE_ROUNDS	150

/**
 * struct slices - threads that map in the same tables
 * @test: the case
 * @paging: the domain
 * @nr: how many threads have begun
 */
struct slices {
	struct kunit *test;
	struct paging *paging;
	atomic_t nr;
};

/* Every third slice of a few tables is mine. */
static void race_slices(void *data)
{
	struct slices *run = data;
	unsigned long mine = atomic_inc_return(&run->nr) - 1;
	struct iommu_domain *domain = &run->paging->domain;
	struct backing *backing = create(run->test);

	for (unsigned long i = 0; i < SLICE_NPAGES; i++)
		append(run->test, backing, (mine + 1) * 10000 + 3 * i, 1);
	for (unsigned long round = 0; round < SLICE_ROUNDS; round++) {
		unsigned long slice = mine + 3 * (round % 12);
		unsigned long iova = SZ_1G + slice * SLICE_NPAGES * PAGE_SIZE;

		if (domain_map(domain, iova, backing, 0,
			       SLICE_NPAGES * PAGE_SIZE, PROT, true)) {
			KUNIT_FAIL(run->test, "cannot map");
			break;
		}
		for (unsigned long i = 0; i < SLICE_NPAGES; i++)
			KUNIT_EXPECT_EQ(run->test,
					iommu_iova_to_phys(domain,
							   iova + i * PAGE_SIZE),
					PFN_PHYS((mine + 1) * 10000 + 3 * i));
		domain_unmap(domain, iova, SLICE_NPAGES * PAGE_SIZE);
	}
	extents_free(extents_of(backing));
}

static void domain_map_shares_tables_with_other_threads(struct kunit *test)
{
	const struct format_case *param = test->param_value;
	struct slices run = {
		.test = test,
		.paging = paging_create(test, param->format),
	};
	const struct racer racers[] = {
		{ race_slices, &run },
		{ race_slices, &run },
		{ race_slices, &run },
	};

	race(test, racers, ARRAY_SIZE(racers));
	KUNIT_EXPECT_TRUE(test, paging_is_empty(run.paging, SZ_1G,
						36 * SLICE_NPAGES * PAGE_SIZE));
}

static struct kunit_case fill_test_cases[] = {
	KUNIT_CASE_PARAM(fill_can_be_large_as_tried_out, large_gen_params),
	KUNIT_CASE_PARAM(fill_ops_are_those_of_the_format, ops_gen_params),
	KUNIT_CASE_PARAM(fill_makes_no_tables, format_gen_params),
	KUNIT_CASE_PARAM(fill_ends_with_the_table, format_gen_params),
	KUNIT_CASE_PARAM(fill_ends_before_what_can_be_large, format_gen_params),
	KUNIT_CASE_PARAM(fill_stops_at_what_is_mapped, format_gen_params),
	KUNIT_CASE_PARAM(fill_takes_huge_pages, format_gen_params),
	KUNIT_CASE_PARAM(fill_leaves_tables_alone, format_gen_params),
	KUNIT_CASE_PARAM(domain_map_builds_what_iommu_map_builds,
			 twin_gen_params),
	KUNIT_CASE_PARAM(domain_map_shares_tables_with_other_threads,
			 format_gen_params),
	{}
};

static struct kunit_suite fill_test_suite = {
	.name = "iommufd-fill",
	.test_cases = fill_test_cases,
};

kunit_test_suite(fill_test_suite);
