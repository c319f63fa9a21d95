// SPDX-License-Identifier: GPL-2.0-only
#include "reduce.h"

static unsigned int runs;

static bool try(struct prog *prog, const struct prog *shorter, bool (*shows)(const struct prog *))
{
	runs++;
	if (!shows(shorter))
		return false;
	*prog = *shorter;
	return true;
}

/* Halves first, and single calls at last. Returns whether something could go. */
static bool cut_calls(struct prog *prog, bool (*shows)(const struct prog *))
{
	unsigned int nr, at;
	bool any = false;

	for (nr = prog->nr / 2 ?: 1; nr; nr /= 2) {
		/* From the end: what comes later stands on what was before. */
		for (at = prog->nr; at >= nr; ) {
			struct prog shorter = *prog;

			at -= nr;
			prog_cut(&shorter, at, nr);
			if (shorter.nr && try(prog, &shorter, shows))
				any = true;
			if (at > prog->nr)
				at = prog->nr;
		}
	}
	return any;
}

/* Nothing that fails or is wrong by itself, and small numbers. */
static bool plain_args(struct prog *prog, bool (*shows)(const struct prog *))
{
	unsigned int i, j;
	bool any = false;

	for (i = 0; i < prog->nr; i++) {
		struct prog other = *prog;

		if (other.call[i].fail || other.call[i].twist) {
			other.call[i].fail = 0;
			other.call[i].twist = 0;
			any |= try(prog, &other, shows);
		}
		other = *prog;
		if (other.call[i].hold) {
			other.call[i].hold = 0;
			any |= try(prog, &other, shows);
		}
		for (j = 0; j < ops[prog->call[i].op].nr_args; j++) {
			other = *prog;
			if (!other.call[i].arg[j])
				continue;
			other.call[i].arg[j] = 0;
			any |= try(prog, &other, shows);
		}
	}
	return any;
}

unsigned int reduce(struct prog *prog, bool (*shows)(const struct prog *prog))
{
	bool any;

	runs = 0;
	do {
		any = cut_calls(prog, shows);
		any |= plain_args(prog, shows);
	} while (any && runs < 2000);
	return runs;
}
