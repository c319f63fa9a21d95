/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way down the CPU page table, by entries that were read: as p4d_offset_lockless()
 * and its like go, but that one which stands for a level that the kernel was built
 * without is where the entry above it is, and not where that was copied to. What is
 * found may be returned, and be asked where in its table it is.
 *
 * Such a level is read again, as the same entry. What it says counts where the kernel
 * has the level; where it has not, it is never said to be missing.
 */
#ifndef IOMMUFD_LEVELS_H
#define IOMMUFD_LEVELS_H

#include <linux/pgtable.h>

/**
 * level_p4d() - the entry below one of the uppermost table
 * @pgdp: where that is
 * @pgd: what it says, which is not nothing
 * @va: the address
 *
 * Return: where the entry is.
 */
static inline p4d_t *level_p4d(pgd_t *pgdp, pgd_t pgd, unsigned long va)
{
#ifdef __PAGETABLE_P4D_FOLDED
	return p4d_offset(pgdp, va);
#else
	return p4d_offset_lockless(pgdp, pgd, va);
#endif
}

/**
 * level_pud() - the entry below one of the fourth level
 * @p4dp: where that is
 * @p4d: what it says: it is present
 * @va: the address
 *
 * Return: where the entry is.
 */
static inline pud_t *level_pud(p4d_t *p4dp, p4d_t p4d, unsigned long va)
{
#ifdef __PAGETABLE_PUD_FOLDED
	return pud_offset(p4dp, va);
#else
	return pud_offset_lockless(p4dp, p4d, va);
#endif
}

/**
 * level_pmd() - the entry below one of the third level
 * @pudp: where that is
 * @pud: what it says: it is present, and no leaf
 * @va: the address
 *
 * Return: where the entry is.
 */
static inline pmd_t *level_pmd(pud_t *pudp, pud_t pud, unsigned long va)
{
#ifdef __PAGETABLE_PMD_FOLDED
	return pmd_offset(pudp, va);
#else
	return pmd_offset_lockless(pudp, pud, va);
#endif
}

#endif
