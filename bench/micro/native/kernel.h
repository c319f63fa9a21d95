/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a program starts and ends with what stands for a kernel (portable.h).
 *
 * Threads: each one that uses the core is between kernel_enter() and
 * kernel_leave(), or was made by kthread_run().
 */
#ifndef NATIVE_KERNEL_H
#define NATIVE_KERNEL_H

void kernel_start(void);
void kernel_enter(void);
void kernel_leave(void);

#endif
