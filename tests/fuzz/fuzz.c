// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_test: programs of calls, made at random and by what they reach, with a model of what must
 * be true; see docs/fuzz.md.
 *
 *	-t SECONDS	how long (60)
 *	-s SEED		the random choices
 *	-c FILE		a corpus to begin with, more than once
 *	-o DIRECTORY	where to leave what was found: corpus, found, found.c
 *	-l FILE		write each program there before it runs
 *	-r FILE		run the programs in there, reduce the first that shows something
 *	-m exact|storm	only that
 *	-n NUMBER	no more than so many programs
 *	-v		print each call, and its answer
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../klog.h"
#include "../ktap.h"
#include "../pins.h"
#include "../util.h"
#include "corpus.h"
#include "kcov.h"
#include "reduce.h"
#include "storm.h"

/* Between two looks at the kernel's balance. */
#define BATCH 256

static struct {
	unsigned int seconds;
	const char *out;
	const char *log;
	const char *programs;
	const char *mode;
	unsigned long max;
} options = { .seconds = 60, .max = ~0UL };

/* What the parent sees of a worker that has died. */
static struct state {
	bool storming;
	unsigned long programs;
	struct storm storm;
} *state;

static FILE *log_file;

/* --- what is found ------------------------------------------------------------------------- */

static FILE *open_out(const char *name)
{
	char path[256];

	if (!options.out)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", options.out, name);
	return fopen(path, "we");
}

static void print_program(const struct prog *prog)
{
	unsigned int i;
	struct prog one;

	for (i = 0; i < prog->nr; i++) {
		one.nr = 1;
		one.call[0] = prog->call[i];
		printf("#     ");
		prog_print(stdout, &one);
	}
	fflush(stdout);
}

/* As text and as C. */
static void leave(const struct prog *prog, const char *why)
{
	FILE *to = open_out("found");

	if (to) {
		fprintf(to, "# %s\n", why);
		prog_print(to, prog);
		fclose(to);
	}
	to = open_out("found.c");
	if (to) {
		prog_print_c(to, prog, why);
		fclose(to);
	}
}

static bool has_report(void)
{
	return klog_reports() > 0;
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
	*outcome = run_prog(prog);
	if (has_report())
		return 'k';
	if (outcome->wrong)
		return 'm';
	return pins_held() > pins ? 'p' : 0;
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

/* A program that has shown something: does it again, and how little of it? */
static void found(struct prog *prog, const char *first)
{
	struct outcome outcome;
	char why[512];

	printf("# FOUND by %u calls, after %llu ioctls: %s\n", prog->nr, run_ioctls, first);
	print_program(prog);
	leave(prog, first);
	wanted = shown(prog, &outcome);
	if (!wanted) {
		printf("# it does not repeat by itself\n");
		return;
	}
	snprintf(why, sizeof(why), "%s", outcome.wrong && wanted == 'm' ? outcome.wrong : first);
	if (wanted == 'm' && outcome.at + 1 < prog->nr)
		prog->nr = outcome.at + 1;
	reduce_quietly(prog);
	print_program(prog);
	shown(prog, &outcome);
	if (outcome.wrong)
		printf("# call %u: %s\n", outcome.at + 1, outcome.wrong);
	leave(prog, wanted == 'm' && outcome.wrong ? outcome.wrong : why);
}

/* --- the exact mode ------------------------------------------------------------------------ */

static struct prog recent[BATCH];
static long long pins_before;

/* Which of the last programs left pins behind? */
static bool find_leak(unsigned int nr)
{
	unsigned int i;
	struct prog prog;

	for (i = 0; i < nr; i++) {
		long long pins = pins_held();

		run_prog(&recent[i]);
		if (pins_held() <= pins)
			continue;
		prog = recent[i];
		found(&prog, "pins are left");
		return true;
	}
	printf("# FOUND: pins are left by one of the last %u programs, none of which repeats it\n",
	       nr);
	return false;
}

/* Returns false when it has shown something. */
static bool run_one(const struct prog *prog, bool fresh)
{
	struct outcome outcome;
	struct prog copy = *prog;
	char why[256];

	state->storm.prog[0] = *prog;
	if (log_file) {
		rewind(log_file);
		prog_print(log_file, prog);
		fprintf(log_file, "\n");
		fflush(log_file);
		if (ftruncate(fileno(log_file), ftell(log_file)))
			perror("ftruncate");
	}
	kcov_start();
	outcome = run_prog(prog);
	if (kcov_stop() && fresh)
		corpus_add(prog);
	if (outcome.wrong)
		snprintf(why, sizeof(why), "call %u, %s: %s", outcome.at + 1,
			 ops[prog->call[outcome.at].op].name, outcome.wrong);
	if (has_report()) {
		found(&copy, "the kernel reported it");
		return false;
	}
	if (outcome.wrong) {
		found(&copy, why);
		return false;
	}
	recent[state->programs++ % BATCH] = *prog;
	if (state->programs % BATCH)
		return true;
	if (pins_held() > pins_before) {
		find_leak(BATCH);
		return false;
	}
	return true;
}

static void print_progress(time_t began)
{
	static time_t last;
	time_t now = time(NULL);

	if (now < last + 10)
		return;
	last = now;
	printf("# %4lld s: %llu ioctls, %llu%% succeed, %lu programs, corpus %u, %u ways\n",
	       (long long)(now - began), run_ioctls, run_good * 100 / (run_ioctls ?: 1),
	       state->programs, corpus_count(), kcov_count());
	fflush(stdout);
}

static bool run_exact(unsigned int seconds)
{
	time_t began = time(NULL);
	__u64 random = ktap_seed();
	unsigned int i, nr = corpus_count();
	struct prog prog;

	pins_before = pins_held();
	for (i = 0; i < nr; i++) {
		corpus_get(i, &prog);
		if (!run_one(&prog, false))
			return false;
	}
	while (time(NULL) < began + (time_t)seconds && state->programs < options.max) {
		corpus_next(&prog, &random);
		if (!run_one(&prog, true))
			return false;
		print_progress(began);
	}
	return true;
}

/* --- the storm ----------------------------------------------------------------------------- */

static bool reported;

static bool stop_storm(void)
{
	static time_t began;

	if (!began)
		began = time(NULL);
	print_progress(began);
	reported = reported || has_report();
	return reported;
}

static bool run_storm(unsigned int seconds)
{
	struct storm *storm = &state->storm;
	long long pins = pins_held();
	unsigned int i;
	bool good;

	state->storming = true;
	good = storm_run(storm, seconds, ktap_seed(), stop_storm);
	state->storming = false;
	if (!good) {
		printf("# FOUND in a storm: call %u of these: %s\n", storm->outcome.at + 1,
		       storm->outcome.wrong);
		print_program(&storm->bad);
		leave(&storm->bad, storm->outcome.wrong);
		run_init(NULL);
		found(&storm->bad, storm->outcome.wrong);
	}
	if (reported || has_report()) {
		printf("# FOUND in a storm, after %llu ioctls: the kernel reported it; there ran\n",
		       run_ioctls);
		for (i = 0; i < STORM_THREADS; i++) {
			printf("#   thread %u:\n", i);
			print_program(&storm->prog[i]);
		}
		good = false;
	}
	if (pins_held() > pins) {
		printf("# FOUND in a storm: pins are left\n");
		good = false;
	}
	return good;
}

/* --- programs that are given --------------------------------------------------------------- */

static bool run_given(void)
{
	unsigned int first = corpus_count();
	int nr = corpus_load(options.programs), i;
	struct prog prog;

	if (nr <= 0) {
		printf("# no programs in %s\n", options.programs);
		return false;
	}
	pins_before = pins_held();
	for (i = 0; i < nr; i++) {
		corpus_get(first + i, &prog);
		if (!run_one(&prog, false))
			return false;
	}
	return pins_held() <= pins_before || find_leak(nr);
}

/* --- the whole ----------------------------------------------------------------------------- */

static void result(bool good, const char *name)
{
	printf("%s 0 fuzz-%s\n", good ? "ok" : "not ok", name);
	fflush(stdout);
}

static int work(void)
{
	bool good = true, storm = true;
	unsigned int loaded = corpus_count();
	char path[256];

	if (klog_open(false))
		return 2;
	if (options.programs) {
		run_init(NULL);
		good = run_given();
		result(good, "given");
		return !good;
	}
	printf("# SEED=0x%llx\n", ktap_seed());
	run_init(NULL);
	if (!kcov_open())
		printf("# without KCOV: nothing steers\n");
	if (strcmp(options.mode ?: "", "storm")) {
		good = run_exact(options.mode ? options.seconds : options.seconds * 2 / 3);
		result(good, "exact");
	}
	if (good && strcmp(options.mode ?: "", "exact")) {
		storm = run_storm(options.mode ? options.seconds : options.seconds / 3);
		result(storm, "storm");
	}
	run_print_counts(stdout);
	printf("# %llu ioctls, %llu of them succeeded; %lu programs, corpus %u, %u ways\n",
	       run_ioctls, run_good, state->programs, corpus_count(), kcov_count());
	if (options.out) {
		snprintf(path, sizeof(path), "%s/corpus", options.out);
		corpus_save(path, loaded);
	}
	fflush(stdout);
	return !(good && storm);
}

/* A worker that the kernel killed, for an oops: what did it do last? */
static int died(int status)
{
	unsigned int i, nr = state->storming ? STORM_THREADS : 1;

	printf("# FOUND: the kernel killed the program (status 0x%x), after %lu programs; it ran\n",
	       status, state->programs);
	for (i = 0; i < nr; i++) {
		printf("#   thread %u:\n", i);
		print_program(&state->storm.prog[i]);
	}
	leave(&state->storm.prog[0], "the kernel killed the program");
	result(false, state->storming ? "storm" : "exact");
	return 1;
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "t:s:c:o:l:r:m:n:v")) >= 0) {
		switch (option) {
		case 't':
			options.seconds = atoi(optarg);
			break;
		case 's':
			setenv("SEED", optarg, 1);
			break;
		case 'c':
			if (corpus_load(optarg) < 0) {
				perror(optarg);
				exit(2);
			}
			break;
		case 'o':
			options.out = optarg;
			break;
		case 'l':
			log_file = fopen(optarg, "we");
			break;
		case 'r':
			options.programs = optarg;
			break;
		case 'm':
			options.mode = optarg;
			break;
		case 'v':
			run_verbose = true;
			break;
		case 'n':
			options.max = strtoul(optarg, NULL, 0);
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	ktap_choose_seed();
	parse(argc, argv);
	ktap_choose_seed();
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (state == MAP_FAILED)
		return 2;
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(work());
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : died(status);
}
