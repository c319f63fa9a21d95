// SPDX-License-Identifier: GPL-2.0-only
/*
 * bandwidth: how fast much memory is mapped and unmapped, in GB/s.
 *
 *	bandwidth --peer=type1|iommufd|fast [--device=BDF] [--mib=N]
 *
 * As root, with the peer's modules loaded and the device bound to vfio-pci; it lends its IOMMU, and
 * is QEMU's edu unless said otherwise. One call maps all of it and one unmaps it, as a virtual
 * machine's memory is: 16 GiB, or three quarters of what there is, or N MiB. The memory has been
 * touched: THP, base pages, and hugetlbfs where so many huge pages are reserved. Of the rounds the
 * best is printed, and the median. A GB is 10^9 bytes.
 *
 * Exit status: 0, 1 if a map or an unmap failed, 2 if nothing could be run.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "edu.h"
#include "peer.h"
#include "report.h"

#define MAP_HUGE_SHIFT 26
#define MAX_BYTES (16 * GIB)
#define IOVA (64 * GIB)
#define ROUNDS 7

/**
 * struct memory_kind - where the memory comes from
 * @name: what is printed
 * @flags: for mmap(), beside those of private memory
 * @advice: for madvise(), or MADV_NORMAL
 * @leaf_bytes: its length is a multiple of this
 */
struct memory_kind {
	const char *name;
	int flags;
	int advice;
	size_t leaf_bytes;
};

static const struct memory_kind kinds[] = {
	{ "thp", 0, MADV_HUGEPAGE, 2 * MIB },
	{ "base pages", 0, MADV_NOHUGEPAGE, 2 * MIB },
	{ "hugetlbfs 2 MiB", MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, MADV_NORMAL, 2 * MIB },
	{ "hugetlbfs 1 GiB", MAP_HUGETLB | 30 << MAP_HUGE_SHIFT, MADV_NORMAL, GIB },
};

/* The beginning is aligned as the largest entry of an IO page table is. */
static void *reserve(void)
{
	char *va = mmap(NULL, MAX_BYTES + GIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (va == MAP_FAILED)
		report_die("mmap", strerror(errno));
	return (void *)(((size_t)va + GIB - 1) & ~(GIB - 1));
}

/* Memory of that kind there, touched; or -errno, and nothing of it. */
static int populate(const struct memory_kind *kind, void *va, size_t bytes)
{
	int rc = 0;

	if (mmap(va, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | kind->flags, -1, 0) == MAP_FAILED)
		rc = -errno;
	if (!rc && kind->advice != MADV_NORMAL && madvise(va, bytes, kind->advice))
		rc = -errno;
	if (!rc && madvise(va, bytes, MADV_POPULATE_WRITE))
		rc = -errno;
	return rc;
}

static void release(void *va, size_t bytes)
{
	if (mmap(va, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		report_die("mmap", strerror(errno));
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* One more than ROUNDS: the first one finds caches and tables as nobody needs them. */
static int measure(const struct peer *peer, const struct space *space, void *va, size_t bytes,
		   double *map, double *unmap)
{
	const struct shape shape = { .va = va, .fd = -1 };
	int round, rc;

	for (round = -1; round < ROUNDS; round++) {
		double begun = seconds(), mapped;

		rc = peer->map(space, &shape, bytes, IOVA);
		if (rc)
			return rc;
		mapped = seconds();
		rc = peer->unmap(space, IOVA, bytes);
		if (rc)
			return rc;
		if (round < 0)
			continue;
		map[round] = mapped - begun;
		unmap[round] = seconds() - mapped;
	}
	return 0;
}

static double best(double *times, size_t bytes)
{
	return bytes / report_percentile(times, ROUNDS, 0) / 1e9;
}

static double median(double *times, size_t bytes)
{
	return bytes / report_percentile(times, ROUNDS, 50) / 1e9;
}

/* What is to be mapped: no more than three quarters of the memory that is free. */
static size_t default_bytes(void)
{
	struct sysinfo info;
	size_t bytes;

	if (sysinfo(&info))
		report_die("sysinfo", strerror(errno));
	bytes = (size_t)info.freeram * info.mem_unit / 4 * 3;
	return bytes < MAX_BYTES ? bytes : MAX_BYTES;
}

static size_t parse_mib(const char *text)
{
	char *end;
	unsigned long mib = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || mib < 2 || mib > MAX_BYTES / MIB)
		report_die(text, "no number of MiB from 2 to 16384");
	return mib * MIB;
}

int main(int argc, char **argv)
{
	static const struct peer *const peers[] = {
		&peer_type1, &peer_iommufd, &peer_fast, NULL
	};
	double map[ROUNDS], unmap[ROUNDS];
	const struct peer *peer = NULL;
	const char *bdf = NULL;
	struct space space;
	size_t bytes = 0, n, length;
	int i, rc, status = 2;
	void *va;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--peer=", 7))
			peer = report_peer(argv[i] + 7, peers);
		else if (!strncmp(argv[i], "--device=", 9))
			bdf = argv[i] + 9;
		else if (!strncmp(argv[i], "--mib=", 6))
			bytes = parse_mib(argv[i] + 6);
		else
			report_die(argv[i], "no option of bandwidth");
	}
	if (!peer)
		report_die("--peer=", "missing");
	if (!bdf)
		bdf = edu_find(0);
	if (!bdf)
		report_die("edu", "no such device; name one with --device=BDF");
	if (!bytes)
		bytes = default_bytes();
	va = reserve();
	rc = peer->open(&space, bdf, NULL);
	if (rc)
		report_die(bdf, strerror(-rc));

	printf("%-16s %8s  %20s  %20s\n", "GB/s", "MiB", "map best (median)",
	       "unmap best (median)");
	for (n = 0; n < REPORT_COUNT(kinds); n++) {
		const struct memory_kind *kind = &kinds[n];

		length = bytes & ~(kind->leaf_bytes - 1);
		rc = length ? populate(kind, va, length) : -ENOMEM;
		if (rc) {
			printf("%-16s %8s  there is not so much of it: %s\n", kind->name, "",
			       strerror(-rc));
			release(va, bytes);
			continue;
		}
		rc = measure(peer, &space, va, length, map, unmap);
		release(va, length);
		if (rc) {
			printf("%-16s %8zu  failed: %s\n", kind->name, length / MIB, strerror(-rc));
			status = 1;
			break;
		}
		printf("%-16s %8zu  %10.2f (%7.2f)  %10.2f (%7.2f)\n", kind->name, length / MIB,
		       best(map, length), median(map, length), best(unmap, length),
		       median(unmap, length));
		fflush(stdout);
		status = status == 2 ? 0 : status;
	}
	peer->close(&space);
	return status;
}
