/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEM_H
#define MEM_H

/* The suites of mem_test: what becomes of memory that is mapped. One file a suite. */

#include "ktap.h"

extern const struct ktap_suite mem_remap;
extern const struct ktap_suite mem_file;
extern const struct ktap_suite mem_huge;
extern const struct ktap_suite mem_moved;
extern const struct ktap_suite mem_broken;
extern const struct ktap_suite mem_no_memory;
extern const struct ktap_suite mem_swapped;
extern const struct ktap_suite mem_alike;
extern const struct ktap_suite mem_faults;
extern const struct ktap_suite mem_limits;
extern const struct ktap_suite mem_bad;

#endif
