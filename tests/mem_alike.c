// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that are alike become one that nobody may write to (KSM). A device gets a page of the
 * process's own, to write to or only to read; and what a device has is not made one with others.
 */
#include <linux/kernel-page-flags.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "iofd.h"
#include "pins.h"
#include "scene.h"

/* Of each half of the memory: what is in one is in the other. */
#define HALF (256 * KIB)
#define KSM "/sys/kernel/mm/ksm/"
/* A page has to be the same in two scans. */
#define SCANS 4
#define PATIENCE_SECONDS 60

static const struct {
	const char *name;
	const char *value;
} eager[] = {
	{ KSM "sleep_millisecs", "10" },
	{ KSM "pages_to_scan", "4096" },
	/* A page is not left out because it changed before. */
	{ KSM "smart_scan", "0" },
	{ KSM "run", "1" },
};

static void start_merging(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(eager); i++) {
		if (scene_tell(eager[i].name, eager[i].value) == -ENOENT)
			ktap_skip("no KSM in this kernel");
	}
}

/* Merged pages stay so. */
static void stop_merging(void)
{
	EXPECT_OK(scene_tell(KSM "run", "0"));
}

static void wait_for_scans(void)
{
	long long want = scene_number(KSM "full_scans") + SCANS;
	time_t end = ktap_now_seconds() + PATIENCE_SECONDS;

	while (scene_number(KSM "full_scans") < want && ktap_now_seconds() < end)
		usleep(10000);
	ASSERT_TRUE(scene_number(KSM "full_scans") >= want);
}

static void ask_to_merge(const struct memory *mem)
{
	ASSERT_EQ(0, madvise(mem->va, mem->bytes, MADV_MERGEABLE));
	start_merging();
	wait_for_scans();
	stop_merging();
}

static size_t count_merged(const void *va, size_t bytes)
{
	size_t merged = 0, offset;

	for (offset = 0; offset < bytes; offset += PAGE)
		merged += memory_page_is((const char *)va + offset, KPF_KSM);
	return merged;
}

/* How many pages of the two halves are the same page. */
static size_t count_common(const struct memory *mem)
{
	__u64 *places = memory_places(mem);
	size_t common = 0, i;

	for (i = 0; i < HALF / PAGE; i++)
		common += places[i] == places[HALF / PAGE + i];
	free(places);
	return common;
}

static void make_alike(const struct memory *mem)
{
	memcpy(mem->va + HALF, mem->va, HALF);
}

static void open_alike(struct scene *s, enum shape shape)
{
	if (access(KSM "run", F_OK))
		ktap_skip("no KSM in this kernel");
	scene_open_unmapped(s, shape, shape == THP ? 2 * MIB : 2 * HALF);
	make_alike(&s->mem);
}

struct merged {
	enum shape shape;
	__u32 rights;
	size_t bytes;		/* that are mapped, from the first page on */
	size_t step;		/* in one mapping */
};

static int map_first(struct scene *s, const struct merged *how)
{
	size_t offset;
	int rc = 0;

	for (offset = 0; !rc && offset < how->bytes; offset += how->step) {
		__u64 iova = SCENE_IOVA + offset;

		rc = ioas_map(s->rig.iofd, s->rig.ioas, IOMMU_IOAS_MAP_FIXED_IOVA | how->rights,
			      s->mem.va + offset, how->step, &iova);
	}
	return rc;
}

/* What one has, the device and the process that it is of, the other has not. */
static void run_merged(const void *arg)
{
	const struct merged *how = arg;
	unsigned char *other, want[SCENE_LEN];
	size_t last = how->bytes - SCENE_LEN;
	struct scene s;

	open_alike(&s, how->shape);
	other = s.mem.va + HALF;
	ask_to_merge(&s.mem);
	ASSERT_EQ(HALF / PAGE, count_common(&s.mem));
	ASSERT_EQ(2 * HALF / PAGE, count_merged(s.mem.va, 2 * HALF));
	memcpy(want, other + last, SCENE_LEN);

	ASSERT_OK(map_first(&s, how));
	EXPECT_EQ(0, count_merged(s.mem.va, how->bytes));
	EXPECT_EQ((HALF - how->bytes) / PAGE, count_common(&s.mem));
	EXPECT_BYTES(other, s.mem.va, HALF);
	expect_device_sees(&s, want, SCENE_IOVA + last);
	if (how->rights & IOMMU_IOAS_MAP_WRITEABLE) {
		expect_shared(&s, SCENE_IOVA, s.mem.va, how->bytes);
	} else {
		memory_fill(s.mem.va, how->bytes, 3);
		expect_device_sees(&s, s.mem.va, SCENE_IOVA);
		expect_device_sees(&s, s.mem.va + last, SCENE_IOVA + last);
	}
	EXPECT_BYTES(want, other + last, SCENE_LEN);

	/* Nobody merges them again, as long as they are the device's. */
	memcpy(s.mem.va, other, how->bytes);
	start_merging();
	wait_for_scans();
	stop_merging();
	EXPECT_EQ(0, count_merged(s.mem.va, how->bytes));
	memory_fill(s.mem.va, how->bytes, 4);
	expect_device_sees(&s, s.mem.va, SCENE_IOVA);
	expect_device_sees(&s, s.mem.va + last, SCENE_IOVA + last);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, how->bytes));
	rig_close(&s.rig);
	memory_free(&s.mem);
}

/* Both of the two that were one are mapped: they are two again. */
static void run_both(const void *arg)
{
	unsigned char data[SCENE_LEN];
	struct scene s;

	open_alike(&s, *(const enum shape *)arg);
	ask_to_merge(&s.mem);
	ASSERT_EQ(HALF / PAGE, count_common(&s.mem));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	EXPECT_EQ(0, count_common(&s.mem));
	memory_fill(data, SCENE_LEN, 5);
	rig_store(&s.rig, s.edu, SCENE_IOVA, data, SCENE_LEN);
	EXPECT_BYTES(data, s.mem.va, SCENE_LEN);
	expect_device_sees(&s, s.mem.va + HALF, SCENE_IOVA + HALF);
	expect_shared(&s, SCENE_IOVA, s.mem.va, 2 * HALF);
	scene_close(&s);
}

struct kept {
	enum shape shape;
	__u32 rights;
};

/* Mapped first, they are left alone; what is not mapped of the memory is merged as before. */
static void run_kept(const void *arg)
{
	const struct kept *kept = arg;
	const struct merged first = { kept->shape, kept->rights, HALF / 2, HALF / 2 };
	struct scene s;
	__u64 *places;

	open_alike(&s, kept->shape);
	ASSERT_OK(map_first(&s, &first));
	places = memory_places(&s.mem);
	ask_to_merge(&s.mem);
	EXPECT_EQ(0, count_merged(s.mem.va, HALF / 2));
	EXPECT_EQ(places[0], memory_pfn(s.mem.va));
	EXPECT_EQ(places[HALF / 2 / PAGE - 1], memory_pfn(s.mem.va + HALF / 2 - PAGE));
	expect_device_sees(&s, s.mem.va, SCENE_IOVA);
	if (kept->rights & IOMMU_IOAS_MAP_WRITEABLE)
		expect_shared(&s, SCENE_IOVA, s.mem.va, HALF / 2);
	/* A huge page is split to be merged, which it cannot be while a part of it is pinned. */
	if (kept->shape == POPULATE4K)
		EXPECT_EQ(HALF / 2 / PAGE, count_common(&s.mem));
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, HALF / 2));

	/* It was the mapping that kept them. */
	make_alike(&s.mem);
	ask_to_merge(&s.mem);
	EXPECT_EQ(HALF / PAGE, count_common(&s.mem));
	rig_close(&s.rig);
	memory_free(&s.mem);
	free(places);
}

#define READ IOMMU_IOAS_MAP_READABLE
#define MERGED(_name, _shape, _rights, _bytes, _step) \
	{ "merged-" _name, run_merged, &(const struct merged){ _shape, _rights, _bytes, _step } }
#define BOTH(_name, _shape) { "both-" _name, run_both, &(const enum shape){ _shape } }
#define KEPT(_name, _shape, _rights) \
	{ "kept-" _name, run_kept, &(const struct kept){ _shape, _rights } }

static const struct ktap_case cases[] = {
	MERGED("populate4k", POPULATE4K, IOAS_RW, HALF, HALF),
	MERGED("populate4k-read", POPULATE4K, READ, HALF, HALF),
	MERGED("populate4k-part", POPULATE4K, IOAS_RW, HALF / 2, HALF / 2),
	MERGED("populate4k-page-by-page", POPULATE4K, IOAS_RW, HALF / 2, PAGE),
	MERGED("populate4k-page-by-page-read", POPULATE4K, READ, HALF / 2, PAGE),
	MERGED("mthp64k", MTHP64K, IOAS_RW, HALF, HALF),
	MERGED("thp-read", THP, READ, HALF, HALF),
	BOTH("populate4k", POPULATE4K),
	BOTH("thp", THP),
	KEPT("populate4k", POPULATE4K, IOAS_RW),
	KEPT("populate4k-read", POPULATE4K, READ),
	KEPT("mthp64k", MTHP64K, IOAS_RW),
	KEPT("thp", THP, IOAS_RW),
	KEPT("thp-read", THP, READ),
	{}
};

const struct ktap_suite mem_alike = { "alike", cases };
