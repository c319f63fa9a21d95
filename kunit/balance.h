/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Balances: what is pinned and charged, before and after.
 */
#ifndef KUNIT_BALANCE_H
#define KUNIT_BALANCE_H

#include <linux/types.h>

struct kunit;

/**
 * struct balance - what the kernel counts
 * @pins: pins of pages or folios in the whole system
 * @mm_pinned: VmPin of the case's process, in pages
 * @mm_locked: VmLck of it, in pages
 * @user_locked: what its user has locked, in pages
 */
struct balance {
	long pins;
	long mm_pinned;
	long mm_locked;
	long user_locked;
};

struct balance balance_now(void);
struct balance balance_since(const struct balance *before);
bool balance_is_even(const struct balance *before);
void balance_expect_even(struct kunit *test, const struct balance *before);

#endif
