/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs and drivers do to the objects of a world (world.h).
 */
#ifndef KUNIT_PAIRS_OPS_H
#define KUNIT_PAIRS_OPS_H

#include "world.h"

/**
 * struct actor - a thread that does an operation
 * @world: where
 * @op: the operation
 * @arg: a page of its own in the program's memory
 * @rc: what the program, or the driver, got
 */
struct actor {
	struct world *world;
	const struct op *op;
	unsigned long arg;
	long rc;
};

/**
 * struct op - an operation
 * @name: its name
 * @on: ON_*: what it touches
 * @run: does it; may be called in a thread that is held
 */
struct op {
	const char *name;
	unsigned long on;
	long (*run)(struct actor *actor);
};

extern const struct op ops[];
extern const unsigned int nr_ops;

#endif
