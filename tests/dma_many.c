// SPDX-License-Identifier: GPL-2.0-only
/* Many mappings in one IOAS. */
#include <errno.h>
#include <stdlib.h>

#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "rig.h"
#include "util.h"

#define IOVA GIB
#define MAPPINGS 10000U
#define SAMPLES 50
#define LEN 64

/* Every other page, so that no two mappings touch. */
static __u64 place(unsigned int n)
{
	return IOVA + 2UL * PAGE * n;
}

static void map_many(struct rig *rig, const struct memory *mem)
{
	unsigned int n;

	for (n = 0; n < MAPPINGS; n++) {
		const void *va = mem->va + n * PAGE;

		if (!EXPECT_OK(ioas_map_at(rig->iofd, rig->ioas, va, PAGE, place(n))))
			return;
	}
}

static void expect_samples(struct rig *rig, const struct memory *mem, bool reached)
{
	__u64 random = ktap_seed();
	unsigned int i;

	for (i = 0; i < SAMPLES; i++) {
		unsigned int n = i ? ktap_random(&random) % MAPPINGS : MAPPINGS - 1;

		if (reached)
			expect_reaches(rig, &rig->edu[0], place(n), mem->va + n * PAGE, LEN);
		else
			expect_no_reach(rig, &rig->edu[0], place(n), mem->va + n * PAGE, LEN);
	}
}

static void run_unmap_all(const void *arg)
{
	struct memory mem;
	struct rig rig;

	(void)arg;
	memory_alloc(&mem, POPULATE4K, MAPPINGS * PAGE);
	rig_open_attached(&rig, 1);
	map_many(&rig, &mem);
	expect_samples(&rig, &mem, true);
	EXPECT_ERR(-EEXIST, ioas_map_at(rig.iofd, rig.ioas, mem.va, PAGE, place(MAPPINGS / 2)));
	EXPECT_EQ(MAPPINGS * PAGE + RIG_BOUNCE_BYTES, ioas_unmap_all(rig.iofd, rig.ioas));
	rig_map_bounce(&rig, rig.ioas);
	expect_samples(&rig, &mem, false);
	map_many(&rig, &mem);
	expect_samples(&rig, &mem, true);
	EXPECT_EQ(MAPPINGS * PAGE + RIG_BOUNCE_BYTES, ioas_unmap_all(rig.iofd, rig.ioas));
	rig_map_bounce(&rig, rig.ioas);
	rig_close(&rig);
	memory_free(&mem);
}

/* One at a time, in a random order; what is left is found by a range that covers it. */
static void run_random_order(const void *arg)
{
	unsigned int *order = malloc(MAPPINGS * sizeof(*order)), i, j, n;
	__u64 random = ktap_seed(), length;
	struct memory mem;
	struct rig rig;

	(void)arg;
	ASSERT_TRUE(order);
	memory_alloc(&mem, POPULATE4K, MAPPINGS * PAGE);
	rig_open_attached(&rig, 1);
	map_many(&rig, &mem);
	for (i = 0; i < MAPPINGS; i++) {
		j = ktap_random(&random) % (i + 1);
		order[i] = order[j];
		order[j] = i;
	}
	for (i = 0; i < MAPPINGS / 2; i++) {
		length = PAGE;
		if (!EXPECT_OK(ioas_unmap(rig.iofd, rig.ioas, place(order[i]), &length)))
			break;
		EXPECT_EQ(PAGE, length);
	}
	for (i = 0; i < SAMPLES; i++) {
		n = order[i];
		expect_no_reach(&rig, &rig.edu[0], place(n), mem.va + n * PAGE, LEN);
		n = order[MAPPINGS - 1 - i];
		expect_reaches(&rig, &rig.edu[0], place(n), mem.va + n * PAGE, LEN);
	}
	length = 2 * PAGE * MAPPINGS;
	EXPECT_OK(ioas_unmap(rig.iofd, rig.ioas, IOVA, &length));
	EXPECT_EQ((MAPPINGS - MAPPINGS / 2) * PAGE, length);
	rig_close(&rig);
	memory_free(&mem);
	free(order);
}

/* The kernel's own choice of IOVA never overlaps, also among many. */
static void run_allocated(const void *arg)
{
	__u64 *iova = malloc(MAPPINGS * sizeof(*iova)), random = ktap_seed();
	unsigned int i, n;
	struct memory mem;
	struct rig rig;

	(void)arg;
	ASSERT_TRUE(iova);
	memory_alloc(&mem, POPULATE4K, MAPPINGS * PAGE);
	rig_open_attached(&rig, 1);
	for (n = 0; n < MAPPINGS; n++) {
		if (!EXPECT_OK(ioas_map(rig.iofd, rig.ioas, IOAS_RW, mem.va + n * PAGE, PAGE,
					&iova[n])))
			break;
	}
	for (i = 0; i < SAMPLES; i++) {
		n = ktap_random(&random) % MAPPINGS;
		expect_reaches(&rig, &rig.edu[0], iova[n], mem.va + n * PAGE, LEN);
	}
	EXPECT_EQ(MAPPINGS * PAGE + RIG_BOUNCE_BYTES, ioas_unmap_all(rig.iofd, rig.ioas));
	rig_map_bounce(&rig, rig.ioas);
	rig_close(&rig);
	memory_free(&mem);
	free(iova);
}

static const struct ktap_case cases[] = {
	{ "unmap-all", run_unmap_all, NULL },
	{ "random-order", run_random_order, NULL },
	{ "allocated", run_allocated, NULL },
	{}
};

const struct ktap_suite dma_many = { "many", cases };
