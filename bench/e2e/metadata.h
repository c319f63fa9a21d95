/* SPDX-License-Identifier: GPL-2.0-only */
/* What a peer keeps in memory about what it has mapped. */
#ifndef E2E_METADATA_H
#define E2E_METADATA_H

#include "op.h"

/* Whether it is to be found out for a case: for the largest size of a shape. */
bool metadata_applies(const struct op_case *c);

/**
 * metadata_report() - map the memory of a case several times, and report how much memory that took
 * @b: gets the counters bytes_per_gib, without IO page tables, and io_table_bytes_per_gib
 * @c: its IO address space is open, and nothing was mapped there yet; it is left empty
 *
 * Where the kernel does not say what is needed for it, there are no such counters.
 */
void metadata_report(struct bench *b, const struct op_case *c);

#endif
