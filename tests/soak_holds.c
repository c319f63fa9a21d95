// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long things are held. The tracer sees whatever keeps preemption or interrupts off; statistics
 * of locks see spinlocks of ours, by name, and through whatever comes in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "soak.h"
#include "util.h"

#define TRACING "/sys/kernel/tracing/"

/* How much of the stack is shown of what was too long. */
#define STACK_LINES 24

#define LOCK_STAT "/proc/lock_stat"
#define COUNT_LOCKS "/proc/sys/kernel/lock_stat"

/* Spinlocks of ours; of xarrays' own there are others' as well. */
static const char * const our_locks[] = {
	"&space->lock", "&faults->unread_lock", "&queue->lock", "&xa->xa_lock",
};

static bool traced, counted;
static long long limit_us;

static int tell(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int holds_open(void)
{
	const char *limit = getenv("HOLD_LIMIT_US");
	int ret;

	limit_us = limit && *limit ? atoll(limit) : 0;
	ret = tell(TRACING "current_tracer", "preemptirqsoff");
	traced = !ret;
	counted = !tell(COUNT_LOCKS, "1");
	return limit_us && !traced && !counted ? ret : 0;
}

void holds_begin(void)
{
	if (traced)
		EXPECT_OK(tell(TRACING "tracing_max_latency", "0"));
	if (counted)
		EXPECT_OK(tell(LOCK_STAT, "0"));
}

static bool is_ours(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(our_locks); i++) {
		size_t length = strlen(our_locks[i]);

		/* Of classes that have the same name, all but the first have a number, too. */
		if (!strncmp(name, our_locks[i], length) && strchr(":#/", name[length]))
			return true;
	}
	return false;
}

/* Of our spinlocks, the one that was held longest; false if none was. */
static bool longest_lock(char *name, size_t room, double *longest_us)
{
	FILE *stat = fopen(LOCK_STAT, "re");
	bool found = false;
	char line[512];

	ktap_assert(stat);
	while (fgets(line, sizeof(line), stat)) {
		char *start = line + strspn(line, " "), *colon = strchr(start, ':');
		double us;

		if (!colon || !is_ours(start))
			continue;
		/* Behind two counts, four times of waiting, two counts, and the shortest. */
		if (sscanf(colon + 1, "%*u %*u %*f %*f %*f %*f %*u %*u %*f %lf", &us) != 1)
			continue;
		if (found && us <= *longest_us)
			continue;
		found = true;
		*longest_us = us;
		snprintf(name, room, "%.*s", (int)(colon - start), start);
	}
	fclose(stat);
	return found;
}

static void expect_short(double us)
{
	if (!limit_us || us <= limit_us)
		return;
	ktap_note("that is more than %lld us", limit_us);
	ktap_fail();
}

static void end_counting(const char *what)
{
	char name[80];
	double us;

	EXPECT_OK(tell(COUNT_LOCKS, "0"));
	if (longest_lock(name, sizeof(name), &us)) {
		/* Of the machine's time it says little: it goes on while a CPU waits for one. */
		ktap_note("%s: a spinlock held for %.1f us%s at most: %s", what, us,
			  limit_us ? "" : " of the machine's", name);
		expect_short(us);
	}
	EXPECT_OK(tell(COUNT_LOCKS, "1"));
}

/* The word that follows a key in a line of the trace, if the key is there. */
static void find_after(const char *line, const char *key, char *to, size_t room)
{
	const char *at = strstr(line, key);

	if (!at)
		return;
	at += strlen(key);
	at += strspn(at, " ");
	snprintf(to, room, "%.*s", (int)strcspn(at, "\n "), at);
}

static void show_stack(FILE *trace)
{
	char line[256];
	int left = 0;

	rewind(trace);
	while (fgets(line, sizeof(line), trace)) {
		if (strstr(line, "<stack trace>"))
			left = STACK_LINES;
		if (left && left--)
			ktap_note("    %.*s", (int)strcspn(line, "\n"), line);
	}
}

static void end_tracing(const char *what)
{
	char line[256], first[80] = "?", last[80] = "?", task[80] = "?";
	long long longest_us = -1;
	FILE *trace;

	/* What is written and printed here is not to be measured. */
	EXPECT_OK(tell(TRACING "tracing_on", "0"));
	trace = fopen(TRACING "tracing_max_latency", "re");
	ktap_assert(trace && fscanf(trace, "%lld", &longest_us) == 1);
	fclose(trace);
	trace = fopen(TRACING "trace", "re");
	ktap_assert(trace);
	while (fgets(line, sizeof(line), trace)) {
		find_after(line, "=> started at:", first, sizeof(first));
		find_after(line, "=> ended at:", last, sizeof(last));
		find_after(line, "| task:", task, sizeof(task));
	}
	ktap_note("%s: preemption or interrupts off for %lld us at most: %s to %s (%s)", what,
		  longest_us, first, last, task);
	expect_short(longest_us);
	if (limit_us && longest_us > limit_us)
		show_stack(trace);
	fclose(trace);
	EXPECT_OK(tell(TRACING "tracing_on", "1"));
}

void holds_end(const char *what)
{
	if (traced)
		end_tracing(what);
	if (counted)
		end_counting(what);
	holds_begin();
}
