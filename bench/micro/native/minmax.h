/* SPDX-License-Identifier: GPL-2.0-only */
/* What tools/include/linux/kernel.h has not, or not as the kernel does. */
#ifndef NATIVE_MINMAX_H
#define NATIVE_MINMAX_H

#include <linux/kernel.h>

/* Takes a constant of another type, as the kernel's does. */
#undef min
#define min(a, b)                           \
({                                          \
	typeof((a) + (b)) __a = (a);        \
	typeof((a) + (b)) __b = (b);        \
	__a < __b ? __a : __b;              \
})

#define max3(a, b, c)	max(max(a, b), c)

#define swap(a, b)                 \
do {                               \
	typeof(a) __swapped = (a); \
	(a) = (b);                 \
	(b) = __swapped;           \
} while (0)

#endif
