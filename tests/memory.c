// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iofd.h"
#include "ktap.h"
#include "memory.h"
#include "util.h"

#define SCATTER_STRIDE 8

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

static const struct {
	const char *name;
	size_t page_bytes;
	bool file;
} shapes[NSHAPES] = {
	[POPULATE4K] = { "populate4k", PAGE, false },
	[SCATTER4K] = { "scatter4k", PAGE, false },
	[MTHP64K] = { "mthp64k", 64 * KIB, false },
	[THP] = { "thp", 2 * MIB, false },
	[HUGETLB2M] = { "hugetlb2m", 2 * MIB, false },
	[HUGETLB1G] = { "hugetlb1g", GIB, false },
	[HUGETLB64K] = { "hugetlb64k", 64 * KIB, false },
	[HUGETLB32M] = { "hugetlb32m", 32 * MIB, false },
	[MEMFD4K] = { "memfd4k", PAGE, false },
	[MEMFD64K] = { "memfd64k", 64 * KIB, false },
	[MEMFD2M] = { "memfd2m", 2 * MIB, false },
	[MAPFILE4K] = { "mapfile4k", PAGE, true },
	[MAPFILE64K] = { "mapfile64k", 64 * KIB, true },
	[MAPFILE2M] = { "mapfile2m", 2 * MIB, true },
};

const char *shape_name(enum shape shape)
{
	return shapes[shape].name;
}

size_t shape_page_bytes(enum shape shape)
{
	return shapes[shape].page_bytes;
}

bool shape_is_file(enum shape shape)
{
	return shapes[shape].file;
}

/* Asks for hugetlb pages of a size; what is there already and free is counted in. */
static void reserve_hugetlb(size_t page_bytes, size_t count)
{
	char path[96];
	size_t free_pages = 0, all_pages = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/free_hugepages",
		 page_bytes / KIB);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%zu", &free_pages) != 1)
		ktap_skip("no %zu KiB huge pages in this kernel", page_bytes / KIB);
	fclose(f);
	if (free_pages >= count)
		return;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/nr_hugepages",
		 page_bytes / KIB);
	f = fopen(path, "r+e");
	if (!f || fscanf(f, "%zu", &all_pages) != 1)
		return;
	rewind(f);
	fprintf(f, "%zu\n", all_pages + count - free_pages);
	fclose(f);
}

/* Whether the kernel hands out folios of a size, for anonymous memory or for shmem. */
static void allow_folios(const char *size, const char *what, const char *word)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/mm/transparent_hugepage/hugepages-%s/%s", size,
		 what);
	f = fopen(path, "re+");
	if (!f)
		ktap_skip("no folios of %s in this kernel", size);
	setbuf(f, NULL);
	ktap_assert(fputs(word, f) >= 0);
	fclose(f);
}

static void *map_or_end(void *addr, size_t bytes, int prot, int flags, int fd)
{
	void *va = mmap(addr, bytes, prot, flags, fd, 0);

	if (va == MAP_FAILED)
		ktap_note("mmap of %zu bytes: %s", bytes, strerror(errno));
	ktap_assert(va != MAP_FAILED);
	return va;
}

/* Anonymous memory at an address that is a multiple of align. */
static unsigned char *map_aligned(size_t bytes, size_t align)
{
	unsigned char *area, *va;

	area = map_or_end(NULL, bytes + align, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	va = (unsigned char *)(((unsigned long)area + align - 1) & ~(align - 1));
	munmap(area, va - area);
	munmap(va + bytes, area + align - va);
	ktap_assert(!mprotect(va, bytes, PROT_READ | PROT_WRITE));
	return va;
}

static void touch(unsigned char *va, size_t bytes, size_t stride)
{
	size_t offset;

	for (offset = 0; offset < bytes; offset += stride)
		__atomic_store_n(va + offset, 1, __ATOMIC_RELAXED);
}

/*
 * Page 0, 8, 16, … first, then 1, 9, 17, …: the kernel hands out neighbours to pages that are 8
 * apart.
 */
static void touch_scattered(unsigned char *va, size_t bytes)
{
	size_t first;

	for (first = 0; first < SCATTER_STRIDE && first * PAGE < bytes; first++)
		touch(va + first * PAGE, bytes - first * PAGE, SCATTER_STRIDE * PAGE);
}

/* No huge page is to be had instead of smaller folios. */
static void touch_mthp64k(unsigned char *va, size_t bytes)
{
	allow_folios("64kB", "enabled", "madvise");
	allow_folios("2048kB", "enabled", "never");
	touch(va, bytes, PAGE);
	/* And khugepaged makes none of them afterwards. */
	ktap_assert(!madvise(va, bytes, MADV_NOHUGEPAGE));
	allow_folios("2048kB", "enabled", "inherit");
	allow_folios("64kB", "enabled", "never");
}

static void touch_shmem64k(unsigned char *va, size_t bytes)
{
	allow_folios("64kB", "shmem_enabled", "always");
	touch(va, bytes, PAGE);
	allow_folios("64kB", "shmem_enabled", "never");
}

static void map_memfd(struct memory *mem, bool huge)
{
	unsigned int flags = MFD_CLOEXEC | (huge ? MFD_HUGETLB | MFD_HUGE_2MB : 0);

	mem->fd = memfd_create("tests", flags);
	ktap_assert(mem->fd >= 0 && !ftruncate(mem->fd, mem->bytes));
	/* The kernel gives a file no folios that its mapping could not hold aligned. */
	mem->va = map_aligned(mem->bytes, shape_page_bytes(mem->shape));
	map_or_end(mem->va, mem->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, mem->fd);
}

/* What pagemap says of each page, for the caller to free. */
static __u64 *read_pagemap(const void *va, size_t npages)
{
	__u64 *entries = malloc(npages * sizeof(*entries));
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	ktap_assert(entries && fd >= 0);
	ASSERT_EQ(npages * sizeof(*entries),
		  pread(fd, entries, npages * sizeof(*entries),
			(unsigned long)va / PAGE * sizeof(*entries)));
	close(fd);
	return entries;
}

static __u64 entry_pfn(__u64 entry)
{
	return entry >> 63 ? entry & ((1ULL << 55) - 1) : 0;
}

static void read_layout(struct memory *mem)
{
	size_t npages = mem->bytes / PAGE, i;
	struct run *run = NULL;
	__u64 *entries;

	entries = read_pagemap(mem->va, npages);
	mem->runs = malloc(npages * sizeof(*mem->runs));
	ktap_assert(mem->runs);

	mem->nruns = 0;
	for (i = 0; i < npages; i++) {
		__u64 pfn = entry_pfn(entries[i]);

		ASSERT_TRUE(pfn);
		if (run && pfn == run->pfn + run->npages) {
			run->npages++;
			continue;
		}
		run = &mem->runs[mem->nruns++];
		*run = (struct run){ .index = i, .npages = 1, .pfn = pfn };
	}
	free(entries);
}

__u64 memory_pfn(const void *va)
{
	__u64 *entry = read_pagemap(va, 1), pfn = entry_pfn(*entry);

	free(entry);
	return pfn;
}

bool memory_page_is(const void *va, unsigned int flag)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	__u64 flags = 0, pfn = memory_pfn(va);

	ASSERT_TRUE(pfn);
	ASSERT_EQ(sizeof(flags), pread(fd, &flags, sizeof(flags), pfn * sizeof(flags)));
	close(fd);
	return flags >> flag & 1;
}

__u64 *memory_places(const struct memory *mem)
{
	__u64 *places = read_pagemap(mem->va, mem->bytes / PAGE);
	size_t i;

	for (i = 0; i < mem->bytes / PAGE; i++)
		places[i] = entry_pfn(places[i]);
	return places;
}

size_t memory_moved(const struct memory *mem, const __u64 *places)
{
	__u64 *now = memory_places(mem);
	size_t moved = 0, i;

	for (i = 0; i < mem->bytes / PAGE; i++)
		moved += places[i] != now[i];
	free(now);
	return moved;
}

size_t memory_resident(const void *va, size_t bytes)
{
	unsigned char *there = malloc(bytes / PAGE);
	size_t resident = 0, i;

	ktap_assert(there && !mincore((void *)va, bytes, there));
	for (i = 0; i < bytes / PAGE; i++)
		resident += there[i] & 1;
	free(there);
	return resident;
}

/* A shape is what its name says, or the case would prove something else. */
static void check_layout(const struct memory *mem)
{
	size_t npages = shape_page_bytes(mem->shape) / PAGE, i;

	/* Now and then the kernel's free lists make neighbours after all. */
	if (mem->shape == SCATTER4K)
		ASSERT_TRUE(mem->nruns * 10 > mem->bytes / PAGE * 9);
	for (i = 0; i < mem->nruns; i++) {
		ASSERT_EQ(0, mem->runs[i].pfn % npages);
		ASSERT_EQ(0, mem->runs[i].npages % npages);
	}
}

void memory_alloc(struct memory *mem, enum shape shape, size_t bytes)
{
	int hugetlb = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	size_t page_bytes = shape_page_bytes(shape);

	*mem = (struct memory){ .bytes = bytes, .shape = shape, .fd = -1 };
	switch (shape) {
	case POPULATE4K:
	case SCATTER4K:
		mem->va = map_aligned(bytes, PAGE);
		break;
	case MTHP64K:
	case THP:
		/* Where the CPU's huge pages are larger, one of this size is as any other folio. */
		if (shape == THP && PAGE > 4 * KIB)
			allow_folios("2048kB", "enabled", "inherit");
		mem->va = map_aligned(bytes, 2 * MIB);
		ktap_assert(!madvise(mem->va, bytes, MADV_HUGEPAGE));
		break;
	case HUGETLB64K:
	case HUGETLB2M:
	case HUGETLB32M:
	case HUGETLB1G:
		reserve_hugetlb(page_bytes, bytes / page_bytes);
		mem->va = map_or_end(NULL, bytes, PROT_READ | PROT_WRITE,
				     hugetlb | __builtin_ctzl(page_bytes) << MAP_HUGE_SHIFT, -1);
		break;
	case MEMFD4K:
	case MAPFILE4K:
	case MEMFD64K:
	case MAPFILE64K:
		map_memfd(mem, false);
		break;
	case MEMFD2M:
	case MAPFILE2M:
		reserve_hugetlb(2 * MIB, bytes / (2 * MIB));
		map_memfd(mem, true);
		break;
	case NSHAPES:
		ktap_assert(false);
	}
	if (shape == SCATTER4K)
		touch_scattered(mem->va, bytes);
	else if (shape == MTHP64K)
		touch_mthp64k(mem->va, bytes);
	else if (shape == MEMFD64K || shape == MAPFILE64K)
		touch_shmem64k(mem->va, bytes);
	else
		touch(mem->va, bytes, PAGE);
	read_layout(mem);
	check_layout(mem);
}

void memory_free(struct memory *mem)
{
	munmap(mem->va, mem->bytes);
	if (mem->fd >= 0)
		close(mem->fd);
	free(mem->runs);
}

int memory_map(const struct memory *mem, int iofd, __u32 ioas, __u32 flags, size_t offset,
	       size_t length, __u64 *iova)
{
	if (shape_is_file(mem->shape))
		return ioas_map_file(iofd, ioas, flags, mem->fd, offset, length, iova);
	return ioas_map(iofd, ioas, flags, mem->va + offset, length, iova);
}

void memory_fill(void *va, size_t bytes, __u64 seed)
{
	__u64 *word = va;
	size_t i;

	for (i = 0; i < bytes / sizeof(*word); i++)
		word[i] = (seed << 32) ^ (0x9e3779b97f4a7c15 * (i + 1));
}
