// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "../util.h"
#include "corpus.h"
#include "sweep.h"

/* Longer programs take too long: they are for chance. */
#define MAX_SWEPT	24
/* No call has more of them, but it may have come to a loop. */
#define MAX_NTH		64

/* Calls that follow each other do so in many programs: enough of them. */
#define ENOUGH	2

/* What happens to a call, in turn. */
static const struct way {
	unsigned int span;	/* it stands still while so many run; 0: something in it fails */
	enum twist twist;
	bool flip;		/* or what is asked with yes or no is answered with the other */
} ways[] = {
	{ .flip = true },
	{ .span = 1 },
	{ .span = 1, .twist = READ_ONLY },
	{ .span = 3 },
	{ .span = 0 },
};

static struct {
	unsigned int way, prog, call;
	unsigned int nth;	/* point, thing that can fail, or question; 0: not yet */
	unsigned int next_nth;	/* of the next call, which waits for it; 0: it does not stop */
} at;

static unsigned char met[ARRAY_SIZE(ways)][256][256];

static void next_call(void)
{
	at.call++;
	at.nth = 0;
	at.next_nth = 0;
}

/* The nth of what is asked with yes or no, from 1; NULL when there are not so many. */
static __u64 *question(struct call *call, unsigned int nth)
{
	unsigned int i;

	for (i = 0; i < ops[call->op].nr_args; i++) {
		if (ops[call->op].arg[i] == ARG_BOOL && !--nth)
			return &call->arg[i];
	}
	return NULL;
}

/* From what the last one came to: what happens to the same call next, or to another. */
static void advance(const struct outcome *last)
{
	if (!at.nth)
		return;
	if (ways[at.way].flip) {
		at.nth++;
		return;
	}
	if (at.next_nth ? last->reached > 1 : last->reached && last->waited) {
		at.next_nth++;
	} else {
		at.nth++;
		at.next_nth = 0;
	}
	/* There is no further one, or it is in a loop. */
	if (!last->reached || at.nth > MAX_NTH || at.next_nth > MAX_NTH)
		next_call();
}

/* What it does, of which there are less than 256. */
static unsigned int sort_of(const struct call *call)
{
	return strcmp(ops[call->op].name, "destroy") ? call->op : 128 + call->arg[1] % NR_KINDS;
}

/* Is it a call that something can happen to, and has not often enough? */
static bool suits(struct prog *prog, unsigned int i)
{
	bool alone = !ways[at.way].span;
	unsigned char *times;

	if (ways[at.way].flip)
		return question(&prog->call[i], at.nth ?: 1);
	if (!prog_is_ioctl(&prog->call[i]))
		return false;
	times = &met[at.way][sort_of(&prog->call[i])][alone ? 0 : sort_of(&prog->call[i + 1])];
	return at.nth || (*times)++ < ENOUGH;
}

/* The call that it is about now. Each way goes through all programs, before the next. */
static bool find(const struct sweep *sweep, struct prog *prog)
{
	for (; at.way < ARRAY_SIZE(ways); at.way++, at.prog = 0) {
		/* Beside the last call nothing runs. */
		unsigned int others = ways[at.way].span ? 1 : 0;

		for (; sweep->first + at.prog < sweep->end; at.prog += sweep->step, at.call = 0) {
			/* What is written by hand comes last in there, and is what matters. */
			corpus_get(sweep->end - 1 - sweep->first - at.prog, prog);
			if (prog->nr > MAX_SWEPT)
				continue;
			for (; at.call + others < prog->nr; next_call()) {
				if (suits(prog, at.call))
					return true;
			}
		}
	}
	return false;
}

bool sweep_next(const struct sweep *sweep, const struct outcome *last, struct prog *prog)
{
	struct call *call;

	advance(last);
	if (!find(sweep, prog))
		return false;
	if (!at.nth)
		at.nth = 1;
	call = &prog->call[at.call];
	if (ways[at.way].flip) {
		*question(call, at.nth) ^= 1;
		return true;
	}
	call->twist = ways[at.way].twist;
	if (!ways[at.way].span) {
		call->fail = at.nth;
		return true;
	}
	call->hold = at.nth;
	call->span = ways[at.way].span;
	if (at.next_nth) {
		call[1].hold = at.next_nth;
		call[1].span = 1;
	}
	return true;
}
