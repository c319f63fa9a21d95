/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's refcount_t, from compiler built-ins: the same instructions as in
 * the kernel (that of tools/include takes a compare-and-swap loop for each), and
 * ThreadSanitizer understands them. Saturation is not checked.
 */
#ifndef NATIVE_LINUX_REFCOUNT_H
#define NATIVE_LINUX_REFCOUNT_H

#include <stdbool.h>

#include "../atomic.h"

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

static inline void refcount_set(refcount_t *r, int n)
{
	__atomic_store_n(&r->refs.counter, n, __ATOMIC_RELAXED);
}

static inline unsigned int refcount_read(const refcount_t *r)
{
	return __atomic_load_n(&r->refs.counter, __ATOMIC_RELAXED);
}

static inline void refcount_inc(refcount_t *r)
{
	__atomic_fetch_add(&r->refs.counter, 1, __ATOMIC_RELAXED);
}

/* As in the kernel, who reaches zero sees what all others did before. */
static inline bool refcount_dec_and_test(refcount_t *r)
{
	return __atomic_fetch_sub(&r->refs.counter, 1, __ATOMIC_ACQ_REL) == 1;
}

static inline void refcount_dec(refcount_t *r)
{
	__atomic_fetch_sub(&r->refs.counter, 1, __ATOMIC_RELEASE);
}

static inline bool refcount_inc_not_zero(refcount_t *r)
{
	int old = __atomic_load_n(&r->refs.counter, __ATOMIC_RELAXED);

	do {
		if (!old)
			return false;
	} while (!__atomic_compare_exchange_n(&r->refs.counter, &old, old + 1, true,
					      __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return true;
}

static inline bool refcount_dec_if_one(refcount_t *r)
{
	int one = 1;

	return __atomic_compare_exchange_n(&r->refs.counter, &one, 0, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

#endif
