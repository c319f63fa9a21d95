/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLD_H
#define HOLD_H

/*
 * Calls that stand still in the midst of what they do, while others run: in threads of their own,
 * at race points of the module (kmod/mock/hold.c). "@2+3 replace 0 0 0x200" stands at the second
 * point that it passes until the three calls that come next are over.
 *
 * What is made while one stands still runs in a thread, too: it may need what that one has. Then
 * that one goes on, so no program hangs.
 */

#include "prog.h"

/* Is there something that a call made now would run beside? */
bool hold_any(void);

/*
 * Makes a call, which stands still where it says so, or runs beside those that do. Returns false
 * where the kernel can hold nothing, and then nothing is done.
 */
bool hold_call(const struct call *call, long (*make)(const struct call *call), long *ret);

/*
 * Lets all go on and waits for them. Returns how many have stood at their points. waited: whether
 * a call had to wait for one that stood.
 */
unsigned int hold_end(bool *waited);

/* What to do when the kernel kills a thread in the midst of a call. It does not return. */
void hold_at_death(void (*fn)(void));

/* Of the ways that calls in other threads took, how many were new since this was asked last? */
unsigned int hold_new_ways(void);

#endif
