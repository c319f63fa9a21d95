/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way down the CPU page table, by entries that were read: as p4d_offset_lockless()
 * and its like go, but that one which stands for a level that the kernel was built
 * without is where the entry above it is, and not where that was copied to. What is
 * found may be returned, and be asked where in its table it is.
 *
 * Such a level is read again, as the same entry. What it says counts where the kernel
 * has the level; where it has not, it is never said to be missing.
 *
 * Where the kernel has the level it is those themselves: x86-64 has a fifth one or not as
 * its CPU has, and where it has not, what is found is the copy, which has to be the
 * caller's, and not a function's in between.
 */
#ifndef IOMMUFD_LEVELS_H
#define IOMMUFD_LEVELS_H

#include <linux/pgtable.h>

/* The entry below *@pgdp, which says @pgd. */
#ifdef __PAGETABLE_P4D_FOLDED
static inline p4d_t *level_p4d(pgd_t *pgdp, pgd_t pgd, unsigned long va)
{
	return p4d_offset(pgdp, va);
}
#else
#define level_p4d	p4d_offset_lockless
#endif

/* The entry below *@p4dp, which says @p4d: it is present. */
#ifdef __PAGETABLE_PUD_FOLDED
static inline pud_t *level_pud(p4d_t *p4dp, p4d_t p4d, unsigned long va)
{
	return pud_offset(p4dp, va);
}
#else
#define level_pud	pud_offset_lockless
#endif

/* The entry below *@pudp, which says @pud: it is present, and no leaf. */
#ifdef __PAGETABLE_PMD_FOLDED
static inline pmd_t *level_pmd(pud_t *pudp, pud_t pud, unsigned long va)
{
	return pmd_offset(pudp, va);
}
#else
#define level_pmd	pmd_offset_lockless
#endif

#endif
