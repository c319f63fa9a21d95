// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <unistd.h>

#include "../klog.h"
#include "../pins.h"
#include "../util.h"
#include "found.h"
#include "reduce.h"
#include "state.h"

const char *found_dir;

FILE *found_open(const char *name)
{
	char path[256];

	if (!found_dir)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", found_dir, name);
	return fopen(path, "we");
}

void found_print(const struct prog *prog)
{
	struct prog one = { .nr = 1 };
	unsigned int i;

	for (i = 0; i < prog->nr; i++) {
		one.call[0] = prog->call[i];
		printf("#     ");
		prog_print(stdout, &one);
	}
	fflush(stdout);
}

void found_leave(const struct prog *prog, const char *why)
{
	FILE *to = found_open("found");

	if (to) {
		fprintf(to, "# %s\n", why);
		prog_print(to, prog);
		fclose(to);
	}
	to = found_open("found.c");
	if (to) {
		prog_print_c(to, prog, why);
		fclose(to);
	}
}

static void again_once(void)
{
	int fd = open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, "1", 1) != 1)
			perror("clear_warn_once");
		close(fd);
	}
}

/* What a program shows: 'm' the model, 'k' the kernel, 'p' pins; 0 nothing. */
static char shown(const struct prog *prog, struct outcome *outcome)
{
	long long pins = pins_held();

	again_once();
	seat_enter(&state->seat[0], prog);
	*outcome = run_prog(prog);
	if (klog_reports() > 0)
		return 'k';
	if (outcome->wrong)
		return 'm';
	return pins_held() > pins || pins_vmpin() ? 'p' : 0;
}

static char wanted;

static bool shows(const struct prog *prog)
{
	struct outcome outcome;

	return shown(prog, &outcome) == wanted;
}

/* Reports of the kernel, of every run: they have been seen. */
static void reduce_quietly(struct prog *prog)
{
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC), out = dup(1);
	unsigned int runs;

	fflush(stdout);
	dup2(quiet, 1);
	runs = reduce(prog, shows);
	fflush(stdout);
	dup2(out, 1);
	close(quiet);
	close(out);
	printf("# reduced in %u runs to %u calls:\n", runs, prog->nr);
}

static void make_short(struct prog *prog, const struct outcome *first, const char *why)
{
	struct outcome outcome;

	if (wanted == 'm')
		why = first->wrong;
	if (wanted == 'm' && first->at + 1 < prog->nr)
		prog->nr = first->at + 1;
	reduce_quietly(prog);
	found_print(prog);
	shown(prog, &outcome);
	if (outcome.wrong)
		printf("# call %u: %s\n", outcome.at + 1, outcome.wrong);
	found_leave(prog, wanted == 'm' && outcome.wrong ? outcome.wrong : why);
}

void found(const struct prog *progs, unsigned int nr, const char *why, bool leaks)
{
	unsigned int i;

	found_leave(progs, why);
	for (i = 0; i < nr; i++) {
		struct prog prog = progs[i];
		struct outcome outcome;

		wanted = shown(&prog, &outcome);
		if (!wanted || (leaks && wanted != 'p'))
			continue;
		make_short(&prog, &outcome, why);
		return;
	}
	printf("# none of the %u programs that may have been it repeats it by itself; the first:\n",
	       nr);
	found_print(progs);
}

static bool kills(const struct prog *prog)
{
	seat_enter(&state->seat[0], prog);
	run_prog(prog);
	return false;
}

void found_deadly(const struct prog *prog)
{
	struct prog shorter = *prog;

	reduce(&shorter, kills);
}
