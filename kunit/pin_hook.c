// SPDX-License-Identifier: GPL-2.0-only
/*
 * The moment after a pin. See pin_hook.h.
 */
#include <linux/sched.h>

#include "memory/walk.h"
#include "pin_hook.h"

static struct task_struct *hooked;
static void (*hook)(void *data);
static void *hook_data;

/**
 * pin_hook_arm() - do something right after the next pin of this thread
 * @fn: what to do, once
 * @data: what it is called with
 */
void pin_hook_arm(void (*fn)(void *data), void *data)
{
	hook = fn;
	hook_data = data;
	WRITE_ONCE(hooked, current);
}

/**
 * pin_hook_disarm() - do not do it
 *
 * Return: true when it was still to be done: nothing was pinned, or asked for.
 */
bool pin_hook_disarm(void)
{
	if (READ_ONCE(hooked) != current)
		return false;
	WRITE_ONCE(hooked, NULL);
	return true;
}

/** pin_hook_fast() - pin_user_pages_fast(), and what is armed */
int pin_hook_fast(unsigned long va, int npages, unsigned int flags,
		  struct page **pages)
{
	int got = pin_user_pages_fast(va, npages, flags, pages);

	if (pin_hook_disarm())
		hook(hook_data);
	return got;
}

/** pin_hook_pages() - pin_user_pages(); if there is what is armed, nothing: the lock is held */
long pin_hook_pages(unsigned long va, unsigned long npages, unsigned int flags,
		    struct page **pages)
{
	if (READ_ONCE(hooked) == current)
		return 0;
	return pin_user_pages(va, npages, flags, pages);
}

/** pin_hook_walk() - walk_pin(), and what is armed if that pins anything */
unsigned int pin_hook_walk(struct mm_struct *mm, unsigned long va,
			   unsigned long npages, bool write, bool remote,
			   extent_t *run, unsigned int max_runs)
{
	unsigned int nr = walk_pin(mm, va, npages, write, remote, run, max_runs);

	if (nr && pin_hook_disarm())
		hook(hook_data);
	return nr;
}

/** pin_hook_walk_one() - walk_pin_one(); if there is what is armed, nothing */
bool pin_hook_walk_one(unsigned long va, bool write, struct leaf *leaf)
{
	return READ_ONCE(hooked) != current && walk_pin_one(va, write, leaf);
}

/** pin_hook_walk_file() - walk_pin_file(); of one page, if there is what is armed */
unsigned int pin_hook_walk_file(struct address_space *mapping, pgoff_t index,
				unsigned long npages, extent_t *run,
				unsigned int max_runs)
{
	bool armed = READ_ONCE(hooked) == current;
	unsigned int nr;

	nr = walk_pin_file(mapping, index, armed ? 1 : npages, run, max_runs);
	if (armed && nr && pin_hook_disarm())
		hook(hook_data);
	return nr;
}

/**
 * pin_hook_folios() - memfd_pin_folios(), and what is armed
 *
 * That is done when the first folio is pinned, and the others are not looked up
 * yet. memfd_pin_folios() looks them up in several goes, too.
 */
long pin_hook_folios(struct file *file, loff_t start, loff_t end,
		     struct folio **folios, unsigned int max_folios,
		     pgoff_t *offset)
{
	pgoff_t unused;
	long got;

	if (!pin_hook_disarm())
		return memfd_pin_folios(file, start, end, folios, max_folios,
					offset);
	got = memfd_pin_folios(file, start, end, folios, 1, offset);
	hook(hook_data);
	if (got != 1)
		return got;
	start += folio_size(folios[0]) - *offset;
	if (start > end || max_folios == 1)
		return 1;
	got = memfd_pin_folios(file, start, end, folios + 1, max_folios - 1,
			       &unused);
	if (got < 0) {
		unpin_folios(folios, 1);
		return got;
	}
	return 1 + got;
}
