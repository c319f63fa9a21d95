// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a device still reads and writes what the API promises when memory is changed in all the
 * ways that the kernel knows, before it is mapped, in the midst of it, and afterwards.
 *
 * mem_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern.
 */
#include "mem.h"
#include "rig.h"

static const struct ktap_suite * const suites[] = {
	&mem_remap, &mem_file, &mem_huge, &mem_broken, &mem_no_memory, &mem_swapped, &mem_alike,
	&mem_faults, &mem_limits,
	/* Last: memory that is taken out takes huge pages with it, and what is bad stays so. */
	&mem_moved, &mem_bad, NULL,
};

int main(int argc, char **argv)
{
	return ktap_main(argc, argv, &rig_hooks, suites);
}
