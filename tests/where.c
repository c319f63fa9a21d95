// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "where.h"

/* The directory of a thread; its longest name is that of what is read below it. */
#define DIR_LEN 64

static FILE *open_in(const char *dir, const char *name)
{
	char path[DIR_LEN + 16];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fopen(path, "re");
}

/* Prints each line of a file, where there is one that may be read: a stack is root's. */
static void print_lines(const char *dir, const char *name)
{
	FILE *file = open_in(dir, name);
	char line[200];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		ktap_note("    %s: %s", name, line);
	}
	fclose(file);
}

/* What stands behind the last parenthesis of stat: the state, the parent, the group. */
static bool read_stat(const char *dir, char *state, pid_t *group)
{
	FILE *file = open_in(dir, "stat");
	char stat[512] = "", *rest;
	bool good;

	if (!file)
		return false;
	good = fgets(stat, sizeof(stat), file);
	fclose(file);
	rest = strrchr(stat, ')');
	return good && rest && sscanf(rest, ") %c %*d %d", state, group) == 2;
}

static void print_threads(pid_t pid)
{
	char tasks[DIR_LEN / 2], dir[DIR_LEN], state;
	struct dirent *entry;
	pid_t group;
	DIR *all;

	snprintf(tasks, sizeof(tasks), "/proc/%d/task", pid);
	all = opendir(tasks);
	if (!all)
		return;
	while ((entry = readdir(all))) {
		snprintf(dir, sizeof(dir), "%s/%d", tasks, atoi(entry->d_name));
		if (!atoi(entry->d_name) || !read_stat(dir, &state, &group))
			continue;
		ktap_note("thread %s of %d, state %c", entry->d_name, pid, state);
		print_lines(dir, "syscall");
		print_lines(dir, "stack");
	}
	closedir(all);
}

void where_print(pid_t group)
{
	DIR *all = opendir("/proc");
	struct dirent *entry;

	if (!all)
		return;
	while ((entry = readdir(all))) {
		char dir[DIR_LEN], state;
		pid_t pid = atoi(entry->d_name), its;

		snprintf(dir, sizeof(dir), "/proc/%d", pid);
		if (pid && read_stat(dir, &state, &its) && its == group)
			print_threads(pid);
	}
	closedir(all);
}
