// SPDX-License-Identifier: GPL-2.0-only
#include "shape.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAP_HUGE_SHIFT 26
/* Bits of an entry of /proc/PID/pagemap. */
#define PAGEMAP_PRESENT 0x8000000000000000ull
#define PAGEMAP_PFN 0x007fffffffffffffull

/* Sets pfns[0 .. count) for @count pages from @va. */
static int read_pfns(int pagemap, const char *va, size_t count, __u64 *pfns)
{
	off_t at = (uintptr_t)va / PAGE_BYTES * sizeof(*pfns);
	size_t want = count * sizeof(*pfns), i;

	if (pread(pagemap, pfns, want, at) != (ssize_t)want)
		return -EIO;
	for (i = 0; i < count; i++) {
		if (!(pfns[i] & PAGEMAP_PRESENT))
			return -EFAULT;
		pfns[i] &= PAGEMAP_PFN;
		/* What a process that is not root sees. */
		if (!pfns[i])
			return -EPERM;
	}
	return 0;
}

long shape_runs(const struct shape *shape, size_t bytes)
{
	size_t npages = bytes / PAGE_BYTES, leaf = shape->kind->leaf_bytes / PAGE_BYTES;
	__u64 pfns[512], next = 0;
	size_t done, count, i;
	int pagemap, rc = 0;
	long runs = 0;

	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return -errno;
	for (done = 0; done < npages; done += count) {
		count = npages - done < 512 ? npages - done : 512;
		rc = read_pfns(pagemap, shape->va + done * PAGE_BYTES, count, pfns);
		if (rc)
			break;
		for (i = 0; i < count; i++) {
			/* The memory begins with a leaf, so a leaf's place is known. */
			if ((done + i) % leaf != pfns[i] % leaf && leaf > 1)
				rc = -EUCLEAN;
			if (pfns[i] != next)
				runs++;
			next = pfns[i] + 1;
		}
	}
	close(pagemap);
	return rc ? rc : runs;
}

/*
 * Freed pages go back to the page allocator and not to a list of this CPU's, which in a guest of
 * one CPU may hold an eighth of its memory and hands it out backwards: no two neighbours of what is
 * populated after the first shape would be contiguous, whatever the shape. Only while shapes are
 * freed and made, for operations that allocate and free pages are served from that list.
 */
static void keep_free_lists_short(bool now)
{
	int fd = open("/proc/sys/vm/percpu_pagelist_high_fraction", O_WRONLY | O_CLOEXEC);

	/* A fraction of the memory; 0 is the kernel's own choice. */
	if (fd >= 0 && write(fd, now ? "1000000" : "0", now ? 7 : 1) < 0)
		perror("percpu_pagelist_high_fraction");
	close(fd);
}

int shape_discard(const struct shape *shape)
{
	int advice = shape->kind->memfd ? MADV_REMOVE : MADV_DONTNEED, rc;

	keep_free_lists_short(true);
	rc = madvise(shape->va, shape->kind->bytes, advice) ? -errno : 0;
	keep_free_lists_short(false);
	return rc;
}

static void shape_free(struct shape *shape)
{
	if (shape->va)
		munmap(shape->va, shape->kind->bytes);
	if (shape->fd >= 0)
		close(shape->fd);
	*shape = (struct shape){ .fd = -1 };
}

/* An address that is a multiple of 1 GiB, with nothing there yet. */
static char *find_place(size_t bytes)
{
	char *va = mmap(NULL, bytes + GIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);

	if (va == MAP_FAILED)
		return NULL;
	munmap(va, bytes + GIB);
	return (char *)(((uintptr_t)va + GIB - 1) & ~(GIB - 1));
}

#define PLUG_BYTES (4096 * PAGE_BYTES)
#define BLOCK_BYTES (1024 * PAGE_BYTES)
#define BLOCK_START (37 * PAGE_BYTES)

/*
 * The kernel hands out its smallest free fragments first, and there are more or fewer of them with
 * each peer. This takes them, and then what comes out of a large block up to a certain place, where
 * the shape will begin. The place is an odd one, as it would be by chance: were it the beginning of
 * the block, base pages would form large leaves in the IO page table. Where this does not succeed,
 * the run counts will tell.
 */
static char *plug_fragments(void)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t at, bytes = PLUG_BYTES + BLOCK_BYTES;
	__u64 pfn;
	char *plug;

	plug = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (plug != MAP_FAILED && !shape_make_base(plug, PLUG_BYTES)) {
		for (at = PLUG_BYTES; at < bytes; at += PAGE_BYTES) {
			memset(plug + at, 1, 1);
			if (read_pfns(pagemap, plug + at, 1, &pfn) ||
			    (pfn + 1) * PAGE_BYTES % BLOCK_BYTES == BLOCK_START)
				break;
		}
	}
	close(pagemap);
	return plug;
}

static void unplug_fragments(char *plug)
{
	if (plug != MAP_FAILED)
		munmap(plug, PLUG_BYTES + BLOCK_BYTES);
}

/*
 * The first two times that the kernel itself looks at a page, it moves the page among its lists of
 * recently used memory: 240 instructions that belong to no map. MADV_POPULATE_WRITE looks at every
 * page, even though all are there.
 */
static int settle(char *va, size_t bytes)
{
	return madvise(va, bytes, MADV_POPULATE_WRITE) ||
	       madvise(va, bytes, MADV_POPULATE_WRITE);
}

/* Nobody is to have touched it yet. */
static bool is_fresh(const struct shape_kind *kind)
{
	return kind->use == SHAPE_FRESH || kind->use == SHAPE_WHOLE || kind->use == SHAPE_CROWD ||
	       kind->use == SHAPE_SPAN;
}

static const char *shape_make(struct shape *shape)
{
	const struct shape_kind *kind = shape->kind;
	int huge = kind->huge ? __builtin_ctzl(kind->leaf_bytes) << MAP_HUGE_SHIFT : 0;
	char *place = find_place(kind->bytes), *va, *plug;
	int flags = MAP_FIXED_NOREPLACE, rc;
	long runs;

	if (kind->memfd) {
		shape->fd = memfd_create(kind->name,
					 MFD_CLOEXEC | (kind->huge ? MFD_HUGETLB | huge : 0));
		if (shape->fd < 0 || ftruncate(shape->fd, kind->bytes))
			return "no memfd";
		flags |= MAP_SHARED;
	} else {
		flags |= MAP_PRIVATE | MAP_ANONYMOUS | (kind->huge ? MAP_HUGETLB | huge : 0);
	}
	va = place ? mmap(place, kind->bytes, PROT_READ | PROT_WRITE, flags, shape->fd, 0) :
		     MAP_FAILED;
	if (va == MAP_FAILED)
		return kind->huge ? "not enough huge pages are reserved" : "no address space";
	shape->va = va;
	if (is_fresh(kind))
		return kind->make(va, kind->bytes) ? "the memory cannot be prepared" : NULL;
	plug = plug_fragments();
	rc = kind->make(va, kind->bytes) || settle(va, kind->bytes);
	unplug_fragments(plug);
	if (rc)
		return "the memory cannot be touched";

	runs = shape_runs(shape, kind->bytes);
	if (runs == -EUCLEAN)
		return "the memory is not made of leaves of the right size";
	if (runs == -EPERM)
		return "physical addresses cannot be seen; this needs root";
	if (runs < 0)
		return "the layout cannot be read from /proc/self/pagemap";
	if ((size_t)runs < kind->min_runs || (size_t)runs > kind->max_runs)
		return "the memory has too few or too many runs for its kind";
	return NULL;
}

const struct shape_kind *shape_find(const char *name, enum shape_use use)
{
	const struct shape_kind *kind;

	for (kind = shape_kinds; kind->name; kind++)
		if (!strcmp(kind->name, name) && kind->use == use)
			return kind;
	return NULL;
}

const struct shape *shape_get(const struct shape_kind *kind, const char **error)
{
	static struct shape shape = { .fd = -1 };
	/* Also of a kind that could not be made: it is not tried again for each benchmark. */
	static const struct shape_kind *last;
	static const char *last_error;

	if (kind != last) {
		keep_free_lists_short(true);
		shape_free(&shape);
		shape.kind = kind;
		last = kind;
		last_error = shape_make(&shape);
		if (last_error)
			shape_free(&shape);
		keep_free_lists_short(false);
	}
	*error = last_error;
	return last_error ? NULL : &shape;
}
