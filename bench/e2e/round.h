/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A round: what is done before, what is timed, what is done after. A benchmark is a loop of rounds
 * in an IO address space of its own.
 */
#ifndef E2E_ROUND_H
#define E2E_ROUND_H

#include "op.h"

/* What a round consists of. 0 or -errno. */
typedef int (*step)(const struct op_case *c);

/* The parts of a round; only @timed counts. */
struct steps {
	step before;
	step timed;
	step after;
};

/* A step that does nothing. */
int do_nothing(const struct op_case *c);

/**
 * round_begin() - have memory and an IO address space for a case
 * @b: told the number of runs, or what went wrong
 * @c: with its shape, if that was found
 *
 * Every case has an IO address space of its own, so that a figure does not depend on which cases
 * came before: the in-tree iommufd, for one, needs 1800 instructions less for each map and unmap
 * once a second domain has come and gone.
 *
 * Return: whether both are there.
 */
bool round_begin(struct bench *b, struct op_case *c);

/* Lets the IO address space go, with what is mapped. */
void round_end(struct op_case *c);

/**
 * round_once() - one round, undisturbed if possible
 * @b: told what went wrong
 * @c: the case
 * @steps: of the round
 * @elapsed: set to what it took
 *
 * Return: whether all went well.
 */
bool round_once(struct bench *b, const struct op_case *c, const struct steps *steps,
		__u64 *elapsed);

/* Of two names of a figure the one that fits the clock. */
const char *round_unit(const char *insn, const char *ns);

#endif
