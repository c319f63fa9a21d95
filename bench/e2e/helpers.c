// SPDX-License-Identifier: GPL-2.0-only
#include "helpers.h"

#include <errno.h>
#include <stdio.h>

int helpers_get(unsigned int *nr)
{
	FILE *file = fopen(HELPERS_PATH, "re");
	int found;

	if (!file)
		return -errno;
	found = fscanf(file, "%u", nr);
	fclose(file);
	return found == 1 ? 0 : -EINVAL;
}

int helpers_set(unsigned int nr)
{
	FILE *file = fopen(HELPERS_PATH, "we");

	if (!file)
		return -errno;
	fprintf(file, "%u\n", nr);
	return fclose(file) ? -errno : 0;
}
