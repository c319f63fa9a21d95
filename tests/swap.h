/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SWAP_H
#define SWAP_H

/* A place where the kernel can put memory that it takes from processes. */

#include <stdbool.h>
#include <stddef.h>

/*
 * Gives the kernel a disk of that size, in compressed memory, to swap to; with zswap it keeps what
 * it can before it gets there. Skips the case where the kernel has nothing of it.
 */
void swap_on(size_t bytes, bool zswap);

/* Everything comes back. */
void swap_off(void);

/* Out with all of it. What the kernel keeps is not told. */
void swap_out(void *va, size_t bytes);

#endif
