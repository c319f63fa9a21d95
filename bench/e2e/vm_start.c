// SPDX-License-Identifier: GPL-2.0-only
/*
 * vm_start: what a VMM does with a device's IO address space when a guest starts, and when it ends.
 *
 *	vm_start --peer=type1|iommufd|fast [--device=BDF] [Google Benchmark's flags]
 *
 * As root, with the peer's modules loaded and the device bound to vfio-pci. It does what QEMU does
 * for a q35 machine: the device is opened and attached, the guest's memory is mapped in the few
 * regions that its address map cuts it into, and the device's BAR for other devices. Later the
 * device is detached, where the peer can do so with memory mapped, all is unmapped, and all is
 * closed.
 *
 * Each benchmark is vm/memory/size/peer, and has two figures: the start, and the end. What each
 * step takes of them is in counters of its own. Of several rounds the best counts, for what else
 * the machine does only adds to it.
 *
 * Exit status: as that of e2e.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "peer.h"
#include "report.h"

#define MAP_HUGE_SHIFT 26
#define HUGE_2M (MAP_HUGETLB | 21 << MAP_HUGE_SHIFT)
#define MFD_HUGE_2M (MFD_HUGETLB | 21 << MAP_HUGE_SHIFT)
/* Memory below the hole for devices, and where what does not fit there begins. */
#define LOW_BYTES (2 * GIB)
#define HIGH_IOVA (4 * GIB)
#define BAR_IOVA (3 * GIB)
#define MAX_ROUNDS 3

/**
 * struct memory - where a guest's memory comes from
 * @name: as in the names of benchmarks
 * @advice: for madvise(), or MADV_NORMAL
 * @flags: for mmap(), beside those of private memory
 * @memfd: it is a file, made with @memfd_flags
 * @memfd_flags: see @memfd
 * @by_file: it is mapped through its file and not through its address
 * @touched: the VMM has had it all made available before
 */
struct memory {
	const char *name;
	int advice;
	int flags;
	bool memfd;
	unsigned int memfd_flags;
	bool by_file;
	bool touched;
};

/*
 * Huge pages first, while there are some: reserved by the kernel they are in nobody's way, but free
 * memory is in pieces once base pages came out of it.
 */
static const struct memory memories[] = {
	{ .name = "hugetlb2m", .flags = HUGE_2M, .touched = true },
	{ .name = "hugetlb2m_untouched", .flags = HUGE_2M },
	{ .name = "mapfile", .memfd = true, .memfd_flags = MFD_HUGE_2M, .by_file = true,
	  .touched = true },
	{ .name = "thp", .advice = MADV_HUGEPAGE, .touched = true },
	{ .name = "thp_untouched", .advice = MADV_HUGEPAGE },
	{ .name = "base", .advice = MADV_NOHUGEPAGE, .touched = true },
	{ .name = "base_untouched", .advice = MADV_NOHUGEPAGE },
	{ .name = "memfd4k", .memfd = true, .touched = true },
	{ .name = "memfd4k_untouched", .memfd = true },
	{ .name = "mapfile4k", .memfd = true, .by_file = true, .touched = true },
	{ .name = "mapfile4k_untouched", .memfd = true, .by_file = true },
};

static const struct {
	const char *name;
	size_t bytes;
} sizes[] = {
	{ "1GiB", GIB },
	{ "2GiB", 2 * GIB },
	{ "4GiB", 4 * GIB },
};

/* The steps of a start, and of an end. */
enum step {
	STEP_OPEN,
	STEP_RAM,
	STEP_BAR,
	STEP_DETACH,
	STEP_UNMAP,
	STEP_CLOSE,
	NR_STEPS,
};

#define NR_START_STEPS STEP_DETACH

static const char *const step_names[] = {
	"start_open", "start_ram", "start_bar", "end_detach", "end_unmap", "end_close",
};

struct vm_case {
	const struct peer *peer;
	const char *bdf;
	const struct memory *memory;
	size_t bytes;
};

/* The memory of a case. */
static struct {
	size_t bytes;
	char *va;
	int fd;
} ram = { .fd = -1 };

static void ram_free(void)
{
	if (ram.bytes)
		munmap(ram.va, ram.bytes);
	if (ram.fd >= 0)
		close(ram.fd);
	ram.bytes = 0;
	ram.fd = -1;
}

/* How many huge pages the kernel keeps apart. That there are fewer shows when they are mapped. */
static void reserve_huge(size_t bytes)
{
	FILE *file = fopen("/proc/sys/vm/nr_hugepages", "we");

	if (!file)
		return;
	fprintf(file, "%zu\n", bytes / (2 * MIB));
	fclose(file);
}

static bool is_huge(const struct memory *memory)
{
	return memory->flags & MAP_HUGETLB || memory->memfd_flags & MFD_HUGETLB;
}

/* A place that is a multiple of 1 GiB, as the beginning of a guest's memory is in a VMM. */
static char *find_place(size_t bytes)
{
	char *va = mmap(NULL, bytes + GIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);

	if (va == MAP_FAILED)
		return NULL;
	munmap(va, bytes + GIB);
	return (char *)(((size_t)va + GIB - 1) & ~(GIB - 1));
}

static int ram_make(const struct memory *memory, size_t bytes)
{
	int flags = MAP_FIXED_NOREPLACE | memory->flags;
	char *place = find_place(bytes), *va;

	if (memory->memfd) {
		ram.fd = memfd_create("guest", MFD_CLOEXEC | memory->memfd_flags);
		if (ram.fd < 0 || ftruncate(ram.fd, bytes))
			return -errno;
		flags |= MAP_SHARED;
	} else {
		flags |= MAP_PRIVATE | MAP_ANONYMOUS;
	}
	va = place ? mmap(place, bytes, PROT_READ | PROT_WRITE, flags, ram.fd, 0) : MAP_FAILED;
	if (va == MAP_FAILED)
		return -ENOMEM;
	ram.bytes = bytes;
	ram.va = va;
	if (memory->advice != MADV_NORMAL && madvise(va, bytes, memory->advice))
		return -errno;
	/* What a VMM does that is told to preallocate. */
	if (memory->touched && madvise(va, bytes, MADV_POPULATE_WRITE))
		return -errno;
	return 0;
}

/* Memory for a case: always new, for what was pinned to be written to is made dirty once. */
static int ram_get(const struct memory *memory, size_t bytes)
{
	int rc;

	ram_free();
	reserve_huge(is_huge(memory) ? bytes : 0);
	rc = ram_make(memory, bytes);
	if (rc)
		ram_free();
	return rc;
}

/**
 * struct region - a part of a guest's memory
 * @iova: where the guest has it
 * @start: where it begins in the VMM's memory
 * @bytes: its length
 */
struct region {
	__u64 iova;
	size_t start;
	size_t bytes;
};

/* As QEMU's q35 machine has them; returns how many. */
static size_t find_regions(struct region *regions, size_t bytes)
{
	size_t low = bytes < LOW_BYTES ? bytes : LOW_BYTES;

	/* Memory of old, then the window for VGA, then what firmware is copied to. */
	regions[0] = (struct region){ 0, 0, 640 * KIB };
	regions[1] = (struct region){ 768 * KIB, 768 * KIB, 256 * KIB };
	regions[2] = (struct region){ MIB, MIB, low - MIB };
	regions[3] = (struct region){ HIGH_IOVA, low, bytes - low };
	return bytes > low ? 4 : 3;
}

static int map_ram(const struct vm_case *c, const struct space *space)
{
	struct region regions[4];
	size_t nr = find_regions(regions, c->bytes), i;
	int rc = 0;

	for (i = 0; i < nr && !rc; i++) {
		const struct shape part = {
			.va = ram.va + regions[i].start,
			.fd = ram.fd,
			.start = regions[i].start,
		};

		rc = c->memory->by_file ?
			     c->peer->map_file(space, &part, regions[i].bytes, regions[i].iova) :
			     c->peer->map(space, &part, regions[i].bytes, regions[i].iova);
	}
	return rc;
}

static int unmap_ram(const struct vm_case *c, const struct space *space)
{
	struct region regions[4];
	size_t nr = find_regions(regions, c->bytes), i;
	int rc = 0;

	for (i = 0; i < nr && !rc; i++)
		rc = c->peer->unmap(space, regions[i].iova, regions[i].bytes);
	return rc;
}

/* Sets @at[n] to when step n began, and the last one to when all was over. */
static int live(const struct vm_case *c, uint64_t *at)
{
	const struct peer *peer = c->peer;
	struct space space;
	int rc;

	at[STEP_OPEN] = bench_now();
	rc = peer->open(&space, c->bdf, NULL);
	if (rc)
		return rc;
	at[STEP_RAM] = bench_now();
	rc = map_ram(c, &space);
	at[STEP_BAR] = bench_now();
	if (!rc)
		rc = peer->map_bar(&space, BAR_IOVA);
	at[STEP_DETACH] = bench_now();
	if (!rc && peer->leave)
		rc = peer->leave(&space);
	at[STEP_UNMAP] = bench_now();
	if (!rc)
		rc = unmap_ram(c, &space);
	if (!rc)
		rc = peer->unmap_bar(&space, BAR_IOVA);
	at[STEP_CLOSE] = bench_now();
	peer->close(&space);
	at[NR_STEPS] = bench_now();
	return rc;
}

/* What a step took, or some of them; the best of @rounds. */
static double best(uint64_t (*at)[NR_STEPS + 1], unsigned int rounds, unsigned int from,
		   unsigned int to)
{
	double took[MAX_ROUNDS];
	unsigned int i;

	for (i = 0; i < rounds; i++)
		took[i] = at[i][to] - at[i][from];
	return report_percentile(took, rounds, 0);
}

static void run_vm(struct bench *b, void *ctx)
{
	const char *unit = bench_clock() == BENCH_CLOCK_INSN ? "insn" : "ns";
	static uint64_t at[MAX_ROUNDS][NR_STEPS + 1];
	const struct vm_case *c = ctx;
	unsigned int rounds = 0, i;
	char name[64];

	while (bench_next(b)) {
		if (report_failed(b, "the guest's memory", ram_get(c->memory, c->bytes)) ||
		    report_failed(b, c->peer->name, live(c, at[rounds])))
			return;
		bench_time(b, at[rounds][NR_STEPS] - at[rounds][0]);
		rounds++;
	}
	snprintf(name, sizeof(name), "%s_start", unit);
	bench_counter(b, name, best(at, rounds, 0, NR_START_STEPS));
	snprintf(name, sizeof(name), "%s_end", unit);
	bench_counter(b, name, best(at, rounds, NR_START_STEPS, NR_STEPS));
	for (i = 0; i < NR_STEPS; i++) {
		snprintf(name, sizeof(name), "%s_%s", unit, step_names[i]);
		bench_counter(b, name, best(at, rounds, i, i + 1));
	}
}

static void add_all(const struct peer *peer, const char *bdf)
{
	static struct vm_case cases[REPORT_COUNT(memories) * REPORT_COUNT(sizes)];
	/* Counted instructions are the same each time. */
	unsigned int rounds = bench_clock() == BENCH_CLOCK_INSN ? 1 : MAX_ROUNDS;
	struct vm_case *c = cases;
	char name[128];
	size_t i, j;

	for (i = 0; i < REPORT_COUNT(memories); i++) {
		if (memories[i].by_file && !peer->map_file)
			continue;
		for (j = 0; j < REPORT_COUNT(sizes); j++) {
			*c = (struct vm_case){ peer, bdf, &memories[i], sizes[j].bytes };
			snprintf(name, sizeof(name), "vm/%s/%s/%s", memories[i].name,
				 sizes[j].name, peer->name);
			bench_register(name, run_vm, c, rounds, 0);
			c++;
		}
	}
}

int main(int argc, char **argv)
{
	static const struct peer *const peers[] = { &peer_type1, &peer_iommufd, &peer_fast, NULL };
	const struct peer *peer;
	const char *bdf = NULL;
	int status;

	bench_init(&argc, argv);
	peer = report_options(argc, argv, "vm_start", peers, &bdf);
	if (!bdf)
		bdf = edu_find(0);
	add_all(peer, bdf);
	if (!bench_listing()) {
		if (!bdf)
			report_die("edu", "no such device; name one with --device=BDF");
		report_context(peer);
	}
	status = report_run();
	ram_free();
	return status;
}
