/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The moment after a pin, for what only happens when another thread is quick.
 *
 * kmod/pin.c is built with this in front of it (Kbuild), so that its calls of
 * pin_user_pages_fast() go by way of here.
 */
#ifndef KUNIT_PIN_HOOK_H
#define KUNIT_PIN_HOOK_H

#include <linux/mm.h>

struct page;

void pin_hook_arm(void (*fn)(void *data), void *data);
bool pin_hook_disarm(void);
int pin_hook_fast(unsigned long va, int npages, unsigned int flags,
		  struct page **pages);

#ifdef PIN_HOOK_IN_FRONT
#define pin_user_pages_fast	pin_hook_fast
#endif

#endif
