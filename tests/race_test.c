// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many threads in one module at once, and memory on several nodes. For a guest with several CPUs
 * and nodes; elsewhere it proves half.
 *
 * race_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern.
 */
#include <stdlib.h>

#include "race.h"
#include "rig.h"

static const struct ktap_suite * const suites[] = {
	&race_threads, &race_nodes, &race_memory, NULL
};

int main(int argc, char **argv)
{
	const char *seconds = getenv("FOR");
	struct ktap_hooks hooks = rig_hooks;

	/* memory/everything lasts for as long as it is told to. */
	hooks.case_seconds = 120;
	if (seconds)
		hooks.case_seconds += atoi(seconds);
	return ktap_main(argc, argv, &hooks, suites);
}
