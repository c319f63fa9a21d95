// SPDX-License-Identifier: GPL-2.0-only
/*
 * What maps one address, pinned without a lock. See walk.h.
 */
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/shmem_fs.h>

#include "core/core.h"
#include "found.h"
#include "leaf.h"
#include "levels.h"
#include "walk.h"

/* What the entry maps may have become anything until there is a reference to it. */
static struct folio *get_pin(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!found_try_pin(folio))
		return NULL;
	if (page_folio(page) == folio)
		return folio;
	found_undo_pin(folio);
	return NULL;
}

/* Which file a folio is of can change, but what is read here is not freed meanwhile. */
static bool is_of_shmem(struct folio *folio)
{
	struct address_space *mapping = READ_ONCE(folio->mapping);

	return mapping && !((unsigned long)mapping & FOLIO_MAPPING_FLAGS) &&
	       shmem_mapping(mapping);
}

/*
 * May the pin stay, of what is mapped writable or not? @page is the one that says whether
 * what is anonymous is exclusive.
 */
static bool is_plain(struct folio *folio, struct page *page, bool writable)
{
	if (!found_is_pinnable(folio))
		return false;
	if (!folio_test_anon(folio))
		return writable &&
		       (folio_test_hugetlb(folio) || is_of_shmem(folio));
	if (writable)
		return true;
	/* Behind the pin and both looks at the entry, as who shares a page has it. */
	smp_rmb();
	return PageAnonExclusive(page);
}

static bool is_plain_leaf(struct folio *folio, const struct leaf *leaf)
{
	return folio_order(folio) >= leaf->order &&
	       is_plain(folio, &folio->page, leaf->write);
}

static struct folio *pin_gigantic(pud_t *pudp, pud_t pud, bool write,
				  struct leaf *leaf)
{
	struct folio *folio;

	if (!pud_access_permitted(pud, write) || pud_special(pud))
		return NULL;
	folio = get_pin(pud_page(pud));
	if (!folio)
		return NULL;
	*leaf = huge_leaf(pud_pfn(pud), PUD_SHIFT, pud_write(pud));
	if (pud_same(pud, pudp_get(pudp)) && is_plain_leaf(folio, leaf))
		return folio;
	found_undo_pin(folio);
	return NULL;
}

static struct folio *pin_huge(pmd_t *pmdp, pmd_t pmd, bool write, struct leaf *leaf)
{
	struct folio *folio;

	if (!pmd_access_permitted(pmd, write) || pmd_special(pmd))
		return NULL;
	folio = get_pin(pmd_page(pmd));
	if (!folio)
		return NULL;
	*leaf = huge_leaf(block_pfn_of_pmd(pmd), block_shift_of_pmd(pmd), pmd_write(pmd));
	if (pmd_same(pmd, pmdp_get_lockless(pmdp)) && is_plain_leaf(folio, leaf))
		return folio;
	found_undo_pin(folio);
	return NULL;
}

static struct folio *pin_small(pmd_t *pmdp, pmd_t pmd, unsigned long va, bool write,
			       struct leaf *leaf)
{
	pte_t *ptep = pte_offset_kernel(&pmd, va);
	pte_t pte = ptep_get_lockless(ptep);
	struct folio *folio;
	struct page *page;

	if (!pte_present(pte) || pte_protnone(pte) || pte_special(pte) ||
	    !pte_access_permitted(pte, write))
		return NULL;
	page = pte_page(pte);
	folio = get_pin(page);
	if (!folio)
		return NULL;
	*leaf = (struct leaf){
		.kind = LEAF_SMALL,
		.pfn = pte_pfn(pte),
	};
	if (block_has_pte(pte))
		*leaf = huge_leaf(block_pfn_of_pte(pte), BLOCK_PTE_SHIFT, pte_write(pte));
	if (pmd_same(pmd, pmdp_get_lockless(pmdp)) &&
	    pte_same(pte, ptep_get_lockless(ptep)) &&
	    is_plain(folio, page, pte_write(pte)))
		return folio;
	found_undo_pin(folio);
	return NULL;
}

static struct folio *pin_one(struct mm_struct *mm, unsigned long va, bool write,
			     struct leaf *leaf)
{
	pud_t *pudp = walk_find_pud(mm, va), pud;
	pmd_t *pmdp, pmd;

	if (!pudp)
		return NULL;
	pud = pudp_get(pudp);
	if (pud_none(pud) || !pud_present(pud))
		return NULL;
	if (pud_leaf(pud))
		return pin_gigantic(pudp, pud, write, leaf);
	if (pud_bad(pud))
		return NULL;
	pmdp = level_pmd(pudp, pud, va);
	pmd = pmdp_get_lockless(pmdp);
	if (pmd_none(pmd) || !pmd_present(pmd) || pmd_protnone(pmd))
		return NULL;
	if (pmd_leaf(pmd))
		return pin_huge(pmdp, pmd, write, leaf);
	if (pmd_bad(pmd))
		return NULL;
	return pin_small(pmdp, pmd, va, write, leaf);
}

/**
 * walk_pin_one() - pin what maps an address already
 * @va: page aligned address, in user space of the caller
 * @write: it will be written to
 * @leaf: set to what maps it; one pin stands for all of a huge leaf
 *
 * Context: Process, with interrupts on. Does not sleep.
 * Return: false if only the kernel's call may decide about it: it may be mapped or not,
 * and pinned or refused.
 */
bool walk_pin_one(unsigned long va, bool write, struct leaf *leaf)
{
	struct mm_struct *mm = current->mm;
	struct folio *folio;
	unsigned int seq;

	if (!mm_flags_test(MMF_HAS_PINNED, mm))
		mm_flags_set(MMF_HAS_PINNED, mm);
	if (!raw_seqcount_try_begin(&mm->write_protect_seq, seq))
		return false;
	local_irq_disable();
	folio = pin_one(mm, va, write, leaf);
	local_irq_enable();
	if (!folio)
		return false;
	race_point("walk_one:pinned");
	if (read_seqcount_retry(&mm->write_protect_seq, seq)) {
		found_undo_pin(folio);
		return false;
	}
	mod_node_page_state(folio_pgdat(folio), NR_FOLL_PIN_ACQUIRED, 1);
	return true;
}
