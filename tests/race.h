/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RACE_H
#define RACE_H

/* The suites of race_test. One file a suite. */

#include "ktap.h"

extern const struct ktap_suite race_threads;
extern const struct ktap_suite race_memory;
extern const struct ktap_suite race_nodes;

#endif
