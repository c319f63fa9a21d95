// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pins.h"

/* The number after key at the start of a line of a file in /proc, or -1. */
static long long proc_value(const char *path, const char *key)
{
	long long value = -1;
	char line[256];
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)))
			continue;
		value = strtoll(line + strlen(key), NULL, 10);
		break;
	}
	fclose(f);
	return value;
}

/* Adds what each CPU still holds back of the numbers in /proc/vmstat. */
static void fold_vmstat(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, "1", 1) != 1)
			perror("stat_refresh");
		close(fd);
	}
}

long long pins_held_on(const char *path)
{
	fold_vmstat();
	return proc_value(path, "nr_foll_pin_acquired ") -
	       proc_value(path, "nr_foll_pin_released ");
}

long long pins_held(void)
{
	return pins_held_on("/proc/vmstat");
}

long long pins_vmstat(const char *name)
{
	char key[80];

	fold_vmstat();
	snprintf(key, sizeof(key), "%s ", name);
	return proc_value("/proc/vmstat", key);
}

long long pins_vmpin(void)
{
	return proc_value("/proc/self/status", "VmPin:") * 1024;
}

long long pins_vmlck(void)
{
	return proc_value("/proc/self/status", "VmLck:") * 1024;
}
