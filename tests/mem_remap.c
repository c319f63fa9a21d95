// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a process does with its addresses while a device uses the memory at them: it moves the
 * memory elsewhere, takes a part of it away, forbids itself to look. The device has the memory, not
 * the addresses; new memory at an old address is not the device's.
 */
#include <string.h>
#include <sys/mman.h>

#include "mem.h"
#include "iofd.h"
#include "scene.h"

#define BYTES (4 * MIB)
#define OTHER_IOVA (2 * GIB)

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* Addresses with nothing behind them, so far into a huge page's place. */
static unsigned char *new_place(size_t bytes, size_t offset)
{
	unsigned char *area = mmap(NULL, bytes + offset + 2 * MIB, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT_TRUE(area != MAP_FAILED);
	return area + -(unsigned long)area % (2 * MIB) + offset;
}

/* Other memory where the first was, with bytes of its own. */
static void refill(unsigned char *va, size_t bytes)
{
	ASSERT_TRUE(mmap(va, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == va);
	memory_fill(va, bytes, ~ktap_seed());
}

static void expect_untouched(unsigned char *va, size_t bytes)
{
	static unsigned char want[BYTES];

	memory_fill(want, bytes, ~ktap_seed());
	EXPECT_BYTES(want, va, bytes);
}

struct move {
	enum shape shape;
	size_t offset;		/* of the new place in a huge page's */
};

/* All of it goes to another address; something else comes to the old one. */
static void run_move(const void *arg)
{
	const struct move *m = arg;
	unsigned char *old, *new;
	__u64 pfn;
	struct scene s;

	scene_open(&s, m->shape, BYTES);
	old = s.mem.va;
	pfn = memory_pfn(old);
	new = new_place(BYTES, m->offset);
	ASSERT_TRUE(mremap(old, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, new) == new);
	EXPECT_EQ(pfn, memory_pfn(new));
	refill(old, BYTES);
	expect_shared(&s, SCENE_IOVA, new, BYTES);
	expect_untouched(old, BYTES);

	/* The same memory can be mapped from where it is now. */
	s.mem.va = new;
	ASSERT_OK(scene_map(&s, OTHER_IOVA));
	expect_shared(&s, OTHER_IOVA, new, BYTES);
	expect_shared(&s, SCENE_IOVA, new, BYTES);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, OTHER_IOVA, BYTES));
	expect_shared(&s, SCENE_IOVA, new, BYTES);
	expect_untouched(old, BYTES);
	scene_close(&s);
	EXPECT_EQ(0, munmap(old, BYTES));
}

/* A part out of the middle goes; of a huge page, a part of that. */
static void run_move_part(const void *arg)
{
	size_t start = 384 * KIB, bytes = 2432 * KIB;
	unsigned char *new;
	struct scene s;

	scene_open(&s, *(const enum shape *)arg, BYTES);
	new = new_place(bytes, 3 * PAGE);
	ASSERT_TRUE(mremap(s.mem.va + start, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
			   new) == new);
	refill(s.mem.va + start, bytes);
	expect_shared(&s, SCENE_IOVA, s.mem.va, start);
	expect_shared(&s, SCENE_IOVA + start, new, bytes);
	expect_shared(&s, SCENE_IOVA + start + bytes, s.mem.va + start + bytes,
		      BYTES - start - bytes);
	expect_untouched(s.mem.va + start, bytes);
	scene_close(&s);
	EXPECT_EQ(0, munmap(new, bytes));
}

/* More memory behind it is not the device's; less leaves the device what it has. */
static void run_resize(const void *arg)
{
	unsigned char kept[SCENE_LEN], *va;
	struct scene s;

	scene_open(&s, *(const enum shape *)arg, BYTES);
	va = mremap(s.mem.va, BYTES, 2 * BYTES, MREMAP_MAYMOVE);
	ASSERT_TRUE(va != MAP_FAILED);
	memory_fill(va + BYTES, BYTES, 5);
	expect_shared(&s, SCENE_IOVA, va, BYTES);
	expect_no_reach(&s.rig, s.edu, SCENE_IOVA + BYTES, va + BYTES, SCENE_LEN);

	memory_fill(va, BYTES, 6);
	memcpy(kept, va + BYTES - SCENE_LEN, SCENE_LEN);
	ASSERT_TRUE(mremap(va, 2 * BYTES, BYTES / 2, 0) == va);
	refill(va + BYTES / 2, BYTES / 2);
	expect_shared(&s, SCENE_IOVA, va, BYTES / 2);
	expect_device_sees(&s, kept, SCENE_IOVA + BYTES - SCENE_LEN);
	memory_fill(kept, SCENE_LEN, 7);
	rig_store(&s.rig, s.edu, SCENE_IOVA + BYTES - SCENE_LEN, kept, SCENE_LEN);
	expect_device_sees(&s, kept, SCENE_IOVA + BYTES - SCENE_LEN);
	expect_untouched(va + BYTES / 2, BYTES / 2);
	s.mem.va = va;
	scene_close(&s);
}

/* The memory goes and the address range stays: what is touched there is new. */
static void run_leave_range(const void *arg)
{
	static const unsigned char zeros[SCENE_LEN];
	unsigned char *old, *new;
	struct scene s;

	scene_open(&s, *(const enum shape *)arg, BYTES);
	old = s.mem.va;
	new = mremap(old, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	ASSERT_TRUE(new != MAP_FAILED);
	EXPECT_BYTES(zeros, old, SCENE_LEN);
	refill(old, BYTES);
	expect_shared(&s, SCENE_IOVA, new, BYTES);
	expect_untouched(old, BYTES);
	s.mem.va = new;
	scene_close(&s);
	EXPECT_EQ(0, munmap(old, BYTES));
}

/* The process forbids itself what the device may still do. */
static void run_protect(const void *arg)
{
	unsigned char seen[SCENE_LEN], data[SCENE_LEN];
	struct scene s;

	scene_open(&s, *(const enum shape *)arg, BYTES);
	memcpy(seen, s.mem.va + MIB, SCENE_LEN);
	ASSERT_EQ(0, mprotect(s.mem.va, BYTES, PROT_NONE));
	expect_device_sees(&s, seen, SCENE_IOVA + MIB);
	memory_fill(data, SCENE_LEN, 8);
	rig_store(&s.rig, s.edu, SCENE_IOVA + MIB, data, SCENE_LEN);
	ASSERT_EQ(0, mprotect(s.mem.va, BYTES, PROT_READ | PROT_WRITE));
	EXPECT_BYTES(data, s.mem.va + MIB, SCENE_LEN);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
}

#define REMAP(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }
#define MOVE(_name, _shape, _offset) \
	{ "move-" _name, run_move, &(const struct move){ _shape, _offset } }

static const struct ktap_case cases[] = {
	MOVE("populate4k", POPULATE4K, 5 * PAGE),
	MOVE("mthp64k", MTHP64K, 5 * PAGE),
	MOVE("thp", THP, 0),
	MOVE("thp-to-odd-address", THP, 5 * PAGE),
	MOVE("hugetlb2m", HUGETLB2M, 0),
	MOVE("memfd4k", MEMFD4K, 5 * PAGE),
	REMAP("move-part-populate4k", run_move_part, POPULATE4K),
	REMAP("move-part-mthp64k", run_move_part, MTHP64K),
	REMAP("move-part-thp", run_move_part, THP),
	REMAP("move-part-memfd4k", run_move_part, MEMFD4K),
	REMAP("resize-populate4k", run_resize, POPULATE4K),
	REMAP("resize-thp", run_resize, THP),
	REMAP("leave-range-populate4k", run_leave_range, POPULATE4K),
	REMAP("leave-range-thp", run_leave_range, THP),
	REMAP("protect-populate4k", run_protect, POPULATE4K),
	REMAP("protect-thp", run_protect, THP),
	REMAP("protect-hugetlb2m", run_protect, HUGETLB2M),
	REMAP("protect-memfd4k", run_protect, MEMFD4K),
	{}
};

const struct ktap_suite mem_remap = { "remap", cases };
