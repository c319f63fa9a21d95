/* SPDX-License-Identifier: GPL-2.0-only */
/* The operation on a single page. */
#ifndef E2E_OP_PAGE_H
#define E2E_OP_PAGE_H

#include "op.h"

/* One page mapped and unmapped again, each with its own figure, among so many as the op says. */
void op_run_page(struct bench *b, void *ctx);

#endif
