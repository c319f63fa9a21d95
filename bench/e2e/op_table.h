/* SPDX-License-Identifier: GPL-2.0-only */
/* All operations: what each of them times, and for which cases it is there. */
#ifndef E2E_OP_TABLE_H
#define E2E_OP_TABLE_H

#include "op.h"

/* Ends with one that has no name. */
extern const struct op op_table[];

#endif
