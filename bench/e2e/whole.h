/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * whole: one large range, mapped and unmapped by one call of one thread; beside what two threads
 * of the program do with a half each, and what a call does that may use both CPUs.
 */
#ifndef E2E_WHOLE_H
#define E2E_WHOLE_H

#include "peer.h"

/* Register the benchmarks, LOAD/halves/PEER and LOAD/helpers/PEER. They need pair_start(). */
void whole_register(const struct peer *peer);

#endif
