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
#include <linux/unroll.h>

#include "core/compat.h"
#include "entry.h"
#include "found.h"
#include "levels.h"
#include "walk.h"

bool walk_allowed = true;
module_param_named(pin_walk, walk_allowed, bool, 0644);
MODULE_PARM_DESC(pin_walk,
		 "Pin pages that are mapped already by a walk of their page table (default: true)");

/**
 * struct alike - what was asked of the base page that was pinned last
 * @val: the entry that maps it
 * @flags: of the page
 * @flags_mask: those that count
 * @mapping: of the page
 * @mapping_mask: what of it counts
 *
 * Mostly the answers for the next one are the same, and that is seen at a glance.
 */
struct alike {
	pteval_t val;
	unsigned long flags;
	unsigned long flags_mask;
	unsigned long mapping;
	unsigned long mapping_mask;
};

/* Of no entry: what tells where one leads to is not among its flags. An empty one has 0. */
#define NO_FLAGS	(~(pteval_t)0)

/**
 * struct table_walk - the pinning of what one table maps
 * @mapping: of a shared mapping, whose pages they have to be; NULL where they
 *           have to be anonymous
 * @write: pin for writing
 * @flags: of the entry that was found plain last; NO_FLAGS if none was
 * @last: the base page that was pinned last; nothing if none was
 * @found: what was pinned
 */
struct table_walk {
	const struct address_space *mapping;
	bool write;
	pteval_t flags;
	struct alike last;
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
	if (entry_flags(pte) == walk->flags)
		return true;
	if (!pte_present(pte) || pte_protnone(pte) || pte_special(pte) ||
	    pte_uffd(pte) || (walk->write && !pte_write(pte)))
		return false;
	walk->flags = entry_flags(pte);
	return true;
}

/* So many entries are looked at in one go, where there are as many: it is cheaper. */
#define STEP		8

/*
 * In which bits @nr entries from @ptep on are not as if they mapped what follows each
 * other, the first of them as @val does.
 */
static __always_inline pteval_t other_bits(pteval_t val, pte_t *ptep, unsigned long nr)
{
	pteval_t other = 0;

	unrolled_count(STEP)
	for (unsigned long i = 0; i < nr; i++)
		other |= pte_val(entry_read(ptep + i)) ^ entry_behind(val, i);
	return other;
}

/* Do they map that? Whether they were used does not matter. */
static __always_inline bool are_entries_of(pteval_t val, pte_t *ptep,
					   unsigned long nr)
{
	return !entry_without_use(other_bits(val, ptep, nr));
}

/* How many entries from @ptep on map what follows @page in its folio, as @pte does. */
static unsigned long entries_of_folio(const struct table_walk *walk,
				      struct folio *folio, struct page *page,
				      pte_t *ptep, pte_t pte, unsigned long max)
{
	bool ask_exclusive = !walk->mapping && !pte_write(pte);
	unsigned long first = folio_page_idx(folio, page);
	pteval_t val = pte_val(pte);
	unsigned long n = 0;

	max = min(max, folio_nr_pages(folio) - first);
	while (!ask_exclusive && n + STEP <= max &&
	       are_entries_of(entry_behind(val, n), ptep + n, STEP))
		n += STEP;
	while (n < max && are_entries_of(entry_behind(val, n), ptep + n, 1) &&
	       (!ask_exclusive || PageAnonExclusive(folio_page(folio, first + n))))
		n++;
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

/* What of a page's flags is the same for pages that are alike. */
#define ALIKE_FLAGS	(ZONES_MASK << ZONES_PGSHIFT | NODES_MASK << NODES_PGSHIFT | \
			 BIT(PG_head))

static void remember(struct table_walk *walk, struct page *page, pte_t pte)
{
	struct alike *last = &walk->last;

	last->val = pte_val(pte);
	last->flags = READ_ONCE(page->flags.f);
	last->flags_mask = ALIKE_FLAGS;
	last->mapping = (unsigned long)walk->mapping;
	last->mapping_mask = ULONG_MAX;
	if (!walk->mapping) {
		last->mapping = FOLIO_MAPPING_ANON;
		last->mapping_mask = FOLIO_MAPPING_ANON;
		last->flags_mask |= BIT(PG_anon_exclusive);
	}
}

/*
 * Is of @nr pages all as it was of the one pinned last? All questions are put at once.
 * Nothing of the answer changes while the table is locked.
 */
static __always_inline bool are_alike(const struct alike *last, struct page *page,
				      unsigned long nr)
{
	unsigned long flags = 0, mapping = 0, tail = 0, other;
	int refs = 0;

	unrolled_count(STEP)
	for (unsigned long i = 0; i < nr; i++) {
		struct folio *folio = (struct folio *)(page + i);

		/* Other flags may change, and what only leads to an anon_vma. */
		flags |= data_race(page[i].flags.f) ^ last->flags;
		mapping |= (unsigned long)READ_ONCE(folio->mapping) ^ last->mapping;
		tail |= PageTail(page + i);
		refs |= folio_ref_count(folio);
	}
	other = (flags & last->flags_mask) | (mapping & last->mapping_mask) | tail;
	/* Not 0, for they are mapped; and below it what can not be counted. */
	return (other == 0) & (refs > 0);
}

static __always_inline void pin_base_pages(struct page *page, unsigned long nr)
{
	unrolled_count(STEP)
	for (unsigned long i = 0; i < nr; i++)
		folio_ref_add((struct folio *)(page + i), GUP_PIN_COUNTING_BIAS);
}

/*
 * Base pages that follow @page, the one that was pinned last, in memory and in the table,
 * and are like it. Returns how many were pinned; the first one that is not alike is looked
 * at as any other.
 */
static unsigned long pin_neighbours(struct table_walk *walk, struct page *page,
				    pte_t *ptep, unsigned long max)
{
	unsigned long pfn = page_to_pfn(page);
	pteval_t val = walk->last.val;
	unsigned long n = 1;

	/* To the end of the page block: the next one may not be pinnable. */
	max = min(max, pageblock_end_pfn(pfn) - pfn);
	while (n + STEP <= max &&
	       !other_bits(entry_behind(val, n), ptep + n, STEP) &&
	       are_alike(&walk->last, page + n, STEP)) {
		pin_base_pages(page + n, STEP);
		n += STEP;
	}
	while (n < max && !other_bits(entry_behind(val, n), ptep + n, 1) &&
	       are_alike(&walk->last, page + n, 1)) {
		pin_base_pages(page + n, 1);
		n++;
	}
	n--;
	walk->found.nr_pins += n;
	if (n)
		found_lengthen(&walk->found, n);
	return n;
}

/*
 * Base pages that are like the one that was pinned last, each of them somewhere else in
 * memory. Returns how many were pinned; neighbours, too, are looked at as any other.
 */
static unsigned long pin_scattered(struct table_walk *walk, pte_t *ptep,
				   unsigned long max)
{
	const struct alike *last = &walk->last;
	struct found *found = &walk->found;
	unsigned long end_pfn = extent_end_pfn(found->run[found->nr_runs - 1]);
	unsigned long n;

	max = min(max, found->max_runs - found->nr_runs);
	for (n = 0; n < max; n++) {
		pte_t pte = entry_read(ptep + n);
		unsigned long pfn = pte_pfn(pte);
		struct page *page;

		if (entry_flags(pte) != entry_flags(__pte(last->val)) ||
		    pfn == end_pfn)
			break;
		page = pfn_to_page(pfn);
		if (!are_alike(last, page, 1) || !found_block_is_pinnable(found, pfn))
			break;
		pin_base_pages(page, 1);
		found->run[found->nr_runs + n] = extent_make(pfn, 1, 0);
		end_pfn = pfn + 1;
	}
	found->nr_runs += n;
	found->nr_pins += n;
	return n;
}

/* The table is locked: its entries are stable. Up to @npages from @ptep on. */
static void pin_entries(struct table_walk *walk, pte_t *ptep,
			unsigned long npages)
{
	unsigned long done = 0;

	while (done < npages) {
		pte_t pte = entry_read(ptep + done);
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
		if (!order) {
			remember(walk, page, pte);
			n += pin_neighbours(walk, page, ptep + done, npages - done);
			n += pin_scattered(walk, ptep + done + n, npages - done - n);
		}
		done += n;
	}
	found_settle(&walk->found);
}

/**
 * walk_find_pud() - find the way down to what an address is mapped by, as far as a GiB
 * @mm: whose memory
 * @va: address, in user space
 *
 * Context: The tables stay: the mmap lock is held, or interrupts are off.
 * Return: the entry, or NULL where there is none above it.
 */
pud_t *walk_find_pud(struct mm_struct *mm, unsigned long va)
{
	pgd_t *pgdp, pgd;
	p4d_t *p4dp, p4d;

	pgdp = pgd_offset(mm, va);
	pgd = pgdp_get(pgdp);
	if (pgd_none(pgd) || pgd_bad(pgd))
		return NULL;
	p4dp = level_p4d(pgdp, pgd, va);
	p4d = p4dp_get(p4dp);
	if (p4d_none(p4d) || p4d_bad(p4d))
		return NULL;
	return level_pud(p4dp, p4d, va);
}

/**
 * walk_find_pmd() - find the way down to the table of an address
 * @mm: whose memory
 * @va: address, in user space
 *
 * Context: What is above the table of entries stays: the mmap lock is held, or interrupts
 * are off.
 * Return: the entry that leads to it, or NULL where there is none above it.
 */
pmd_t *walk_find_pmd(struct mm_struct *mm, unsigned long va)
{
	pud_t *pudp = walk_find_pud(mm, va), pud;

	if (!pudp)
		return NULL;
	pud = pudp_get(pudp);
	if (pud_none(pud) || pud_leaf(pud) || pud_bad(pud))
		return NULL;
	return level_pmd(pudp, pud, va);
}

static void pin_table(struct table_walk *walk, struct mm_struct *mm,
		      unsigned long va, unsigned long npages)
{
	pmd_t *pmdp = walk_find_pmd(mm, va);
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
		.flags = NO_FLAGS,
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
