/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * destroy: how long it takes to destroy an object, each time; with nothing else going on, and while
 * another thread looks objects up.
 */
#ifndef E2E_DESTROY_H
#define E2E_DESTROY_H

#include "peer.h"

/* Register the benchmarks, destroy/idle/PEER and destroy/lookups/PEER. They need pair_start(). */
void destroy_register(const struct peer *peer);

#endif
