/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTAP_H
#define KTAP_H

/*
 * Prints KTAP version 1 and runs test cases, each in a forked child: a failure, a signal or a hang
 * of one case cannot harm the next, and what a case leaves open is closed by its exit.
 *
 * A program is a list of suites, a suite is a list of cases. EXPECT_* note a failure (file, line,
 * both values) and go on; ASSERT_* end the case, for what the rest of the case stands on.
 */

#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdnoreturn.h>
#include <time.h>

struct ktap_case {
	const char *name;
	void (*run)(const void *arg);
	const void *arg;
};

/* cases ends with an empty one. */
struct ktap_suite {
	const char *name;
	const struct ktap_case *cases;
};

/*
 * What the runner does in the parent: start() before the first case (0 or -errno); around every
 * case before(), which may note a state, and after(), which returns the number of failures it found
 * and has printed (kernel reports, pins left over). A case may take case_seconds, or two minutes
 * where that is 0.
 */
struct ktap_hooks {
	int (*start)(void);
	void (*before)(void);
	int (*after)(void);
	int case_seconds;
};

/*
 * Runs (after "-l": lists) every case whose "suite/case" matches one of the shell patterns in argv
 * (all, without any) and returns the exit status: 0, 1 after a failure, 2 when nothing matched.
 * suites ends with an empty pointer.
 */
int ktap_main(int argc, char **argv, const struct ktap_hooks *hooks,
	      const struct ktap_suite *const *suites);

/* A diagnostic line, indented as the current level is. The macro has its format checked. */
void ktap_print(const char *fmt, ...);
#define ktap_note(...) ((void)sizeof(printf(__VA_ARGS__)), ktap_print(__VA_ARGS__))

/* Ends the case as skipped; reason becomes part of the result line. */
noreturn void ktap_skip(const char *fmt, ...);

/* For a hook or a helper that has printed its own text. */
void ktap_fail(void);

/* How many expectations of this case have failed so far. */
int ktap_failures(void);

/* By a clock that nobody sets. */
time_t ktap_now_seconds(void);

/*
 * The seed of this run's random choices: from the environment (SEED), else new; printed once by
 * ktap_main().
 */
__u64 ktap_seed(void);

/* For a program that has no ktap_main(). */
void ktap_choose_seed(void);

/* A small generator, so that a seed gives the same choices everywhere. */
__u64 ktap_random(__u64 *state);

bool ktap_check_int(const char *file, int line, const char *what, const char *op, bool good,
		    long long want, long long got);
bool ktap_check_errno(const char *file, int line, const char *what, int want, int also, int got);
bool ktap_check_true(const char *file, int line, const char *what, bool good);
bool ktap_check_bytes(const char *file, int line, const char *what, const void *want,
		      const void *got, size_t len);
void ktap_assert(bool good);

#define ktap_compare(want, op, got) ({						\
	long long __want = (long long)(want), __got = (long long)(got);		\
	ktap_check_int(__FILE__, __LINE__, #got, #op, __want op __got, __want, __got);	\
})

#define EXPECT_EQ(want, got) ktap_compare(want, ==, got)
#define EXPECT_NE(not_wanted, got) ktap_compare(not_wanted, !=, got)
#define EXPECT_LT(low, got) ktap_compare(low, <, got)
#define EXPECT_TRUE(expr) ktap_check_true(__FILE__, __LINE__, #expr, (expr))
#define EXPECT_BYTES(want, got, len) ktap_check_bytes(__FILE__, __LINE__, #got, want, got, len)

/* For calls that return 0 or -errno; 1 is neither, so it stands for "no second errno". */
#define EXPECT_OK(call) EXPECT_ERR2(0, 1, call)
#define EXPECT_ERR(want, call) EXPECT_ERR2(want, 1, call)
#define EXPECT_ERR2(want, also, call) \
	ktap_check_errno(__FILE__, __LINE__, #call, want, also, (call))

#define ASSERT_EQ(want, got) ktap_assert(EXPECT_EQ(want, got))
#define ASSERT_TRUE(expr) ktap_assert(EXPECT_TRUE(expr))
#define ASSERT_OK(call) ktap_assert(EXPECT_OK(call))

#endif
