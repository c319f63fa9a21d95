// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel has left. Numbers of things are exact. Memory is not: SLUB keeps slabs that are
 * empty or have a free object for each CPU and cache, percpu memory grows by a chunk at a time, and
 * what ends by RCU or a workqueue ends later. So it is waited for, after all caches were told to
 * shrink, and SLACK_KIB of each may stay: of the ten million areas that is less than a byte each.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pins.h"
#include "soak.h"
#include "util.h"

#define SLACK_KIB 4096
#define PATIENCE_SECONDS 30

static long long number_in(const char *path, const char *key)
{
	long long value = -1;
	char line[256];
	FILE *f = fopen(path, "re");

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)))
			continue;
		value = atoll(line + strlen(key));
		break;
	}
	fclose(f);
	return value;
}

static long long entries_of(const char *path)
{
	DIR *dir = opendir(path);
	long long n = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static long long memory_kib(const char *key)
{
	return number_in("/proc/meminfo", key);
}

static struct left take(void)
{
	return (struct left){
		.slab_kib = memory_kib("SUnreclaim:"),
		.percpu_kib = memory_kib("Percpu:"),
		.vmalloc_kib = memory_kib("VmallocUsed:"),
		.stack_kib = memory_kib("KernelStack:"),
		.tables_kib = memory_kib("PageTables:") + memory_kib("SecPageTables:"),
		.pins = pins_held(),
		.files = number_in("/proc/sys/fs/file-nr", ""),
		.module_users = number_in("/sys/module/iommufd/refcnt", ""),
		.devices = entries_of("/sys/bus/iommufd_mock/devices"),
		.groups = entries_of("/sys/kernel/iommu_groups"),
	};
}

/* Whatever is kept in case that it is needed again. */
static void shrink_caches(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[320];
	int fd;

	fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "3", 1) != 1)
			perror("drop_caches");
		close(fd);
	}
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (write(fd, "1", 1) != 1)
			perror(path);
		close(fd);
	}
	if (dir)
		closedir(dir);
}

struct left left_take(void)
{
	shrink_caches();
	return take();
}

static const struct {
	const char *name;
	size_t offset;
	long long slack;
} numbers[] = {
	{ "KiB of slab", offsetof(struct left, slab_kib), SLACK_KIB },
	{ "KiB of percpu memory", offsetof(struct left, percpu_kib), SLACK_KIB },
	{ "KiB of vmalloc", offsetof(struct left, vmalloc_kib), SLACK_KIB },
	{ "KiB of stacks", offsetof(struct left, stack_kib), SLACK_KIB },
	{ "KiB of page tables", offsetof(struct left, tables_kib), SLACK_KIB },
	{ "pins", offsetof(struct left, pins), 0 },
	{ "open files", offsetof(struct left, files), 0 },
	{ "users of the module", offsetof(struct left, module_users), 0 },
	{ "mock devices", offsetof(struct left, devices), 0 },
	{ "IOMMU groups", offsetof(struct left, groups), 0 },
};

static long long number_of(const struct left *left, size_t i)
{
	return *(const long long *)((const char *)left + numbers[i].offset);
}

static bool is_more(const struct left *before, const struct left *now, size_t i)
{
	return number_of(now, i) > number_of(before, i) + numbers[i].slack;
}

static int count_more(const struct left *before, const struct left *now)
{
	int more = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		more += is_more(before, now, i);
	return more;
}

void left_print(const char *what, const struct left *left)
{
	char text[400];
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		n += snprintf(text + n, sizeof(text) - n, "%s%lld %s", i ? ", " : "",
			      number_of(left, i), numbers[i].name);
	ktap_note("%s: %s", what, text);
}

int left_check(const struct left *before)
{
	struct left now;
	int more, waited;
	size_t i;

	for (waited = 0; waited < PATIENCE_SECONDS; waited++) {
		now = left_take();
		more = count_more(before, &now);
		if (!more)
			break;
		sleep(1);
	}
	left_print("before", before);
	left_print("after", &now);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (is_more(before, &now, i))
			ktap_note("%lld %s are left", number_of(&now, i) - number_of(before, i),
				  numbers[i].name);
	}
	return more;
}
