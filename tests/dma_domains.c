// SPDX-License-Identifier: GPL-2.0-only
/* Two devices: one domain, two domains of one IOAS, two IOAS, two iommufds. */
#include <errno.h>
#include <unistd.h>

#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "pins.h"
#include "rig.h"
#include "util.h"

#define IOVA GIB
#define BYTES (4 * MIB)
#define LEN 512

/* The IOVA of the n-th mapping of a case. */
static __u64 place(unsigned int n)
{
	return IOVA + n * 16 * MIB + (n & 1) * PAGE;
}

static void map_nth(struct rig *rig, const struct memory *mem, unsigned int n)
{
	__u64 iova = place(n);

	ASSERT_OK(memory_map(mem, rig->iofd, rig->ioas, IOAS_FIXED_RW, 0, BYTES, &iova));
}

/* Both ends and a few pages between them, through one device. */
static void expect_device_reaches(struct rig *rig, unsigned int dev, const struct memory *mem,
				  unsigned int n)
{
	__u64 random = ktap_seed() + n;
	unsigned int i;

	expect_reaches(rig, &rig->edu[dev], place(n), mem->va, LEN);
	expect_reaches(rig, &rig->edu[dev], place(n) + BYTES - LEN, mem->va + BYTES - LEN, LEN);
	for (i = 0; i < 4; i++) {
		size_t offset = ktap_random(&random) % (BYTES - LEN);

		expect_reaches(rig, &rig->edu[dev], place(n) + offset, mem->va + offset, LEN);
	}
}

static void expect_both_reach(struct rig *rig, const struct memory *mem, unsigned int n)
{
	int before = ktap_failures();

	expect_device_reaches(rig, 0, mem, n);
	if (ktap_failures() > before)
		ktap_note("through the first device, mapping %u", n);
	before = ktap_failures();
	expect_device_reaches(rig, 1, mem, n);
	if (ktap_failures() > before)
		ktap_note("through the second device, mapping %u", n);
}

/*
 * Both attached to the IOAS: the kernel makes one domain for the two, as they are behind one IOMMU.
 */
static void run_shared(const void *arg)
{
	struct memory mem;
	struct rig rig;
	__u32 pt0, pt1;

	(void)arg;
	memory_alloc(&mem, POPULATE4K, BYTES);
	rig_open(&rig, 2);
	pt0 = rig.ioas;
	pt1 = rig.ioas;
	ASSERT_OK(edu_attach(&rig.edu[0], &pt0));
	ASSERT_OK(edu_attach(&rig.edu[1], &pt1));
	EXPECT_EQ(pt0, pt1);
	EXPECT_NE(rig.ioas, pt0);
	rig_map_bounce(&rig, rig.ioas);
	map_nth(&rig, &mem, 0);
	expect_both_reach(&rig, &mem, 0);

	EXPECT_OK(edu_detach(&rig.edu[0]));
	expect_device_reaches(&rig, 1, &mem, 0);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, place(0), BYTES));
	expect_no_reach(&rig, &rig.edu[1], place(0), mem.va, LEN);
	rig_close(&rig);
	memory_free(&mem);
}

/*
 * A rig whose second device is attached to a domain of its own of the same IOAS; with mappings
 * before and after.
 */
static __u32 two_domains(struct rig *rig, const struct memory *mem)
{
	__u32 pt, hwpt;

	rig_open(rig, 2);
	map_nth(rig, mem, 0);
	pt = rig->ioas;
	ASSERT_OK(edu_attach(&rig->edu[0], &pt));
	rig->hwpt = pt;
	rig_map_bounce(rig, rig->ioas);
	map_nth(rig, mem, 1);
	ASSERT_OK(hwpt_alloc(rig->iofd, 0, rig->edu[1].devid, rig->ioas, &hwpt));
	ASSERT_TRUE(hwpt != pt);
	map_nth(rig, mem, 2);
	pt = hwpt;
	ASSERT_OK(edu_attach(&rig->edu[1], &pt));
	EXPECT_EQ(hwpt, pt);
	map_nth(rig, mem, 3);
	return hwpt;
}

static void run_two(const void *arg)
{
	struct memory mem;
	struct rig rig;
	unsigned int n;
	__u32 hwpt;

	memory_alloc(&mem, *(const enum shape *)arg, BYTES);
	hwpt = two_domains(&rig, &mem);
	for (n = 0; n < 4; n++)
		expect_both_reach(&rig, &mem, n);

	/* An unmap is one for all. */
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, place(1), BYTES));
	expect_no_reach(&rig, &rig.edu[0], place(1), mem.va, LEN);
	expect_no_reach(&rig, &rig.edu[1], place(1), mem.va, LEN);
	expect_both_reach(&rig, &mem, 2);

	/* The second domain goes; the first stays whole. */
	EXPECT_ERR(-EBUSY, iofd_destroy(rig.iofd, hwpt));
	EXPECT_OK(edu_detach(&rig.edu[1]));
	EXPECT_OK(iofd_destroy(rig.iofd, hwpt));
	expect_device_reaches(&rig, 0, &mem, 0);
	EXPECT_EQ(3 * BYTES + RIG_BOUNCE_BYTES, ioas_unmap_all(rig.iofd, rig.ioas));
	rig_map_bounce(&rig, rig.ioas);
	rig_close(&rig);
	memory_free(&mem);
}

/* The first domain goes, with whatever the kernel had stored in it; the second must not miss it. */
static void run_first_goes(const void *arg)
{
	struct memory mem;
	struct rig rig;
	unsigned int n;
	__u32 pt;

	memory_alloc(&mem, *(const enum shape *)arg, BYTES);
	two_domains(&rig, &mem);
	EXPECT_OK(edu_detach(&rig.edu[0]));
	for (n = 0; n < 4; n++)
		expect_device_reaches(&rig, 1, &mem, n);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, place(0), BYTES));
	expect_no_reach(&rig, &rig.edu[1], place(0), mem.va, LEN);

	/* Back again, now the newer one. */
	pt = rig.ioas;
	ASSERT_OK(edu_attach(&rig.edu[0], &pt));
	for (n = 1; n < 4; n++)
		expect_both_reach(&rig, &mem, n);
	EXPECT_EQ(3 * BYTES + RIG_BOUNCE_BYTES, ioas_unmap_all(rig.iofd, rig.ioas));
	rig_map_bounce(&rig, rig.ioas);
	expect_no_reach(&rig, &rig.edu[0], place(1), mem.va, LEN);
	rig_close(&rig);
	memory_free(&mem);
}

/* The last device leaves and comes back: the mappings are the IOAS's, not the domain's. */
static void run_come_back(const void *arg)
{
	long long before = pins_held();
	struct memory mem;
	struct rig rig;
	__u32 pt;

	memory_alloc(&mem, *(const enum shape *)arg, BYTES);
	rig_open_attached(&rig, 1);
	map_nth(&rig, &mem, 0);
	expect_device_reaches(&rig, 0, &mem, 0);
	EXPECT_OK(edu_detach(&rig.edu[0]));
	pt = rig.ioas;
	ASSERT_OK(edu_attach(&rig.edu[0], &pt));
	expect_device_reaches(&rig, 0, &mem, 0);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, place(0), BYTES));
	expect_no_reach(&rig, &rig.edu[0], place(0), mem.va, LEN);
	rig_close(&rig);
	EXPECT_EQ(before, pins_held());
	memory_free(&mem);
}

/* One IOVA, two IOAS, two memories: each device sees its own. */
static void run_apart(const void *arg)
{
	struct memory mine, other;
	struct rig rig;
	__u32 ioas, pt;

	(void)arg;
	memory_alloc(&mine, THP, BYTES);
	memory_alloc(&other, THP, BYTES);
	rig_open_attached(&rig, 2);
	ASSERT_OK(ioas_alloc(rig.iofd, &ioas));
	rig_map_bounce(&rig, ioas);
	pt = ioas;
	ASSERT_OK(edu_attach(&rig.edu[1], &pt));
	map_nth(&rig, &mine, 0);
	ASSERT_OK(ioas_map_at(rig.iofd, ioas, other.va, BYTES, place(0)));
	expect_device_reaches(&rig, 0, &mine, 0);
	expect_device_reaches(&rig, 1, &other, 0);
	expect_no_reach(&rig, &rig.edu[0], place(0), other.va, LEN);
	expect_no_reach(&rig, &rig.edu[1], place(0), mine.va, LEN);

	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, place(0), BYTES));
	expect_device_reaches(&rig, 1, &other, 0);
	EXPECT_EQ(BYTES + RIG_BOUNCE_BYTES, ioas_unmap_all(rig.iofd, ioas));
	rig_close(&rig);
	memory_free(&mine);
	memory_free(&other);
}

/* Two iommufds pin the same memory; one closes. */
static void run_two_iommufds(const void *arg)
{
	struct memory mem;
	struct rig rig, second;
	__u32 pt;

	memory_alloc(&mem, *(const enum shape *)arg, BYTES);
	rig_open_attached(&rig, 1);
	map_nth(&rig, &mem, 0);

	second = (struct rig){ .iofd = iofd_open(), .ndevs = 1, .bounce = rig.bounce };
	ASSERT_TRUE(second.iofd >= 0);
	ASSERT_OK(ioas_alloc(second.iofd, &second.ioas));
	ASSERT_OK(edu_open(&second.edu[0], 1));
	ASSERT_OK(edu_bind(&second.edu[0], second.iofd));
	pt = second.ioas;
	ASSERT_OK(edu_attach(&second.edu[0], &pt));
	rig_map_bounce(&second, second.ioas);
	map_nth(&second, &mem, 0);
	expect_device_reaches(&rig, 0, &mem, 0);
	expect_device_reaches(&second, 0, &mem, 0);

	edu_close(&second.edu[0]);
	close(second.iofd);
	expect_device_reaches(&rig, 0, &mem, 0);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, place(0), BYTES));
	rig_close(&rig);
	memory_free(&mem);
}

#define DOMAINS(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }

static const struct ktap_case cases[] = {
	{ "shared", run_shared, NULL },
	DOMAINS("two-populate4k", run_two, POPULATE4K),
	DOMAINS("two-scatter4k", run_two, SCATTER4K),
	DOMAINS("two-thp", run_two, THP),
	DOMAINS("two-memfd2m", run_two, MEMFD2M),
	DOMAINS("two-mapfile4k", run_two, MAPFILE4K),
	DOMAINS("two-mapfile2m", run_two, MAPFILE2M),
	DOMAINS("first-goes-populate4k", run_first_goes, POPULATE4K),
	DOMAINS("first-goes-scatter4k", run_first_goes, SCATTER4K),
	DOMAINS("first-goes-thp", run_first_goes, THP),
	DOMAINS("first-goes-mapfile2m", run_first_goes, MAPFILE2M),
	DOMAINS("come-back-scatter4k", run_come_back, SCATTER4K),
	DOMAINS("come-back-hugetlb2m", run_come_back, HUGETLB2M),
	DOMAINS("come-back-mapfile4k", run_come_back, MAPFILE4K),
	{ "apart", run_apart, NULL },
	DOMAINS("two-iommufds-populate4k", run_two_iommufds, POPULATE4K),
	DOMAINS("two-iommufds-thp", run_two_iommufds, THP),
	{}
};

const struct ktap_suite dma_domains = { "domains", cases };
