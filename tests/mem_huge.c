// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transparent huge pages that are no longer what they were: split, or no longer mapped in one
 * piece, before or after a device uses them; and base pages that the kernel is asked to make a huge
 * page of. What the CPU's page table says at some moment must not mislead.
 */
#include <errno.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "iofd.h"
#include "scene.h"

#define BYTES (4 * MIB)
#define HUGE_PAGE (2 * MIB)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static bool is_huge(const void *va)
{
	return memory_page_is(va, KPF_THP);
}

/* Asks the kernel to split the huge pages at these addresses; it does not say whether it did. */
static void ask_to_split(const void *va, size_t bytes)
{
	char text[80];
	int ret;

	snprintf(text, sizeof(text), "%d,0x%lx,0x%lx", getpid(), (unsigned long)va,
		 (unsigned long)va + bytes);
	ret = scene_tell("/sys/kernel/debug/split_huge_pages", text);
	if (ret == -ENOENT)
		ktap_skip("no split_huge_pages in debugfs");
	ASSERT_OK(ret);
}

/* A pinned huge page cannot be split. Once it is not pinned any more it can. */
static void run_split_pinned(const void *arg)
{
	struct scene s;
	__u64 pfn;

	(void)arg;
	scene_open(&s, THP, BYTES);
	pfn = memory_pfn(s.mem.va);
	ASSERT_TRUE(is_huge(s.mem.va));
	ask_to_split(s.mem.va, BYTES);
	EXPECT_TRUE(is_huge(s.mem.va));
	EXPECT_EQ(pfn, memory_pfn(s.mem.va));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	ask_to_split(s.mem.va, BYTES);
	EXPECT_TRUE(!is_huge(s.mem.va));

	/* And what was split is mapped as it is. */
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
}

/* Only a part of it is pinned: that is enough. */
static void run_split_pinned_part(const void *arg)
{
	size_t start = 384 * KIB, bytes = 192 * KIB;
	struct scene s;

	(void)arg;
	scene_open_unmapped(&s, THP, BYTES);
	ASSERT_OK(ioas_map_at(s.rig.iofd, s.rig.ioas, s.mem.va + start, bytes, SCENE_IOVA));
	ask_to_split(s.mem.va, BYTES);
	EXPECT_TRUE(is_huge(s.mem.va + start));
	EXPECT_TRUE(!is_huge(s.mem.va + HUGE_PAGE));
	expect_shared(&s, SCENE_IOVA, s.mem.va + start, bytes);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, bytes));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	scene_close(&s);
}

/*
 * The ways to have a huge page that is not mapped in one piece. The page table is made of base
 * pages then, with all, or some, of them in the huge page. 2 MiB of the memory stay as they were.
 */
static void split_by_protection(struct memory *mem)
{
	ASSERT_EQ(0, mprotect(mem->va + 7 * PAGE, PAGE, PROT_READ));
	ASSERT_EQ(0, mprotect(mem->va + 7 * PAGE, PAGE, PROT_READ | PROT_WRITE));
}

static void split_by_discard(struct memory *mem)
{
	size_t page;

	/* Every third page becomes a new one. */
	for (page = 1; page < HUGE_PAGE / PAGE; page += 3) {
		ASSERT_EQ(0, madvise(mem->va + page * PAGE, PAGE, MADV_DONTNEED));
		memory_fill(mem->va + page * PAGE, PAGE, page);
	}
}

static void split_by_unmap(struct memory *mem)
{
	size_t offset = MIB, bytes = 20 * PAGE;

	ASSERT_TRUE(mmap(mem->va + offset, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == mem->va + offset);
	memory_fill(mem->va + offset, bytes, 11);
}

/* A child shares the pages; the parent gets copies of those that it writes to. */
static void split_by_fork(struct memory *mem)
{
	size_t page;
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	for (page = 0; page < HUGE_PAGE / PAGE; page += 3)
		memory_fill(mem->va + page * PAGE, PAGE, page);
	/* The runner ends the child, with the case's process group. */
}

struct split {
	void (*how)(struct memory *mem);
	bool mapped;	/* by the device already */
};

/* What is split before it is mapped, or after: it is the same memory for both. */
static void run_split(const void *arg)
{
	const struct split *how = arg;
	size_t page;
	struct scene s;

	scene_open_unmapped(&s, THP, BYTES);
	if (how->mapped) {
		ASSERT_OK(scene_map(&s, SCENE_IOVA));
		how->how(&s.mem);
	} else {
		how->how(&s.mem);
		ASSERT_OK(scene_map(&s, SCENE_IOVA));
	}
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	/* Wherever a page of another origin may lie, and beside it. */
	for (page = 0; page < 16; page++)
		expect_reaches(&s.rig, s.edu, SCENE_IOVA + page * PAGE + PAGE - 64,
			       s.mem.va + page * PAGE + PAGE - 64, 128);
	expect_reaches(&s.rig, s.edu, SCENE_IOVA + MIB - 64, s.mem.va + MIB - 64, 128);
	expect_reaches(&s.rig, s.edu, SCENE_IOVA + MIB + 20 * PAGE - 64,
		       s.mem.va + MIB + 20 * PAGE - 64, 128);
	expect_reaches(&s.rig, s.edu, SCENE_IOVA + HUGE_PAGE - 64, s.mem.va + HUGE_PAGE - 64, 128);
	scene_close(&s);
}

/* Pages that the process gave up out of the middle stay the device's, as they were. */
static void run_discard_part(const void *arg)
{
	size_t start = 384 * KIB, bytes = 192 * KIB;
	static const unsigned char zeros[SCENE_LEN];
	unsigned char old[SCENE_LEN];
	struct scene s;

	(void)arg;
	scene_open(&s, THP, BYTES);
	memcpy(old, s.mem.va + start, SCENE_LEN);
	ASSERT_EQ(0, madvise(s.mem.va + start, bytes, MADV_DONTNEED));
	EXPECT_BYTES(zeros, s.mem.va + start, SCENE_LEN);
	expect_device_sees(&s, old, SCENE_IOVA + start);
	memory_fill(s.mem.va + start, bytes, 12);
	expect_device_sees(&s, old, SCENE_IOVA + start);
	expect_shared(&s, SCENE_IOVA, s.mem.va, start);
	expect_shared(&s, SCENE_IOVA + start + bytes, s.mem.va + start + bytes,
		      BYTES - start - bytes);
	scene_close(&s);
}

static int collapse(struct memory *mem)
{
	ASSERT_EQ(0, madvise(mem->va, mem->bytes, MADV_HUGEPAGE));
	return madvise(mem->va, mem->bytes, MADV_COLLAPSE) ? -errno : 0;
}

/* Base pages that a device uses do not become a huge page; without it they do. */
static void run_collapse(const void *arg)
{
	size_t pinned = *(const size_t *)arg;
	struct scene s;
	__u64 pfn;

	/* As aligned as a huge page. */
	scene_open_unmapped(&s, THP, BYTES);
	ASSERT_EQ(0, madvise(s.mem.va, BYTES, MADV_NOHUGEPAGE));
	ASSERT_EQ(0, madvise(s.mem.va, BYTES, MADV_DONTNEED));
	memory_fill(s.mem.va, BYTES, 13);
	ASSERT_TRUE(!is_huge(s.mem.va) && !is_huge(s.mem.va + HUGE_PAGE));
	pfn = memory_pfn(s.mem.va + pinned / 2);

	ASSERT_OK(ioas_map_at(s.rig.iofd, s.rig.ioas, s.mem.va, pinned, SCENE_IOVA));
	if (collapse(&s.mem) == -EINVAL)
		ktap_skip("no MADV_COLLAPSE");
	EXPECT_TRUE(!is_huge(s.mem.va));
	EXPECT_EQ(pfn, memory_pfn(s.mem.va + pinned / 2));
	expect_shared(&s, SCENE_IOVA, s.mem.va, pinned);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, pinned));

	ASSERT_OK(collapse(&s.mem));
	EXPECT_TRUE(is_huge(s.mem.va) && is_huge(s.mem.va + HUGE_PAGE));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	scene_close(&s);
}

#define SPLIT(_name, _how, _mapped) \
	{ "split-" _name, run_split, &(const struct split){ _how, _mapped } }

static const struct ktap_case cases[] = {
	{ "split-pinned", run_split_pinned, NULL },
	{ "split-pinned-part", run_split_pinned_part, NULL },
	SPLIT("by-protection-before", split_by_protection, false),
	SPLIT("by-protection-after", split_by_protection, true),
	SPLIT("by-discard-before", split_by_discard, false),
	SPLIT("by-unmap-before", split_by_unmap, false),
	SPLIT("by-fork-before", split_by_fork, false),
	SPLIT("by-fork-after", split_by_fork, true),
	{ "discard-part", run_discard_part, NULL },
	{ "collapse-pinned", run_collapse, &(const size_t){ BYTES } },
	{ "collapse-pinned-part", run_collapse, &(const size_t){ PAGE } },
	{}
};

const struct ktap_suite mem_huge = { "huge", cases };
