// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

void report_die(const char *what, const char *why)
{
	fprintf(stderr, "error: %s: %s\n", what, why);
	exit(2);
}

const struct peer *report_peer(const char *name, const struct peer *const *peers)
{
	char names[128] = "";
	size_t len = 0;

	for (; *peers; peers++) {
		if (!strcmp(name, (*peers)->name))
			return *peers;
		len += snprintf(names + len, sizeof(names) - len, " %s", (*peers)->name);
	}
	fprintf(stderr, "error: '%s' is no peer (there are:%s)\n", name, names);
	exit(2);
}

const struct peer *report_options(int argc, char **argv, const char *program,
				  const struct peer *const *peers, const char **bdf)
{
	const struct peer *peer = NULL;
	char why[64];
	int i;

	snprintf(why, sizeof(why), "no option of %s", program);
	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--peer=", 7))
			peer = report_peer(argv[i] + 7, peers);
		else if (bdf && !strncmp(argv[i], "--device=", 9))
			*bdf = argv[i] + 9;
		else
			report_die(argv[i], why);
	}
	if (!peer)
		report_die("--peer=", "missing");
	return peer;
}

int report_run(void)
{
	int rc = bench_run();

	if (rc < 0)
		report_die("--benchmark_filter", "matches no benchmark");
	return rc ? 1 : 0;
}

/* The first line of a file, or an empty string. */
static void read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");

	line[0] = '\0';
	if (!file)
		return;
	if (!fgets(line, size, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

void report_context(const struct peer *peer)
{
	char path[128], key[128], line[128];
	struct utsname name;
	size_t i;

	bench_context("peer", peer->name);
	bench_context("clock", bench_clock() == BENCH_CLOCK_INSN ? "instructions" : "nanoseconds");
	if (!uname(&name))
		bench_context("kernel", name.release);
	for (i = 0; peer->modules[i]; i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/srcversion", peer->modules[i]);
		read_line(path, line, sizeof(line));
		snprintf(key, sizeof(key), "srcversion_%s", peer->modules[i]);
		if (line[0])
			bench_context(key, line);
	}
}

bool report_failed(struct bench *b, const char *what, int rc)
{
	char text[256];

	if (!rc)
		return false;
	snprintf(text, sizeof(text), "%s: %s", what, strerror(-rc));
	bench_fail(b, text);
	return true;
}

const struct shape *report_shape(struct bench *b, const struct shape_kind *kind)
{
	const char *error;
	const struct shape *shape = shape_get(kind, &error);

	if (!shape)
		bench_fail(b, error);
	return shape;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double report_percentile(double *values, size_t count, unsigned int percent)
{
	size_t at = (count * percent + 99) / 100;

	qsort(values, count, sizeof(*values), compare);
	return values[at ? at - 1 : 0];
}
