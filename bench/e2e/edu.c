// SPDX-License-Identifier: GPL-2.0-only
#include "edu.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define DEVICES "/sys/bus/pci/devices"
#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8

static unsigned long read_id(const char *bdf, const char *name)
{
	unsigned long id = 0;
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", bdf, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%lx", &id) != 1)
		id = 0;
	fclose(file);
	return id;
}

static int is_edu(const struct dirent *entry)
{
	return read_id(entry->d_name, "vendor") == EDU_VENDOR &&
	       read_id(entry->d_name, "device") == EDU_DEVICE;
}

const char *edu_find(unsigned int nth)
{
	static char bdf[256];
	struct dirent **found;
	int n, count = scandir(DEVICES, &found, is_edu, alphasort);

	bdf[0] = '\0';
	for (n = 0; n < count; n++) {
		if (n == (int)nth)
			snprintf(bdf, sizeof(bdf), "%s", found[n]->d_name);
		free(found[n]);
	}
	if (count >= 0)
		free(found);
	return bdf[0] ? bdf : NULL;
}
