/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pin walk: pages that a page table already maps, pinned as they are found
 * there, a table of entries at a time.
 *
 * pin_user_pages_fast() pays for each page what is the same for all of a table:
 * the way down to it, the sampling of what might change, the statistics. Here a
 * table is looked up once and locked, and nothing of it changes while its
 * entries are looked at. The rules are those of the kernel's slow path
 * (check_vma_flags() and follow_page_pte() of mm/gup.c), with the same locks, and
 * whatever is in any way unusual is left to the kernel: walk_pin() stops before it.
 *
 * Why each of the rules holds:
 *
 * - *The mapping stays*, with its rights, for the mmap lock is held for reading:
 *   unmap, mprotect, mremap, fork and the collapse into a huge page hold it for
 *   writing. So do the tables above that of the entries: they are freed with what
 *   they map, or by the end of the process, which waits for the reference on
 *   mm_users that the caller has. Who has the lock for writing, or waits for it,
 *   is not waited for: then the kernel pins, mostly without that lock.
 * - *The table stays*: file mappings' collapse and MADV_DONTNEED may take it away
 *   without the mmap lock, or with it held for reading, but under the table's, and
 *   free it after a grace period of RCU. So what leads to it is compared again
 *   with its lock held, in a section of RCU.
 * - *The entries stay* while the table's lock is held: zap, migration, reclaim,
 *   KSM, the split of a huge page and write protection of any kind change them
 *   under it. A mapped page has a reference that goes only with its entry, so
 *   the count that the pin is added to is above zero, and a folio with a mapping
 *   of one of its pages is neither split nor merged.
 * - *Rights*: the VMA has to allow the access, with the protection keys of the
 *   thread; to write, the entry has to be writable. Copy-on-write, write protection
 *   by userfaultfd, the tracking of soft-dirty and of dirty files are all entries
 *   that are not writable. An entry with a mark of userfaultfd or of NUMA
 *   balancing is unusual even to read.
 * - *Fork* sees the pin, or was over before it: it holds the mmap lock for
 *   writing. The has-pinned flag of the mm is set before the first pin. The sequence
 *   count of write protection is for who looks without a lock, and is not needed.
 * - *Others who share, move or free pages* see the pin, for what tells a pinned
 *   page from others (folio_maybe_dma_pinned(), the reference count) is true
 *   before the table's lock is dropped, under which they make an entry go away.
 * - *No page is shared behind the pin's back*: of a mapping with copy-on-write
 *   an anonymous page alone is taken, and it has to be exclusive to the process. A
 *   writable entry says so, another one is asked (PageAnonExclusive). This mark
 *   is cleared under the table's lock, and not from a pinned page. The zero page,
 *   pages of KSM and file pages not yet copied are all left to the kernel, which
 *   unshares them, even to read.
 * - *File pages* are shmem's, and of the mapping that the VMA maps: no file system
 *   has to know of writes, no memory of secrets is among them, and none of DAX.
 *   The folio of a page that is mapped is not truncated.
 * - *For long*: what may not be pinned for long is left to the kernel (found.h).
 * - *One pin for a folio*: entries that map neighbouring pages of a large folio
 *   take one pin for it, and a run whose pin order is the folio's. All that might
 *   separate them, or move one, asks the folio: split, migration, reclaim, KSM,
 *   fork. So it is with a huge leaf (leaf.h).
 * - *Marks*: pages are made dirty as they are unpinned, as by all who pin to
 *   write. The mark of a reference is a hint to reclaim, which does not take
 *   pinned pages, and is left as the entry has it.
 *
 * Interrupts stay on, and nothing is retried. The longest that a table's lock is
 * held is for 512 entries, as zap has it.
 *
 * Of a file that is shmem's its own list of folios is walked in the same way, in a
 * section of RCU (walk_pin_file()):
 *
 * - *The folio is the file's* as the pin is taken: a count of 0 is not raised, which
 *   is what those who free it, split it or move it set it to, and after that the list
 *   is asked again. It may leave the file from then on, as may all that is pinned.
 * - *It shows what the file shows*: one that is not up to date is left, and one that has
 *   gone bad.
 * - *For long* is as above, and one pin stands for a folio.
 *
 * What maps one address, a page or a huge leaf, is pinned without any lock, for that is
 * what costs most of it then (walk_pin_one()). The rules are those of the kernel's fast
 * path (gup_fast_pte_range(), gup_fast_pmd_leaf() and gup_fast_pud_leaf()):
 *
 * - *The tables stay*, for interrupts are off (leaf.h).
 * - *What the entry maps is what is pinned*: a count of 0 is not raised, and after the pin,
 *   which is a full barrier, the entry, and the one that leads to it, are read again. Who
 *   makes them go away later sees the pin.
 * - *Rights* are the entry's alone, with the protection keys of the thread. Of a write-
 *   protected or unusual one nothing is taken.
 * - *Fork*: the has-pinned flag is set before, and the sequence count of write protection
 *   is the same before and after. If not, the pin is undone: fork may have shared the page
 *   without seeing it.
 * - *No page is shared behind the pin's back*: it is anonymous, and its entry writable or
 *   the page exclusive, which is asked behind a barrier; or it is of hugetlbfs or shmem, and
 *   the entry writable, which it is of a shared mapping alone.
 * - *File pages*: the file that a page is of is asked what it is with interrupts off, and an
 *   inode is freed after a grace period of RCU. A page that leaves its file now is what it
 *   was as it was mapped.
 * - *One pin for a leaf*: it lies within its folio, which the pin keeps whole and in place.
 *   Of hugetlbfs a block of several entries is one (block.h).
 */
#ifndef IOMMUFD_WALK_H
#define IOMMUFD_WALK_H

#include <linux/pgtable.h>
#include <linux/types.h>

#include "extent.h"

struct address_space;
struct leaf;
struct mm_struct;

/* The module's parameter pin_walk. Off: the kernel's calls pin everything. */
extern bool walk_allowed;

unsigned int walk_pin(struct mm_struct *mm, unsigned long va,
		      unsigned long npages, bool write, bool remote,
		      extent_t *run, unsigned int max_runs);
pud_t *walk_find_pud(struct mm_struct *mm, unsigned long va);
pmd_t *walk_find_pmd(struct mm_struct *mm, unsigned long va);
bool walk_is_absent(struct mm_struct *mm, unsigned long va);
bool walk_pin_one(unsigned long va, bool write, struct leaf *leaf);
unsigned int walk_pin_file(struct address_space *mapping, pgoff_t index,
			   unsigned long npages, extent_t *run,
			   unsigned int max_runs);

#endif
