/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UTIL_H
#define UTIL_H

/* The few words of the kernel's vocabulary that user space has no header for. */

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* PAGE, how large a base page is, is the Makefile's. */
#define KIB 1024UL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#endif
