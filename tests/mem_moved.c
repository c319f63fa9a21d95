// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel wants to move memory: to make room for something large, or to take a part of the
 * machine's memory away. What a device uses stays where it is; what lies where it must not stay for
 * long is moved before the device gets it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "mem.h"
#include "iofd.h"
#include "pins.h"
#include "scene.h"

#define BYTES (2 * MIB)
#define BLOCKS "/sys/devices/system/memory"
/* How long the kernel may try to empty a memory block that cannot be emptied. */
#define PATIENCE_MS 300

/* Memory of which every other page is free again: what compaction is for. */
static void make_holes(struct memory *mem)
{
	size_t offset;

	for (offset = 0; offset < mem->bytes; offset += 2 * PAGE)
		ASSERT_EQ(0, madvise(mem->va + offset, PAGE, MADV_DONTNEED));
}

static int compact(void)
{
	return scene_tell("/proc/sys/vm/compact_memory", "1");
}

/* Free space of 1 GiB in one piece, as it is needed for a huge page of that size. */
static int want_gigantic_page(void)
{
	const char *path = "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages";
	char before[32] = "", more[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = read(fd, before, sizeof(before) - 1) < 0 ? -errno : 0;
	close(fd);
	snprintf(more, sizeof(more), "%d", atoi(before) + 1);
	return ret ?: scene_tell(path, more) ?: scene_tell(path, before);
}

struct wish {
	enum shape shape;
	int (*how)(void);
};

/*
 * What is mapped does not move. There is memory with holes beside it, for the kernel to look for
 * what it can move; how much that is depends on where everything happens to lie.
 */
static void run_stays(const void *arg)
{
	const struct wish *wish = arg;
	struct memory loose;
	long long scanned;
	struct scene s;
	__u64 *places;
	int ret;

	memory_alloc(&loose, POPULATE4K, 64 * MIB);
	memory_fill(loose.va, loose.bytes, 21);
	make_holes(&loose);
	scene_open(&s, wish->shape, BYTES);
	places = memory_places(&s.mem);
	scanned = pins_vmstat("compact_migrate_scanned");
	ret = wish->how();
	if (ret == -ENOENT)
		ktap_skip("this kernel has no such wish");
	EXPECT_OK(ret);
	if (wish->how == compact)
		EXPECT_LT(scanned, pins_vmstat("compact_migrate_scanned"));
	EXPECT_EQ(0, memory_moved(&s.mem, places));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
	memory_free(&loose);
	free(places);
}

/* The number of a memory block's directory; its size is that of all. */
struct block {
	unsigned long number;
	__u64 npages;
};

static int set_block(const struct block *block, const char *state)
{
	char path[96];

	snprintf(path, sizeof(path), BLOCKS "/memory%lu/state", block->number);
	return scene_tell(path, state);
}

static bool in_block(const struct block *block, const void *va)
{
	return memory_pfn(va) / block->npages == block->number;
}

static size_t count_in_block(const struct block *block, const struct memory *mem)
{
	size_t count = 0, offset;

	for (offset = 0; offset < mem->bytes; offset += PAGE)
		count += in_block(block, mem->va + offset);
	return count;
}

static unsigned long read_hex(const char *path)
{
	unsigned long value = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		return 0;
	if (fscanf(f, "%lx", &value) != 1)
		value = 0;
	fclose(f);
	return value;
}

/*
 * Takes a block of memory out of use, for as long as the kernel is patient: one that somebody's
 * pinned pages are in, it tries to empty until a signal comes.
 */
static void on_alarm(int number)
{
	(void)number;
}

static int take_out(const struct block *block)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval time = {
		.it_value.tv_usec = PATIENCE_MS * 1000,
		.it_interval.tv_usec = PATIENCE_MS * 1000,
	};
	const struct itimerval never = {};
	int ret;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &time, NULL);
	ret = set_block(block, "offline");
	setitimer(ITIMER_REAL, &never, NULL);
	return ret;
}

/* A block that can be taken out; from the end of memory, where the kernel has little. */
static bool find_block(struct block *block)
{
	unsigned long bytes = read_hex(BLOCKS "/block_size_bytes"), last;

	if (!bytes)
		ktap_skip("no memory hot-unplug in this kernel");
	block->npages = bytes / PAGE;
	/* With the hole below 4 GiB. */
	last = (sysconf(_SC_PHYS_PAGES) / block->npages) + 2 * GIB / bytes;
	for (block->number = last; block->number > last / 2; block->number--)
		if (!take_out(block))
			return true;
	return false;
}

/*
 * Memory that the kernel must be able to empty is no place for what a device uses: the map moves it
 * out, with what is in it.
 */
static void run_movable(const void *arg)
{
	size_t bytes = 8 * MIB, offset;
	unsigned char *before = malloc(bytes);
	struct block block;
	struct scene s;

	ASSERT_TRUE(before);
	if (!find_block(&block))
		ktap_skip("no block of memory can be taken out");
	ASSERT_OK(set_block(&block, "online_movable"));
	scene_open_unmapped(&s, *(const enum shape *)arg, bytes);
	EXPECT_EQ(bytes / PAGE, count_in_block(&block, &s.mem));
	memcpy(before, s.mem.va, bytes);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	EXPECT_EQ(0, count_in_block(&block, &s.mem));
	EXPECT_BYTES(before, s.mem.va, bytes);
	for (offset = 0; offset < bytes; offset += MIB + 8 * PAGE)
		expect_device_sees(&s, before + offset, SCENE_IOVA + offset);
	expect_shared(&s, SCENE_IOVA, s.mem.va, bytes);

	/* So it can be taken out while the device works. */
	EXPECT_OK(take_out(&block));
	expect_shared(&s, SCENE_IOVA, s.mem.va, bytes);
	scene_close(&s);
	EXPECT_OK(set_block(&block, "online_kernel"));
	free(before);
}

/* Where it may stay, nobody takes it out from under the device. */
static void run_block_stays(const void *arg)
{
	unsigned long bytes = read_hex(BLOCKS "/block_size_bytes");
	struct block block;
	struct scene s;
	__u64 *places;

	if (!bytes)
		ktap_skip("no memory hot-unplug in this kernel");
	scene_open(&s, *(const enum shape *)arg, BYTES);
	places = memory_places(&s.mem);
	block.npages = bytes / PAGE;
	block.number = places[0] / block.npages;
	EXPECT_NE(0, take_out(&block));
	EXPECT_EQ(0, memory_moved(&s.mem, places));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
	free(places);
}

#define STAYS(_name, _shape, _how) { _name, run_stays, &(const struct wish){ _shape, _how } }
#define MOVED(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }

static const struct ktap_case cases[] = {
	STAYS("compaction-populate4k", POPULATE4K, compact),
	STAYS("compaction-mthp64k", MTHP64K, compact),
	STAYS("compaction-scatter4k", SCATTER4K, compact),
	STAYS("compaction-thp", THP, compact),
	STAYS("compaction-memfd4k", MEMFD4K, compact),
	STAYS("compaction-mapfile4k", MAPFILE4K, compact),
	STAYS("compaction-mapfile64k", MAPFILE64K, compact),
	STAYS("gigantic-page-populate4k", POPULATE4K, want_gigantic_page),
	STAYS("gigantic-page-thp", THP, want_gigantic_page),
	MOVED("movable-populate4k", run_movable, POPULATE4K),
	MOVED("movable-mthp64k", run_movable, MTHP64K),
	MOVED("movable-thp", run_movable, THP),
	MOVED("movable-memfd4k", run_movable, MEMFD4K),
	MOVED("movable-mapfile4k", run_movable, MAPFILE4K),
	MOVED("movable-mapfile64k", run_movable, MAPFILE64K),
	MOVED("block-stays-populate4k", run_block_stays, POPULATE4K),
	MOVED("block-stays-mthp64k", run_block_stays, MTHP64K),
	MOVED("block-stays-thp", run_block_stays, THP),
	MOVED("block-stays-hugetlb2m", run_block_stays, HUGETLB2M),
	{}
};

const struct ktap_suite mem_moved = { "moved", cases };
