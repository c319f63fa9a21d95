// SPDX-License-Identifier: GPL-2.0-only
/*
 * e2e: what a peer costs, end to end, through its own system calls.
 *
 *	e2e --peer=type1|iommufd|fast|floor [--device=BDF] [Google Benchmark's flags]
 *
 * As root, with the peer's modules loaded and the device bound to vfio-pci (for floor: to nothing
 * that uses DMA). The device is QEMU's edu unless said otherwise; nothing is asked of it, it only
 * lends its IOMMU.
 *
 * Exit status: 0, 1 if a benchmark failed (the report says which), 2 if nothing could be run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "op.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8

static const struct peer *const peers[] = { &peer_type1, &peer_iommufd, &peer_fast, &peer_floor };

static const struct {
	const char *name;
	size_t bytes;
} sizes[] = {
	{ "4KiB", 4 * KIB },
	{ "64KiB", 64 * KIB },
	{ "1MiB", MIB },
	{ "16MiB", 16 * MIB },
	{ "256MiB", 256 * MIB },
	{ "1GiB", GIB },
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "error: %s: %s\n", what, why);
	exit(2);
}

/* The first line of a file, or an empty string. */
static void read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");

	line[0] = '\0';
	if (!file)
		return;
	if (!fgets(line, size, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

static unsigned long read_id(const char *bdf, const char *name)
{
	char path[300], line[32];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, name);
	read_line(path, line, sizeof(line));
	return strtoul(line, NULL, 16);
}

/* The address of the first edu device. */
static const char *find_edu(void)
{
	DIR *dir = opendir("/sys/bus/pci/devices");
	static char bdf[256];
	struct dirent *entry;

	while (dir && !bdf[0] && (entry = readdir(dir)))
		if (read_id(entry->d_name, "vendor") == EDU_VENDOR &&
		    read_id(entry->d_name, "device") == EDU_DEVICE)
			snprintf(bdf, sizeof(bdf), "%s", entry->d_name);
	if (dir)
		closedir(dir);
	return bdf[0] ? bdf : NULL;
}

/* What the report has to say about what ran: the kernel, and exactly which modules. */
static void describe(const struct peer *peer)
{
	char path[128], key[128], line[128];
	struct utsname name;
	size_t i;

	bench_context("peer", peer->name);
	bench_context("clock", bench_clock() == BENCH_CLOCK_INSN ? "instructions" : "nanoseconds");
	if (!uname(&name))
		bench_context("kernel", name.release);
	for (i = 0; peer->modules[i]; i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/srcversion", peer->modules[i]);
		read_line(path, line, sizeof(line));
		snprintf(key, sizeof(key), "srcversion_%s", peer->modules[i]);
		if (line[0])
			bench_context(key, line);
	}
}

/* The memory of a case stays until the end. */
static void add(const struct op_case *model, const char *size)
{
	struct op_case *c = malloc(sizeof(*c));
	char name[128];

	if (!c)
		die("malloc", strerror(errno));
	*c = *model;
	snprintf(name, sizeof(name), "%s/%s/%s/%s", c->op->name, c->kind ? c->kind->name : "none",
		 size, c->peer->name);
	bench_register(name, c->op->run, c, op_iterations(c), 0);
}

/* By shape, so that each is made once; and in the same order for every peer. */
static void add_all(const struct peer *peer, const char *bdf)
{
	struct op_case c = { .peer = peer, .bdf = bdf, .iova = OP_IOVA };
	size_t i;

	for (c.op = op_table; c.op->name; c.op++)
		if (c.op->applies(peer, NULL, 0))
			add(&c, "0");
	for (c.kind = shape_kinds; c.kind->name; c.kind++) {
		for (c.op = op_table; c.op->name; c.op++) {
			for (i = 0; i < COUNT(sizes); i++) {
				c.bytes = sizes[i].bytes;
				if (c.op->applies(peer, c.kind, c.bytes))
					add(&c, sizes[i].name);
			}
		}
	}
}

static const struct peer *find_peer(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(peers); i++)
		if (!strcmp(name, peers[i]->name))
			return peers[i];
	die(name, "no such peer (there are: type1 iommufd fast floor)");
	return NULL;
}

int main(int argc, char **argv)
{
	const struct peer *peer = NULL;
	const char *bdf = NULL;
	int i, rc;

	bench_init(&argc, argv);
	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--peer=", 7))
			peer = find_peer(argv[i] + 7);
		else if (!strncmp(argv[i], "--device=", 9))
			bdf = argv[i] + 9;
		else
			die(argv[i], "no option of e2e");
	}
	if (!peer)
		die("--peer=", "missing (there are: type1 iommufd fast floor)");
	if (!bdf)
		bdf = find_edu();

	add_all(peer, bdf);
	if (!bench_listing()) {
		/* Once beforehand, so that what is wrong from the start is said once. */
		if (!bdf)
			die("edu", "no such device; name one with --device=BDF");
		rc = peer->open(bdf);
		if (rc) {
			fprintf(stderr, "error: %s cannot open %s: %s\n", peer->name, bdf,
				strerror(-rc));
			return 2;
		}
		peer->close();
		describe(peer);
	}
	rc = bench_run();
	if (rc < 0)
		die("--benchmark_filter", "matches no benchmark");
	return rc ? 1 : 0;
}
