// SPDX-License-Identifier: GPL-2.0-only
/* The kinds of memory that there are, and how each is made. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shape.h"

/* How the kernel calls a huge page's size. */
#if PAGE_BYTES == 4096
#define HUGE_KB "2048kB"
#else
#define HUGE_KB "524288kB"
#endif

int shape_make_base(char *va, size_t bytes)
{
	if (madvise(va, bytes, MADV_NOHUGEPAGE) || madvise(va, bytes, MADV_POPULATE_WRITE))
		return -errno;
	return 0;
}

/* Base pages of which no two neighbours were handed out one after another. */
static int make_scattered(char *va, size_t bytes)
{
	size_t first, at, stride = 8 * PAGE_BYTES;

	if (madvise(va, bytes, MADV_NOHUGEPAGE))
		return -errno;
	for (first = 0; first < stride; first += PAGE_BYTES)
		for (at = first; at < bytes; at += stride)
			memset(va + at, 1, 1);
	return 0;
}

static int make_thp(char *va, size_t bytes)
{
	if (madvise(va, bytes, MADV_HUGEPAGE) || madvise(va, bytes, MADV_POPULATE_WRITE))
		return -errno;
	return 0;
}

/* Which huge pages the kernel hands out for one size; a word of the kernel's. */
static int allow_folios(const char *size, const char *what, const char *word)
{
	char path[128];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "/sys/kernel/mm/transparent_hugepage/hugepages-%s/%s", size,
		 what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, word, strlen(word)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* Folios of one size between base and huge pages, each mapped page by page. */
static int make_folios(char *va, size_t bytes, const char *size)
{
	int rc = allow_folios(HUGE_KB, "enabled", "never");

	if (!rc)
		rc = allow_folios(size, "enabled", "madvise");
	if (!rc)
		rc = make_thp(va, bytes);
	allow_folios(size, "enabled", "never");
	allow_folios(HUGE_KB, "enabled", "inherit");
	/* khugepaged leaves them as they are. */
	if (!rc && madvise(va, bytes, MADV_NOHUGEPAGE))
		rc = -errno;
	return rc;
}

#if PAGE_BYTES == 4096

static int make_mthp64k(char *va, size_t bytes)
{
	return make_folios(va, bytes, "64kB");
}

static int make_mthp1m(char *va, size_t bytes)
{
	return make_folios(va, bytes, "1024kB");
}

static int make_memfd64k(char *va, size_t bytes)
{
	int rc = allow_folios("64kB", "shmem_enabled", "always");

	if (!rc && madvise(va, bytes, MADV_POPULATE_WRITE))
		rc = -errno;
	allow_folios("64kB", "shmem_enabled", "never");
	return rc;
}

static int make_fresh_thp(char *va, size_t bytes)
{
	return madvise(va, bytes, MADV_HUGEPAGE) ? -errno : 0;
}

#else

static int make_mthp2m(char *va, size_t bytes)
{
	return make_folios(va, bytes, "2048kB");
}

#endif

static int make_as_is(char *va, size_t bytes)
{
	return madvise(va, bytes, MADV_POPULATE_WRITE) ? -errno : 0;
}

static int make_fresh_base(char *va, size_t bytes)
{
	return madvise(va, bytes, MADV_NOHUGEPAGE) ? -errno : 0;
}

static int make_fresh(char *va, size_t bytes)
{
	(void)va;
	(void)bytes;
	return 0;
}

#define BULK (256 * MIB)
#define PER_PAGE (BULK / PAGE_BYTES)
#define PER_64K (BULK / (64 * KIB))
#define PER_2M (BULK / (2 * MIB))

/*
 * What comes from the free memory as it is comes first, what scatters it last. Run counts have to
 * be equal for all peers, and free memory is most equal when little was done with it. After that
 * comes what need not be alike in every run.
 */
const struct shape_kind shape_kinds[] = {
#if PAGE_BYTES == 4096
	{ .name = "thp", .bytes = BULK, .leaf_bytes = 2 * MIB,
	  .make = make_thp, .min_runs = 1, .max_runs = PER_2M },
	{ .name = "populate4k", .bytes = BULK, .leaf_bytes = PAGE_BYTES,
	  .make = shape_make_base, .min_runs = 1, .max_runs = PER_PAGE / 16 },
	{ .name = "hugetlb2m", .bytes = BULK, .leaf_bytes = 2 * MIB, .huge = true,
	  .make = make_as_is, .min_runs = 1, .max_runs = PER_2M },
	{ .name = "hugetlb1g", .bytes = GIB, .leaf_bytes = GIB, .huge = true,
	  .make = make_as_is, .min_runs = 1, .max_runs = 1 },
	{ .name = "memfd2m", .bytes = BULK, .leaf_bytes = 2 * MIB, .huge = true, .memfd = true,
	  .make = make_as_is, .min_runs = 1, .max_runs = PER_2M },
	{ .name = "mapfile", .bytes = BULK, .leaf_bytes = 2 * MIB, .huge = true, .memfd = true,
	  .by_file = true, .make = make_as_is, .min_runs = 1, .max_runs = PER_2M },
	{ .name = "memfd4k", .bytes = BULK, .leaf_bytes = PAGE_BYTES, .memfd = true,
	  .make = make_as_is, .min_runs = 1, .max_runs = PER_PAGE },
	{ .name = "thp", .use = SHAPE_LARGE, .bytes = GIB, .leaf_bytes = 2 * MIB,
	  .make = make_thp, .min_runs = 1, .max_runs = 4 * PER_2M },
	{ .name = "scatter4k", .bytes = BULK, .leaf_bytes = PAGE_BYTES,
	  .make = make_scattered, .min_runs = PER_PAGE, .max_runs = PER_PAGE },
	{ .name = "mapfile4k", .bytes = BULK, .leaf_bytes = PAGE_BYTES, .memfd = true,
	  .by_file = true, .make = make_as_is, .min_runs = 1, .max_runs = PER_PAGE },
	{ .name = "mthp64k", .bytes = BULK, .leaf_bytes = 64 * KIB,
	  .make = make_mthp64k, .min_runs = 1, .max_runs = PER_64K },
	{ .name = "mthp1m", .bytes = BULK, .leaf_bytes = MIB,
	  .make = make_mthp1m, .min_runs = 1, .max_runs = PER_64K / 16 },
	{ .name = "memfd64k", .bytes = BULK, .leaf_bytes = 64 * KIB, .memfd = true,
	  .make = make_memfd64k, .min_runs = 1, .max_runs = PER_64K },
	{ .name = "mapfile64k", .bytes = BULK, .leaf_bytes = 64 * KIB, .memfd = true,
	  .by_file = true, .make = make_memfd64k, .min_runs = 1, .max_runs = PER_64K },
#ifdef __aarch64__
	/* Blocks of contiguous entries, of base pages and of huge ones. */
	{ .name = "hugetlb64k", .bytes = BULK, .leaf_bytes = 64 * KIB, .huge = true,
	  .make = make_as_is, .min_runs = 1, .max_runs = PER_64K },
	{ .name = "hugetlb32m", .bytes = BULK, .leaf_bytes = 32 * MIB, .huge = true,
	  .make = make_as_is, .min_runs = 1, .max_runs = BULK / (32 * MIB) },
#endif

	{ .name = "populate4k", .use = SHAPE_LARGE, .bytes = GIB, .leaf_bytes = PAGE_BYTES,
	  .make = shape_make_base, .min_runs = 1, .max_runs = 4 * PER_PAGE / 16 },
	{ .name = "scatter4k", .use = SHAPE_LARGE, .bytes = GIB, .leaf_bytes = PAGE_BYTES,
	  .make = make_scattered, .min_runs = 4 * PER_PAGE, .max_runs = 4 * PER_PAGE },

	{ .name = "thp", .use = SHAPE_FRESH, .bytes = 16 * MIB, .leaf_bytes = 2 * MIB,
	  .make = make_fresh_thp },
	{ .name = "hugetlb2m", .use = SHAPE_FRESH, .bytes = 16 * MIB, .leaf_bytes = 2 * MIB,
	  .huge = true, .make = make_fresh },
	{ .name = "populate4k", .use = SHAPE_FRESH, .bytes = 16 * MIB, .leaf_bytes = PAGE_BYTES,
	  .make = make_fresh_base },
	{ .name = "memfd4k", .use = SHAPE_FRESH, .bytes = 16 * MIB, .leaf_bytes = PAGE_BYTES,
	  .memfd = true, .make = make_fresh },

	{ .name = "populate4k", .use = SHAPE_LIVE, .bytes = 16 * MIB, .leaf_bytes = PAGE_BYTES,
	  .make = shape_make_base, .min_runs = 1, .max_runs = PER_PAGE / 16 },

	{ .name = "thp", .use = SHAPE_WHOLE, .bytes = BULK, .leaf_bytes = 2 * MIB,
	  .make = make_fresh_thp },
	{ .name = "hugetlb2m", .use = SHAPE_WHOLE, .bytes = BULK, .leaf_bytes = 2 * MIB,
	  .huge = true, .make = make_fresh },
	{ .name = "populate4k", .use = SHAPE_WHOLE, .bytes = BULK, .leaf_bytes = PAGE_BYTES,
	  .make = make_fresh_base },

	{ .name = "thp", .use = SHAPE_CROWD, .bytes = GIB, .leaf_bytes = 2 * MIB,
	  .make = make_fresh_thp },
	{ .name = "populate4k", .use = SHAPE_CROWD, .bytes = GIB, .leaf_bytes = PAGE_BYTES,
	  .make = make_fresh_base },

	{ .name = "hugetlb2m", .use = SHAPE_SPAN, .bytes = 4 * GIB, .leaf_bytes = 2 * MIB,
	  .huge = true, .make = make_fresh },
	{ .name = "thp", .use = SHAPE_SPAN, .bytes = 4 * GIB, .leaf_bytes = 2 * MIB,
	  .make = make_fresh_thp },
	{ .name = "populate4k", .use = SHAPE_SPAN, .bytes = 4 * GIB, .leaf_bytes = PAGE_BYTES,
	  .make = make_fresh_base },
#else /* Of 64 KiB: what is 2 MiB large is a block of contiguous entries. */
	{ .name = "thp512m", .bytes = GIB, .leaf_bytes = HUGE_BYTES,
	  .make = make_thp, .min_runs = 1, .max_runs = GIB / HUGE_BYTES },
	{ .name = SHAPE_BASE, .bytes = BULK, .leaf_bytes = PAGE_BYTES,
	  .make = shape_make_base, .min_runs = 1, .max_runs = PER_PAGE / 16 },
	{ .name = "hugetlb2m", .bytes = BULK, .leaf_bytes = 2 * MIB, .huge = true,
	  .make = make_as_is, .min_runs = 1, .max_runs = PER_2M },
	{ .name = "hugetlb512m", .bytes = GIB, .leaf_bytes = HUGE_BYTES, .huge = true,
	  .make = make_as_is, .min_runs = 1, .max_runs = GIB / HUGE_BYTES },
	{ .name = "memfd2m", .bytes = BULK, .leaf_bytes = 2 * MIB, .huge = true, .memfd = true,
	  .make = make_as_is, .min_runs = 1, .max_runs = PER_2M },
	{ .name = "mapfile", .bytes = BULK, .leaf_bytes = 2 * MIB, .huge = true, .memfd = true,
	  .by_file = true, .make = make_as_is, .min_runs = 1, .max_runs = PER_2M },
	{ .name = "memfd64k", .bytes = BULK, .leaf_bytes = PAGE_BYTES, .memfd = true,
	  .make = make_as_is, .min_runs = 1, .max_runs = PER_PAGE },
	{ .name = "scatter64k", .bytes = BULK, .leaf_bytes = PAGE_BYTES,
	  .make = make_scattered, .min_runs = PER_PAGE, .max_runs = PER_PAGE },
	{ .name = "mapfile64k", .bytes = BULK, .leaf_bytes = PAGE_BYTES, .memfd = true,
	  .by_file = true, .make = make_as_is, .min_runs = 1, .max_runs = PER_PAGE },
	{ .name = "mthp2m", .bytes = BULK, .leaf_bytes = 2 * MIB,
	  .make = make_mthp2m, .min_runs = 1, .max_runs = PER_2M },

	{ .name = SHAPE_BASE, .use = SHAPE_LARGE, .bytes = GIB, .leaf_bytes = PAGE_BYTES,
	  .make = shape_make_base, .min_runs = 1, .max_runs = 4 * PER_PAGE / 16 },
	{ .name = "scatter64k", .use = SHAPE_LARGE, .bytes = GIB, .leaf_bytes = PAGE_BYTES,
	  .make = make_scattered, .min_runs = 4 * PER_PAGE, .max_runs = 4 * PER_PAGE },

	{ .name = "hugetlb2m", .use = SHAPE_FRESH, .bytes = 16 * MIB, .leaf_bytes = 2 * MIB,
	  .huge = true, .make = make_fresh },
	{ .name = SHAPE_BASE, .use = SHAPE_FRESH, .bytes = 16 * MIB, .leaf_bytes = PAGE_BYTES,
	  .make = make_fresh_base },
	{ .name = "memfd64k", .use = SHAPE_FRESH, .bytes = 16 * MIB, .leaf_bytes = PAGE_BYTES,
	  .memfd = true, .make = make_fresh },

	{ .name = SHAPE_BASE, .use = SHAPE_LIVE, .bytes = 16 * MIB, .leaf_bytes = PAGE_BYTES,
	  .make = shape_make_base, .min_runs = 1, .max_runs = PER_PAGE / 16 },
#endif
	{ .name = NULL }
};

