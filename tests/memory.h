/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMORY_H
#define MEMORY_H

/* User memory in the shapes that pinning code tells apart, and where it lies in physical memory. */

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum shape {
	POPULATE4K,	/* base pages as the kernel hands them out */
	SCATTER4K,	/* base pages, no two neighbours contiguous */
	MTHP64K,	/* anonymous folios of 64 KiB, mapped by base pages */
	THP,		/* anonymous huge pages */
	HUGETLB2M,
	HUGETLB1G,
	HUGETLB64K,	/* of sizes that a CPU has several entries for, where there are such */
	HUGETLB32M,
	MEMFD4K,	/* a mapped memfd of base pages */
	MEMFD64K,	/* a mapped memfd of folios of 64 KiB */
	MEMFD2M,	/* a mapped memfd of hugetlb pages */
	MAPFILE4K,	/* the same three, given to the IOAS as a file */
	MAPFILE64K,
	MAPFILE2M,
	NSHAPES,
};

/* Pages that are neighbours in physical memory, too; indices are of base pages of the memory. */
struct run {
	size_t index;
	size_t npages;
	__u64 pfn;
};

struct memory {
	unsigned char *va;
	size_t bytes;
	enum shape shape;
	int fd;			/* of the memfd shapes, else -1 */
	struct run *runs;
	size_t nruns;
};

const char *shape_name(enum shape shape);

/* The size of a shape's pages: the smallest sensible length, and the alignment of its memory. */
size_t shape_page_bytes(enum shape shape);

/* Given to the IOAS as a file? */
bool shape_is_file(enum shape shape);

/*
 * Allocates faulted-in memory of that shape and reads its layout (as root). Ends the case when the
 * kernel will not give it in that shape: a test of huge pages on base pages tests nothing.
 */
void memory_alloc(struct memory *mem, enum shape shape, size_t bytes);
void memory_free(struct memory *mem);

/*
 * Maps [offset, offset + length) of it, as the shape says: by address or by file. Returns 0 or
 * -errno.
 */
int memory_map(const struct memory *mem, int iofd, __u32 ioas, __u32 flags, size_t offset,
	       size_t length, __u64 *iova);

/* The physical page that a process's page is just now (as root); 0 if none is there. */
__u64 memory_pfn(const void *va);

/* Whether the kernel says so of the page that is there (KPF_* of linux/kernel-page-flags.h). */
bool memory_page_is(const void *va, unsigned int flag);

/* Where all of its pages are, for the caller to free; and how many are elsewhere since. */
__u64 *memory_places(const struct memory *mem);
size_t memory_moved(const struct memory *mem, const __u64 *places);

/* How many of the pages of a range are in memory, of the process or of its file. */
size_t memory_resident(const void *va, size_t bytes);

/* Fills with bytes that depend on seed and on the place: no two 8-byte words are alike. */
void memory_fill(void *va, size_t bytes, __u64 seed);

#endif
