/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that do something at the same time.
 *
 * Where they meet is luck: for the sanitizers, and for KCSAN, which looks at each
 * access (make test-kcsan). A case expects what holds wherever they met, and never
 * that they did. What is to happen between two steps is a case of hold.h.
 */
#ifndef KUNIT_RACE_H
#define KUNIT_RACE_H

#include "portable_suite.h"

struct kunit;

/**
 * struct racer - one of several threads
 * @fn: what it does. It may expect, but not assert.
 * @data: what @fn is called with
 */
struct racer {
	void (*fn)(void *data);
	void *data;
};

void race(struct kunit *test, const struct racer *racers, size_t nr);
void run_elsewhere(struct kunit *test, void (*fn)(void *data), void *data);

#endif
