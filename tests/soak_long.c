// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single calls that have to go through as much as userspace likes: they take as long as they take,
 * and hold no spinlock for longer.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "mock.h"
#include "soak.h"

/* Tests of what an IOAS does begin with one, and memory whose pages it maps again and again. */
struct rangy {
	int iofd;
	__u32 ioas;
	struct memory mem;
};

static void open_rangy(struct rangy *r)
{
	memory_alloc(&r->mem, THP, 2 * MIB);
	r->iofd = iofd_open();
	ASSERT_TRUE(r->iofd >= 0);
	ASSERT_OK(ioas_alloc(r->iofd, &r->ioas));
}

static void close_rangy(struct rangy *r)
{
	holds_begin();
	close(r->iofd);
	holds_end("closed");
	memory_free(&r->mem);
}

/* Areas of so many pages, each so far from the one before it. */
static void map_many(struct rangy *r, __u64 iova, size_t npages, size_t stride_npages)
{
	unsigned long i;

	for (i = 0; i < soak.many; i++, iova += stride_npages * PAGE)
		ASSERT_OK(ioas_map_at(r->iofd, r->ioas, r->mem.va + i % 256 * PAGE, npages * PAGE,
				      iova));
}

/* No allowed range is long enough, and each is looked at. */
static void run_allowed(const void *arg)
{
	struct iommu_iova_range *ranges = calloc(soak.many, sizeof(*ranges));
	__u32 count = soak.many;
	struct rangy r;
	__u64 iova;
	__u32 i;

	(void)arg;
	ktap_assert(ranges);
	open_rangy(&r);
	for (i = 0; i < count; i++) {
		ranges[i].start = MOCK_IOVA + i * 2 * PAGE;
		ranges[i].last = ranges[i].start + PAGE - 1;
	}
	holds_begin();
	EXPECT_OK(ioas_allow_iovas(r.iofd, r.ioas, ranges, count));
	holds_end("IOVAs allowed");
	EXPECT_ERR(-ENOSPC, ioas_map(r.iofd, r.ioas, IOAS_RW, r.mem.va, 2 * PAGE, &iova));
	holds_end("a place looked for in all of them");
	EXPECT_OK(ioas_allow_iovas(r.iofd, r.ioas, ranges, 0));
	holds_end("all allowed again");
	close_rangy(&r);
	free(ranges);
}

static int reserve(struct rangy *r, __u64 start, __u64 length)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ADD_RESERVED,
		.id = r->ioas,
		.add_reserved = { .start = start, .length = length },
	};

	return mock_cmd(r->iofd, &cmd);
}

/* What lies between reserved ranges is too short, but for what comes after all of them. */
static void run_reserved(const void *arg)
{
	struct iommu_iova_range *ranges = calloc(soak.many, sizeof(*ranges));
	__u32 count = soak.many;
	struct rangy r;
	__u64 iova = 0;
	__u32 i;

	(void)arg;
	ktap_assert(ranges);
	open_rangy(&r);
	ASSERT_OK(reserve(&r, 0, MOCK_IOVA));
	holds_begin();
	for (i = 0; i < count; i++)
		ASSERT_OK(reserve(&r, MOCK_IOVA + (i * 2 + 1) * PAGE, PAGE));
	holds_end("IOVAs reserved");
	EXPECT_OK(ioas_map(r.iofd, r.ioas, IOAS_RW, r.mem.va, 2 * PAGE, &iova));
	EXPECT_LT(MOCK_IOVA + soak.many * 2 * PAGE - 1, iova);
	holds_end("a place looked for between all of them");
	EXPECT_ERR(-EMSGSIZE, ioas_iova_ranges(r.iofd, r.ioas, ranges, &count, NULL));
	EXPECT_EQ(soak.many + 1, count);
	holds_end("what is usable read");
	close_rangy(&r);
	free(ranges);
}

/*
 * Gaps of two pages, of which none begins at a multiple of two pages. When all of them were looked
 * at, another alignment will do.
 */
static void run_gaps(const void *arg)
{
	struct iommu_iova_range range = {
		.start = MOCK_IOVA + PAGE,
		.last = MOCK_IOVA + (soak.many * 4 + 1) * PAGE - 1,
	};
	struct rangy r;
	__u64 iova = 0;

	(void)arg;
	open_rangy(&r);
	EXPECT_OK(ioas_allow_iovas(r.iofd, r.ioas, &range, 1));
	holds_begin();
	map_many(&r, MOCK_IOVA + 3 * PAGE, 2, 4);
	holds_end("a map call for each mapping");
	EXPECT_OK(ioas_map(r.iofd, r.ioas, IOAS_RW, r.mem.va, 2 * PAGE, &iova));
	EXPECT_EQ(PAGE, (iova - MOCK_IOVA) % (2 * PAGE));
	holds_end("a place looked for in all gaps");
	EXPECT_EQ((soak.many + 1) * 2 * PAGE, ioas_unmap_all(r.iofd, r.ioas));
	holds_end("all unmapped in one call");
	close_rangy(&r);
}

/* A domain comes when there is much to map, and goes; what devices have written is asked for. */
static void run_domain(const void *arg)
{
	const size_t bits = soak.many / 8 + 8;
	struct mock_device device;
	void *bitmap = calloc(1, bits);
	__u32 hwpt, other;
	struct rangy r;
	__u64 iova;

	(void)arg;
	ktap_assert(bitmap);
	open_rangy(&r);
	holds_begin();
	map_many(&r, MOCK_IOVA, 1, 1);
	holds_end("a map call for each mapping");
	ASSERT_OK(mock_device(r.iofd, r.ioas, 0, &device));
	holds_end("a device attached");
	ASSERT_OK(hwpt_alloc(r.iofd, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, device.dev, r.ioas, &hwpt));
	holds_end("another domain");
	EXPECT_OK(hwpt_track_dirty(r.iofd, hwpt, true));
	holds_end("dirty tracking begun");
	EXPECT_OK(hwpt_read_dirty(r.iofd, hwpt, 0, MOCK_IOVA, soak.many * PAGE, PAGE, bitmap));
	holds_end("a dirty bitmap read");
	ASSERT_OK(ioas_alloc(r.iofd, &other));
	iova = MOCK_IOVA;
	EXPECT_OK(ioas_copy(r.iofd, IOAS_FIXED_RW, other, r.ioas, soak.many * PAGE, &iova,
			    MOCK_IOVA));
	holds_end("all copied in one call");
	ASSERT_OK(mock_replace(r.iofd, device.stdev, other));
	holds_end("the device moved to the copies");
	EXPECT_OK(iofd_destroy(r.iofd, hwpt));
	holds_end("the other domain destroyed");
	EXPECT_EQ(soak.many * PAGE, ioas_unmap_all(r.iofd, other));
	holds_end("all copies unmapped in one call");
	close_rangy(&r);
	free(bitmap);
}

/* The file of the one iommufd that this process has, under debugfs. */
static FILE *open_seen(void)
{
	char pattern[64];
	FILE *file = NULL;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/sys/kernel/debug/iommufd/%d-*", getpid());
	if (glob(pattern, 0, NULL, &found))
		return NULL;
	if (found.gl_pathc == 1)
		file = fopen(found.gl_pathv[0], "re");
	globfree(&found);
	return file;
}

/* Somebody looks at all of it: many areas, and one of many extents. */
static void run_seen(const void *arg)
{
	unsigned long areas = 0, extents = 0;
	struct memory scattered;
	struct mock_device device;
	struct rangy r;
	char line[512];
	FILE *file;

	(void)arg;
	memory_alloc(&scattered, SCATTER4K, 16 * MIB);
	open_rangy(&r);
	ASSERT_OK(mock_device(r.iofd, r.ioas, 0, &device));
	map_many(&r, MOCK_IOVA + scattered.bytes, 1, 1);
	ASSERT_OK(ioas_map_at(r.iofd, r.ioas, scattered.va, scattered.bytes, MOCK_IOVA));
	file = open_seen();
	ktap_assert(file);
	holds_begin();
	while (fgets(line, sizeof(line), file)) {
		const char *runs = strstr(line, " runs=");

		if (!strncmp(line, "  area ", 7)) {
			areas++;
			extents += runs ? strtoul(runs + 6, NULL, 10) : 0;
		}
	}
	holds_end("all of it seen");
	fclose(file);
	EXPECT_EQ(soak.many + 1, areas);
	EXPECT_EQ(soak.many + scattered.nruns, extents);
	close_rangy(&r);
	memory_free(&scattered);
}

/* The table of objects grows, and ends with all that is in it. */
static void run_objects(const void *arg)
{
	int iofd = iofd_open();
	unsigned long i;
	__u32 ioas;

	(void)arg;
	ASSERT_TRUE(iofd >= 0);
	holds_begin();
	for (i = 0; i < soak.many; i++)
		ASSERT_OK(ioas_alloc(iofd, &ioas));
	holds_end("objects made");
	close(iofd);
	holds_end("closed");
}

/* One access has a page pinned, and is asked last. Of the others none has anything to say. */
static void run_accesses(const void *arg)
{
	int *accesses = calloc(soak.many, sizeof(*accesses));
	struct rangy r;
	unsigned long i;
	int access;
	__u32 pin;

	(void)arg;
	ktap_assert(accesses);
	open_rangy(&r);
	ASSERT_OK(ioas_map_at(r.iofd, r.ioas, r.mem.va, PAGE, MOCK_IOVA));
	holds_begin();
	for (i = 0; i < soak.many; i++) {
		accesses[i] = mock_access(r.iofd, r.ioas, 0);
		ASSERT_TRUE(accesses[i] >= 0);
	}
	holds_end("accesses made");
	access = mock_access(r.iofd, r.ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES);
	ASSERT_TRUE(access >= 0);
	ASSERT_OK(mock_access_pin(r.iofd, access, 0, MOCK_IOVA, PAGE, r.mem.va, &pin));
	holds_begin();
	EXPECT_OK(ioas_unmap_at(r.iofd, r.ioas, MOCK_IOVA, PAGE));
	holds_end("a page unmapped when all were asked");
	close(access);
	for (i = 0; i < soak.many; i++)
		close(accesses[i]);
	holds_end("accesses ended");
	close_rangy(&r);
	free(accesses);
}

/* Page faults of one device that nobody reads, and another one that leaves their queue. */
static void run_faults(const void *arg)
{
	struct mock_device devices[2];
	__u32 parent, queue, hwpts[2];
	unsigned long i;
	struct mock m;
	int fd;

	(void)arg;
	mock_open(&m);
	devices[0] = m.device;
	ASSERT_OK(mock_device(m.iofd, m.ioas, 0, &devices[1]));
	ASSERT_OK(fault_queue_alloc(m.iofd, &queue, &fd));
	for (i = 0; i < 2; i++) {
		ASSERT_OK(hwpt_alloc(m.iofd, IOMMU_HWPT_ALLOC_NEST_PARENT, devices[i].dev, m.ioas,
				     &parent));
		ASSERT_OK(mock_nested(m.iofd, devices[i].dev, parent, queue, &hwpts[i]));
		ASSERT_OK(mock_replace(m.iofd, devices[i].stdev, hwpts[i]));
	}
	holds_begin();
	for (i = 0; i < soak.many; i++)
		ASSERT_OK(mock_trigger_fault(m.iofd, devices[0].dev, 5, 7, i * PAGE));
	holds_end("page faults reported");
	EXPECT_OK(mock_replace(m.iofd, devices[1].stdev, m.ioas));
	holds_end("a device without faults leaves");
	EXPECT_OK(mock_replace(m.iofd, devices[0].stdev, m.ioas));
	holds_end("the device with the faults leaves");
	EXPECT_EQ(0, close(fd));
	mock_close(&m);
	holds_end("closed");
}

/* Events of a guest's device that nobody reads. */
static void run_events(const void *arg)
{
	__u32 parent, viommu, vdevice, nested, events;
	unsigned long i;
	struct mock m;
	int fd;

	(void)arg;
	mock_open(&m);
	ASSERT_OK(hwpt_alloc(m.iofd, IOMMU_HWPT_ALLOC_NEST_PARENT, m.device.dev, m.ioas, &parent));
	ASSERT_OK(mock_viommu(m.iofd, m.device.dev, parent, &viommu));
	ASSERT_OK(mock_vdevice(m.iofd, viommu, m.device.dev, 9, &vdevice));
	ASSERT_OK(mock_nested(m.iofd, m.device.dev, viommu, 0, &nested));
	ASSERT_OK(mock_replace(m.iofd, m.device.stdev, nested));
	ASSERT_OK(mock_events(m.iofd, viommu, soak.many, &events, &fd));
	holds_begin();
	for (i = 0; i < soak.many; i++)
		ASSERT_OK(mock_trigger_event(m.iofd, m.device.dev));
	holds_end("events reported");
	EXPECT_EQ(0, close(fd));
	EXPECT_OK(iofd_destroy(m.iofd, events));
	holds_end("their queue destroyed");
	mock_close(&m);
}

static const struct ktap_case cases[] = {
	{ "allowed", run_allowed, NULL },
	{ "reserved", run_reserved, NULL },
	{ "gaps", run_gaps, NULL },
	{ "domain", run_domain, NULL },
	{ "seen", run_seen, NULL },
	{ "objects", run_objects, NULL },
	{ "accesses", run_accesses, NULL },
	{ "faults", run_faults, NULL },
	{ "events", run_events, NULL },
	{}
};

const struct ktap_suite soak_long = { "long", cases };
