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
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../profile/mark.h"
#include "edu.h"
#include "op_table.h"
#include "report.h"

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

static void run(struct bench *b, void *ctx)
{
	const struct op_case *c = ctx;

	mark(MARK_BENCHMARK);
	c->op->run(b, ctx);
}

/* The memory of a case stays until the end. */
static void add(const struct op_case *model, const char *size)
{
	struct op_case *c = malloc(sizeof(*c));
	char name[128];

	if (!c)
		report_die("malloc", strerror(errno));
	*c = *model;
	snprintf(name, sizeof(name), "%s/%s/%s/%s", c->op->name, c->kind ? c->kind->name : "none",
		 size, c->peer->name);
	bench_register(name, run, c, op_iterations(c), 0);
}

/* By shape, so that each is made once; and in the same order for every peer. */
static void add_all(const struct peer *peer, const char *bdf)
{
	/* One is open at a time. */
	static struct space space;
	struct op_case c = { .peer = peer, .bdf = bdf, .space = &space, .iova = OP_IOVA };
	size_t i;

	for (c.op = op_table; c.op->name; c.op++)
		if (c.op->applies(peer, NULL, 0))
			add(&c, "0");
	for (c.kind = shape_kinds; c.kind->name; c.kind++) {
		for (c.op = op_table; c.op->name; c.op++) {
			for (i = 0; i < REPORT_COUNT(sizes); i++) {
				c.bytes = sizes[i].bytes;
				if (c.op->applies(peer, c.kind, c.bytes))
					add(&c, sizes[i].name);
			}
		}
	}
}

int main(int argc, char **argv)
{
	static const struct peer *const peers[] = {
		&peer_type1, &peer_iommufd, &peer_fast, &peer_floor, NULL
	};
	const struct peer *peer;
	const char *bdf = NULL;
	struct space space;
	int rc;

	bench_init(&argc, argv);
	peer = report_options(argc, argv, "e2e", peers, &bdf);
	if (!bdf)
		bdf = edu_find(0);

	add_all(peer, bdf);
	if (!bench_listing()) {
		/* Once beforehand, so that what is wrong from the start is said once. */
		if (!bdf)
			report_die("edu", "no such device; name one with --device=BDF");
		rc = peer->open(&space, bdf, NULL);
		if (rc) {
			fprintf(stderr, "error: %s cannot open %s: %s\n", peer->name, bdf,
				strerror(-rc));
			return 2;
		}
		peer->close(&space);
		report_context(peer);
	}
	return report_run();
}
