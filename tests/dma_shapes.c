// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every shape of memory, at several IOVAs: the first, a middle and the last page of a sample of its
 * runs.
 */
#include <unistd.h>

#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "rig.h"
#include "util.h"

#define RUNS_SAMPLED 8

struct shape_case {
	enum shape shape;
	size_t bytes;
	bool base_pages;	/* IOMMU_OPTION_HUGE_PAGES off */
};

/*
 * One place in the mapping: all of it that a transfer can hold, and a tail of it at an odd length.
 */
static void check_page(struct rig *rig, const struct memory *mem, __u64 iova, size_t index,
		       __u64 *random)
{
	size_t tail = 1 + ktap_random(random) % (EDU_DMA_MAX - 1);
	size_t offset = index * PAGE;

	if (!expect_reaches(rig, &rig->edu[0], iova + offset, mem->va + offset, EDU_DMA_MAX) ||
	    !expect_reaches(rig, &rig->edu[0], iova + offset + PAGE - tail,
			    mem->va + offset + PAGE - tail, tail))
		ktap_note("at page %zu of %s, IOVA 0x%llx", index, shape_name(mem->shape),
			  iova + offset);
}

static void check_run(struct rig *rig, const struct memory *mem, __u64 iova, size_t r,
		      __u64 *random)
{
	const struct run *run = &mem->runs[r];
	size_t end = (run->index + run->npages) * PAGE;

	check_page(rig, mem, iova, run->index, random);
	if (run->npages > 2)
		check_page(rig, mem, iova, run->index + 1 + ktap_random(random) % (run->npages - 2),
			   random);
	if (run->npages > 1)
		check_page(rig, mem, iova, run->index + run->npages - 1, random);
	/* A transfer that goes on from the end of this run to the next one. */
	if (r + 1 < mem->nruns)
		expect_reaches(rig, &rig->edu[0], iova + end - 100, mem->va + end - 100, 200);
}

static void check_runs(struct rig *rig, const struct memory *mem, __u64 iova)
{
	__u64 random = ktap_seed() ^ iova;
	size_t i;

	check_run(rig, mem, iova, 0, &random);
	for (i = 1; i + 1 < mem->nruns && i + 1 < RUNS_SAMPLED; i++) {
		size_t r = i;

		if (mem->nruns > RUNS_SAMPLED)
			r = 1 + ktap_random(&random) % (mem->nruns - 2);
		check_run(rig, mem, iova, r, &random);
	}
	if (mem->nruns > 1)
		check_run(rig, mem, iova, mem->nruns - 1, &random);
}

static void check_at(struct rig *rig, const struct memory *mem, __u32 flags, __u64 iova)
{
	__u64 given = iova;

	if (!EXPECT_OK(memory_map(mem, rig->iofd, rig->ioas, flags, 0, mem->bytes, &given)))
		return;
	if (flags & IOMMU_IOAS_MAP_FIXED_IOVA)
		EXPECT_EQ(iova, given);
	check_runs(rig, mem, given);
	EXPECT_OK(ioas_unmap_at(rig->iofd, rig->ioas, given, mem->bytes));
	expect_no_reach(rig, &rig->edu[0], given, mem->va, 64);
	expect_no_reach(rig, &rig->edu[0], given + mem->bytes - 64, mem->va + mem->bytes - 64, 64);
}

static void run_shape(const void *arg)
{
	const struct shape_case *c = arg;
	struct memory mem;
	struct rig rig;
	__u64 top, odd, off = 0;

	memory_alloc(&mem, c->shape, c->bytes);
	rig_open(&rig, 1);
	if (c->base_pages)
		ASSERT_OK(iofd_option(rig.iofd, IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET,
				      rig.ioas, &off));
	rig_attach(&rig);
	top = ioas_last_iova(rig.iofd, rig.ioas) + 1;

	/*
	 * At an IOVA that huge pages cannot be used at, low, and of what does not fit below what is
	 * reserved for interrupts, above that; low and aligned; the top; the kernel's choice.
	 */
	odd = 0x120000 + 3 * PAGE;
	if (odd + c->bytes > RIG_MSI_START)
		odd += 4 * GIB;
	check_at(&rig, &mem, IOAS_FIXED_RW, odd);
	check_at(&rig, &mem, IOAS_FIXED_RW, GIB);
	check_at(&rig, &mem, IOAS_FIXED_RW, top - c->bytes);
	check_at(&rig, &mem, IOAS_RW, 0);
	rig_close(&rig);
	memory_free(&mem);
}

#define SHAPE(_name, _shape, _bytes, _base) \
	{ _name, run_shape, &(const struct shape_case){ _shape, _bytes, _base } }

static const struct ktap_case cases[] = {
	SHAPE("populate4k", POPULATE4K, 8 * MIB, false),
	SHAPE("scatter4k", SCATTER4K, 8 * MIB, false),
	SHAPE("mthp64k", MTHP64K, 8 * MIB, false),
	SHAPE("thp", THP, 8 * MIB, false),
	SHAPE("hugetlb64k", HUGETLB64K, 8 * MIB, false),
	SHAPE("hugetlb2m", HUGETLB2M, 8 * MIB, false),
	SHAPE("hugetlb32m", HUGETLB32M, 64 * MIB, false),
	SHAPE("hugetlb1g", HUGETLB1G, GIB, false),
	SHAPE("memfd4k", MEMFD4K, 8 * MIB, false),
	SHAPE("memfd64k", MEMFD64K, 8 * MIB, false),
	SHAPE("memfd2m", MEMFD2M, 8 * MIB, false),
	SHAPE("mapfile4k", MAPFILE4K, 8 * MIB, false),
	SHAPE("mapfile64k", MAPFILE64K, 8 * MIB, false),
	SHAPE("mapfile2m", MAPFILE2M, 8 * MIB, false),
	SHAPE("thp-base-pages", THP, 8 * MIB, true),
	SHAPE("mthp64k-base-pages", MTHP64K, 8 * MIB, true),
	SHAPE("hugetlb64k-base-pages", HUGETLB64K, 8 * MIB, true),
	SHAPE("hugetlb2m-base-pages", HUGETLB2M, 8 * MIB, true),
	SHAPE("memfd2m-base-pages", MEMFD2M, 8 * MIB, true),
	SHAPE("mapfile2m-base-pages", MAPFILE2M, 8 * MIB, true),
	{}
};

const struct ktap_suite dma_shapes = { "shapes", cases };
