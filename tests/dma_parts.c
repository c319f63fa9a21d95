// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings that begin or end inside a huge page, touch each other, or show the same memory twice.
 */
#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "rig.h"
#include "util.h"

#define LOW_IOVA (0x1200000UL + 52 * PAGE)	/* in the middle of a 2 MiB frame */

struct part {
	size_t index;
	size_t npages;
};

/* In pages, of which a huge one of 2 MiB has so many. */
#define HUGE (2 * MIB / PAGE)

static const struct part parts[] = {
	{ 0, 1 }, { 1, 1 }, { HUGE / 30, 300 * HUGE / 512 }, { HUGE - 1, 2 }, { HUGE / 2, HUGE },
	{ HUGE, HUGE }, { 3, 2 * HUGE - 3 }, { 2 * HUGE - 1, 1 },
};

static void check_part(struct rig *rig, const struct memory *mem, const struct part *part,
		       __u64 iova)
{
	size_t offset = part->index * PAGE, bytes = part->npages * PAGE;
	unsigned char *va = mem->va + offset;
	struct edu *edu = &rig->edu[0];

	if (!EXPECT_OK(memory_map(mem, rig->iofd, rig->ioas, IOAS_FIXED_RW, offset, bytes, &iova)))
		return;
	expect_reaches(rig, edu, iova, va, 64);
	expect_reaches(rig, edu, iova + bytes / 2 - 32, va + bytes / 2 - 32, 64);
	expect_reaches(rig, edu, iova + bytes - 64, va + bytes - 64, 64);
	/* The rest of the huge page is pinned perhaps, but not the device's. */
	if (offset)
		expect_no_reach(rig, edu, iova - 64, va - 64, 64);
	if (offset + bytes < mem->bytes)
		expect_no_reach(rig, edu, iova + bytes, va + bytes, 64);
	EXPECT_OK(ioas_unmap_at(rig->iofd, rig->ioas, iova, bytes));
	expect_no_reach(rig, edu, iova, va, 64);
}

static void run_parts(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	struct memory mem;
	struct rig rig;
	size_t i;

	memory_alloc(&mem, shape, shape == HUGETLB1G ? GIB : 4 * MIB);
	rig_open_attached(&rig, 1);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		int before = ktap_failures();

		check_part(&rig, &mem, &parts[i], LOW_IOVA);
		/* With the IOVA as far into its 2 MiB frame as the memory is into its own. */
		check_part(&rig, &mem, &parts[i], GIB + parts[i].index * PAGE);
		if (ktap_failures() > before)
			ktap_note("in the part of %zu pages at page %zu", parts[i].npages,
				  parts[i].index);
	}
	rig_close(&rig);
	memory_free(&mem);
}

/* Two halves of one huge page, mapped apart: each goes without the other. */
static void run_halves(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	__u64 low = GIB, high = 2 * GIB;
	struct memory mem;
	struct rig rig;

	memory_alloc(&mem, shape, 2 * MIB);
	rig_open_attached(&rig, 1);
	ASSERT_OK(memory_map(&mem, rig.iofd, rig.ioas, IOAS_FIXED_RW, 0, MIB, &low));
	ASSERT_OK(memory_map(&mem, rig.iofd, rig.ioas, IOAS_FIXED_RW, MIB, MIB, &high));
	expect_reaches(&rig, &rig.edu[0], low + MIB - 64, mem.va + MIB - 64, 64);
	expect_reaches(&rig, &rig.edu[0], high, mem.va + MIB, 64);

	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, low, MIB));
	expect_no_reach(&rig, &rig.edu[0], low + MIB - 64, mem.va + MIB - 64, 64);
	expect_reaches(&rig, &rig.edu[0], high, mem.va + MIB, 64);
	expect_reaches(&rig, &rig.edu[0], high + MIB - 64, mem.va + 2 * MIB - 64, 64);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, high, MIB));
	expect_no_reach(&rig, &rig.edu[0], high, mem.va + MIB, 64);
	rig_close(&rig);
	memory_free(&mem);
}

/* The same memory at two IOVAs, overlapping in part: two doors to one room. */
static void run_twice(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	__u64 first = GIB, second = 2 * GIB + PAGE;
	size_t shift = 100 * HUGE / 512 * PAGE, bytes;
	struct memory mem;
	struct rig rig;

	memory_alloc(&mem, shape, 4 * MIB);
	bytes = mem.bytes - shift;
	rig_open_attached(&rig, 1);
	ASSERT_OK(memory_map(&mem, rig.iofd, rig.ioas, IOAS_FIXED_RW, 0, bytes, &first));
	ASSERT_OK(memory_map(&mem, rig.iofd, rig.ioas, IOAS_FIXED_RW, shift, bytes, &second));
	expect_reaches(&rig, &rig.edu[0], first + shift, mem.va + shift, 64);
	expect_reaches(&rig, &rig.edu[0], second, mem.va + shift, 64);
	expect_reaches(&rig, &rig.edu[0], second + bytes - 64, mem.va + mem.bytes - 64, 64);

	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, first, bytes));
	expect_no_reach(&rig, &rig.edu[0], first + shift, mem.va + shift, 64);
	expect_reaches(&rig, &rig.edu[0], second, mem.va + shift, 64);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, second, bytes));
	rig_close(&rig);
	memory_free(&mem);
}

/* Neighbours in IOVA space are still two mappings: a transfer runs across, and one can go. */
static void run_neighbours(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	__u64 first = GIB, second = GIB + MIB;
	struct memory mem;
	struct rig rig;

	memory_alloc(&mem, shape, 2 * MIB);
	rig_open_attached(&rig, 1);
	ASSERT_OK(memory_map(&mem, rig.iofd, rig.ioas, IOAS_FIXED_RW, 0, MIB, &first));
	ASSERT_OK(memory_map(&mem, rig.iofd, rig.ioas, IOAS_FIXED_RW, MIB, MIB, &second));
	expect_reaches(&rig, &rig.edu[0], second - 500, mem.va + MIB - 500, 1000);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, second, MIB));
	expect_reaches(&rig, &rig.edu[0], second - 500, mem.va + MIB - 500, 500);
	expect_no_reach(&rig, &rig.edu[0], second, mem.va + MIB, 500);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, first, MIB));
	rig_close(&rig);
	memory_free(&mem);
}

#define PART(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }

static const struct ktap_case cases[] = {
	PART("parts-populate4k", run_parts, POPULATE4K),
	PART("parts-mthp64k", run_parts, MTHP64K),
	PART("parts-scatter4k", run_parts, SCATTER4K),
	PART("parts-thp", run_parts, THP),
	PART("parts-hugetlb2m", run_parts, HUGETLB2M),
	PART("parts-hugetlb1g", run_parts, HUGETLB1G),
	PART("parts-memfd2m", run_parts, MEMFD2M),
	PART("parts-mapfile4k", run_parts, MAPFILE4K),
	PART("parts-mapfile64k", run_parts, MAPFILE64K),
	PART("parts-mapfile2m", run_parts, MAPFILE2M),
	PART("halves-thp", run_halves, THP),
	PART("halves-hugetlb2m", run_halves, HUGETLB2M),
	PART("halves-mapfile2m", run_halves, MAPFILE2M),
	PART("twice-populate4k", run_twice, POPULATE4K),
	PART("twice-mthp64k", run_twice, MTHP64K),
	PART("twice-thp", run_twice, THP),
	PART("twice-mapfile2m", run_twice, MAPFILE2M),
	PART("neighbours-populate4k", run_neighbours, POPULATE4K),
	PART("neighbours-thp", run_neighbours, THP),
	PART("neighbours-mapfile4k", run_neighbours, MAPFILE4K),
	{}
};

const struct ktap_suite dma_parts = { "parts", cases };
