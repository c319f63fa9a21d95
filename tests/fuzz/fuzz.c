// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_test: programs of calls, made at random and by what they reach, with a model of what must
 * be true; see docs/fuzz.md.
 *
 *	-t SECONDS	how long (60)
 *	-s SEED		the random choices
 *	-c FILE		a corpus to begin with, more than once
 *	-o DIRECTORY	where to leave what was found: corpus, found, found.c
 *	-k FILE		keep there what runs: memory that outlives the kernel
 *	-p FILE		print the programs that were kept there, and end
 *	-r FILE		run the programs in there, reduce the first that shows something
 *	-x FILE		print the first program in there as C, and end
 *	-d FILE		the shortest of the program in there, which kills the kernel
 *	-m exact|storm	only that
 *	-j NUMBER	processes of the exact mode (one for each CPU)
 *	-n NUMBER	no more than so many programs of each process
 *	-v		print each call, and its answer
 *
 * Exit status: 0 nothing was found, 1 something was, 3 the kernel is not to be trusted any more.
 */
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
#include "kcov.h"
#include "state.h"
#include "storm.h"

#define FOUND	1
#define DIED	3

static struct {
	unsigned int seconds;
	unsigned int workers;
	const char *keep;
	const char *programs;
	const char *deadly;
	const char *mode;
	unsigned long max;
} options = { .seconds = 60, .max = ~0UL };

static struct timespec began;

static double seconds_since_start(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - began.tv_sec + (now.tv_nsec - began.tv_nsec) / 1e9;
}

static void print_sum(const char *when)
{
	unsigned long long calls = run_ioctls();

	printf("# %s: %llu ioctls, %.0f a second, %llu%% succeed, ", when, calls,
	       calls / (seconds_since_start() + 0.001), run_good() * 100 / (calls ?: 1));
	printf("%lu programs, corpus %u, %u ways\n", state_programs(), corpus_count(),
	       kcov_count());
	fflush(stdout);
}

static void print_progress(void)
{
	static double last;
	double now = seconds_since_start();
	char when[16];

	if (now < last + 10)
		return;
	last = now;
	snprintf(when, sizeof(when), "%4.0f s", now);
	print_sum(when);
}

/* In a process of its own, which may be killed. Returns its status, or DIED. */
static int apart(int (*work)(void))
{
	unsigned int i;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		status = work();
		fflush(stdout);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 2;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	printf("# FOUND after %llu ioctls: the kernel killed the program (status 0x%x), and\n",
	       run_ioctls(), status);
	klog_reports();
	for (i = 0; i < state->nr_seats; i++) {
		printf("#   in seat %u:\n", i);
		found_print(&state->seat[i].now);
	}
	return DIED;
}

/* --- the modes ----------------------------------------------------------------------------- */

static int run_exact(unsigned int seconds)
{
	static const int status[] = { 0, FOUND, DIED };

	return status[exact_run(options.workers, seconds, options.max, print_progress)];
}

static bool reported;

static bool stop_storm(void)
{
	print_progress();
	reported = reported || klog_reports() > 0;
	return reported;
}

static int race(void)
{
	unsigned int seconds = options.mode ? options.seconds : options.seconds / 3, i, at;
	bool good = storm_run(seconds, stop_storm);

	for (i = 0; i < STORM_THREADS; i++) {
		const struct seat *seat = &state->seat[i];

		if (!seat->found)
			continue;
		printf("# FOUND in a storm, after %llu ioctls: %s\n", run_ioctls(), seat->why);
		for (at = 0; at <= seat->outcome.at; at++)
			run_print_answer(&seat->now.call[at], &seat->answer[at]);
		run_init(NULL);
		found(&seat->now, 1, seat->why, false);
		break;
	}
	if (reported || klog_reports() > 0) {
		printf("# FOUND in a storm, after %llu ioctls: the kernel reported it; there ran\n",
		       run_ioctls());
		for (i = 0; i < STORM_THREADS; i++) {
			printf("#   thread %u:\n", i);
			found_print(&state->seat[i].now);
		}
		good = false;
	}
	return good ? 0 : FOUND;
}

static int run_storm(void)
{
	long long pins = pins_held();
	int status;

	memset(state->seat, 0, sizeof(state->seat));
	state->nr_seats = STORM_THREADS;
	status = apart(race);
	/* With the process all that it had open is gone. */
	if (status || pins_held() <= pins)
		return status;
	printf("# FOUND in a storm, after %llu ioctls: %lld pins are left\n", run_ioctls(),
	       pins_held() - pins);
	return FOUND;
}

/* --- programs that are given --------------------------------------------------------------- */

static int given(void)
{
	unsigned int first = corpus_count();
	int nr = corpus_load(options.programs), i;
	long long pins = pins_held();
	struct outcome outcome;
	struct prog prog;

	if (nr <= 0) {
		printf("# no programs in %s\n", options.programs);
		return 2;
	}
	run_init(NULL);
	for (i = 0; i < nr; i++) {
		corpus_get(first + i, &prog);
		seat_enter(&state->seat[0], &prog);
		outcome = run_prog(&prog);
		if (klog_reports() <= 0 && !outcome.wrong && pins_held() <= pins && !pins_vmpin())
			continue;
		printf("# FOUND by %u calls, after %llu ioctls: %s\n", prog.nr, run_ioctls(),
		       outcome.wrong ?: "a report, or pins");
		found_print(&prog);
		found(&prog, 1, outcome.wrong ?: "a report, or pins", false);
		return FOUND;
	}
	return 0;
}

static int deadly(void)
{
	struct prog prog;
	unsigned int first = corpus_count();

	if (corpus_load(options.deadly) <= 0) {
		printf("# no program in %s\n", options.deadly);
		return 2;
	}
	corpus_get(first, &prog);
	run_init(NULL);
	found_deadly(&prog);
	return 0;
}

/* What ran last in each seat, as a file of programs. */
static int print_kept(const char *path)
{
	unsigned int i;

	if (!state_read(path)) {
		perror(path);
		return 2;
	}
	for (i = 0; i < state->nr_seats; i++) {
		if (!state->seat[i].now.nr)
			continue;
		prog_print(stdout, &state->seat[i].now);
		printf("\n");
	}
	return 0;
}

static int print_c(const char *path)
{
	unsigned int first = corpus_count();
	struct prog prog;

	if (corpus_load(path) <= 0) {
		fprintf(stderr, "no program in %s\n", path);
		return 2;
	}
	corpus_get(first, &prog);
	prog_print_c(stdout, &prog, "kills the kernel");
	return 0;
}

/* --- the whole ----------------------------------------------------------------------------- */

static void result(int status, const char *name)
{
	printf("%s 0 fuzz-%s\n", status ? "not ok" : "ok", name);
	fflush(stdout);
}

static int one_mode(int (*work)(void), const char *name)
{
	int status;

	state->nr_seats = 1;
	status = apart(work);
	result(status, name);
	return status;
}

static int both_modes(void)
{
	unsigned int loaded = corpus_count();
	char path[256];
	int status = 0;

	printf("# SEED=0x%llx, %u processes\n", ktap_seed(), options.workers);
	if (!kcov_open())
		printf("# without KCOV: nothing steers\n");
	if (strcmp(options.mode ?: "", "storm")) {
		status = run_exact(options.mode ? options.seconds : options.seconds * 2 / 3);
		result(status, "exact");
	}
	if (!status && strcmp(options.mode ?: "", "exact")) {
		status = run_storm();
		result(status, "storm");
	}
	run_print_counts(stdout);
	print_sum("in all");
	if (found_dir && status != DIED) {
		snprintf(path, sizeof(path), "%s/corpus", found_dir);
		corpus_save(path, loaded);
	}
	return status;
}

static void load(const char *path)
{
	if (corpus_load(path) < 0) {
		perror(path);
		exit(2);
	}
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "t:s:c:o:k:p:x:r:d:m:j:n:v")) >= 0) {
		switch (option) {
		case 't':
			options.seconds = atoi(optarg);
			break;
		case 's':
			setenv("SEED", optarg, 1);
			break;
		case 'c':
			load(optarg);
			break;
		case 'o':
			found_dir = optarg;
			break;
		case 'k':
			options.keep = optarg;
			break;
		case 'p':
			exit(print_kept(optarg));
		case 'x':
			exit(print_c(optarg));
		case 'r':
			options.programs = optarg;
			break;
		case 'd':
			options.deadly = optarg;
			break;
		case 'm':
			options.mode = optarg;
			break;
		case 'j':
			options.workers = atoi(optarg);
			break;
		case 'n':
			options.max = strtoul(optarg, NULL, 0);
			break;
		case 'v':
			run_verbose = true;
			break;
		default:
			exit(2);
		}
	}
	if (!options.workers || options.workers > MAX_SEATS)
		options.workers = sysconf(_SC_NPROCESSORS_ONLN) < MAX_SEATS ?
				  sysconf(_SC_NPROCESSORS_ONLN) : MAX_SEATS;
}

int main(int argc, char **argv)
{
	run_setup();
	kcov_setup();
	corpus_setup();
	parse(argc, argv);
	ktap_choose_seed();
	clock_gettime(CLOCK_MONOTONIC, &began);
	if (!state_open(options.keep)) {
		perror(options.keep);
		return 2;
	}
	if (klog_open(false))
		return 2;
	if (options.programs)
		return one_mode(given, "given");
	if (options.deadly)
		return one_mode(deadly, "deadly");
	return both_modes();
}
