// SPDX-License-Identifier: GPL-2.0-only
/* Mappings that a device may only read, or only write. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "rig.h"
#include "util.h"

#define IOVA GIB
#define LEN 512

static void expect_reads(struct rig *rig, __u64 iova, const void *va, bool allowed)
{
	const void *seen = rig_fetch(rig, &rig->edu[0], iova, LEN);

	if (allowed)
		EXPECT_BYTES(va, seen, LEN);
	else
		EXPECT_TRUE(rig_nothing_leaked(va, seen, LEN));
}

static void expect_writes(struct rig *rig, __u64 iova, void *va, bool allowed)
{
	unsigned char before[LEN], data[LEN];
	__u64 seed = ktap_seed() ^ iova;

	memcpy(before, va, LEN);
	memory_fill(data, LEN, ktap_random(&seed));
	rig_store(rig, &rig->edu[0], iova, data, LEN);
	EXPECT_BYTES(allowed ? data : before, va, LEN);
}

/* A table of SMMUv3's first stage has no right to write alone. */
#ifdef __aarch64__
#define READABLE (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#else
#define READABLE IOMMU_IOAS_MAP_READABLE
#endif

struct rights {
	enum shape shape;
	__u32 flags;
};

static void run_rights(const void *arg)
{
	const struct rights *r = arg;
	size_t bytes = 4 * MIB;
	__u64 iova = IOVA;
	struct memory mem;
	struct rig rig;

	memory_alloc(&mem, r->shape, bytes);
	memory_fill(mem.va, bytes, ktap_seed());
	rig_open_attached(&rig, 1);
	ASSERT_OK(memory_map(&mem, rig.iofd, rig.ioas, r->flags | IOMMU_IOAS_MAP_FIXED_IOVA, 0,
			     bytes, &iova));
	expect_reads(&rig, iova, mem.va, r->flags & READABLE);
	expect_writes(&rig, iova, mem.va, r->flags & IOMMU_IOAS_MAP_WRITEABLE);
	expect_reads(&rig, iova + bytes - LEN, mem.va + bytes - LEN, r->flags & READABLE);
	expect_writes(&rig, iova + bytes - LEN, mem.va + bytes - LEN,
		      r->flags & IOMMU_IOAS_MAP_WRITEABLE);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, iova, bytes));

	/* What one mapping forbids, another of the same memory may allow. */
	ASSERT_OK(memory_map(&mem, rig.iofd, rig.ioas, IOAS_FIXED_RW, 0, bytes, &iova));
	expect_reaches(&rig, &rig.edu[0], iova, mem.va, LEN);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, iova, bytes));
	rig_close(&rig);
	memory_free(&mem);
}

/* The process may only read: a read-only mapping is fine, a writeable one is not. */
static void run_protected(const void *arg)
{
	__u32 readable = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE;
	enum shape shape = *(const enum shape *)arg;
	__u64 iova = IOVA;
	struct memory mem;
	struct rig rig;

	memory_alloc(&mem, shape, 2 * MIB);
	memory_fill(mem.va, mem.bytes, ktap_seed());
	ASSERT_EQ(0, mprotect(mem.va, mem.bytes, PROT_READ));
	rig_open_attached(&rig, 1);
	EXPECT_ERR(-EFAULT, ioas_map_at(rig.iofd, rig.ioas, mem.va, mem.bytes, iova));
	ASSERT_OK(memory_map(&mem, rig.iofd, rig.ioas, readable, 0, mem.bytes, &iova));
	expect_reads(&rig, iova, mem.va, true);
	expect_writes(&rig, iova, mem.va, false);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, iova, mem.bytes));
	rig_close(&rig);
	memory_free(&mem);
}

/*
 * Memory never written is the shared zero page, small or huge, until the first write; the device
 * must see what comes after it.
 */
static void run_zero_page(const void *arg)
{
	__u32 readable = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE;
	static const unsigned char zeros[LEN];
	size_t bytes = 4 * MIB, area = bytes + 2 * MIB;
	int advice = *(const int *)arg;
	unsigned char *start, *va;
	__u64 iova = IOVA;
	struct rig rig;

	start = mmap(NULL, area, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(start != MAP_FAILED);
	va = start + -(unsigned long)start % (2 * MIB);
	ASSERT_EQ(0, madvise(start, area, advice));
	EXPECT_BYTES(zeros, va, LEN);
	EXPECT_BYTES(zeros, va + bytes - LEN, LEN);
	rig_open_attached(&rig, 1);
	ASSERT_OK(ioas_map(rig.iofd, rig.ioas, readable, va, bytes, &iova));
	expect_reads(&rig, iova, va, true);
	expect_writes(&rig, iova, va, false);
	memory_fill(va, bytes, ktap_seed());
	expect_reads(&rig, iova, va, true);
	expect_reads(&rig, iova + MIB, va + MIB, true);
	expect_reads(&rig, iova + bytes - LEN, va + bytes - LEN, true);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, iova, bytes));
	rig_close(&rig);
	EXPECT_EQ(0, munmap(start, area));
}

#define RIGHTS(_name, _shape, _flags) \
	{ _name, run_rights, &(const struct rights){ _shape, _flags } }
#define READ_ONLY(_name, _shape) \
	RIGHTS("read-only-" _name, _shape, IOMMU_IOAS_MAP_READABLE)
#define WRITE_ONLY(_name, _shape) \
	RIGHTS("write-only-" _name, _shape, IOMMU_IOAS_MAP_WRITEABLE)

static const struct ktap_case cases[] = {
	READ_ONLY("populate4k", POPULATE4K),
	READ_ONLY("thp", THP),
	READ_ONLY("hugetlb2m", HUGETLB2M),
	READ_ONLY("memfd4k", MEMFD4K),
	READ_ONLY("mthp64k", MTHP64K),
	READ_ONLY("memfd64k", MEMFD64K),
	READ_ONLY("mapfile2m", MAPFILE2M),
	WRITE_ONLY("populate4k", POPULATE4K),
	WRITE_ONLY("thp", THP),
	WRITE_ONLY("hugetlb2m", HUGETLB2M),
	WRITE_ONLY("mapfile4k", MAPFILE4K),
	{ "protected-populate4k", run_protected, &(const enum shape){ POPULATE4K } },
	{ "protected-thp", run_protected, &(const enum shape){ THP } },
	{ "protected-hugetlb2m", run_protected, &(const enum shape){ HUGETLB2M } },
	{ "protected-memfd4k", run_protected, &(const enum shape){ MEMFD4K } },
	{ "zero-page", run_zero_page, &(const int){ MADV_NOHUGEPAGE } },
	{ "zero-page-thp", run_zero_page, &(const int){ MADV_HUGEPAGE } },
	{}
};

const struct ktap_suite dma_rights = { "rights", cases };
