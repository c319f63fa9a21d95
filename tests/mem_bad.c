// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory goes bad: the kernel finds that it may (soft offline), and brings what is there elsewhere;
 * or that it has (hard), and nobody gets it any more. Before it is mapped, and while it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "balance.h"
#include "mem.h"
#include "iofd.h"
#include "scene.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

#define BYTES (4 * MIB)
/* A page in a huge one; and one that is in a folio of 64 KiB, too, where pages are smaller. */
#define MIDDLE (384 * KIB)
#define TAIL (MIDDLE + 9 * PAGE % (64 * KIB))

/* Who goes on as if nothing were wrong gets there again and again. */
static void on_bus_error(int number)
{
	static unsigned int count;

	(void)number;
	if (++count > 10)
		_exit(1);
}

/* Who has data in what went bad may be told so by a signal. */
static void survive_bus_errors(void)
{
	const struct sigaction action = { .sa_handler = on_bus_error };

	ASSERT_EQ(0, sigaction(SIGBUS, &action, NULL));
}

static int make_bad(void *va, int advice)
{
	int rc = madvise(va, PAGE, advice) ? -errno : 0;

	if (rc == -EINVAL)
		ktap_skip("no memory failure in this kernel");
	return rc;
}

/* By a call, which no signal comes of. */
static bool is_readable(const void *va)
{
	int ends[2];
	bool good;

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	good = write(ends[1], va, 1) == 1;
	close(ends[0]);
	close(ends[1]);
	return good;
}

struct bad {
	enum shape shape;
	size_t offset;		/* of the page */
};

/* What goes bad with it. */
static size_t unit_of(enum shape shape)
{
	bool hugetlb = shape == HUGETLB2M || shape == MEMFD2M || shape == MAPFILE2M;

	return hugetlb ? 2 * MIB : PAGE;
}

static void unmap_all(struct scene *s)
{
	EXPECT_OK(ioas_unmap_at(s->rig.iofd, s->rig.ioas, SCENE_IOVA, BYTES));
}

/* The process has the same at another place, and the device gets it there. */
static void run_soft(const void *arg)
{
	const struct bad *bad = arg;
	unsigned char *at, *want = malloc(BYTES);
	struct scene s;
	__u64 pfn;

	ASSERT_TRUE(want);
	scene_open_unmapped(&s, bad->shape, BYTES);
	at = s.mem.va + bad->offset;
	memcpy(want, s.mem.va, BYTES);
	pfn = memory_pfn(at);
	ASSERT_OK(make_bad(at, MADV_SOFT_OFFLINE));
	EXPECT_BYTES(want, s.mem.va, BYTES);
	EXPECT_NE(pfn, memory_pfn(at));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_device_sees(&s, want + bad->offset, SCENE_IOVA + bad->offset);
	expect_shared(&s, SCENE_IOVA + bad->offset, at, PAGE);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
	free(want);
}

/* What a device has stays, as long as it has it. */
static void run_soft_mapped(const void *arg)
{
	const struct bad *bad = arg;
	unsigned char *at;
	struct scene s;
	__u64 *places;

	scene_open(&s, bad->shape, BYTES);
	at = s.mem.va + bad->offset;
	places = memory_places(&s.mem);
	EXPECT_ERR(-EBUSY, make_bad(at, MADV_SOFT_OFFLINE));
	EXPECT_EQ(places[bad->offset / PAGE], memory_pfn(at));
	expect_shared(&s, SCENE_IOVA + bad->offset, at, PAGE);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	unmap_all(&s);
	EXPECT_OK(make_bad(at, MADV_SOFT_OFFLINE));
	EXPECT_NE(places[bad->offset / PAGE], memory_pfn(at));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
	free(places);
}

/* Other memory in place of what is bad, in the file and in the page table. */
static void replace(const struct memory *mem, size_t start, size_t bytes)
{
	if (mem->fd >= 0)
		ASSERT_EQ(0, fallocate(mem->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start,
				       bytes));
	ASSERT_EQ(0, madvise(mem->va + start, bytes, MADV_DONTNEED));
	memory_fill(mem->va + start, bytes, 5);
}

static int map_part(struct scene *s, size_t start, size_t bytes)
{
	__u64 iova = SCENE_IOVA + start;

	return bytes ? memory_map(&s->mem, s->rig.iofd, s->rig.ioas, IOAS_FIXED_RW, start, bytes,
				  &iova) : 0;
}

static void map_rest(struct scene *s, size_t start, size_t bytes)
{
	ASSERT_OK(map_part(s, 0, start));
	ASSERT_OK(map_part(s, start + bytes, BYTES - start - bytes));
}

/* All but what is bad can be mapped. */
static void expect_rest(struct scene *s, size_t start, size_t bytes)
{
	size_t end = start + bytes;

	map_rest(s, start, bytes);
	if (start)
		expect_shared(s, SCENE_IOVA, s->mem.va, start);
	if (end < BYTES)
		expect_shared(s, SCENE_IOVA + end, s->mem.va + end, BYTES - end);
	unmap_all(s);
}

/* A map of it is refused, alone and among others, and leaves nothing. */
static void run_hard(const void *arg)
{
	const struct bad *bad = arg;
	size_t unit = unit_of(bad->shape), start = bad->offset / unit * unit;
	struct balance before;
	struct scene s;

	if (shape_is_file(bad->shape) && rig_peer_is("iommufd"))
		ktap_skip("known difference: pages of a memfd that have gone bad");
	scene_open_unmapped(&s, bad->shape, BYTES);
	/* IO page tables stay. */
	map_rest(&s, start, unit);
	unmap_all(&s);
	before = balance_take();
	survive_bus_errors();
	EXPECT_OK(make_bad(s.mem.va + bad->offset, MADV_HWPOISON));
	EXPECT_TRUE(!is_readable(s.mem.va + bad->offset));
	EXPECT_ERR2(-EFAULT, -EHWPOISON, map_part(&s, 0, BYTES));
	expect_balance(&before);
	EXPECT_ERR2(-EFAULT, -EHWPOISON, map_part(&s, bad->offset, PAGE));
	expect_balance(&before);
	expect_rest(&s, start, unit);
	expect_balance(&before);
	replace(&s.mem, start, unit);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
}

/*
 * The device has it already. It cannot be taken from it; what is around it stays what it was, and
 * all of it can be unmapped.
 */
static void run_hard_mapped(const void *arg)
{
	const struct bad *bad = arg;
	size_t unit = shape_page_bytes(bad->shape), start = bad->offset / unit * unit;
	unsigned char was[SCENE_LEN];
	struct balance before;
	struct scene s;

	scene_open(&s, bad->shape, BYTES);
	unmap_all(&s);
	before = balance_take();
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	memcpy(was, s.mem.va + bad->offset, SCENE_LEN);
	survive_bus_errors();
	/* What it could not bring in order it says. */
	EXPECT_NE(1, make_bad(s.mem.va + bad->offset, MADV_HWPOISON));
	expect_device_sees(&s, was, SCENE_IOVA + bad->offset);
	if (start)
		expect_shared(&s, SCENE_IOVA, s.mem.va, start);
	if (start + unit < BYTES)
		expect_shared(&s, SCENE_IOVA + start + unit, s.mem.va + start + unit,
			      BYTES - start - unit);
	unmap_all(&s);
	expect_balance(&before);
	replace(&s.mem, start, unit);
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
}

#define SOFT(_name, _shape, _offset) \
	{ "soft-" _name, run_soft, &(const struct bad){ _shape, _offset } }
#define SOFT_MAPPED(_name, _shape, _offset) \
	{ "soft-mapped-" _name, run_soft_mapped, &(const struct bad){ _shape, _offset } }
#define HARD(_name, _shape, _offset) \
	{ "hard-" _name, run_hard, &(const struct bad){ _shape, _offset } }
#define HARD_MAPPED(_name, _shape, _offset) \
	{ "hard-mapped-" _name, run_hard_mapped, &(const struct bad){ _shape, _offset } }

static const struct ktap_case cases[] = {
	SOFT("populate4k", POPULATE4K, MIDDLE),
	SOFT("mthp64k-tail", MTHP64K, TAIL),
	SOFT("thp-tail", THP, TAIL),
	SOFT("hugetlb2m-tail", HUGETLB2M, TAIL),
	SOFT("memfd4k", MEMFD4K, MIDDLE),
	SOFT("mapfile4k", MAPFILE4K, MIDDLE),
	SOFT("mapfile64k-tail", MAPFILE64K, TAIL),
	SOFT_MAPPED("populate4k", POPULATE4K, MIDDLE),
	SOFT_MAPPED("mthp64k-tail", MTHP64K, TAIL),
	SOFT_MAPPED("thp-tail", THP, TAIL),
	SOFT_MAPPED("hugetlb2m-tail", HUGETLB2M, TAIL),
	SOFT_MAPPED("memfd4k", MEMFD4K, MIDDLE),
	SOFT_MAPPED("mapfile64k-tail", MAPFILE64K, TAIL),
	HARD("populate4k", POPULATE4K, MIDDLE),
	HARD("scatter4k-first", SCATTER4K, 0),
	HARD("mthp64k-tail", MTHP64K, TAIL),
	HARD("thp-head", THP, 2 * MIB),
	HARD("thp-tail", THP, TAIL),
	HARD("hugetlb2m-tail", HUGETLB2M, TAIL),
	HARD("memfd4k", MEMFD4K, MIDDLE),
	HARD("memfd64k-tail", MEMFD64K, TAIL),
	HARD("mapfile4k", MAPFILE4K, MIDDLE),
	HARD("mapfile64k-tail", MAPFILE64K, TAIL),
	HARD("mapfile2m-tail", MAPFILE2M, TAIL),
	HARD_MAPPED("populate4k", POPULATE4K, MIDDLE),
	HARD_MAPPED("mthp64k-tail", MTHP64K, TAIL),
	HARD_MAPPED("thp-tail", THP, TAIL),
	HARD_MAPPED("hugetlb2m-tail", HUGETLB2M, TAIL),
	HARD_MAPPED("memfd4k", MEMFD4K, MIDDLE),
	HARD_MAPPED("mapfile64k-tail", MAPFILE64K, TAIL),
	{}
};

const struct ktap_suite mem_bad = { "bad", cases };
