/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries of the CPU page table that map base pages, as far as architectures differ in
 * them. Each has the number of the page frame in bits that follow each other.
 */
#ifndef IOMMUFD_ENTRY_H
#define IOMMUFD_ENTRY_H

#include <linux/pgtable.h>

/* The lowest of these bits; where there is no name for it, it is where the address has it. */
#ifdef PFN_PTE_SHIFT
#define ENTRY_PFN_SHIFT		PFN_PTE_SHIFT
#else
#define ENTRY_PFN_SHIFT		PAGE_SHIFT
#endif

/**
 * entry_flags() - what an entry says beside where it leads to
 * @pte: the entry
 *
 * Return: the bits, in their places.
 */
static inline pteval_t entry_flags(pte_t pte)
{
	return pgprot_val(pte_pgprot(pte));
}

/**
 * entry_behind() - the entry for a page frame further up, alike in all else
 * @val: an entry that is present
 * @npages: how many page frames
 *
 * Addresses that are so high that a part of them is in other bits are not followed
 * into those: then it is no entry that there is.
 *
 * Return: the entry.
 */
static inline pteval_t entry_behind(pteval_t val, unsigned long npages)
{
	return val + (npages << ENTRY_PFN_SHIFT);
}

#ifdef CONFIG_ARM64

/**
 * entry_read() - one entry, alone
 * @ptep: where it is; the table is locked
 *
 * Some entries are of a block, where the use of one is said to be that of all: then
 * ptep_get() reads them all.
 *
 * Return: the entry.
 */
static inline pte_t entry_read(pte_t *ptep)
{
	return __ptep_get(ptep);
}

/**
 * entry_without_use() - of bits in which entries differ, those that matter
 * @bits: the bits
 *
 * Where an entry may be written through, PTE_RDONLY says that it was not yet; else it
 * is always set. Which of both it is another bit says. That an entry is of a block is
 * for the TLB, and of what is left of a huge page some entries are of one and some not.
 *
 * Return: the bits but for those that say whether and how an entry was used.
 */
static inline pteval_t entry_without_use(pteval_t bits)
{
	return bits & ~(pteval_t)(PTE_AF | PTE_DIRTY | PTE_RDONLY | PTE_CONT);
}

#else

static inline pte_t entry_read(pte_t *ptep)
{
	return ptep_get(ptep);
}

static inline pteval_t entry_without_use(pteval_t bits)
{
	return pte_val(pte_mkold(pte_mkclean(__pte(bits))));
}

#endif

#endif
