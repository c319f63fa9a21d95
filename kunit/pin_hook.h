/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The moment after a pin, for what only happens when another thread is quick.
 *
 * kmod/memory/pin.c and kmod/memory/pin_file.c are built with this in front of them (Kbuild),
 * so that their calls of pin_user_pages(), pin_user_pages_fast(), memfd_pin_folios(),
 * walk_pin(), walk_pin_one() and walk_pin_file() go by way of here.
 */
#ifndef KUNIT_PIN_HOOK_H
#define KUNIT_PIN_HOOK_H

#include <linux/mm.h>

#include "memory/extent.h"

struct address_space;
struct file;
struct folio;
struct leaf;
struct page;

void pin_hook_arm(void (*fn)(void *data), void *data);
bool pin_hook_disarm(void);
int pin_hook_fast(unsigned long va, int npages, unsigned int flags,
		  struct page **pages);
long pin_hook_pages(unsigned long va, unsigned long npages, unsigned int flags,
		    struct page **pages);
long pin_hook_folios(struct file *file, loff_t start, loff_t end,
		     struct folio **folios, unsigned int max_folios,
		     pgoff_t *offset);
unsigned int pin_hook_walk(struct mm_struct *mm, unsigned long va,
			   unsigned long npages, bool write, bool remote,
			   extent_t *run, unsigned int max_runs);
bool pin_hook_walk_one(unsigned long va, bool write, struct leaf *leaf);
unsigned int pin_hook_walk_file(struct address_space *mapping, pgoff_t index,
				unsigned long npages, extent_t *run,
				unsigned int max_runs);

#ifdef PIN_HOOK_IN_FRONT
#define pin_user_pages		pin_hook_pages
#define pin_user_pages_fast	pin_hook_fast
#define memfd_pin_folios	pin_hook_folios
#define walk_pin		pin_hook_walk
#define walk_pin_one		pin_hook_walk_one
#define walk_pin_file		pin_hook_walk_file
#endif

#endif
