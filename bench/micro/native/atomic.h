/* SPDX-License-Identifier: GPL-2.0-only */
/* atomic_t and atomic bits from compiler built-ins: see linux/refcount.h. */
#ifndef NATIVE_ATOMIC_H
#define NATIVE_ATOMIC_H

#include <linux/types.h>

static inline int atomic_read(const atomic_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);
}

static inline int atomic_read_acquire(const atomic_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);
}

static inline void atomic_set(atomic_t *v, int i)
{
	__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);
}

static inline void atomic_inc(atomic_t *v)
{
	__atomic_fetch_add(&v->counter, 1, __ATOMIC_RELAXED);
}

#define NATIVE_BIT(nr)	(1UL << ((nr) % (8 * sizeof(long))))
#define NATIVE_WORD(nr)	((nr) / (8 * sizeof(long)))

static inline int test_and_set_bit(long nr, unsigned long *addr)
{
	return !!(__atomic_fetch_or(&addr[NATIVE_WORD(nr)], NATIVE_BIT(nr),
				    __ATOMIC_SEQ_CST) & NATIVE_BIT(nr));
}

static inline int test_and_clear_bit(long nr, unsigned long *addr)
{
	return !!(__atomic_fetch_and(&addr[NATIVE_WORD(nr)], ~NATIVE_BIT(nr),
				     __ATOMIC_SEQ_CST) & NATIVE_BIT(nr));
}

#endif
