// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints: what they say is what was done.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/tracepoint.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "crew_hook.h"
#include "hold.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"
#include "mock_rig.h"
#include "paging.h"

#define HUGE	MEMORY_HUGE_NPAGES
#define RW	(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FIXED	(RW | IOMMU_IOAS_MAP_FIXED_IOVA)
#define WAIT_MS	2

/**
 * struct said - what one tracepoint has said
 * @nr: how often
 * @ioas: the last time: of which IOAS, or device
 * @pt: to where
 * @iova: where
 * @length: how much
 * @write: for writing; or of a device, in the place of another
 * @rc: with which result
 * @op: what was measured
 */
struct said {
	unsigned int nr;
	u32 ioas;
	u32 pt;
	u64 iova;
	u64 length;
	bool write;
	int rc;
	struct trace_op op;
};

enum point {
	MAP_BEGIN,
	MAP_END,
	UNMAP_BEGIN,
	UNMAP_END,
	ADD_BEGIN,
	ADD_END,
	REMOVE_BEGIN,
	REMOVE_END,
	PIN,
	UNPIN,
	ATTACH,
	NR_POINTS,
};

static struct said said[NR_POINTS];
static struct iommufd_ctx *heard;
static struct iofd iofd;
static struct iommufd_ioas *ioas;

/* Of other iommufds nothing is taken down. */
static struct said *hear(enum point point, u32 iommufd, u32 id)
{
	static struct said other;
	struct said *it = &said[point];

	if (!heard || iommufd != heard->number)
		return &other;
	it->nr++;
	it->ioas = id;
	return it;
}

static void hear_begin(enum point point, u32 iommufd, u32 id, u64 iova,
		       u64 length)
{
	struct said *it = hear(point, iommufd, id);

	it->iova = iova;
	it->length = length;
}

static void hear_end(enum point point, u32 iommufd, u32 id, u64 iova,
		     u64 length, int rc, const struct trace_op *op)
{
	struct said *it = hear(point, iommufd, id);

	it->iova = iova;
	it->length = length;
	it->rc = rc;
	it->op = *op;
}

#define BEGIN_PROBE(name, point)                                           \
	static void name(void *data, u32 iommufd, u32 id, u64 iova,        \
			 u64 length)                                       \
	{                                                                  \
		hear_begin(point, iommufd, id, iova, length);              \
	}

#define END_PROBE(name, point)                                             \
	static void name(void *data, u32 iommufd, u32 id, u64 iova,        \
			 u64 length, int rc, const struct trace_op *op)    \
	{                                                                  \
		hear_end(point, iommufd, id, iova, length, rc, op);        \
	}

BEGIN_PROBE(on_map_begin, MAP_BEGIN)
END_PROBE(on_map_end, MAP_END)
BEGIN_PROBE(on_unmap_begin, UNMAP_BEGIN)
END_PROBE(on_unmap_end, UNMAP_END)
BEGIN_PROBE(on_add_begin, ADD_BEGIN)
END_PROBE(on_add_end, ADD_END)
BEGIN_PROBE(on_remove_begin, REMOVE_BEGIN)
END_PROBE(on_remove_end, REMOVE_END)
BEGIN_PROBE(on_unpin, UNPIN)

static void on_pin(void *data, u32 iommufd, u32 id, u64 iova, u64 length,
		   bool write, int rc, const struct trace_op *op)
{
	hear_end(PIN, iommufd, id, iova, length, rc, op);
	said[PIN].write = write;
}

static void on_attach(void *data, u32 iommufd, u32 device, u32 pasid, u32 pt,
		      u32 hwpt, bool replace, u64 filled, int rc,
		      const struct trace_op *op)
{
	hear_end(ATTACH, iommufd, device, hwpt, filled, rc, op);
	said[ATTACH].pt = pt;
	said[ATTACH].write = replace;
}

static int listen(void)
{
	int rc = register_trace_ioas_map_begin(on_map_begin, NULL);

	rc = rc ?: register_trace_ioas_map_end(on_map_end, NULL);
	rc = rc ?: register_trace_ioas_unmap_begin(on_unmap_begin, NULL);
	rc = rc ?: register_trace_ioas_unmap_end(on_unmap_end, NULL);
	rc = rc ?: register_trace_ioas_add_domain_begin(on_add_begin, NULL);
	rc = rc ?: register_trace_ioas_add_domain_end(on_add_end, NULL);
	rc = rc ?: register_trace_ioas_remove_domain_begin(on_remove_begin,
							   NULL);
	rc = rc ?: register_trace_ioas_remove_domain_end(on_remove_end, NULL);
	rc = rc ?: register_trace_ioas_pin_pages(on_pin, NULL);
	rc = rc ?: register_trace_ioas_unpin_pages(on_unpin, NULL);
	return rc ?: register_trace_device_attach(on_attach, NULL);
}

/* What was not registered is passed over. */
static void stop_listening(void)
{
	unregister_trace_ioas_map_begin(on_map_begin, NULL);
	unregister_trace_ioas_map_end(on_map_end, NULL);
	unregister_trace_ioas_unmap_begin(on_unmap_begin, NULL);
	unregister_trace_ioas_unmap_end(on_unmap_end, NULL);
	unregister_trace_ioas_add_domain_begin(on_add_begin, NULL);
	unregister_trace_ioas_add_domain_end(on_add_end, NULL);
	unregister_trace_ioas_remove_domain_begin(on_remove_begin, NULL);
	unregister_trace_ioas_remove_domain_end(on_remove_end, NULL);
	unregister_trace_ioas_pin_pages(on_pin, NULL);
	unregister_trace_ioas_unpin_pages(on_unpin, NULL);
	unregister_trace_device_attach(on_attach, NULL);
	tracepoint_synchronize_unregister();
}

static int map(unsigned long iova, unsigned long va, unsigned long npages)
{
	return ioas_map_user(ioas, FIXED, va, npages << PAGE_SHIFT, iova, NULL);
}

static int unmap(unsigned long first, unsigned long last)
{
	unsigned long unmapped_bytes;

	return ioas_unmap(ioas, first, last, &unmapped_bytes);
}

static void add(struct kunit *test, struct ioas_domain *member,
		enum paging_format format)
{
	member->domain = &paging_create(test, format)->domain;
	member->no_table = false;
	KUNIT_ASSERT_EQ(test, ioas_add_domain(ioas, member), 0);
}

static void expect_begin(struct kunit *test, enum point point, u64 iova,
			 u64 length)
{
	KUNIT_EXPECT_EQ(test, said[point].nr, 1);
	KUNIT_EXPECT_EQ(test, said[point].ioas, ioas->obj.id);
	KUNIT_EXPECT_EQ(test, said[point].iova, iova);
	KUNIT_EXPECT_EQ(test, said[point].length, length);
}

/* That it was said once, of this, and that its parts are no more than the whole. */
static void expect_end(struct kunit *test, enum point point, u64 iova,
		       u64 length, int rc, u64 nr_areas)
{
	const struct trace_op *op = &said[point].op;

	expect_begin(test, point, iova, length);
	KUNIT_EXPECT_EQ(test, said[point].rc, rc);
	KUNIT_EXPECT_EQ(test, op->nr_areas, nr_areas);
	KUNIT_EXPECT_EQ(test, op->nr_helpers, 0);
	KUNIT_EXPECT_GT(test, op->ns, 0);
	KUNIT_EXPECT_LE(test, op->stage_ns[TRACE_WAIT] +
			op->stage_ns[TRACE_PIN] + op->stage_ns[TRACE_FILL],
			op->ns);
}

static void expect_pins(struct kunit *test, enum point point, u64 pins_4k,
			u64 pins_2m)
{
	const struct pin_counts *pins = &said[point].op.pins;

	KUNIT_EXPECT_EQ(test, pins->npins[PIN_LEAF_4K], pins_4k);
	KUNIT_EXPECT_EQ(test, pins->npins[PIN_LEAF_2M], pins_2m);
	KUNIT_EXPECT_EQ(test, pins->npins[PIN_LEAF_1G], 0);
	KUNIT_EXPECT_EQ(test, pins->npins[PIN_LEAF_OTHER], 0);
}

static u64 runs_of(unsigned long va, unsigned long npages)
{
	u64 nr = 1;

	for (unsigned long n = 1; n < npages; n++)
		nr += memory_pfn(va + n * PAGE_SIZE) !=
		      memory_pfn(va + (n - 1) * PAGE_SIZE) + 1;
	return nr;
}

static void map_says_what_it_pinned(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_MIXED, HUGE + 20);
	unsigned long bytes = (HUGE + 20) << PAGE_SHIFT;
	u64 nr_runs = runs_of(va, HUGE + 20);
	struct ioas_domain member;

	add(test, &member, PAGING_VTDSS);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, HUGE + 20), 0);
	expect_begin(test, MAP_BEGIN, SZ_1G, bytes);
	expect_end(test, MAP_END, SZ_1G, bytes, 0, 1);
	expect_pins(test, MAP_END, 20, 1);
	KUNIT_EXPECT_EQ(test, said[MAP_END].op.pins.nr_runs, nr_runs);
	KUNIT_EXPECT_GT(test, said[MAP_END].op.stage_ns[TRACE_PIN], 0);
	KUNIT_EXPECT_GT(test, said[MAP_END].op.stage_ns[TRACE_FILL], 0);

	KUNIT_ASSERT_EQ(test, unmap(0, ULONG_MAX), 0);
	expect_begin(test, UNMAP_BEGIN, 0, 0);
	expect_end(test, UNMAP_END, 0, bytes, 0, 1);
	expect_pins(test, UNMAP_END, 20, 1);
	KUNIT_EXPECT_EQ(test, said[UNMAP_END].op.pins.nr_runs, nr_runs);
	KUNIT_EXPECT_GT(test, said[UNMAP_END].op.stage_ns[TRACE_PIN], 0);
	KUNIT_EXPECT_GT(test, said[UNMAP_END].op.stage_ns[TRACE_FILL], 0);
	ioas_remove_domain(ioas, &member);
}

/* Who pins says who helped; who has nothing to pin, or unpins, had no help. */
static void map_says_who_helped(struct kunit *test)
{
	const unsigned long npages = 4 * MEMORY_PART_NPAGES;
	unsigned long va = memory_map(test, MEMORY_UNTOUCHED, npages);
	unsigned long other = memory_map(test, MEMORY_UNTOUCHED, npages);
	struct ioas_domain member, second;

	crew_hook_arm(test, CREW_HOOK_FIRST);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, npages), 0);
	KUNIT_EXPECT_EQ(test, said[MAP_END].op.nr_helpers, 0);
	add(test, &member, PAGING_VTDSS);
	KUNIT_EXPECT_EQ(test, said[ADD_END].op.nr_helpers, 1);
	add(test, &second, PAGING_VTDSS);
	KUNIT_EXPECT_EQ(test, said[ADD_END].op.nr_helpers, 0);
	KUNIT_ASSERT_EQ(test, map(SZ_4G, other, npages), 0);
	KUNIT_EXPECT_EQ(test, said[MAP_END].op.nr_helpers, 1);
	KUNIT_ASSERT_EQ(test, unmap(0, ULONG_MAX), 0);
	KUNIT_EXPECT_EQ(test, said[UNMAP_END].op.nr_helpers, 0);
	ioas_remove_domain(ioas, &second);
	ioas_remove_domain(ioas, &member);
}

/* As much of a huge page as was mapped has its one pin. */
static void map_says_what_a_part_has(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, HUGE);
	struct ioas_domain member;

	add(test, &member, PAGING_VTDSS);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va + 7 * PAGE_SIZE, 10), 0);
	expect_pins(test, MAP_END, 0, 1);
	KUNIT_EXPECT_EQ(test, said[MAP_END].op.pins.nr_runs, 1);
	KUNIT_EXPECT_EQ(test, said[MAP_END].op.pins.npages[PIN_LEAF_2M], 10);
	ioas_remove_domain(ioas, &member);
}

/* Where there is no domain nothing is pinned, nor filled; and a place is found. */
static void map_says_where_it_went(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 4);
	u64 __user *user_iova = (u64 __user *)iofd.arg;
	u64 iova;

	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, RW, va, 4 * PAGE_SIZE, 0,
					    user_iova), 0);
	KUNIT_ASSERT_EQ(test, get_user(iova, user_iova), 0);
	expect_begin(test, MAP_BEGIN, 0, 4 * PAGE_SIZE);
	expect_end(test, MAP_END, iova, 4 * PAGE_SIZE, 0, 1);
	expect_pins(test, MAP_END, 0, 0);
	KUNIT_EXPECT_EQ(test, said[MAP_END].op.stage_ns[TRACE_PIN], 0);
	KUNIT_EXPECT_EQ(test, said[MAP_END].op.stage_ns[TRACE_FILL], 0);
}

static void map_says_why_it_failed(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 4);
	struct ioas_domain member;

	add(test, &member, PAGING_VTDSS);
	KUNIT_ASSERT_EQ(test, map(SZ_1M, va, 4), 0);
	memset(said, 0, sizeof(said));
	KUNIT_ASSERT_EQ(test, map(SZ_1M + PAGE_SIZE, va, 1), -EEXIST);
	expect_end(test, MAP_END, SZ_1M + PAGE_SIZE, PAGE_SIZE, -EEXIST, 0);

	memset(said, 0, sizeof(said));
	KUNIT_ASSERT_EQ(test, unmap(SZ_1M + PAGE_SIZE, ULONG_MAX), -ENOENT);
	expect_end(test, UNMAP_END, SZ_1M + PAGE_SIZE, 0, -ENOENT, 0);
	ioas_remove_domain(ioas, &member);
}

/* A copy of two mappings is one map, of two areas. */
static void copy_says_how_many_areas(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 4);
	struct iommu_ioas_copy copy = {
		.size = sizeof(copy),
		.flags = FIXED,
		.dst_ioas_id = ioas->obj.id,
		.src_ioas_id = ioas->obj.id,
		.length = 4 * PAGE_SIZE,
		.dst_iova = SZ_2M,
		.src_iova = SZ_1M,
	};
	struct ioas_domain member;

	add(test, &member, PAGING_VTDSS);
	KUNIT_ASSERT_EQ(test, map(SZ_1M, va, 2), 0);
	KUNIT_ASSERT_EQ(test, map(SZ_1M + 2 * PAGE_SIZE, va + 2 * PAGE_SIZE, 2),
			0);
	memset(said, 0, sizeof(said));
	KUNIT_ASSERT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_COPY, &copy,
					 sizeof(copy)), 0);
	expect_begin(test, MAP_BEGIN, SZ_2M, 4 * PAGE_SIZE);
	expect_end(test, MAP_END, SZ_2M, 4 * PAGE_SIZE, 0, 2);
	expect_pins(test, MAP_END, 4, 0);
	ioas_remove_domain(ioas, &member);
}

/* The first domain pins, a second one only fills; the last one unpins. */
static void domains_say_what_they_filled(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_MIXED, HUGE + 4);
	unsigned long bytes = (HUGE + 4) << PAGE_SHIFT;
	struct ioas_domain members[2];

	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, HUGE), 0);
	KUNIT_ASSERT_EQ(test, map(SZ_2G, va + PMD_SIZE, 4), 0);
	add(test, &members[0], PAGING_VTDSS);
	expect_begin(test, ADD_BEGIN, 0, 0);
	expect_end(test, ADD_END, 0, bytes, 0, 2);
	expect_pins(test, ADD_END, 4, 1);
	KUNIT_EXPECT_GT(test, said[ADD_END].op.stage_ns[TRACE_PIN], 0);
	KUNIT_EXPECT_EQ(test, members[0].filled_bytes, bytes);

	memset(said, 0, sizeof(said));
	add(test, &members[1], PAGING_AMDV1);
	expect_end(test, ADD_END, 0, bytes, 0, 2);
	expect_pins(test, ADD_END, 4, 1);
	KUNIT_EXPECT_EQ(test, said[ADD_END].op.stage_ns[TRACE_PIN], 0);
	KUNIT_EXPECT_GT(test, said[ADD_END].op.stage_ns[TRACE_FILL], 0);

	ioas_remove_domain(ioas, &members[0]);
	expect_begin(test, REMOVE_BEGIN, 0, 0);
	expect_end(test, REMOVE_END, 0, bytes, 0, 2);
	KUNIT_EXPECT_EQ(test, said[REMOVE_END].op.stage_ns[TRACE_PIN], 0);

	memset(said, 0, sizeof(said));
	ioas_remove_domain(ioas, &members[1]);
	expect_end(test, REMOVE_END, 0, bytes, 0, 2);
	expect_pins(test, REMOVE_END, 4, 1);
	KUNIT_EXPECT_GT(test, said[REMOVE_END].op.stage_ns[TRACE_PIN], 0);
}

static void add_and_remove(void *data)
{
	struct ioas_domain *member = data;

	if (!ioas_add_domain(ioas, member))
		ioas_remove_domain(ioas, member);
}

/* While a domain is added nothing can be mapped. */
static void map_says_how_long_it_waited(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 1);
	struct iommu_ioas_copy copy = {
		.flags = FIXED,
		.dst_ioas_id = ioas->obj.id,
		.src_ioas_id = ioas->obj.id,
		.length = PAGE_SIZE,
		.dst_iova = SZ_2M,
		.src_iova = SZ_1M,
	};
	struct iofd_call call = {
		.iofd = &iofd,
		.cmd = IOMMU_IOAS_COPY,
		.arg = iofd_put_arg(test, &copy, sizeof(copy)),
	};
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	struct ioas_domain member = { .domain = &paging->domain };
	struct held *adding, *mapping;
	size_t queue;

	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		kunit_skip(test, "nothing says what a thread waits for");
	KUNIT_ASSERT_EQ(test, map(SZ_1M, va, 1), 0);
	memset(said, 0, sizeof(said));
	/* What it copies it has found; it is yet to map it. */
	mapping = hold_start(test, "ioas:copied", iofd_call, &call);
	adding = hold_start(test, "domains:added", add_and_remove, &member);
	KUNIT_EXPECT_NOT_NULL(test, hold_what_it_waits_for(test, mapping,
							   adding, NULL, 0,
							   &queue));
	msleep(WAIT_MS);
	hold_let_go(adding);
	hold_finish(test, mapping);
	hold_finish(test, adding);
	KUNIT_EXPECT_EQ(test, call.rc, 0);
	expect_begin(test, MAP_END, SZ_2M, PAGE_SIZE);
	KUNIT_EXPECT_GE(test, said[MAP_END].op.stage_ns[TRACE_WAIT],
			WAIT_MS * NSEC_PER_MSEC);
}

static struct iommufd_access *access;
static bool is_pinned;

/* It takes its time. It is asked for all there is as the access ends, too. */
static void access_unmap(void *data, unsigned long iova, unsigned long length)
{
	if (!is_pinned)
		return;
	is_pinned = false;
	msleep(WAIT_MS);
	iommufd_access_unpin_pages(access, SZ_1M, 3 * PAGE_SIZE);
}

static const struct iommufd_access_ops pin_ops = {
	.needs_pin_pages = 1,
	.unmap = access_unmap,
};

static void access_says_what_it_pinned(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 4);
	struct page *pages[3];
	u32 id;

	KUNIT_ASSERT_EQ(test, map(SZ_1M, va, 4), 0);
	access = iommufd_access_create(iofd.ictx, &pin_ops, NULL, &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, access);
	KUNIT_ASSERT_EQ(test, iommufd_access_attach(access, ioas->obj.id), 0);
	KUNIT_ASSERT_EQ(test, iommufd_access_pin_pages(access, SZ_1M,
						       3 * PAGE_SIZE, pages,
						       IOMMUFD_ACCESS_RW_WRITE),
			0);
	is_pinned = true;
	expect_end(test, PIN, SZ_1M, 3 * PAGE_SIZE, 0, 0);
	KUNIT_EXPECT_TRUE(test, said[PIN].write);
	KUNIT_EXPECT_GT(test, said[PIN].op.stage_ns[TRACE_PIN], 0);

	/* An unmap waits until it has let go. */
	KUNIT_EXPECT_EQ(test, said[UNPIN].nr, 0);
	KUNIT_EXPECT_EQ(test, unmap(0, ULONG_MAX), 0);
	expect_begin(test, UNPIN, SZ_1M, 3 * PAGE_SIZE);
	expect_end(test, UNMAP_END, 0, 4 * PAGE_SIZE, 0, 1);
	KUNIT_EXPECT_GE(test, said[UNMAP_END].op.stage_ns[TRACE_WAIT],
			WAIT_MS * NSEC_PER_MSEC);

	KUNIT_EXPECT_EQ(test, iommufd_access_pin_pages(access, SZ_1M,
						       PAGE_SIZE, pages, 0),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, said[PIN].nr, 2);
	KUNIT_EXPECT_EQ(test, said[PIN].rc, -ENOENT);
	KUNIT_EXPECT_FALSE(test, said[PIN].write);
	iommufd_access_destroy(access);
}

/* Where a HWPT is made for it, all that is mapped goes in there. */
static void attach_says_what_it_filled(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 4);
	struct iommufd_ioas *other;
	struct mock_rig rig;
	long hwpt;

	mock_rig_open(test, &rig, 0);
	heard = rig.iofd.ictx;
	other = iofd_ioas(test, &rig.iofd);
	KUNIT_ASSERT_EQ(test, ioas_map_user(other, FIXED, va, 4 * PAGE_SIZE,
					    MOCK_APERTURE_START, NULL), 0);
	memset(said, 0, sizeof(said));
	hwpt = rig_hwpt(&rig, rig.ioas, 0);
	KUNIT_ASSERT_GT(test, hwpt, 0);
	KUNIT_EXPECT_EQ(test, said[ADD_END].nr, 1);

	KUNIT_ASSERT_EQ(test, rig_attach(&rig, other->obj.id), 0);
	KUNIT_EXPECT_EQ(test, said[ATTACH].nr, 1);
	KUNIT_EXPECT_EQ(test, said[ATTACH].rc, 0);
	KUNIT_EXPECT_EQ(test, said[ATTACH].ioas, rig.dev);
	KUNIT_EXPECT_EQ(test, said[ATTACH].pt, other->obj.id);
	KUNIT_EXPECT_EQ(test, said[ATTACH].length, 4 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, said[ATTACH].write);
	KUNIT_EXPECT_GE(test, said[ATTACH].op.ns, said[ADD_END].op.ns);

	/* That one was there already. */
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, hwpt), 0);
	KUNIT_EXPECT_EQ(test, said[ATTACH].nr, 2);
	KUNIT_EXPECT_EQ(test, said[ATTACH].pt, hwpt);
	KUNIT_EXPECT_EQ(test, said[ATTACH].iova, hwpt);
	KUNIT_EXPECT_EQ(test, said[ATTACH].length, 0);
	heard = NULL;
	mock_rig_close(&rig);
}

/* 512 extents are a chunk of them: it is counted across. */
static void counting_goes_on_where_it_stopped(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 700);
	struct ioas_domain member;

	add(test, &member, PAGING_VTDSS);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, 700), 0);
	expect_pins(test, MAP_END, 700, 0);
	KUNIT_EXPECT_EQ(test, said[MAP_END].op.pins.nr_runs, 700);
	ioas_remove_domain(ioas, &member);
}

static int trace_test_init(struct kunit *test)
{
	int rc;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "this kernel has no tracepoints");
	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	memset(said, 0, sizeof(said));
	heard = iofd.ictx;
	rc = listen();
	KUNIT_EXPECT_EQ(test, rc, 0);
	return 0;
}

static void trace_test_exit(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		return;
	stop_listening();
	heard = NULL;
	iofd_close(&iofd);
}

static struct kunit_case trace_test_cases[] = {
	KUNIT_CASE(map_says_what_it_pinned),
	KUNIT_CASE(map_says_who_helped),
	KUNIT_CASE(map_says_what_a_part_has),
	KUNIT_CASE(map_says_where_it_went),
	KUNIT_CASE(map_says_why_it_failed),
	KUNIT_CASE(copy_says_how_many_areas),
	KUNIT_CASE(domains_say_what_they_filled),
	KUNIT_CASE(map_says_how_long_it_waited),
	KUNIT_CASE(access_says_what_it_pinned),
	KUNIT_CASE(attach_says_what_it_filled),
	KUNIT_CASE(counting_goes_on_where_it_stopped),
	{}
};

static struct kunit_suite trace_test_suite = {
	.name = "iommufd-trace",
	.init = trace_test_init,
	.exit = trace_test_exit,
	.test_cases = trace_test_cases,
};

kunit_test_suite(trace_test_suite);
