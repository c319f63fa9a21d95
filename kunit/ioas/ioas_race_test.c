// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that share an IOAS: whatever they do, each domain mirrors it, and
 * nothing stays pinned.
 *
 * They meet by luck, for the sanitizers and for KCSAN (make test-kcsan): no case
 * counts on it. Each step of one between two of another is in pairs/.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "balance.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"
#include "paging.h"
#include "race.h"
#include "random.h"

#define FIXED	(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE | \
		 IOMMU_IOAS_MAP_FIXED_IOVA)

static struct iofd iofd;
static struct iommufd_ioas *ioas;

static void add(struct kunit *test, struct ioas_domain *member,
		struct paging *paging)
{
	member->domain = &paging->domain;
	KUNIT_ASSERT_EQ(test, ioas_add_domain(ioas, member), 0);
}

#define ROUNDS	250
#define NSLOTS	16
#define NPAGES	20UL

/**
 * struct ioas_race - threads that share an IOAS
 * @test: the case
 * @va: memory that they map
 * @fixed: a domain that is there all the time
 * @other: one that comes and goes
 */
struct ioas_race {
	struct kunit *test;
	unsigned long va;
	struct paging *fixed;
	struct paging *other;
};

static unsigned long slot_iova(unsigned int slot)
{
	return SZ_1G + slot * 2 * NPAGES * PAGE_SIZE;
}

/* All map to the same few places, and unmap whatever is there. */
static void race_map_unmap(void *data)
{
	struct ioas_race *run = data;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, current->pid);
	for (int i = 0; i < ROUNDS; i++) {
		unsigned long iova = slot_iova(random_below(&rnd, NSLOTS));
		unsigned long npages = random_between(&rnd, 1, NPAGES);
		unsigned long unmapped_bytes;
		int rc;

		rc = ioas_map_user(ioas, FIXED, run->va, npages << PAGE_SHIFT,
				   iova, NULL);
		if (rc)
			KUNIT_EXPECT_EQ(run->test, rc, -EEXIST);

		iova = slot_iova(random_below(&rnd, NSLOTS));
		rc = ioas_unmap(ioas, iova, iova + NPAGES * PAGE_SIZE - 1,
				&unmapped_bytes);
		if (rc)
			KUNIT_EXPECT_EQ(run->test, rc, -EBUSY);
	}
}

static void race_attach(void *data)
{
	struct ioas_race *run = data;
	struct ioas_domain member = { .domain = &run->other->domain };

	for (int i = 0; i < ROUNDS / 4; i++) {
		int rc = ioas_add_domain(ioas, &member);

		KUNIT_EXPECT_EQ(run->test, rc, 0);
		if (rc)
			break;
		cond_resched();
		ioas_remove_domain(ioas, &member);
		/* With it goes everything that was mapped in it. */
		KUNIT_EXPECT_TRUE(run->test,
				  paging_is_empty(run->other, SZ_1G,
						  NSLOTS * 2 *
						  NPAGES * PAGE_SIZE));
	}
}

/* Afterwards: each domain has exactly what is in the IOVA space. */
static void expect_mirror(struct kunit *test, struct paging *paging,
			  unsigned long va)
{
	for (unsigned int slot = 0; slot < NSLOTS; slot++) {
		unsigned long iova = slot_iova(slot), npages = 0;
		struct iova_node *node = iova_space_find(&ioas->space, iova,
							 iova);

		if (node)
			npages = (node->last - node->first + 1) >> PAGE_SHIFT;
		paging_expect_mapped(test, paging, iova, va, npages);
		KUNIT_EXPECT_TRUE(test,
				  paging_is_empty(paging,
						  iova + npages * PAGE_SIZE,
						  (2 * NPAGES - npages) *
						  PAGE_SIZE));
	}
}

static void finish_race(struct ioas_race *run, struct ioas_domain *member,
			const struct balance *before)
{
	struct kunit *test = run->test;
	unsigned long unmapped_bytes;
	struct ioas_domain late;

	add(test, &late, run->other);
	expect_mirror(test, run->fixed, run->va);
	expect_mirror(test, run->other, run->va);
	KUNIT_EXPECT_EQ(test, ioas_unmap(ioas, 0, ULONG_MAX, &unmapped_bytes),
			0);
	balance_expect_even(test, before);
	ioas_remove_domain(ioas, &late);
	ioas_remove_domain(ioas, member);
}

static void start_race(struct kunit *test, struct ioas_race *run,
		       struct ioas_domain *member)
{
	*run = (struct ioas_race){
		.test = test,
		.va = memory_map(test, MEMORY_SCATTERED, NPAGES),
		.fixed = paging_create(test, PAGING_VTDSS),
		.other = paging_create(test, PAGING_AMDV1),
	};
	add(test, member, run->fixed);
}

static void ioas_map_races_with_unmap(struct kunit *test)
{
	struct ioas_domain member;
	struct balance before;
	struct ioas_race run;
	const struct racer racers[] = {
		{ race_map_unmap, &run },
		{ race_map_unmap, &run },
		{ race_map_unmap, &run },
	};

	start_race(test, &run, &member);
	before = balance_now();
	race(test, racers, ARRAY_SIZE(racers));
	finish_race(&run, &member, &before);
}

static void ioas_add_domain_races_with_map(struct kunit *test)
{
	struct ioas_domain member;
	struct balance before;
	struct ioas_race run;
	const struct racer racers[] = {
		{ race_map_unmap, &run },
		{ race_attach, &run },
		{ race_map_unmap, &run },
	};

	start_race(test, &run, &member);
	before = balance_now();
	race(test, racers, ARRAY_SIZE(racers));
	finish_race(&run, &member, &before);
}

/* The first domain pins, the last one unpins: with none but the coming one. */
static void ioas_first_domain_races_with_map(struct kunit *test)
{
	struct ioas_domain member;
	struct balance before;
	struct ioas_race run;
	const struct racer racers[] = {
		{ race_map_unmap, &run },
		{ race_attach, &run },
		{ race_map_unmap, &run },
	};

	start_race(test, &run, &member);
	ioas_remove_domain(ioas, &member);
	before = balance_now();
	race(test, racers, ARRAY_SIZE(racers));
	balance_expect_even(test, &before);
	add(test, &member, run.fixed);
	finish_race(&run, &member, &before);
}

static int ioas_race_test_init(struct kunit *test)
{
	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	return 0;
}

static void ioas_race_test_exit(struct kunit *test)
{
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case ioas_race_test_cases[] = {
	KUNIT_CASE(ioas_map_races_with_unmap),
	KUNIT_CASE(ioas_add_domain_races_with_map),
	KUNIT_CASE(ioas_first_domain_races_with_map),
	{}
};

static struct kunit_suite ioas_race_test_suite = {
	.name = "iommufd-ioas-race",
	.init = ioas_race_test_init,
	.exit = ioas_race_test_exit,
	.test_cases = ioas_race_test_cases,
};

kunit_test_suite(ioas_race_test_suite);
