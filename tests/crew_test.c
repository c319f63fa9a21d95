// SPDX-License-Identifier: GPL-2.0-only
/*
 * Helpers of a map, as the process sees them whose memory is mapped: what becomes of them when it
 * ends, stops, execs or forks, and that they have its limits. For a guest with several CPUs and
 * two nodes of memory.
 *
 * crew_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern.
 */
#include "crew.h"

static const struct ktap_suite * const suites[] = { &crew_life, &crew_limits, &crew_place, NULL };

int main(int argc, char **argv)
{
	struct ktap_hooks hooks = rig_hooks;

	/* Each faults in much memory; by the clock of a machine that may be busy. */
	hooks.case_seconds = 600;
	return ktap_main(argc, argv, &hooks, suites);
}
