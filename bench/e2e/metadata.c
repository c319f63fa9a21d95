// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that is allocated on an otherwise idle machine is counted: objects of the slab
 * allocator, one by one, and pages by what is no longer free. What the difference cannot be is the
 * user's memory (which is there before and after), IO page tables (which are counted apart) or what
 * a CPU or a cache keeps at hand (which is given back, or counted as free).
 *
 * The files that say so are opened once: looking them up again would take memory.
 */
#include "metadata.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "report.h"
#include "round.h"

#define SLAB "/sys/kernel/slab"
#define MAX_CACHES 1000
/* The longest that memory waits for an RCU grace period, together with others, to be freed. */
#define SETTLE_SECONDS 12
#define MAX_TRIES 8

/**
 * struct usage - the memory of the machine
 * @object_bytes: in objects of slab caches
 * @other_pages: neither free nor in slab caches nor in IO page tables
 * @io_table_pages: in IO page tables
 */
struct usage {
	long long object_bytes;
	long long other_pages;
	long long io_table_pages;
};

/* A slab cache's files, and what does not change. */
struct cache {
	int shrink;
	int objects;
	int slabs;
	long long size;
	long long order;
};

static struct cache caches[MAX_CACHES];
static unsigned int ncaches;
static int vmstat = -1, zoneinfo = -1, refresh = -1;

static int open_in(const char *dir, const char *name, int flags)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -1;
	return open(path, flags | O_CLOEXEC);
}

/* The number at the beginning of a small file. -1 if there is none. */
static long long read_number(int fd)
{
	char text[32];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	if (len <= 0)
		return -1;
	text[len] = '\0';
	return atoll(text);
}

/* The same of one that is not needed again. */
static long long number_in(const char *dir, const char *name)
{
	int fd = open_in(dir, name, O_RDONLY);
	long long number = read_number(fd);

	close(fd);
	return number;
}

static bool write_one(int fd)
{
	return pwrite(fd, "1", 1, 0) == 1;
}

/* Sums what follows a word wherever a line of a file begins with it, after blanks. */
static long long sum_lines(int fd, const char *word)
{
	static char text[64 * KIB];
	ssize_t len, at = 0;
	long long sum = 0;
	char *line, *end;

	do {
		len = pread(fd, text + at, sizeof(text) - 1 - at, at);
		at += len > 0 ? len : 0;
	} while (len > 0);
	if (len < 0 || !at)
		return -1;
	text[at] = '\0';
	for (line = text; line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		line += strspn(line, " ");
		if (!strncmp(line, word, strlen(word)))
			sum += atoll(line + strlen(word));
	}
	return sum;
}

static bool open_cache(struct cache *cache, const char *dir)
{
	cache->size = number_in(dir, "slab_size");
	cache->order = number_in(dir, "order");
	cache->shrink = open_in(dir, "shrink", O_WRONLY);
	cache->objects = open_in(dir, "objects", O_RDONLY);
	cache->slabs = open_in(dir, "slabs", O_RDONLY);
	return cache->size > 0 && cache->order >= 0 && cache->shrink >= 0 && cache->objects >= 0 &&
	       cache->slabs >= 0;
}

static bool open_caches(void)
{
	const struct rlimit many = { 4 * MAX_CACHES, 4 * MAX_CACHES };
	DIR *all = opendir(SLAB);
	struct dirent *entry;
	char dir[PATH_MAX];
	bool good = all && !setrlimit(RLIMIT_NOFILE, &many);

	while (good && (entry = readdir(all))) {
		/* Others are second names of these. */
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(dir, sizeof(dir), SLAB "/%s", entry->d_name);
		good = ncaches < MAX_CACHES && open_cache(&caches[ncaches++], dir);
	}
	if (all)
		closedir(all);
	return good && ncaches;
}

/* Whether the kernel says all that is needed. */
static bool open_all(void)
{
	static bool tried, good;

	if (!tried) {
		tried = true;
		vmstat = open_in("/proc", "vmstat", O_RDONLY);
		zoneinfo = open_in("/proc", "zoneinfo", O_RDONLY);
		refresh = open_in("/proc/sys/vm", "stat_refresh", O_WRONLY);
		good = open_caches() && vmstat >= 0 && zoneinfo >= 0 && refresh >= 0;
	}
	return good;
}

/* Lets what is freed but has to wait for it be freed indeed, and what is kept at hand as well. */
static bool settle(void)
{
	const struct timespec time = { .tv_sec = SETTLE_SECONDS };
	bool good = true;
	unsigned int i;

	nanosleep(&time, NULL);
	for (i = 0; i < ncaches && good; i++)
		good = write_one(caches[i].shrink);
	return good && write_one(refresh);
}

static bool read_once(struct usage *usage)
{
	long long objects, slabs, free, at_hand;
	unsigned int i;

	*usage = (struct usage){ .other_pages = sysconf(_SC_PHYS_PAGES) };
	if (!settle())
		return false;
	for (i = 0; i < ncaches; i++) {
		objects = read_number(caches[i].objects);
		slabs = read_number(caches[i].slabs);
		if (objects < 0 || slabs < 0)
			return false;
		usage->object_bytes += objects * caches[i].size;
		usage->other_pages -= slabs << caches[i].order;
	}
	free = sum_lines(vmstat, "nr_free_pages ");
	/* Of each CPU and zone. */
	at_hand = sum_lines(zoneinfo, "count:");
	usage->io_table_pages = sum_lines(vmstat, "nr_iommu_pages ");
	if (free < 0 || at_hand < 0 || usage->io_table_pages < 0)
		return false;
	usage->other_pages -= free + at_hand + usage->io_table_pages;
	return true;
}

/* Until two readings agree: now and then something else is still on its way. */
static bool read_usage(struct usage *usage)
{
	struct usage last = {};
	unsigned int tries;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		if (!read_once(usage))
			return false;
		if (!memcmp(usage, &last, sizeof(last)))
			return true;
		last = *usage;
	}
	return false;
}

bool metadata_applies(const struct op_case *c)
{
	/* Where time passes for nothing it is too long to wait. */
	return c->kind->use == SHAPE_RANGES && c->bytes == c->kind->bytes &&
	       bench_clock() == BENCH_CLOCK_INSN;
}

/* So many that what is counted by pages is not lost in what a page is. */
static unsigned long count_maps(const struct op_case *c)
{
	return c->kind->leaf_bytes > PAGE_BYTES ? 16 : 4;
}

/* Some more maps, or their unmaps. Whether all went well. */
static bool each_map(struct bench *b, const struct op_case *c, int (*op)(const struct op_case *c),
		     const char *what)
{
	struct op_case each = *c;
	unsigned long n;

	for (n = 0; n < count_maps(c); n++) {
		each.iova = OP_IOVA + n * GIB;
		if (report_failed(b, what, op(&each)))
			return false;
	}
	return true;
}

/*
 * The kernel has caches of its own, of files for one, and may let go of some meanwhile: what there
 * is before has to be there afterwards.
 */
void metadata_report(struct bench *b, const struct op_case *c)
{
	double gib = (double)(count_maps(c) * c->bytes) / GIB;
	struct usage before, between, after;
	unsigned int tries;

	if (!open_all() || !read_usage(&before))
		return;
	for (tries = 0; tries < MAX_TRIES; tries++) {
		if (!each_map(b, c, op_map, "another map"))
			return;
		if (!read_usage(&between))
			return;
		if (!each_map(b, c, op_unmap, "another unmap"))
			return;
		if (!read_usage(&after))
			return;
		if (!memcmp(&before, &after, sizeof(after)))
			break;
		before = after;
	}
	if (tries == MAX_TRIES)
		return;
	bench_counter(b, "bytes_per_gib",
		      (between.object_bytes - before.object_bytes +
		       (between.other_pages - before.other_pages) * (double)PAGE_BYTES) / gib);
	bench_counter(b, "io_table_bytes_per_gib",
		      (between.io_table_pages - before.io_table_pages) * (double)PAGE_BYTES / gib);
}
