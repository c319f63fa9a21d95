// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a page table maps already. See walk.h, which argues for each line.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mmu_context.h>
#include <linux/moduleparam.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>
#include <linux/pgtable.h>
#include <linux/rcupdate.h>
#include <linux/shmem_fs.h>

#include "core/compat.h"
#include "found.h"
#include "walk.h"

bool walk_allowed = true;
module_param_named(pin_walk, walk_allowed, bool, 0644);
MODULE_PARM_DESC(pin_walk,
		 "Pin pages that are mapped already by a walk of their page table (default: true)");

/**
 * struct table_walk - the pinning of what one table maps
 * @mapping: of a shared mapping, whose pages they have to be; NULL where they
 *           have to be anonymous
 * @write: pin for writing
 * @flags: of the entry that was found plain last; 0, as of none that is, if none was
 * @found: what was pinned
 */
struct table_walk {
	const struct address_space *mapping;
	bool write;
	pteval_t flags;
	struct found found;
};

/* Is it a page that an entry of this mapping is expected to map? */
static bool is_plain_page(const struct table_walk *walk, struct folio *folio,
			  struct page *page, pte_t pte)
{
	if (walk->mapping)
		return READ_ONCE(folio->mapping) == walk->mapping;
	return folio_test_anon(folio) &&
	       (pte_write(pte) || PageAnonExclusive(page));
}

/* Mostly the flags are those of the last one that was. */
static bool is_plain_entry(struct table_walk *walk, pte_t pte)
{
	if (pte_flags(pte) == walk->flags)
		return true;
	if (!pte_present(pte) || pte_protnone(pte) || pte_special(pte) ||
	    pte_uffd(pte) || (walk->write && !pte_write(pte)))
		return false;
	walk->flags = pte_flags(pte);
	return true;
}

static pte_t without_use(pte_t pte)
{
	return pte_mkold(pte_mkclean(pte));
}

/*
 * How many entries from @ptep on map what follows @page in its folio, with the
 * rights of the first one, which is @pte. Whether they were used does not matter.
 */
static unsigned long entries_of_folio(const struct table_walk *walk,
				      struct folio *folio, struct page *page,
				      pte_t *ptep, pte_t pte, unsigned long max)
{
	bool ask_exclusive = !walk->mapping && !pte_write(pte);
	unsigned long first = folio_page_idx(folio, page);
	pteval_t val = pte_val(pte);
	unsigned long n;

	max = min(max, folio_nr_pages(folio) - first);
	for (n = 1; n < max; n++) {
		pte_t found = ptep_get(ptep + n);

		/* Of an entry that is present the next page frame is one up. */
		val += 1UL << PFN_PTE_SHIFT;
		if (pte_val(found) != val &&
		    (!pte_present(found) ||
		     !pte_same(without_use(found), without_use(__pte(val)))))
			break;
		if (ask_exclusive && !PageAnonExclusive(folio_page(folio, first + n)))
			break;
	}
	return n;
}

static void take_pin(struct folio *folio)
{
	if (folio_has_pincount(folio)) {
		folio_ref_inc(folio);
		atomic_inc(&folio->_pincount);
	} else {
		folio_ref_add(folio, GUP_PIN_COUNTING_BIAS);
	}
}

/* What of a page's flags is the same for pages that are alike: see pin_alike(). */
#define ALIKE_FLAGS	(ZONES_MASK << ZONES_PGSHIFT | NODES_MASK << NODES_PGSHIFT | \
			 BIT(PG_head))

/*
 * Base pages that follow the one that was pinned last, in memory and in the table, and
 * of which all is the same that was asked of that one. Mostly all are, and the questions
 * are put at once. Returns how many were pinned; the first one that is not alike is
 * looked at as any other.
 */
static unsigned long pin_alike(struct table_walk *walk, struct page *page,
			       pte_t *ptep, pte_t pte, unsigned long max)
{
	unsigned long mapping_mask = ULONG_MAX, flags_mask = ALIKE_FLAGS;
	unsigned long pfn = page_to_pfn(page), flags = READ_ONCE(page->flags.f);
	unsigned long mapping = (unsigned long)walk->mapping;
	pteval_t val = pte_val(pte);
	unsigned long n;

	if (!mapping) {
		mapping_mask = FOLIO_MAPPING_ANON;
		mapping = FOLIO_MAPPING_ANON;
		flags_mask |= BIT(PG_anon_exclusive);
	}
	/* To the end of the page block: the next one may not be pinnable. */
	max = min(max, pageblock_end_pfn(pfn) - pfn);
	for (n = 1; n < max; n++) {
		struct folio *folio;

		page++;
		/* Of an entry that is present the next page frame is one up. */
		val += 1UL << PFN_PTE_SHIFT;
		if (pte_val(ptep_get(ptep + n)) != val ||
		    ((READ_ONCE(page->flags.f) ^ flags) & flags_mask) ||
		    PageTail(page))
			break;
		folio = (struct folio *)page;
		if (((unsigned long)READ_ONCE(folio->mapping) & mapping_mask) !=
			    mapping ||
		    folio_ref_count(folio) <= 0)
			break;
		folio_ref_add(folio, GUP_PIN_COUNTING_BIAS);
	}
	walk->found.nr_pins += n - 1;
	return n - 1;
}

/* Does the next entry map the next page? Of scattered memory it does not. */
static bool is_followed(pte_t *ptep, pte_t pte, unsigned long npages)
{
	return npages > 1 &&
	       pte_val(ptep_get(ptep + 1)) == pte_val(pte) + (1UL << PFN_PTE_SHIFT);
}

/* The table is locked: its entries are stable. Up to @npages from @ptep on. */
static void pin_entries(struct table_walk *walk, pte_t *ptep,
			unsigned long npages)
{
	unsigned long done = 0;

	while (done < npages) {
		pte_t pte = ptep_get(ptep + done);
		unsigned int order = 0;
		struct folio *folio;
		unsigned long n = 1;
		struct page *page;

		if (!is_plain_entry(walk, pte))
			break;
		page = pte_page(pte);
		folio = page_folio(page);
		if (!is_plain_page(walk, folio, page, pte) ||
		    !found_may_be_pinned(&walk->found, folio))
			break;
		if (folio_test_large(folio)) {
			order = folio_large_order(folio);
			n = entries_of_folio(walk, folio, page, ptep + done, pte,
					     npages - done);
		}
		if (!found_add(&walk->found, page_to_pfn(page), n, order))
			break;
		take_pin(folio);
		found_count(&walk->found, folio);
		if (!order && is_followed(ptep + done, pte, npages - done)) {
			n += pin_alike(walk, page, ptep + done, pte,
				       npages - done);
			if (n > 1)
				found_add(&walk->found, page_to_pfn(page) + 1,
					  n - 1, 0);
		}
		done += n;
	}
	found_settle(&walk->found);
}

/* The mmap lock is held: what is above the table of entries stays. */
static pmd_t *find_table(struct mm_struct *mm, unsigned long va)
{
	pgd_t *pgdp, pgd;
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;

	pgdp = pgd_offset(mm, va);
	pgd = pgdp_get(pgdp);
	if (pgd_none(pgd) || pgd_bad(pgd))
		return NULL;
	p4dp = p4d_offset_lockless(pgdp, pgd, va);
	p4d = p4dp_get(p4dp);
	if (p4d_none(p4d) || p4d_bad(p4d))
		return NULL;
	pudp = pud_offset_lockless(p4dp, p4d, va);
	pud = pudp_get(pudp);
	if (pud_none(pud) || pud_leaf(pud) || pud_bad(pud))
		return NULL;
	return pmd_offset_lockless(pudp, pud, va);
}

static void pin_table(struct table_walk *walk, struct mm_struct *mm,
		      unsigned long va, unsigned long npages)
{
	pmd_t *pmdp = find_table(mm, va);
	spinlock_t *ptl; /* the table's entries */
	pmd_t pmd;

	if (!pmdp)
		return;
	rcu_read_lock();
	pmd = pmdp_get_lockless(pmdp);
	if (pmd_none(pmd) || !pmd_present(pmd) || pmd_leaf(pmd) || pmd_bad(pmd))
		goto out;
	ptl = pte_lockptr(mm, &pmd);
	spin_lock(ptl);
	/* What pte_offset_map_lock() does, which modules can not call. */
	if (pmd_same(pmd, pmdp_get_lockless(pmdp)))
		pin_entries(walk, pte_offset_kernel(&pmd, va), npages);
	spin_unlock(ptl);
out:
	rcu_read_unlock();
}

/* A private mapping that may be written to, or may come to be. */
static bool is_cow(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* May pages of it be pinned, and are they of the kinds that are known here? */
static bool is_plain_vma(struct vm_area_struct *vma, bool write, bool remote)
{
	if (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP | VM_HUGETLB |
			     VM_SHADOW_STACK))
		return false;
	if (!(vma->vm_flags & (write ? VM_WRITE : VM_READ)) || vma_is_fsdax(vma))
		return false;
	if (!arch_vma_access_permitted(vma, write, false, remote))
		return false;
	return is_cow(vma) ||
	       (vma->vm_file && shmem_mapping(vma->vm_file->f_mapping));
}

static void pin_in_vma(struct table_walk *walk, struct vm_area_struct *vma,
		       unsigned long va, unsigned long npages)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long end = pmd_addr_end(va, vma->vm_end);

	if (!is_cow(vma))
		walk->mapping = vma->vm_file->f_mapping;
	/* Before the first pin, for fork, which waits for the mmap lock. */
	if (!mm_flags_test(MMF_HAS_PINNED, mm))
		mm_flags_set(MMF_HAS_PINNED, mm);
	pin_table(walk, mm, va, min(npages, (end - va) >> PAGE_SHIFT));
}

/**
 * walk_pin() - pin pages that a page table maps already
 * @mm: whose memory; the caller has it in use (mm_users)
 * @va: page aligned address, in user space
 * @npages: how many pages, at least 1; those beyond the table are not looked at
 * @write: they will be written to
 * @remote: @mm is not the caller's
 * @run: where to put the runs; of a large folio one pin stands for what a run
 *       has of it
 * @max_runs: how many there is room for
 *
 * Pins from @va on, without a hole, up to what only the kernel's calls may decide
 * about: it may be mapped or not, and pinned or refused. Where the mmap lock is
 * not to be had at once, that is all of it.
 *
 * Context: Process; takes the mmap lock of @mm for reading, and the lock of a
 * page table. Does not sleep.
 * Return: the number of runs; 0 if nothing was pinned.
 */
unsigned int walk_pin(struct mm_struct *mm, unsigned long va,
		      unsigned long npages, bool write, bool remote,
		      extent_t *run, unsigned int max_runs)
{
	struct table_walk walk = {
		.write = write,
		.found = FOUND_NONE(run, max_runs),
	};
	struct vm_area_struct *vma;

	if (!mmap_read_trylock(mm))
		return 0;
	vma = vma_lookup(mm, va);
	if (vma && is_plain_vma(vma, write, remote))
		pin_in_vma(&walk, vma, va, npages);
	mmap_read_unlock(mm);
	return walk.found.nr_runs;
}
