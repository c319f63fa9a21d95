/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that nobody can foretell. */
#ifndef NATIVE_ENTROPY_H
#define NATIVE_ENTROPY_H

#include <linux/types.h>
#include <stdlib.h>
#include <sys/random.h>

static inline u64 get_random_u64(void)
{
	u64 number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		abort();
	return number;
}

#endif
