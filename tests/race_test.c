// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many threads in one module at once. For a guest with several CPUs; elsewhere it proves half.
 *
 * race_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern.
 */
#include "race.h"
#include "rig.h"

static const struct ktap_suite * const suites[] = { &race_threads, &race_dmabufs, NULL };

int main(int argc, char **argv)
{
	return ktap_main(argc, argv, &rig_hooks, suites);
}
