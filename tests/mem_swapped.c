// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the kernel has put elsewhere to have room, in swap or compressed, is brought back for
 * a device; and what a device has stays. So does what the process said it would not need, once the
 * device has written to it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mem.h"
#include "iofd.h"
#include "pins.h"
#include "scene.h"
#include "swap.h"

#define BYTES (2 * MIB)
#define DISK_BYTES (32 * MIB)

struct swapped {
	enum shape shape;
	bool zswap;
	/* Out of how many pages one goes; the others stay. */
	unsigned int one_of;
};

static size_t resident(const struct memory *mem)
{
	return memory_resident(mem->va, mem->bytes);
}

static unsigned char *copy_of(const struct memory *mem)
{
	unsigned char *copy = malloc(mem->bytes);

	ktap_assert(copy);
	return memcpy(copy, mem->va, mem->bytes);
}

/* What the device sees is what was there, everywhere from the first byte to the last. */
static void expect_same(struct scene *s, const unsigned char *want)
{
	size_t offset;

	for (offset = 0; offset < s->mem.bytes; offset += s->mem.bytes / 3 + PAGE)
		expect_device_sees(s, want + offset, SCENE_IOVA + offset);
	expect_device_sees(s, want + s->mem.bytes - SCENE_LEN,
			   SCENE_IOVA + s->mem.bytes - SCENE_LEN);
}

static void swap_out_some(struct memory *mem, unsigned int one_of)
{
	size_t offset;

	if (one_of == 1) {
		swap_out(mem->va, mem->bytes);
		EXPECT_EQ(0, resident(mem));
		return;
	}
	for (offset = 0; offset < mem->bytes; offset += one_of * PAGE)
		swap_out(mem->va + offset, PAGE);
	EXPECT_EQ((mem->bytes / PAGE + one_of - 1) / one_of, mem->bytes / PAGE - resident(mem));
}

/* Out before it is mapped. */
static void run_swapped(const void *arg)
{
	const struct swapped *how = arg;
	long long compressed;
	unsigned char *want;
	struct scene s;

	swap_on(DISK_BYTES, how->zswap);
	scene_open_unmapped(&s, how->shape, BYTES);
	want = copy_of(&s.mem);
	compressed = pins_vmstat("zswpout");
	swap_out_some(&s.mem, how->one_of);
	if (how->zswap)
		EXPECT_LT(compressed, pins_vmstat("zswpout"));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	EXPECT_EQ(BYTES / PAGE, resident(&s.mem));
	expect_same(&s, want);
	EXPECT_BYTES(want, s.mem.va, BYTES);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
	swap_off();
	free(want);
}

/* A device that may only read has the process's page all the same: it sees what comes later. */
static void run_swapped_read(const void *arg)
{
	__u32 readable = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE;
	__u64 iova = SCENE_IOVA;
	unsigned char *want;
	struct scene s;

	swap_on(DISK_BYTES, false);
	scene_open_unmapped(&s, *(const enum shape *)arg, BYTES);
	want = copy_of(&s.mem);
	swap_out_some(&s.mem, 1);
	ASSERT_OK(memory_map(&s.mem, s.rig.iofd, s.rig.ioas, readable, 0, BYTES, &iova));
	expect_same(&s, want);
	memory_fill(s.mem.va, BYTES, 3);
	memcpy(want, s.mem.va, BYTES);
	expect_same(&s, want);
	swap_out(s.mem.va, BYTES);
	expect_same(&s, want);
	EXPECT_BYTES(want, s.mem.va, BYTES);
	scene_close(&s);
	swap_off();
	free(want);
}

/* Mapped, it is not put out; unmapped, it is, and can be mapped again. */
static void run_pinned(const void *arg)
{
	const struct swapped *how = arg;
	unsigned char *want;
	struct scene s;

	swap_on(DISK_BYTES, how->zswap);
	scene_open(&s, how->shape, BYTES);
	swap_out(s.mem.va, BYTES);
	EXPECT_EQ(BYTES / PAGE, resident(&s.mem));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	want = copy_of(&s.mem);
	swap_out(s.mem.va, BYTES);
	expect_same(&s, want);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	swap_out_some(&s.mem, 1);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_same(&s, want);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
	swap_off();
	free(want);
}

/*
 * What a device has written is there when it comes back from swap, and the page is known to have
 * changed since it was there before.
 */
static void run_written(const void *arg)
{
	unsigned char data[SCENE_LEN];
	struct scene s;

	swap_on(DISK_BYTES, false);
	scene_open_unmapped(&s, *(const enum shape *)arg, BYTES);
	swap_out_some(&s.mem, 1);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	memory_fill(data, SCENE_LEN, 4);
	rig_store(&s.rig, s.edu, SCENE_IOVA + MIB, data, SCENE_LEN);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	swap_out_some(&s.mem, 1);
	EXPECT_BYTES(data, s.mem.va + MIB, SCENE_LEN);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	scene_close(&s);
	swap_off();
}

/*
 * The kernel may take, and never give back, what the process does not need any more; not from a
 * device, and not what that has written.
 */
static void run_free(const void *arg)
{
	unsigned char data[SCENE_LEN];
	struct scene s;

	swap_on(DISK_BYTES, false);
	scene_open_unmapped(&s, *(const enum shape *)arg, BYTES);
	ASSERT_EQ(0, madvise(s.mem.va, BYTES, MADV_FREE));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	swap_out(s.mem.va, BYTES);
	EXPECT_EQ(BYTES / PAGE, resident(&s.mem));
	memory_fill(data, SCENE_LEN, 4);
	rig_store(&s.rig, s.edu, SCENE_IOVA + MIB, data, SCENE_LEN);
	swap_out(s.mem.va, BYTES);
	EXPECT_BYTES(data, s.mem.va + MIB, SCENE_LEN);

	/* Once more, while it is mapped. */
	ASSERT_EQ(0, madvise(s.mem.va, BYTES, MADV_FREE));
	swap_out(s.mem.va, BYTES);
	rig_store(&s.rig, s.edu, SCENE_IOVA + MIB / 2, data, SCENE_LEN);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	swap_out(s.mem.va, BYTES);
	EXPECT_BYTES(data, s.mem.va + MIB / 2, SCENE_LEN);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
	swap_off();
}

/* Locked, and not any more, before and while: no pin is lost by it. */
static void run_locked(const void *arg)
{
	struct scene s;

	swap_on(DISK_BYTES, false);
	scene_open_unmapped(&s, *(const enum shape *)arg, BYTES);
	swap_out_some(&s.mem, 1);
	ASSERT_EQ(0, mlock(s.mem.va, BYTES / 2));
	EXPECT_EQ(BYTES / 2 / PAGE, resident(&s.mem));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	ASSERT_EQ(0, mlock(s.mem.va, BYTES));
	EXPECT_EQ(BYTES, pins_vmlck());
	ASSERT_EQ(0, munlock(s.mem.va, BYTES / 4));
	swap_out(s.mem.va, BYTES / 4);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	EXPECT_EQ(BYTES / 4 * 3, pins_vmlck());
	swap_out(s.mem.va, BYTES / 4);
	EXPECT_EQ(BYTES / 4 * 3 / PAGE, resident(&s.mem));
	ASSERT_EQ(0, munlock(s.mem.va, BYTES));
	swap_out_some(&s.mem, 1);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	scene_close(&s);
	swap_off();
}

#define SWAP(_name, _run, _shape, _zswap, _one_of) \
	{ _name, _run, &(const struct swapped){ _shape, _zswap, _one_of } }
#define PLAIN(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }

static const struct ktap_case cases[] = {
	SWAP("out-populate4k", run_swapped, POPULATE4K, false, 1),
	SWAP("out-populate4k-every-ninth", run_swapped, POPULATE4K, false, 9),
	SWAP("out-scatter4k", run_swapped, SCATTER4K, false, 1),
	SWAP("out-mthp64k", run_swapped, MTHP64K, false, 1),
	SWAP("out-mthp64k-every-ninth", run_swapped, MTHP64K, false, 9),
	SWAP("out-thp", run_swapped, THP, false, 1),
	SWAP("out-memfd4k", run_swapped, MEMFD4K, false, 1),
	SWAP("out-memfd64k", run_swapped, MEMFD64K, false, 1),
	SWAP("out-mapfile4k", run_swapped, MAPFILE4K, false, 1),
	SWAP("out-mapfile4k-every-ninth", run_swapped, MAPFILE4K, false, 9),
	SWAP("out-mapfile64k", run_swapped, MAPFILE64K, false, 1),
	SWAP("compressed-populate4k", run_swapped, POPULATE4K, true, 1),
	SWAP("compressed-mthp64k", run_swapped, MTHP64K, true, 1),
	SWAP("compressed-mapfile4k", run_swapped, MAPFILE4K, true, 1),
	PLAIN("out-read-populate4k", run_swapped_read, POPULATE4K),
	PLAIN("out-read-mapfile4k", run_swapped_read, MAPFILE4K),
	SWAP("pinned-populate4k", run_pinned, POPULATE4K, false, 1),
	SWAP("pinned-mthp64k", run_pinned, MTHP64K, false, 1),
	SWAP("pinned-thp", run_pinned, THP, false, 1),
	SWAP("pinned-memfd4k", run_pinned, MEMFD4K, false, 1),
	SWAP("pinned-mapfile4k", run_pinned, MAPFILE4K, false, 1),
	SWAP("pinned-mapfile64k", run_pinned, MAPFILE64K, false, 1),
	SWAP("pinned-compressed-populate4k", run_pinned, POPULATE4K, true, 1),
	PLAIN("written-populate4k", run_written, POPULATE4K),
	PLAIN("written-mthp64k", run_written, MTHP64K),
	PLAIN("written-mapfile4k", run_written, MAPFILE4K),
	PLAIN("free-populate4k", run_free, POPULATE4K),
	PLAIN("free-mthp64k", run_free, MTHP64K),
	PLAIN("free-thp", run_free, THP),
	PLAIN("locked-populate4k", run_locked, POPULATE4K),
	PLAIN("locked-memfd4k", run_locked, MEMFD4K),
	{}
};

const struct ktap_suite mem_swapped = { "swapped", cases };
