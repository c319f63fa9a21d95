// SPDX-License-Identifier: GPL-2.0-only
/*
 * Very much, for long: what the module has to do with millions of mappings, a hundred thousand
 * objects and thousands of iommufds at once. Everything ends where it began, and nothing ever holds
 * a spinlock for longer than it may.
 *
 * soak_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern.
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "klog.h"
#include "soak.h"

/* A case is to end before its guest does. */
#define CASE_SECONDS 6000

struct soak_size soak = {
	.mappings = 10000000,
	.objects = 100000,
	.iofds = 4000,
	.devices = 64,
	.seconds = 120,
	.many = 100000,
};

static struct left before;

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *given = getenv(name);

	return given && *given ? strtoul(given, NULL, 0) : otherwise;
}

static void read_sizes(void)
{
	soak.mappings = number("MAPPINGS", soak.mappings);
	soak.objects = number("OBJECTS", soak.objects);
	soak.iofds = number("IOFDS", soak.iofds);
	soak.devices = number("DEVICES", soak.devices);
	soak.seconds = number("FOR", soak.seconds);
	soak.many = number("MANY", soak.many);
}

static int start(void)
{
	const struct rlimit files = { 1 << 18, 1 << 18 };
	int ret;

	read_sizes();
	if (setrlimit(RLIMIT_NOFILE, &files))
		perror("RLIMIT_NOFILE");
	ret = holds_open();
	return ret ? ret : klog_open(false);
}

static void note_left(void)
{
	before = left_take();
}

static int check_left_and_log(void)
{
	return klog_reports() + left_check(&before);
}

static const struct ktap_hooks hooks = {
	.start = start,
	.before = note_left,
	.after = check_left_and_log,
	.case_seconds = CASE_SECONDS,
};

static const struct ktap_suite * const suites[] = { &soak_long, &soak_load, NULL };

int main(int argc, char **argv)
{
	return ktap_main(argc, argv, &hooks, suites);
}
