// SPDX-License-Identifier: GPL-2.0-only
#include "round.h"

#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include "../profile/mark.h"
#include "report.h"

/* A disturbed round is repeated up to so often. */
#define MAX_TRIES 10
/* Two ticks of 4 ms: longer rounds cannot do without the timer interrupt. */
#define SHORT_NS 8000000
#define FEW_ROUNDS 50

int do_nothing(const struct op_case *c)
{
	(void)c;
	return 0;
}

const char *round_unit(const char *insn, const char *ns)
{
	return bench_clock() == BENCH_CLOCK_INSN ? insn : ns;
}

/* Memory of the case's kind, and its number of runs into the report. */
static bool have_shape(struct bench *b, struct op_case *c)
{
	long runs;

	if (!c->kind)
		return true;
	c->shape = report_shape(b, c->kind);
	if (!c->shape)
		return false;
	if (c->kind->use == SHAPE_FRESH)
		return true;
	runs = shape_runs(c->shape, c->bytes);
	if (report_failed(b, "pagemap", runs < 0 ? runs : 0))
		return false;
	bench_counter(b, "runs", runs);
	return true;
}

bool round_begin(struct bench *b, struct op_case *c)
{
	return have_shape(b, c) &&
	       !report_failed(b, c->peer->name, c->peer->open(c->space, c->bdf, NULL));
}

void round_end(struct op_case *c)
{
	c->peer->close(c->space);
}

/* What can come between the two ends of a round. */
struct disturbance {
	long preemptions;
	struct timespec tick;
};

static struct disturbance disturbances(void)
{
	struct disturbance now;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	now.preemptions = usage.ru_nivcsw;
	/* This clock only moves with the timer interrupt. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now.tick);
	return now;
}

/*
 * Whether a round is to be done again. Another task's time is never the operation's: a kernel
 * thread can take millions of instructions. The timer interrupt is everybody's, but where there are
 * few rounds, and short ones, it would be in one figure and not in the next.
 */
static bool disturbed(const struct op_case *c, const struct disturbance *before,
		      const struct disturbance *after)
{
	long ns = (after->tick.tv_sec - before->tick.tv_sec) * 1000000000l +
		  after->tick.tv_nsec - before->tick.tv_nsec;

	if (after->preemptions != before->preemptions)
		return true;
	return ns > 0 && ns < SHORT_NS && op_iterations(c) <= FEW_ROUNDS;
}

/*
 * Where one CPU has to do for all, no kernel thread comes in between: a round of half a second
 * would never be without. They have their time between rounds.
 */
static void alone(bool on)
{
	const struct sched_param priority = { .sched_priority = on };

	if (bench_clock() == BENCH_CLOCK_INSN)
		sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &priority);
}

bool round_once(struct bench *b, const struct op_case *c, const struct steps *steps,
		__u64 *elapsed)
{
	struct disturbance then, now;
	__u64 start, stop;
	int tries, rc;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		if (report_failed(b, "before", steps->before(c)))
			return false;
		alone(true);
		mark(MARK_DROP);
		then = disturbances();
		mark(MARK_BEGIN);
		start = bench_now();
		rc = steps->timed(c);
		stop = bench_now();
		mark(MARK_END);
		now = disturbances();
		alone(false);
		if (report_failed(b, c->op->name, rc) ||
		    report_failed(b, "after", steps->after(c)))
			return false;
		if (!disturbed(c, &then, &now))
			break;
	}
	*elapsed = stop - start;
	return true;
}
