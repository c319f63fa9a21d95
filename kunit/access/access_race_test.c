// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers that pin and read while a program maps and unmaps.
 *
 * They meet by luck, for the sanitizers and for KCSAN (make test-kcsan): no case
 * counts on it. Each step of one between two of another is in pairs/.
 */
#include <kunit/test.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "balance.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"
#include "race.h"
#include "random.h"

#define RW	(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FIXED	IOMMU_IOAS_MAP_FIXED_IOVA
#define IOVA	SZ_1G

static struct iofd iofd;
static struct iommufd_ioas *ioas;

#define ROUNDS	200
#define NPAGES	16UL

/**
 * struct access_race - a driver against a program
 * @test: the case
 * @va: the program's memory
 * @over: the program is done
 */
struct access_race {
	struct kunit *test;
	unsigned long va;
	atomic_t over;
};

static void unmap_nothing(void *data, unsigned long iova, unsigned long length)
{
}

/* They pin for moments only, so there is nothing to be asked for. */
static const struct iommufd_access_ops brief_ops = {
	.needs_pin_pages = 1,
	.unmap = unmap_nothing,
};

static void race_map(void *data)
{
	struct access_race *run = data;
	unsigned long unmapped_bytes;

	for (int i = 0; i < ROUNDS; i++) {
		unsigned long iova = IOVA + i % 4 * NPAGES * PAGE_SIZE;

		KUNIT_EXPECT_EQ(run->test,
				ioas_map_user(ioas, FIXED | RW, run->va,
					      NPAGES * PAGE_SIZE, iova,
					      NULL), 0);
		cond_resched();
		if (i % 4 == 3)
			KUNIT_EXPECT_EQ(run->test,
					ioas_unmap(ioas, 0, ULONG_MAX,
						   &unmapped_bytes), 0);
	}
	KUNIT_EXPECT_EQ(run->test, ioas_unmap(ioas, 0, ULONG_MAX,
					      &unmapped_bytes), 0);
	atomic_inc(&run->over);
}

static void race_pin(void *data)
{
	struct access_race *run = data;
	struct iommufd_access *access;
	struct page *pages[4];
	struct rnd_state rnd;
	u32 id;

	prandom_seed_state(&rnd, current->pid);
	access = iommufd_access_create(iofd.ictx, &brief_ops, NULL, &id);
	if (IS_ERR(access) || iommufd_access_attach(access, ioas->obj.id)) {
		KUNIT_FAIL(run->test, "no access");
		return;
	}
	while (!atomic_read(&run->over)) {
		unsigned long first = random_below(&rnd, 4 * NPAGES - 4);
		unsigned long iova = IOVA + first * PAGE_SIZE;
		u8 byte;
		int rc;

		rc = iommufd_access_pin_pages(access, iova, 4 * PAGE_SIZE,
					      pages, IOMMUFD_ACCESS_RW_WRITE);
		if (!rc) {
			for (int i = 0; i < 4; i++)
				KUNIT_EXPECT_GT(run->test,
						pfn_npins(page_to_pfn(pages[i])),
						0);
			iommufd_access_unpin_pages(access, iova, 4 * PAGE_SIZE);
		} else {
			KUNIT_EXPECT_EQ(run->test, rc, -ENOENT);
		}
		rc = iommufd_access_rw(access, iova, &byte, 1, 0);
		if (!rc)
			KUNIT_EXPECT_EQ(run->test, byte, 1);
		else
			KUNIT_EXPECT_EQ(run->test, rc, -ENOENT);
		cond_resched();
	}
	iommufd_access_destroy(access);
}

static void access_races_with_unmap(struct kunit *test)
{
	struct balance before;
	struct access_race run = { .test = test };
	const struct racer racers[] = {
		{ race_map, &run },
		{ race_pin, &run },
		{ race_pin, &run },
	};

	run.va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	before = balance_now();
	race(test, racers, ARRAY_SIZE(racers));
	KUNIT_EXPECT_NULL(test, iova_space_find(&ioas->space, 0, ULONG_MAX));
	balance_expect_even(test, &before);
}

static int access_race_test_init(struct kunit *test)
{
	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	return 0;
}

static void access_race_test_exit(struct kunit *test)
{
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case access_race_test_cases[] = {
	KUNIT_CASE(access_races_with_unmap),
	{}
};

static struct kunit_suite access_race_test_suite = {
	.name = "iommufd-access-race",
	.init = access_race_test_init,
	.exit = access_race_test_exit,
	.test_cases = access_race_test_cases,
};

kunit_test_suite(access_race_test_suite);
