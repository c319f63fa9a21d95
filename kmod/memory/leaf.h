/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Leaves: how large the CPU page table's mapping of an address is.
 *
 * A huge leaf tells that 512 or 262144 neighbouring pages are one folio, mapped
 * in one piece, so that a single pin can stand for all of them. So does a block of
 * several entries (block.h), which is a huge leaf to all who ask here.
 *
 * All of it is inline: it is done once for each huge page that is pinned, of
 * which it is an eighth.
 */
#ifndef IOMMUFD_LEAF_H
#define IOMMUFD_LEAF_H

#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "block.h"
#include "levels.h"

/* See leaf_walk(). */
#if !IS_ENABLED(CONFIG_HAVE_GUP_FAST) || \
	!IS_ENABLED(CONFIG_MMU_GATHER_RCU_TABLE_FREE)
#error "CPU page tables can not be walked without a lock here"
#endif

/**
 * enum leaf_kind - what the CPU page table holds for an address
 * @LEAF_ABSENT: nothing yet: a fault may put a leaf of any size there
 * @LEAF_SMALL: a table of base pages
 * @LEAF_HUGE: a huge leaf, or a block
 */
enum leaf_kind {
	LEAF_ABSENT,
	LEAF_SMALL,
	LEAF_HUGE,
};

/**
 * struct leaf - one look at the CPU page table
 * @kind: what is there
 * @write: the leaf allows writing; only for LEAF_HUGE
 * @order: log2 of the leaf's size in pages; 0 but for LEAF_HUGE
 * @pfn: its first page frame; only for LEAF_HUGE
 */
struct leaf {
	enum leaf_kind kind;
	bool write;
	unsigned int order;
	unsigned long pfn;
};

static inline struct leaf huge_leaf(unsigned long pfn, unsigned int shift, bool write)
{
	return (struct leaf){
		.kind = LEAF_HUGE,
		.write = write,
		.order = shift - PAGE_SHIFT,
		.pfn = pfn,
	};
}

/*
 * Interrupts are off: table pages are freed only after every CPU has taken an
 * interrupt or passed through a grace period, so none goes away under the walk.
 * Each entry is read once, for it may turn from a table into a leaf meanwhile;
 * what it leads to is found by what was read, and where a level is folded into
 * the one above, by the place of that one.
 */
static inline struct leaf leaf_walk(struct mm_struct *mm, unsigned long va)
{
	const struct leaf absent = { .kind = LEAF_ABSENT };
	pgd_t *pgdp, pgd;
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;
	pmd_t pmd;
	pte_t pte;

	pgdp = pgd_offset(mm, va);
	pgd = pgdp_get(pgdp);
	if (pgd_none(pgd))
		return absent;
	p4dp = level_p4d(pgdp, pgd, va);
	p4d = p4dp_get(p4dp);
	if (p4d_none(p4d) || !p4d_present(p4d))
		return absent;
	pudp = level_pud(p4dp, p4d, va);
	pud = pudp_get(pudp);
	if (pud_none(pud) || !pud_present(pud))
		return absent;
	if (pud_leaf(pud))
		return huge_leaf(pud_pfn(pud), PUD_SHIFT, pud_write(pud));
	pmd = pmdp_get_lockless(level_pmd(pudp, pud, va));
	if (pmd_none(pmd) || !pmd_present(pmd))
		return absent;
	if (pmd_leaf(pmd))
		return huge_leaf(block_pfn_of_pmd(pmd), block_shift_of_pmd(pmd),
				 pmd_write(pmd));
	if (block_find(pmd, va, &pte))
		return huge_leaf(block_pfn_of_pte(pte), BLOCK_PTE_SHIFT, pte_write(pte));
	return (struct leaf){ .kind = LEAF_SMALL };
}

/**
 * leaf_look_up() - see how large the leaf at an address is
 * @mm: whose page table; the caller keeps it alive
 * @va: the address, of user space: others have other tables
 *
 * The answer is of the past when it arrives: it serves as a hint, or, of a page
 * that is pinned, as something to confirm with leaf_holds().
 *
 * Context: Any with interrupts on; needs no lock. Does not sleep.
 * Return: what is there.
 */
static inline struct leaf leaf_look_up(struct mm_struct *mm, unsigned long va)
{
	struct leaf leaf;

	local_irq_disable();
	leaf = leaf_walk(mm, va);
	local_irq_enable();
	return leaf;
}

/**
 * leaf_skip_npages() - see how far into its leaf an address is
 * @leaf: what maps it
 * @va: the address
 *
 * Return: how many pages of the leaf are before that of @va.
 */
static inline unsigned long leaf_skip_npages(const struct leaf *leaf,
					     unsigned long va)
{
	return (va >> PAGE_SHIFT) & ((1UL << leaf->order) - 1);
}

/**
 * leaf_holds() - may one pin of a page stand for its whole leaf?
 * @leaf: what leaf_look_up() said after @page was pinned
 * @va: the address that @page was pinned by
 * @page: a page pinned with FOLL_LONGTERM, and FOLL_WRITE if @write
 * @write: the leaf is to be written through
 *
 * The pin keeps the folio whole and in place: it is neither split nor migrated,
 * and a fork copies it rather than sharing it. So if the leaf seen after the
 * pin maps the pinned page at @va, and lies within its folio, everything that
 * it maps is what pinning page by page would have returned.
 *
 * Return: true if it may.
 */
static inline bool leaf_holds(const struct leaf *leaf, unsigned long va,
			      struct page *page, bool write)
{
	if (leaf->kind != LEAF_HUGE || (write && !leaf->write))
		return false;
	return leaf->pfn + leaf_skip_npages(leaf, va) == page_to_pfn(page) &&
	       folio_order(page_folio(page)) >= leaf->order;
}

#endif
