/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the portable core needs of a kernel and the tree's shims do not have:
 * see shim-include/. Here is how a program starts and ends with it.
 *
 * Threads: each one that uses the core is between kernel_enter() and
 * kernel_leave(), or was made by kthread_run().
 */
#ifndef MICRO_KERNEL_H
#define MICRO_KERNEL_H

void kernel_start(void);
void kernel_enter(void);
void kernel_leave(void);

#endif
