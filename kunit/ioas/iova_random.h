/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An IOVA space against a naive model of it: a case of iova_space_test.c.
 */
#ifndef KUNIT_IOVA_RANDOM_H
#define KUNIT_IOVA_RANDOM_H

struct kunit;

void iova_space_agrees_with_a_naive_model(struct kunit *test);
const void *iova_window_gen_params(struct kunit *test, const void *prev,
				   char *desc);

#endif
