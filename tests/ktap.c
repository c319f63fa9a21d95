// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"
#include "where.h"

/* By own_seconds(). Another number is for the test of this. */
#ifndef CASE_TIMEOUT_SECONDS
#define CASE_TIMEOUT_SECONDS 120
#endif
#define KILL_TIMEOUT_SECONDS 10

/* Written by the child, read by the runner. */
struct ktap_result {
	int failures;
	bool skipped;
	char reason[200];
};

static struct ktap_result *result;
static int level;
static __u64 seed;
static int ticks_fd = -1;

static void indent(void)
{
	printf("%*s", 2 * level, "");
}

void ktap_print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	indent();
	printf("# ");
	vprintf(fmt, args);
	putchar('\n');
	fflush(stdout);
	va_end(args);
}

void ktap_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(result->reason, sizeof(result->reason), fmt, args);
	va_end(args);
	result->skipped = true;
	_exit(0);
}

void ktap_fail(void)
{
	__atomic_add_fetch(&result->failures, 1, __ATOMIC_RELAXED);
}

int ktap_failures(void)
{
	return result->failures;
}

time_t ktap_now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

__u64 ktap_seed(void)
{
	return seed;
}

/* splitmix64 */
__u64 ktap_random(__u64 *state)
{
	__u64 z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void ktap_assert(bool good)
{
	if (!good)
		_exit(1);
}

bool ktap_check_int(const char *file, int line, const char *what, const char *op, bool good,
		    long long want, long long got)
{
	if (good)
		return true;
	ktap_note("%s:%d: %s: want %lld (0x%llx) %s got %lld (0x%llx)", file, line, what, want,
		  want, op, got, got);
	ktap_fail();
	return false;
}

static const char *errno_name(int err)
{
	const char *name = strerrorname_np(-err);

	if (!err)
		return "success";
	return name ? name : "no errno";
}

bool ktap_check_errno(const char *file, int line, const char *what, int want, int also, int got)
{
	if (got == want || got == also)
		return true;
	ktap_note("%s:%d: %s: want %s%s%s, got %s (%d)", file, line, what, errno_name(want),
		  also == 1 ? "" : " or ", also == 1 ? "" : errno_name(also), errno_name(got), got);
	ktap_fail();
	return false;
}

bool ktap_check_true(const char *file, int line, const char *what, bool good)
{
	if (good)
		return true;
	ktap_note("%s:%d: %s: want true, got false", file, line, what);
	ktap_fail();
	return false;
}

bool ktap_check_bytes(const char *file, int line, const char *what, const void *want,
		      const void *got, size_t len)
{
	const unsigned char *w = want, *g = got;
	size_t i;

	if (!memcmp(want, got, len))
		return true;
	for (i = 0; w[i] == g[i]; i++)
		;
	ktap_note("%s:%d: %s: byte %zu of %zu: want 0x%02x, got 0x%02x", file, line, what, i, len,
		  w[i], g[i]);
	ktap_fail();
	return false;
}

/*
 * A guest's clock is the machine's, which goes on while the guest waits for a CPU of the machine.
 * Who starts a guest sends it a byte for each second that it did not (scripts/guest/guest.sh), to
 * the terminal that TICKS names.
 */
static int open_ticks(void)
{
	const char *path = getenv("TICKS");
	struct termios raw;

	if (!path)
		return 0;
	ticks_fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (ticks_fd < 0)
		return -errno;
	if (tcgetattr(ticks_fd, &raw))
		return 0;	/* a fifo will do */
	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL;
	return tcsetattr(ticks_fd, TCSAFLUSH, &raw) ? -errno : 0;
}

/* The seconds that were there for what runs here, whatever else the machine did. */
static time_t own_seconds(void)
{
	static time_t ticks;
	struct timespec now;
	char some[64];
	ssize_t n;

	if (ticks_fd < 0) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		return now.tv_sec;
	}
	while ((n = read(ticks_fd, some, sizeof(some))) > 0)
		ticks += n;
	return ticks;
}

/*
 * Waits for pid; false when it is still there after the time. SIGCHLD is blocked (ktap_main), so
 * none is lost.
 */
static bool wait_seconds(pid_t pid, int *status, int seconds)
{
	const struct timespec left = { .tv_sec = 1 };
	time_t end = own_seconds() + seconds;
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		if (own_seconds() > end)
			return false;
		sigtimedwait(&chld, NULL, &left);
	}
}

static void block_sigchld(int how)
{
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(how, &chld, NULL);
}

/*
 * Runs a case in a child of its own process group. What the case forked and left behind comes to
 * the runner, which is a subreaper, and ends with the group. A child that cannot even be killed is
 * stuck in the kernel: nothing measured after it would mean anything, so the whole program gives
 * up.
 */
static void run_case(const struct ktap_case *c, int seconds, char *why, size_t whylen)
{
	int status;
	pid_t pid;

	memset(result, 0, sizeof(*result));
	why[0] = '\0';
	fflush(stdout);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		block_sigchld(SIG_UNBLOCK);
		c->run(c->arg);
		fflush(stdout);
		_exit(result->failures ? 1 : 0);
	}
	setpgid(pid, pid);

	if (!wait_seconds(pid, &status, seconds)) {
		snprintf(why, whylen, " # TIMEOUT %d seconds", seconds);
		ktap_fail();
		where_print(pid);
		kill(-pid, SIGKILL);
		if (!wait_seconds(pid, &status, KILL_TIMEOUT_SECONDS)) {
			printf("Bail out! %s cannot be killed\n", c->name);
			fflush(stdout);
			_exit(3);
		}
	} else if (WIFSIGNALED(status)) {
		snprintf(why, whylen, " # ERROR signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
		ktap_fail();
	} else if (WEXITSTATUS(status) && !result->failures) {
		snprintf(why, whylen, " # ERROR exit status %d", WEXITSTATUS(status));
		ktap_fail();
	}
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static bool wanted(int argc, char **argv, const struct ktap_suite *s, const struct ktap_case *c)
{
	char name[200];
	int i;

	if (argc < 2)
		return true;
	snprintf(name, sizeof(name), "%s/%s", s->name, c->name);
	for (i = 1; i < argc; i++) {
		if (!fnmatch(argv[i], name, 0))
			return true;
	}
	return false;
}

static size_t count_wanted(int argc, char **argv, const struct ktap_suite *s)
{
	const struct ktap_case *c;
	size_t n = 0;

	for (c = s->cases; c->name; c++)
		n += wanted(argc, argv, s, c);
	return n;
}

static void list(int argc, char **argv, const struct ktap_suite *s)
{
	const struct ktap_case *c;

	for (c = s->cases; c->name; c++) {
		if (wanted(argc, argv, s, c))
			printf("%s/%s\n", s->name, c->name);
	}
}

static void plan(size_t n)
{
	indent();
	printf("KTAP version 1\n");
	indent();
	printf("1..%zu\n", n);
	fflush(stdout);
}

/* Returns the number of failed cases. */
static size_t run_suite(int argc, char **argv, const struct ktap_hooks *hooks,
			const struct ktap_suite *s)
{
	const struct ktap_case *c;
	size_t number = 0, failed = 0;
	char why[120];

	level++;
	plan(count_wanted(argc, argv, s));
	for (c = s->cases; c->name; c++) {
		bool bad;

		if (!wanted(argc, argv, s, c))
			continue;
		hooks->before();
		run_case(c, hooks->case_seconds ?: CASE_TIMEOUT_SECONDS, why, sizeof(why));
		if (hooks->after())
			ktap_fail();
		bad = result->failures;
		failed += bad;
		indent();
		if (result->skipped && !bad)
			printf("ok %zu %s # SKIP %s\n", ++number, c->name, result->reason);
		else
			printf("%s %zu %s%s\n", bad ? "not ok" : "ok", ++number, c->name, why);
		fflush(stdout);
	}
	level--;
	return failed;
}

void ktap_choose_seed(void)
{
	const char *given = getenv("SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = (__u64)now.tv_sec * 1000000007 + now.tv_nsec;
	if (given && *given)
		seed = strtoull(given, NULL, 0);
}

int ktap_main(int argc, char **argv, const struct ktap_hooks *hooks,
	      const struct ktap_suite *const *suites)
{
	const struct ktap_suite * const *s;
	size_t number = 0, selected = 0, failed = 0;
	const char *outer = getenv("KTAP_LEVEL");
	int ret;

	if (argc > 1 && !strcmp(argv[1], "-l")) {
		for (s = suites; *s; s++)
			list(argc - 1, argv + 1, *s);
		return 0;
	}
	ret = open_ticks();
	if (!ret)
		ret = hooks->start();
	if (ret) {
		fprintf(stderr, "%s: cannot start: %s\n", argv[0], strerror(-ret));
		return 1;
	}
	level = outer ? atoi(outer) : 0;
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (result == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	block_sigchld(SIG_BLOCK);
	ktap_choose_seed();

	for (s = suites; *s; s++)
		selected += count_wanted(argc, argv, *s) > 0;
	plan(selected);
	ktap_note("SEED=0x%llx", seed);
	for (s = suites; *s; s++) {
		size_t bad;

		if (!count_wanted(argc, argv, *s))
			continue;
		bad = run_suite(argc, argv, hooks, *s);
		failed += bad;
		indent();
		printf("%s %zu %s\n", bad ? "not ok" : "ok", ++number, (*s)->name);
		fflush(stdout);
	}
	if (!selected)
		return 2;
	return failed ? 1 : 0;
}
