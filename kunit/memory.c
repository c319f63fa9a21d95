// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory to pin. See memory.h.
 */
#include <kunit/test.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "memory.h"

const char *const memory_layout_name[MEMORY_NR_LAYOUTS] = {
	[MEMORY_BASE] = "base",
	[MEMORY_SCATTERED] = "scattered",
	[MEMORY_THP] = "thp",
	[MEMORY_THP_APART] = "thp-apart",
	[MEMORY_MIXED] = "mixed",
	[MEMORY_UNTOUCHED] = "untouched",
};

/**
 * memory_attach() - give this thread of KUnit's an address space, if it has none
 *
 * It ends with the thread. What KUnit attaches, alone, would not: kthread_use_mm()
 * takes a reference that kthread_unuse_mm() gives back, and a thread that just ends
 * does not. There is another one as long as anybody uses the memory.
 *
 * Context: Process; sleeps.
 * Return: 0, or -ENOMEM.
 */
int memory_attach(void)
{
	int rc;

	if (current->mm)
		return 0;
	rc = kunit_attach_mm();
	/* Where KUnit does it by itself there is the other one alone. */
	if (!rc && atomic_read(&current->mm->mm_count) > 1)
		mmdrop(current->mm);
	return rc;
}

/**
 * memory_map_as() - map memory or a file, as mmap() does
 * @test: the case
 * @file: the file, from its start on; or NULL
 * @va: where, with MAP_FIXED; or 0
 * @length_bytes: how much
 * @prot: PROT_READ, PROT_WRITE, or none
 * @flags: MAP_SHARED and its like
 *
 * Return: its address.
 */
unsigned long memory_map_as(struct kunit *test, struct file *file,
			    unsigned long va, unsigned long length_bytes,
			    unsigned long prot, unsigned long flags)
{
	KUNIT_ASSERT_EQ(test, memory_attach(), 0);
	va = kunit_vm_mmap(test, file, va, length_bytes, prot, flags, 0);
	KUNIT_ASSERT_NE(test, va, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(va));
	return va;
}

static unsigned long map(struct kunit *test, struct file *file,
			 unsigned long npages, unsigned long prot)
{
	unsigned long share = file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
	unsigned long va;

	/* As much more as it takes to begin at a huge page. */
	va = memory_map_as(test, file, 0, (npages << PAGE_SHIFT) + PMD_SIZE,
			   prot, share);
	/* Files are mapped from their first page on. */
	return file ? va : ALIGN(va, PMD_SIZE);
}

/* As madvise() does, for one mapping. */
static void allow_huge(struct kunit *test, unsigned long va, bool huge)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	mmap_write_lock(mm);
	vma = find_vma(mm, va);
	if (vma) {
		vm_flags_clear(vma, VM_HUGEPAGE | VM_NOHUGEPAGE);
		vm_flags_set(vma, huge ? VM_HUGEPAGE : VM_NOHUGEPAGE);
	}
	mmap_write_unlock(mm);
	KUNIT_ASSERT_NOT_NULL(test, vma);
}

/* One page in @stride of @page_bytes, then the ones after these, and so on. */
static void touch_in_order(struct kunit *test, unsigned long va,
			   unsigned long npages, unsigned long page_bytes,
			   unsigned long stride)
{
	unsigned long nr = DIV_ROUND_UP(npages << PAGE_SHIFT, page_bytes);

	for (unsigned long first = 0; first < stride; first++) {
		for (unsigned long i = first; i < nr; i += stride)
			memory_touch(test, va + i * page_bytes);
	}
}

/* Base pages last: khugepaged does not collapse what may not be huge any more. */
static void touch_mixed(struct kunit *test, unsigned long va,
			unsigned long npages)
{
	allow_huge(test, va, true);
	for (unsigned long i = 0; i < npages; i += 2 * MEMORY_HUGE_NPAGES)
		memory_touch(test, va + (i << PAGE_SHIFT));
	allow_huge(test, va, false);
	for (unsigned long i = 0; i < npages; i++)
		if (i / MEMORY_HUGE_NPAGES % 2)
			memory_touch(test, va + (i << PAGE_SHIFT));
}

static bool is_huge(enum memory_layout layout)
{
	return layout == MEMORY_THP || layout == MEMORY_THP_APART;
}

static void touch(struct kunit *test, unsigned long va,
		  enum memory_layout layout, unsigned long npages)
{
	allow_huge(test, va, is_huge(layout));
	switch (layout) {
	case MEMORY_BASE:
		touch_in_order(test, va, npages, PAGE_SIZE, 1);
		break;
	case MEMORY_SCATTERED:
		/* The allocator gives neighbours to those that come one by one. */
		touch_in_order(test, va, npages, PAGE_SIZE, 8);
		memory_scatter(test, va, npages);
		break;
	case MEMORY_THP:
		touch_in_order(test, va, npages, PMD_SIZE, 1);
		break;
	case MEMORY_THP_APART:
		touch_in_order(test, va, npages, PMD_SIZE, 3);
		break;
	case MEMORY_MIXED:
		touch_mixed(test, va, npages);
		break;
	default:
		break;
	}
}

/* Another page, for the one that is there is taken only when that has come. */
static void move(struct kunit *test, unsigned long va)
{
	struct vm_area_struct *vma;
	struct page *page;

	KUNIT_ASSERT_EQ(test, get_user_pages_fast(va, 1, 0, &page), 1);
	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, va);
	if (vma)
		zap_vma_range(vma, va, PAGE_SIZE);
	mmap_read_unlock(current->mm);
	memory_touch(test, va);
	put_page(page);
}

/**
 * memory_scatter() - give memory other pages where two follow each other
 * @test: the case
 * @va: where it is mapped; private, and nobody else has it
 * @npages: how much there is
 *
 * What was in a page that is replaced is gone.
 */
void memory_scatter(struct kunit *test, unsigned long va, unsigned long npages)
{
	unsigned long pfn = memory_pfn(va);

	for (unsigned long i = 1; i < npages; i++) {
		unsigned long next = memory_pfn(va + i * PAGE_SIZE);

		if (next == pfn + 1) {
			move(test, va + i * PAGE_SIZE);
			next = memory_pfn(va + i * PAGE_SIZE);
		}
		pfn = next;
	}
}

/**
 * memory_map() - map private memory
 * @test: the case
 * @layout: how it is made up
 * @npages: how much
 *
 * Return: its address, at a multiple of PMD_SIZE.
 */
unsigned long memory_map(struct kunit *test, enum memory_layout layout,
			 unsigned long npages)
{
	unsigned long map_npages = npages, va;

	/* What is huge is so to its end. */
	if (is_huge(layout) || layout == MEMORY_MIXED)
		map_npages = ALIGN(npages, MEMORY_HUGE_NPAGES);
	va = map(test, NULL, map_npages, PROT_READ | PROT_WRITE);
	touch(test, va, layout, npages);
	return va;
}

/**
 * memory_replace() - unmap memory, and map other memory in its place
 * @test: the case
 * @va: what memory_map() returned, or a multiple of PMD_SIZE from there
 * @layout: how the new memory is made up
 * @npages: how much of each, a multiple of MEMORY_HUGE_NPAGES
 */
void memory_replace(struct kunit *test, unsigned long va,
		    enum memory_layout layout, unsigned long npages)
{
	KUNIT_ASSERT_EQ(test, vm_munmap(va, npages << PAGE_SHIFT), 0);
	KUNIT_ASSERT_EQ(test, memory_map_as(test, NULL, va,
					    npages << PAGE_SHIFT,
					    PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS |
					    MAP_FIXED), va);
	touch(test, va, layout, npages);
}

/**
 * memory_map_prot() - map private memory that is not touched
 * @test: the case
 * @npages: how much
 * @prot: PROT_READ, PROT_WRITE, or none
 *
 * Return: its address.
 */
unsigned long memory_map_prot(struct kunit *test, unsigned long npages,
			      unsigned long prot)
{
	return map(test, NULL, npages, prot);
}

/**
 * memory_map_file() - map a file, shared
 * @test: the case
 * @file: the file
 * @npages: how much of it, from its start
 *
 * Return: its address.
 */
unsigned long memory_map_file(struct kunit *test, struct file *file,
			      unsigned long npages)
{
	return map(test, file, npages, PROT_READ | PROT_WRITE);
}

/**
 * memory_map_all() - map a file, shared, and nothing behind it
 * @test: the case
 * @file: the file
 *
 * Return: its address.
 */
unsigned long memory_map_all(struct kunit *test, struct file *file)
{
	return memory_map_as(test, file, 0, i_size_read(file_inode(file)),
			     PROT_READ | PROT_WRITE, MAP_SHARED);
}

/** memory_touch() - write to the page at @va, as a program would */
void memory_touch(struct kunit *test, unsigned long va)
{
	memory_write(test, va, 1);
}

/** memory_write() - write one byte, as a program would */
void memory_write(struct kunit *test, unsigned long va, u8 byte)
{
	KUNIT_ASSERT_EQ(test, put_user(byte, (u8 __user *)va), 0);
}

/** memory_read() - read one byte, as a program would */
u8 memory_read(struct kunit *test, unsigned long va)
{
	u8 byte = 0;

	KUNIT_ASSERT_EQ(test, get_user(byte, (u8 __user *)va), 0);
	return byte;
}

/**
 * memory_pfn() - which page frame is at an address
 * @va: the address; it is touched
 *
 * Return: its number; or 0, which is never user memory.
 */
unsigned long memory_pfn(unsigned long va)
{
	struct page *page;
	unsigned long pfn;

	if (get_user_pages_fast(va, 1, 0, &page) != 1)
		return 0;
	pfn = page_to_pfn(page);
	put_page(page);
	return pfn;
}

/** pfn_npins() - how many pins the folio has that a page frame belongs to */
unsigned int pfn_npins(unsigned long pfn)
{
	struct folio *folio = page_folio(pfn_to_page(pfn));

	if (folio_has_pincount(folio))
		return atomic_read(&folio->_pincount);
	return folio_ref_count(folio) / GUP_PIN_COUNTING_BIAS;
}

KUNIT_DEFINE_ACTION_WRAPPER(put_file, fput, struct file *);
KUNIT_DEFINE_ACTION_WRAPPER(unmount, mntput, struct vfsmount *);

static struct file *keep(struct kunit *test, struct file *file)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, put_file, file),
			0);
	return file;
}

/**
 * memory_shmem() - make a file like memfd_create() does
 * @test: the case
 * @npages: its size
 *
 * Return: the file.
 */
struct file *memory_shmem(struct kunit *test, unsigned long npages)
{
	return keep(test, shmem_file_setup("kunit", npages << PAGE_SHIFT,
					   mk_vma_flags(VMA_NORESERVE_BIT)));
}

/* A file of @npages in a file system of its own. */
static struct file *keep_mounted(struct kunit *test, const char *name,
				 char *options, unsigned long npages)
{
	struct file_system_type *type = get_fs_type(name);
	struct vfsmount *mnt;
	struct file *file;

	if (!type)
		kunit_skip(test, "the kernel has no %s", name);
	mnt = vfs_kern_mount(type, 0, name, options);
	module_put(type->owner);
	if (mnt == ERR_PTR(-EINVAL))
		kunit_skip(test, "the kernel's %s has no such pages", name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mnt);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unmount, mnt), 0);

	file = keep(test, file_open_root_mnt(mnt, "kunit", O_RDWR | O_CREAT,
					     0600));
	KUNIT_ASSERT_EQ(test, vfs_truncate(&file->f_path, npages << PAGE_SHIFT),
			0);
	return file;
}

static int allocate(struct file *file, unsigned long first,
		    unsigned long npages)
{
	return vfs_fallocate(file, 0, first << PAGE_SHIFT,
			     npages << PAGE_SHIFT);
}

/**
 * memory_ramfs() - make a file of page cache that is not shmem's
 * @test: the case
 * @npages: its size
 *
 * Return: the file.
 */
struct file *memory_ramfs(struct kunit *test, unsigned long npages)
{
	return keep_mounted(test, "ramfs", NULL, npages);
}

/**
 * memory_shmem_huge() - make a file of shmem that is given huge pages
 * @test: the case; skipped where a huge page is more than a folio of a file may have
 * @npages: its size
 *
 * Return: the file.
 */
struct file *memory_shmem_huge(struct kunit *test, unsigned long npages)
{
	char options[] = "huge=always";

	if (PMD_ORDER > MAX_PAGECACHE_ORDER)
		kunit_skip(test, "no file has huge pages");
	return keep_mounted(test, "tmpfs", options, npages);
}

/**
 * memory_hugetlb() - make a file like memfd_create(MFD_HUGETLB) does
 * @test: the case; skipped when there are not enough huge pages
 * @npages: its size in base pages, a multiple of MEMORY_HUGE_NPAGES
 *
 * Return: the file.
 */
struct file *memory_hugetlb(struct kunit *test, unsigned long npages)
{
	struct file *file = keep_mounted(test, "hugetlbfs", NULL, npages);

	if (allocate(file, 0, npages))
		kunit_skip(test, "not enough huge pages; boot with hugepages=");
	return file;
}

/**
 * memory_hugetlb_of() - make a file of hugetlbfs of pages of a size
 * @test: the case; skipped when the kernel has no such pages, or not as many
 * @page_bytes: their size
 * @nr: how many
 *
 * Return: the file.
 */
struct file *memory_hugetlb_of(struct kunit *test, unsigned long page_bytes,
			       unsigned long nr)
{
	unsigned long npages = nr * (page_bytes >> PAGE_SHIFT);
	char options[32];
	struct file *file;

	snprintf(options, sizeof(options), "pagesize=%luK", page_bytes / SZ_1K);
	file = keep_mounted(test, "hugetlbfs", options, npages);
	if (allocate(file, 0, npages))
		kunit_skip(test, "not %lu huge pages of %lu KiB", nr,
			   page_bytes / SZ_1K);
	return file;
}

/**
 * memory_gigantic() - make a file of hugetlbfs of one page of 1 GiB
 * @test: the case; skipped when there is no such page
 *
 * Return: the file, of PUD_SIZE.
 */
struct file *memory_gigantic(struct kunit *test)
{
	char options[] = "pagesize=1G";
	struct file *file;

	if (PUD_SIZE != SZ_1G)
		kunit_skip(test, "no leaves of 1 GiB");
	file = keep_mounted(test, "hugetlbfs", options, PUD_SIZE / PAGE_SIZE);
	if (allocate(file, 0, PUD_SIZE / PAGE_SIZE))
		kunit_skip(test, "no huge page of 1 GiB; boot with hugepagesz=1G hugepages=1");
	return file;
}

/**
 * memory_soil() - give a file of shmem pages that nobody has used yet
 * @test: the case
 * @file: the file, with a hole there
 * @first: first page of it
 * @npages: how many pages
 * @order: the order that its folios have to have
 *
 * What is in them, which nobody may ever see, is MEMORY_SOIL.
 */
void memory_soil(struct kunit *test, struct file *file, unsigned long first,
		 unsigned long npages, unsigned int order)
{
	unsigned long index = first;

	KUNIT_ASSERT_EQ(test, allocate(file, first, npages), 0);
	while (index < first + npages) {
		struct folio *folio = filemap_get_folio(file->f_mapping, index);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, folio);
		KUNIT_EXPECT_EQ(test, folio_order(folio), order);
		KUNIT_EXPECT_FALSE(test, folio_test_uptodate(folio));
		memset(folio_address(folio), MEMORY_SOIL, folio_size(folio));
		index = folio_next_index(folio);
		folio_put(folio);
	}
}

/**
 * memory_punch() - make a hole in a file
 * @test: the case
 * @file: the file
 * @first: first page of it
 * @npages: how many pages
 */
void memory_punch(struct kunit *test, struct file *file, unsigned long first,
		  unsigned long npages)
{
	int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	KUNIT_ASSERT_EQ(test, vfs_fallocate(file, mode, first << PAGE_SHIFT,
					    npages << PAGE_SHIFT), 0);
}
