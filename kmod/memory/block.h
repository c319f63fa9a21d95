/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blocks: huge pages of hugetlbfs that are mapped by several entries.
 *
 * arm64 has sizes between those of entries: as many of them as it takes, of base pages
 * or of huge leaves, lie side by side and map what is in one piece, and each has a bit
 * that says so, for the TLB. Who sees that of one knows what all of them map: they have
 * to be alike but for where they lead to, and these places to follow each other, and to
 * change one the kernel takes all of them away first, with the table locked.
 *
 * Of hugetlbfs, and of that alone, it follows that one pin may stand for all. There a
 * huge page is mapped as a whole, at a multiple of its size, or not at all. What is done
 * to one entry, to write-protect, to move or to unmap the page, is done to all in one,
 * and whether the page is exclusive to the process is said once for it. To entries of
 * other folios the kernel gives the bit as they come to be alike, and takes it away
 * again. Such a folio may be larger or be mapped in part, and each page has a mark of its
 * own that says whether it is exclusive: where entries are not writable, that of one
 * says nothing of the others. So they are looked at one by one, with the table locked,
 * and have one pin all the same (walk_pin()).
 *
 * Huge leaves have the bit in hugetlbfs alone. Of a base page the folio is asked, without
 * a reference: so what is found is a hint, as all that is found without a lock, until the
 * page is known to be one that is pinned, whose folio stays what it is.
 */
#ifndef IOMMUFD_BLOCK_H
#define IOMMUFD_BLOCK_H

#include <linux/align.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>

#ifdef CONFIG_ARM64

#include "entry.h"

/**
 * block_shift_of_pmd() - how large what a huge leaf is of is
 * @pmd: the leaf
 *
 * Return: log2 of the bytes of its block; or of its own, if it is of none.
 */
static inline unsigned int block_shift_of_pmd(pmd_t pmd)
{
	return pmd_cont(pmd) ? CONT_PMD_SHIFT : PMD_SHIFT;
}

/**
 * block_pfn_of_pmd() - where what a huge leaf is of begins
 * @pmd: the leaf
 *
 * Return: its first page frame.
 */
static inline unsigned long block_pfn_of_pmd(pmd_t pmd)
{
	return ALIGN_DOWN(pmd_pfn(pmd), 1UL << (block_shift_of_pmd(pmd) - PAGE_SHIFT));
}

/**
 * block_has_pte() - is an entry of a base page of a block?
 * @pte: the entry
 *
 * Return: true if it is, of one that is of hugetlbfs.
 */
static inline bool block_has_pte(pte_t pte)
{
	return pte_valid_cont(pte) && !pte_special(pte) &&
	       folio_test_hugetlb(page_folio(pte_page(pte)));
}

/**
 * block_find() - is what a table has for an address of a block?
 * @pmd: what leads to the table, which stays
 * @va: the address
 * @pte: set to the entry
 *
 * Return: block_has_pte().
 */
static inline bool block_find(pmd_t pmd, unsigned long va, pte_t *pte)
{
	*pte = entry_read(pte_offset_kernel(&pmd, va));
	return block_has_pte(*pte);
}

/**
 * block_pfn_of_pte() - where the block begins that an entry of a base page is of
 * @pte: the entry
 *
 * Return: its first page frame.
 */
static inline unsigned long block_pfn_of_pte(pte_t pte)
{
	return ALIGN_DOWN(pte_pfn(pte), CONT_PTES);
}

#define BLOCK_PTE_SHIFT	CONT_PTE_SHIFT

/**
 * block_order_of_page() - how large the block is that a page is mapped as a part of
 * @page: pinned
 *
 * Return: log2 of its pages; 0 if it is not of hugetlbfs.
 */
static inline unsigned int block_order_of_page(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio_test_hugetlb(folio) ? folio_order(folio) : 0;
}

#else

/* By their names, so that it is the same code as it were without. */
#define BLOCK_PTE_SHIFT		PAGE_SHIFT
#define block_pfn_of_pmd	pmd_pfn
#define block_pfn_of_pte	pte_pfn

static inline unsigned int block_shift_of_pmd(pmd_t pmd)
{
	return PMD_SHIFT;
}

static inline bool block_has_pte(pte_t pte)
{
	return false;
}

static inline bool block_find(pmd_t pmd, unsigned long va, pte_t *pte)
{
	return false;
}

static inline unsigned int block_order_of_page(struct page *page)
{
	return 0;
}

#endif

#endif
