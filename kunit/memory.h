/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory to pin: of the case's own process, and files.
 *
 * A case is a kernel thread; with its first memory it gets an address space of
 * its own, which ends with it.
 */
#ifndef KUNIT_MEMORY_H
#define KUNIT_MEMORY_H

#include <linux/minmax.h>
#include <linux/pgtable.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct file;
struct kunit;

/**
 * enum memory_layout - how user memory is made up
 * @MEMORY_BASE: base pages, touched in order
 * @MEMORY_SCATTERED: base pages of which no two neighbours are neighbours in
 *                    physical memory
 * @MEMORY_THP: transparent huge pages, from the first one on
 * @MEMORY_THP_APART: the same, and from six on no two neighbours are neighbours
 *                    in physical memory
 * @MEMORY_MIXED: a transparent huge page and as many base pages, in turn
 * @MEMORY_UNTOUCHED: nothing yet
 * @MEMORY_NR_LAYOUTS: how many there are
 */
enum memory_layout {
	MEMORY_BASE,
	MEMORY_SCATTERED,
	MEMORY_THP,
	MEMORY_THP_APART,
	MEMORY_MIXED,
	MEMORY_UNTOUCHED,
	MEMORY_NR_LAYOUTS,
};

extern const char *const memory_layout_name[MEMORY_NR_LAYOUTS];

#define MEMORY_HUGE_NPAGES	(PMD_SIZE / PAGE_SIZE)
/* What a helper is given is at least as much, and no less than a huge page. */
#define MEMORY_PART_NPAGES	(MAX(SZ_8M, PMD_SIZE) / PAGE_SIZE)

int memory_attach(void);
unsigned long memory_map_as(struct kunit *test, struct file *file,
			    unsigned long va, unsigned long length_bytes,
			    unsigned long prot, unsigned long flags);
unsigned long memory_map(struct kunit *test, enum memory_layout layout,
			 unsigned long npages);
unsigned long memory_map_prot(struct kunit *test, unsigned long npages,
			      unsigned long prot);
void memory_scatter(struct kunit *test, unsigned long va, unsigned long npages);
void memory_replace(struct kunit *test, unsigned long va,
		    enum memory_layout layout, unsigned long npages);
unsigned long memory_map_file(struct kunit *test, struct file *file,
			      unsigned long npages);
unsigned long memory_map_all(struct kunit *test, struct file *file);
void memory_touch(struct kunit *test, unsigned long va);
void memory_write(struct kunit *test, unsigned long va, u8 byte);
u8 memory_read(struct kunit *test, unsigned long va);

unsigned long memory_pfn(unsigned long va);
unsigned int pfn_npins(unsigned long pfn);

struct file *memory_shmem(struct kunit *test, unsigned long npages);
struct file *memory_shmem_huge(struct kunit *test, unsigned long npages);
struct file *memory_ramfs(struct kunit *test, unsigned long npages);
struct file *memory_hugetlb(struct kunit *test, unsigned long npages);
struct file *memory_hugetlb_of(struct kunit *test, unsigned long page_bytes,
			       unsigned long nr);
struct file *memory_gigantic(struct kunit *test);

/* What was in pages before they were a file's. */
#define MEMORY_SOIL	0xaa

void memory_soil(struct kunit *test, struct file *file, unsigned long first,
		 unsigned long npages, unsigned int order);
void memory_punch(struct kunit *test, struct file *file, unsigned long first,
		  unsigned long npages);

#endif
