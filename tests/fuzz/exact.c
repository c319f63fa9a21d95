// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../klog.h"
#include "../ktap.h"
#include "../pins.h"
#include "../util.h"
#include "corpus.h"
#include "exact.h"
#include "found.h"
#include "hold.h"
#include "kcov.h"
#include "state.h"
#include "sweep.h"

/* How long a program may take to end, in this kernel and on a busy machine. */
#define END_SECONDS	120

static pid_t worker[MAX_SEATS];

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
}

static bool is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void set(bool *flag, bool to)
{
	__atomic_store_n(flag, to, __ATOMIC_RELEASE);
}

/* --- in a worker --------------------------------------------------------------------------- */

static void rest(struct seat *seat)
{
	if (!is_set(&state->rest))
		return;
	set(&seat->resting, true);
	while (is_set(&state->rest) && !is_set(&state->stop))
		nap();
	set(&seat->resting, false);
}

/* Returns false when it has shown something. */
static bool run_one(struct seat *seat, const struct prog *prog, bool fresh,
		    struct outcome *out)
{
	struct outcome outcome;

	seat_enter(seat, prog);
	kcov_start();
	outcome = run_prog(prog);
	*out = outcome;
	if (kcov_stop() + hold_new_ways() && fresh)
		corpus_add(prog);
	seat_leave(seat);
	if (outcome.wrong)
		snprintf(seat->why, sizeof(seat->why), "call %u, %s: %s", outcome.at + 1,
			 ops[prog->call[outcome.at].op].name, outcome.wrong);
	else if (klog_has_report())
		snprintf(seat->why, sizeof(seat->why), "the kernel reported it");
	else if (pins_vmpin())
		snprintf(seat->why, sizeof(seat->why), "VmPin is %lld bytes", pins_vmpin());
	else
		return true;
	set(&seat->found, true);
	return false;
}

static struct seat *own_seat;

/* It may have had a lock, so this process may never come to its end. */
static void thread_died(void)
{
	snprintf(own_seat->why, sizeof(own_seat->why), "the kernel killed a thread");
	set(&own_seat->found, true);
	set(&state->stop, true);
	abort();
}

/* After those of the corpus: three of a sweep over worker n's part of them, and one by chance. */
static bool next(struct prog *prog, const struct sweep *sweep, const struct outcome *last,
		 unsigned long i, __u64 *random)
{
	if (i % 4 && sweep_next(sweep, last, prog))
		return true;
	corpus_next(prog, random);
	return false;
}

/* Those of the corpus are divided between the workers. */
static void work(unsigned int n, unsigned int nr, time_t end, unsigned long max)
{
	__u64 random = ktap_seed() + n * 0x9e3779b97f4a7c15;
	unsigned int i, loaded = corpus_count();
	const struct sweep sweep = { .first = n, .step = nr, .end = loaded };
	struct outcome outcome, swept_last = {};
	struct seat *seat = &state->seat[n];
	bool swept = false;
	struct prog prog;

	if (klog_open(false))
		exit(2);
	own_seat = seat;
	hold_at_death(thread_died);
	run_init(NULL);
	kcov_open();
	for (i = n; !is_set(&state->stop) && time(NULL) < end; i += nr) {
		if (i < loaded)
			corpus_get(i, &prog);
		else
			swept = next(&prog, &sweep, &swept_last, seat->programs, &random);
		if (seat->programs == max || !run_one(seat, &prog, i >= loaded, &outcome))
			break;
		if (swept)
			swept_last = outcome;
		rest(seat);
	}
	if (is_set(&seat->found))
		set(&state->stop, true);
	set(&seat->resting, true);
	exit(0);
}

/* --- beside them --------------------------------------------------------------------------- */

/* Those that run. Returns false when one of them was killed. */
static bool reap(unsigned int nr, unsigned int *left)
{
	unsigned int i;
	int status;

	for (*left = i = 0; i < nr; i++) {
		if (worker[i] <= 0)
			continue;
		if (waitpid(worker[i], &status, WNOHANG) != worker[i]) {
			++*left;
			continue;
		}
		worker[i] = 0;
		if (status) {
			printf("# FOUND after %llu ioctls: process %u ended with status 0x%x\n",
			       run_ioctls(), i, status);
			return false;
		}
	}
	return true;
}

/* Returns false when one of them was killed, or does not come to its end. */
static bool wait_for_all(unsigned int nr)
{
	time_t end = time(NULL) + END_SECONDS;
	unsigned int left;

	set(&state->stop, true);
	for (;;) {
		if (!reap(nr, &left))
			return false;
		if (!left)
			return true;
		if (time(NULL) > end) {
			printf("# FOUND after %llu ioctls: a program does not end\n", run_ioctls());
			return false;
		}
		nap();
	}
}

/* Between two looks at the kernel's balance no program is forgotten. */
static bool must_rest(unsigned int nr, const unsigned long *before)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (state->seat[i].programs - before[i] >= BATCH / 2)
			return true;
	}
	return false;
}

static void note_programs(unsigned int nr, unsigned long *programs)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		programs[i] = state->seat[i].programs;
}

static bool all_rest(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!is_set(&state->seat[i].resting))
			return false;
	}
	return true;
}

/* Programs that are to be looked at once more, of all seats: the last first. */
static unsigned int gather(struct prog *progs, unsigned int nr, unsigned int of_each)
{
	unsigned int sum = 0, back, i;

	for (back = 0; back < of_each; back++) {
		for (i = 0; i < nr; i++) {
			struct seat *seat = &state->seat[i];

			if (back < seat->nr_recent)
				progs[sum++] = seat->recent[(seat->programs - 1 - back) % BATCH];
		}
	}
	return sum;
}

/* In a process of its own, for it may die. */
static enum exact_end look_again(unsigned int nr, const char *why, bool leaks)
{
	static struct prog progs[MAX_SEATS * BATCH];
	unsigned int count = gather(progs, nr, leaks ? BATCH : 3), i;
	int status;
	pid_t pid;

	for (i = 0; i < nr && !leaks; i++) {
		if (!is_set(&state->seat[i].found))
			continue;
		progs[0] = state->seat[i].now;
		why = state->seat[i].why;
		/* The model knows which program it was. */
		if (strncmp(why, "the kernel", 10)) {
			count = 1;
			break;
		}
	}
	printf("# FOUND by %u calls, after %llu ioctls: %s\n", progs->nr, run_ioctls(), why);
	found_print(progs);
	pid = fork();
	if (!pid) {
		run_init(NULL);
		found(progs, count, why, leaks);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return EXACT_DIED;
	return EXACT_FOUND;
}

/* Who died is in a seat; the others hold whatever they held. */
static enum exact_end died(unsigned int nr)
{
	unsigned int i;

	klog_reports();
	for (i = 0; i < nr; i++) {
		printf("#   process %u:\n", i);
		found_print(&state->seat[i].now);
	}
	return EXACT_DIED;
}

static void start(unsigned int nr, time_t end, unsigned long max)
{
	unsigned int i;

	state->nr_seats = nr;
	fflush(stdout);
	for (i = 0; i < nr; i++) {
		worker[i] = fork();
		if (!worker[i])
			work(i, nr, end, max);
		if (worker[i] < 0) {
			perror("fork");
			exit(2);
		}
	}
}

/* Until all have ended, or one has found something; or pins are left when all rest. */
static enum exact_end watch(unsigned int nr, long long pins, void (*progress)(void))
{
	unsigned long before[MAX_SEATS] = {};
	unsigned int left;

	for (;;) {
		if (!reap(nr, &left))
			return EXACT_DIED;
		if (!left || is_set(&state->stop))
			return EXACT_GOOD;
		nap();
		progress();
		if (must_rest(nr, before))
			set(&state->rest, true);
		if (!is_set(&state->rest) || !all_rest(nr))
			continue;
		if (pins_held() > pins)
			return EXACT_FOUND;
		note_programs(nr, before);
		set(&state->rest, false);
	}
}

enum exact_end exact_run(unsigned int nr, unsigned int seconds, unsigned long max,
			 void (*progress)(void))
{
	long long pins = pins_held();
	unsigned int i;

	start(nr, time(NULL) + seconds, max);
	if (watch(nr, pins, progress) == EXACT_DIED || !wait_for_all(nr))
		return died(nr);
	for (i = 0; i < nr; i++) {
		if (is_set(&state->seat[i].found)) {
			klog_reports();
			return look_again(nr, NULL, false);
		}
	}
	if (klog_reports() > 0)
		return look_again(nr, "the kernel reported it", false);
	if (pins_held() > pins)
		return look_again(nr, "pins are left", true);
	return EXACT_GOOD;
}
