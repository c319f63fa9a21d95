/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An operation: what is timed, and what has to be done around it without being timed. A case is one
 * operation on so many bytes of one shape with one peer: a benchmark.
 */
#ifndef E2E_OP_H
#define E2E_OP_H

#include <stdbool.h>
#include <stddef.h>

#include "../shim/bench.h"
#include "peer.h"
#include "shape.h"

struct op_case;

/**
 * struct op - see above
 * @name: as in the names of benchmarks
 * @run: the benchmark; its ctx is a struct op_case
 * @applies: whether the peer can do it with memory of this kind (NULL if it needs none) and size
 * @live: how many pages are to be mapped already, each by itself
 */
struct op {
	const char *name;
	bench_fn run;
	bool (*applies)(const struct peer *peer, const struct shape_kind *kind, size_t bytes);
	unsigned long live;
};

struct op_case {
	const struct op *op;
	const struct peer *peer;
	const char *bdf;
	struct space *space;
	const struct shape_kind *kind;
	size_t bytes;
	/* Set when it runs. */
	const struct shape *shape;
	__u64 iova;
};

/*
 * Where things are mapped: above what a device may not use (the MSI window), and like the memory's
 * own address at a multiple of 1 GiB, so that leaves of every size can form in the IO page table.
 */
#define OP_IOVA (4 * GIB)

/* The two that most others are made of, at the case's IOVA. 0 or -errno. */
int op_map(const struct op_case *c);
int op_unmap(const struct op_case *c);

/**
 * op_iterations() - how often a case has to be repeated for a steady mean
 * @c: the case
 *
 * The timer interrupt is some 3000 instructions every 4 million; where it is counted, what is timed
 * has to be long enough for that to be even.
 */
unsigned int op_iterations(const struct op_case *c);

#endif
