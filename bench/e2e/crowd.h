/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * crowd: maps of memory that is not there yet, where there are no CPUs to spare for helpers: many
 * at the same time, or beside threads that have something else to do. With helpers and without.
 */
#ifndef E2E_CROWD_H
#define E2E_CROWD_H

#include "peer.h"

/* Register the benchmarks, LOAD/crowd/PEER and LOAD/busy/PEER. They need pair_start(). */
void crowd_register(const struct peer *peer);

#endif
