// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hold.h"
#include "model.h"
#include "run.h"
#include "state.h"

bool run_verbose;
__thread struct answer run_answer[MAX_CALLS];

struct count {
	unsigned long long made, good, nsec;
};

static struct counts {
	struct count op[256], resets;
	unsigned long long ioctls, good;
} *counts;

static __thread int fail_fd = -1;

void run_setup(void)
{
	counts = shared_alloc(sizeof(*counts));
}

unsigned long long run_ioctls(void)
{
	return __atomic_load_n(&counts->ioctls, __ATOMIC_RELAXED);
}

unsigned long long run_good(void)
{
	return __atomic_load_n(&counts->good, __ATOMIC_RELAXED);
}

void run_init(struct world *shared)
{
	state_keep_from_children();
	world_init();
	if (shared) {
		w->shared = 1;
		w->fd[NR_FDS - 1] = shared->fd[NR_FDS - 1];
		w->t[NR_FDS - 1] = shared->t[NR_FDS - 1];
	}
	run_init_thread();
	model_init();
}

void run_init_thread(void)
{
	fail_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

static void set_fail_nth(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (fail_fd >= 0 && pwrite(fail_fd, text, len, 0) != len)
		perror("fail-nth");
}

/* Of what was to fail, has it? */
static bool has_failed(void)
{
	char text[16] = "";

	if (fail_fd < 0 || pread(fail_fd, text, sizeof(text) - 1, 0) <= 0)
		return false;
	set_fail_nth(0);
	return !atoi(text);
}

static __u64 nsec_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static long run_call(const struct call *call, bool *fired)
{
	const struct op *op = &ops[call->op];
	bool fail = call->fail && prog_is_ioctl(call);
	__u64 began;
	long ret;

	*fired = false;
	w->twist = call->twist;
	if (fail)
		set_fail_nth(call->fail);
	began = nsec_now();
	ret = op->call(call->arg);
	__atomic_add_fetch(&counts->op[call->op].nsec, nsec_now() - began, __ATOMIC_RELAXED);
	if (fail)
		*fired = has_failed();
	__atomic_add_fetch(&counts->op[call->op].made, 1, __ATOMIC_RELAXED);
	if (ret >= 0)
		__atomic_add_fetch(&counts->op[call->op].good, 1, __ATOMIC_RELAXED);
	return ret;
}

void run_print_answer(const struct call *call, const struct answer *answer)
{
	struct prog one = { .nr = 1, .call[0] = *call };

	printf("# %5ld%s 0x%llx\t", answer->ret, answer->fired ? "!" : "", answer->out);
	prog_print(stdout, &one);
}

static long run_beside(const struct call *call)
{
	bool fired;

	return run_call(call, &fired);
}

/* One that stands still, or runs while others do. Of that the model says nothing. */
static bool run_held(const struct call *call, long *ret)
{
	if (!(call->hold && prog_is_ioctl(call)) && !hold_any())
		return false;
	model_give_up();
	return hold_call(call, run_beside, ret);
}

static void end_held(struct outcome *outcome)
{
	bool waited;

	outcome->reached += hold_end(&waited);
	outcome->waited |= waited;
}

/* The calls of others would have none of what it ends; or it is about this very thread. */
static bool is_alone(const struct call *call)
{
	const char *name = ops[call->op].name;

	return !strcmp(name, "close") || !strcmp(name, "open") || !strcmp(name, "memlock");
}

struct outcome run_prog(const struct prog *prog)
{
	struct outcome outcome = {};
	unsigned long long good = 0;
	__u64 began;
	bool fired;

	for (; outcome.at < prog->nr; outcome.at++) {
		const struct call *call = &prog->call[outcome.at];

		run_answer[outcome.at] = (struct answer){};
		if (!model_before(call))
			continue;
		if (is_alone(call))
			end_held(&outcome);
		fired = false;
		if (!run_held(call, &outcome.ret))
			outcome.ret = run_call(call, &fired);
		outcome.reached += fired;
		good += outcome.ret >= 0;
		run_answer[outcome.at] = (struct answer){ outcome.ret, w->out, fired };
		if (run_verbose)
			run_print_answer(call, &run_answer[outcome.at]);
		/* What this user has pinned elsewhere counts, too. */
		fired = fired || (w->limited && outcome.ret == -ENOMEM);
		outcome.wrong = model_after(call, outcome.ret, fired);
		if (outcome.wrong)
			break;
	}
	__atomic_add_fetch(&counts->ioctls, outcome.at, __ATOMIC_RELAXED);
	__atomic_add_fetch(&counts->good, good, __ATOMIC_RELAXED);
	end_held(&outcome);
	began = nsec_now();
	world_reset();
	model_reset();
	__atomic_add_fetch(&counts->resets.nsec, nsec_now() - began, __ATOMIC_RELAXED);
	__atomic_add_fetch(&counts->resets.made, 1, __ATOMIC_RELAXED);
	return outcome;
}

void run_print_counts(FILE *to)
{
	unsigned int i;

	for (i = 0; i < nr_ops; i++)
		fprintf(to, "# %-14s %9llu calls, %9llu succeeded, %6llu us each\n", ops[i].name,
			counts->op[i].made, counts->op[i].good,
			counts->op[i].nsec / 1000 / (counts->op[i].made ?: 1));
	fprintf(to, "# %-14s %9llu times, %6llu us each\n", "reset",
		counts->resets.made,
		counts->resets.nsec / 1000 / (counts->resets.made ?: 1));
}
