// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_COPY: the same memory, pinned and charged once, through another IOVA or another IOAS.
 */
#include <string.h>
#include <unistd.h>

#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "pins.h"
#include "rig.h"
#include "util.h"

#define IOVA GIB
#define COPY_IOVA (5 * GIB + 3 * PAGE)
#define BYTES (1024 * PAGE)
#define LEN 512

static void map_scene(struct rig *rig, struct memory *mem, enum shape shape)
{
	__u64 iova = IOVA;

	memory_alloc(mem, shape, BYTES);
	ASSERT_OK(memory_map(mem, rig->iofd, rig->ioas, IOAS_FIXED_RW, 0, BYTES, &iova));
}

static void expect_reaches_ends(struct rig *rig, struct edu *edu, __u64 iova,
				const struct memory *mem)
{
	expect_reaches(rig, edu, iova, mem->va, LEN);
	expect_reaches(rig, edu, iova + BYTES - LEN, mem->va + BYTES - LEN, LEN);
}

/*
 * Within one IOAS. Pinning and charging do not grow; the memory lives until the last of the two
 * goes.
 */
static void run_same_ioas(const void *arg)
{
	long long before = pins_held(), held, vmpin;
	__u64 iova = COPY_IOVA;
	struct memory mem;
	struct rig rig;

	rig_open_attached(&rig, 1);
	map_scene(&rig, &mem, *(const enum shape *)arg);
	held = pins_held();
	vmpin = pins_vmpin();
	EXPECT_LT(before, held);
	EXPECT_LT(BYTES - 1, vmpin);
	ASSERT_OK(ioas_copy(rig.iofd, IOAS_FIXED_RW, rig.ioas, rig.ioas, BYTES, &iova, IOVA));
	EXPECT_EQ(COPY_IOVA, iova);
	EXPECT_EQ(held, pins_held());
	EXPECT_EQ(vmpin, pins_vmpin());
	expect_reaches_ends(&rig, &rig.edu[0], COPY_IOVA, &mem);
	expect_reaches_ends(&rig, &rig.edu[0], IOVA, &mem);

	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, BYTES));
	EXPECT_EQ(vmpin, pins_vmpin());
	expect_no_reach(&rig, &rig.edu[0], IOVA, mem.va, LEN);
	expect_reaches_ends(&rig, &rig.edu[0], COPY_IOVA, &mem);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, COPY_IOVA, BYTES));
	expect_no_reach(&rig, &rig.edu[0], COPY_IOVA, mem.va, LEN);
	EXPECT_EQ(vmpin - (long long)BYTES, pins_vmpin());
	rig_close(&rig);
	memory_free(&mem);
}

/* Between two IOAS with a device each; the first goes away and the second keeps the memory. */
static void run_other_ioas(const void *arg)
{
	__u64 iova = COPY_IOVA;
	struct memory mem;
	struct rig rig;
	__u32 other, pt;

	rig_open_attached(&rig, 2);
	ASSERT_OK(ioas_alloc(rig.iofd, &other));
	rig_map_bounce(&rig, other);
	pt = other;
	ASSERT_OK(edu_attach(&rig.edu[1], &pt));
	map_scene(&rig, &mem, *(const enum shape *)arg);
	expect_no_reach(&rig, &rig.edu[1], COPY_IOVA, mem.va, LEN);
	ASSERT_OK(ioas_copy(rig.iofd, IOAS_FIXED_RW, other, rig.ioas, BYTES, &iova, IOVA));
	expect_reaches_ends(&rig, &rig.edu[0], IOVA, &mem);
	expect_reaches_ends(&rig, &rig.edu[1], COPY_IOVA, &mem);
	expect_no_reach(&rig, &rig.edu[1], IOVA, mem.va, LEN);

	EXPECT_OK(edu_detach(&rig.edu[0]));
	EXPECT_OK(iofd_destroy(rig.iofd, rig.ioas));
	expect_reaches_ends(&rig, &rig.edu[1], COPY_IOVA, &mem);
	EXPECT_OK(ioas_unmap_at(rig.iofd, other, COPY_IOVA, BYTES));
	expect_no_reach(&rig, &rig.edu[1], COPY_IOVA, mem.va, LEN);
	rig.ioas = other;
	rig_close(&rig);
	memory_free(&mem);
}

/* From an IOAS that no device uses: its memory need not be pinned yet, the copy's must be. */
static void run_from_detached(const void *arg)
{
	__u64 iova = IOVA, copy = COPY_IOVA;
	struct memory mem;
	struct rig rig;
	__u32 store;

	rig_open_attached(&rig, 1);
	ASSERT_OK(ioas_alloc(rig.iofd, &store));
	memory_alloc(&mem, *(const enum shape *)arg, BYTES);
	ASSERT_OK(memory_map(&mem, rig.iofd, store, IOAS_FIXED_RW, 0, BYTES, &iova));
	ASSERT_OK(ioas_copy(rig.iofd, IOAS_FIXED_RW, rig.ioas, store, BYTES, &copy, IOVA));
	expect_reaches_ends(&rig, &rig.edu[0], COPY_IOVA, &mem);
	EXPECT_EQ(BYTES, ioas_unmap_all(rig.iofd, store));
	expect_reaches_ends(&rig, &rig.edu[0], COPY_IOVA, &mem);

	/* And the other way round: from the one in use to the one that is not. */
	iova = IOVA;
	ASSERT_OK(ioas_copy(rig.iofd, IOAS_FIXED_RW, store, rig.ioas, BYTES, &iova, COPY_IOVA));
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, COPY_IOVA, BYTES));
	expect_no_reach(&rig, &rig.edu[0], COPY_IOVA, mem.va, LEN);
	ASSERT_OK(ioas_copy(rig.iofd, IOAS_FIXED_RW, rig.ioas, store, BYTES, &copy, IOVA));
	expect_reaches_ends(&rig, &rig.edu[0], COPY_IOVA, &mem);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, COPY_IOVA, BYTES));
	EXPECT_OK(iofd_destroy(rig.iofd, store));
	rig_close(&rig);
	memory_free(&mem);
}

/* A copy has its own rights. */
static void run_read_only(const void *arg)
{
	unsigned char before[LEN], data[LEN];
	__u64 copy = COPY_IOVA;
	struct memory mem;
	struct rig rig;

	(void)arg;
	rig_open_attached(&rig, 1);
	map_scene(&rig, &mem, THP);
	ASSERT_OK(ioas_copy(rig.iofd, IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE, rig.ioas,
			    rig.ioas, BYTES, &copy, IOVA));
	memory_fill(mem.va, LEN, ktap_seed());
	memcpy(before, mem.va, LEN);
	EXPECT_BYTES(before, rig_fetch(&rig, &rig.edu[0], COPY_IOVA, LEN), LEN);
	memory_fill(data, LEN, ~ktap_seed());
	rig_store(&rig, &rig.edu[0], COPY_IOVA, data, LEN);
	EXPECT_BYTES(before, mem.va, LEN);
	rig_store(&rig, &rig.edu[0], IOVA, data, LEN);
	EXPECT_BYTES(data, mem.va, LEN);
	EXPECT_EQ(2 * BYTES + RIG_BOUNCE_BYTES, ioas_unmap_all(rig.iofd, rig.ioas));
	rig_map_bounce(&rig, rig.ioas);
	rig_close(&rig);
	memory_free(&mem);
}

/* A part of what was mapped, from its middle, where the kernel allows the copy at all. */
static void run_part(const void *arg)
{
	size_t offset = 100 * PAGE, bytes = 600 * PAGE;
	__u64 copy = COPY_IOVA;
	struct memory mem;
	struct rig rig;

	rig_open_attached(&rig, 1);
	map_scene(&rig, &mem, *(const enum shape *)arg);
	ASSERT_OK(ioas_copy(rig.iofd, IOAS_FIXED_RW, rig.ioas, rig.ioas, bytes, &copy,
			    IOVA + offset));
	expect_reaches(&rig, &rig.edu[0], copy, mem.va + offset, LEN);
	expect_reaches(&rig, &rig.edu[0], copy + bytes - LEN, mem.va + offset + bytes - LEN, LEN);
	expect_no_reach(&rig, &rig.edu[0], copy - LEN, mem.va + offset - LEN, LEN);
	expect_no_reach(&rig, &rig.edu[0], copy + bytes, mem.va + offset + bytes, LEN);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, BYTES));
	expect_reaches(&rig, &rig.edu[0], copy, mem.va + offset, LEN);
	expect_reaches(&rig, &rig.edu[0], copy + bytes - LEN, mem.va + offset + bytes - LEN, LEN);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, copy, bytes));
	expect_no_reach(&rig, &rig.edu[0], copy, mem.va + offset, LEN);
	rig_close(&rig);
	memory_free(&mem);
}

#define COPY(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }

static const struct ktap_case cases[] = {
	COPY("same-ioas-populate4k", run_same_ioas, POPULATE4K),
	COPY("same-ioas-scatter4k", run_same_ioas, SCATTER4K),
	COPY("same-ioas-thp", run_same_ioas, THP),
	COPY("same-ioas-mapfile2m", run_same_ioas, MAPFILE2M),
	COPY("other-ioas-populate4k", run_other_ioas, POPULATE4K),
	COPY("other-ioas-scatter4k", run_other_ioas, SCATTER4K),
	COPY("other-ioas-hugetlb2m", run_other_ioas, HUGETLB2M),
	COPY("other-ioas-mapfile4k", run_other_ioas, MAPFILE4K),
	COPY("from-detached-populate4k", run_from_detached, POPULATE4K),
	COPY("from-detached-thp", run_from_detached, THP),
	COPY("from-detached-mapfile4k", run_from_detached, MAPFILE4K),
	{ "read-only", run_read_only, NULL },
	COPY("part-populate4k", run_part, POPULATE4K),
	COPY("part-mthp64k", run_part, MTHP64K),
	COPY("part-thp", run_part, THP),
	COPY("part-mapfile2m", run_part, MAPFILE2M),
	{}
};

const struct ktap_suite dma_copies = { "copies", cases };
