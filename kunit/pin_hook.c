// SPDX-License-Identifier: GPL-2.0-only
/*
 * The moment after a pin. See pin_hook.h.
 */
#include <linux/sched.h>

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

	if (READ_ONCE(hooked) == current) {
		WRITE_ONCE(hooked, NULL);
		hook(hook_data);
	}
	return got;
}
