// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is not mapped yet. In a file of its own: what maps an address is pinned by code that
 * is inline as long as nobody else has use for its parts.
 */
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "leaf.h"
#include "walk.h"

/* Of a table of base pages: does it have none here? */
static bool is_absent_entry(struct mm_struct *mm, unsigned long va)
{
	pmd_t *pmdp = walk_find_pmd(mm, va);
	pmd_t pmd;

	if (!pmdp)
		return false;
	pmd = pmdp_get_lockless(pmdp);
	if (pmd_none(pmd) || !pmd_present(pmd) || pmd_leaf(pmd) || pmd_bad(pmd))
		return false;
	return !pte_present(ptep_get_lockless(pte_offset_kernel(&pmd, va)));
}

/**
 * walk_is_absent() - is there nothing yet at an address?
 * @mm: whose memory; the caller keeps its page table alive
 * @va: the address, in user space
 *
 * What was swapped out is not there either. The answer is of the past when it arrives.
 *
 * Context: Any with interrupts on. Does not sleep.
 * Return: true if it has to be faulted in.
 */
bool walk_is_absent(struct mm_struct *mm, unsigned long va)
{
	enum leaf_kind kind = leaf_look_up(mm, va).kind;
	bool absent;

	if (kind != LEAF_SMALL)
		return kind == LEAF_ABSENT;
	local_irq_disable();
	absent = is_absent_entry(mm, va);
	local_irq_enable();
	return absent;
}
