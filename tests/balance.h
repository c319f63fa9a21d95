/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BALANCE_H
#define BALANCE_H

/* What the kernel must have no more of after a failure than before. */

struct balance {
	long long pins;
	long long vmpin;
	long long vmlck;
	long long io_tables;
};

/* As root. */
struct balance balance_take(void);

/* Expects that it is as it was; of IO page tables there may be fewer. */
#define expect_balance(before) balance_check(__FILE__, __LINE__, before)
void balance_check(const char *file, int line, const struct balance *before);

#endif
