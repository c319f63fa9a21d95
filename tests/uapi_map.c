// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_IOAS_MAP as it should be used. Whether devices then see the memory is dma_test's matter. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pins.h"
#include "uapi.h"

static bool in_ranges(const struct uapi *u, __u64 iova, size_t length)
{
	__u32 i;

	for (i = 0; i < u->state.nranges; i++) {
		if (u->state.ranges[i].start <= iova &&
		    iova + length - 1 <= u->state.ranges[i].last)
			return true;
	}
	return false;
}

/* Allocated IOVAs are usable ones, aligned, not used already, and written back. */
static void run_allocated(const void *arg)
{
	const size_t lengths[] = { PAGE, 3 * PAGE, 256 * PAGE, UAPI_BYTES };
	__u64 iova[ARRAY_SIZE(lengths)];
	unsigned int i, j;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		iova[i] = 12345;	/* not an input */
		ASSERT_OK(ioas_map(u.rig.iofd, u.rig.ioas, IOAS_RW, u.mem.va, lengths[i],
				   &iova[i]));
		EXPECT_EQ(0, iova[i] % PAGE);
		EXPECT_TRUE(in_ranges(&u, iova[i], lengths[i]));
		EXPECT_TRUE(iova[i] + lengths[i] <= UAPI_ANCHOR ||
			    iova[i] >= UAPI_ANCHOR + UAPI_ANCHOR_BYTES);
		for (j = 0; j < i; j++)
			EXPECT_TRUE(iova[i] + lengths[i] <= iova[j] ||
				    iova[j] + lengths[j] <= iova[i]);
		EXPECT_ERR(-EEXIST, ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, iova[i]));
	}
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, iova[i], lengths[i]));
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
}

/* VmPin follows what is pinned, to the page. */
static void run_accounting(const void *arg)
{
	long long vmpin;
	struct uapi u;
	unsigned int i;

	(void)arg;
	uapi_open(&u);
	vmpin = pins_vmpin();
	EXPECT_LT((long long)UAPI_ANCHOR_BYTES - 1, vmpin);
	for (i = 1; i <= 8; i++) {
		EXPECT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, i * PAGE,
				      UAPI_FREE + i * MIB));
		vmpin += i * PAGE;
		EXPECT_EQ(vmpin, pins_vmpin());
	}
	for (i = 1; i <= 8; i++) {
		EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE + i * MIB, i * PAGE));
		vmpin -= i * PAGE;
		EXPECT_EQ(vmpin, pins_vmpin());
	}
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
}

/* Without a device an IOAS takes any byte range; a device's page size then keeps it out. */
static void run_bytes(const void *arg)
{
	__u64 iova = 0, length = 1000;
	struct uapi u;
	__u32 pt;

	(void)arg;
	uapi_open(&u);
	EXPECT_OK(edu_detach(&u.rig.edu[0]));
	EXPECT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va + 123, 1000, UAPI_FREE + 123));
	EXPECT_OK(ioas_map(u.rig.iofd, u.rig.ioas, IOAS_RW, u.mem.va + 77, 5, &iova));
	EXPECT_EQ(77, iova % PAGE);
	pt = u.rig.ioas;
	EXPECT_ERR(-EADDRINUSE, edu_attach(&u.rig.edu[0], &pt));
	EXPECT_OK(ioas_unmap(u.rig.iofd, u.rig.ioas, UAPI_FREE + 123, &length));
	EXPECT_EQ(1000, length);
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, iova, 5));
	pt = u.rig.ioas;
	EXPECT_OK(edu_attach(&u.rig.edu[0], &pt));
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
}

/* The first and the last byte there is. */
static void run_ends(const void *arg)
{
	__u64 last = ~0ULL - PAGE + 1;
	int iofd = iofd_open();
	struct memory mem;
	__u32 ioas;

	(void)arg;
	memory_alloc(&mem, POPULATE4K, 2 * PAGE);
	ASSERT_OK(ioas_alloc(iofd, &ioas));
	EXPECT_OK(ioas_map_at(iofd, ioas, mem.va, PAGE, 0));
	EXPECT_OK(ioas_map_at(iofd, ioas, mem.va, PAGE, last));
	EXPECT_ERR(-EEXIST, ioas_map_at(iofd, ioas, mem.va, PAGE, last));
	EXPECT_ERR(-EOVERFLOW, ioas_map_at(iofd, ioas, mem.va, 2 * PAGE, last));
	EXPECT_OK(ioas_unmap_at(iofd, ioas, last, PAGE));
	EXPECT_OK(ioas_map_at(iofd, ioas, mem.va, 2 * PAGE, last - PAGE));
	EXPECT_EQ(3 * PAGE, ioas_unmap_all(iofd, ioas));
	memory_free(&mem);
}

/*
 * Room at the end of all IOVAs alone: an alignment that leads beyond it must not lead back to 0,
 * and all of it is given out.
 */
static void run_top(const void *arg)
{
	const __u64 top = -MIB;
	int iofd = iofd_open();
	unsigned int npages;
	struct memory mem;
	__u64 iova = 0;
	__u32 ioas;
	int ret;

	(void)arg;
	memory_alloc(&mem, THP, 4 * MIB);
	ASSERT_OK(ioas_alloc(iofd, &ioas));
	ASSERT_OK(ioas_map_at(iofd, ioas, NULL, top, 0));
	EXPECT_ERR(-ENOSPC, ioas_map(iofd, ioas, IOAS_RW, mem.va, 2 * MIB, &iova));
	EXPECT_ERR(-ENOSPC, ioas_map(iofd, ioas, IOAS_RW, mem.va + PAGE, 2 * MIB, &iova));
	EXPECT_ERR(-ENOSPC, ioas_map(iofd, ioas, IOAS_RW, mem.va, MIB + PAGE, &iova));
	EXPECT_OK(ioas_map(iofd, ioas, IOAS_RW, mem.va + PAGE, 4 * PAGE, &iova));
	EXPECT_TRUE(iova >= top && iova <= -4 * PAGE);
	for (npages = 4; npages < MIB / PAGE - 1; npages++) {
		if (!EXPECT_OK(ioas_map(iofd, ioas, IOAS_RW, mem.va, PAGE, &iova)) ||
		    !EXPECT_TRUE(iova >= top))
			break;
	}
	/* The very last page is not given out, in-tree. */
	ret = ioas_map(iofd, ioas, IOAS_RW, mem.va, PAGE, &iova);
	EXPECT_ERR(rig_peer_is("iommufd") ? -ENOSPC : 0, ret);
	EXPECT_ERR(-ENOSPC, ioas_map(iofd, ioas, IOAS_RW, mem.va, PAGE, &iova));
	EXPECT_OK(ioas_unmap_at(iofd, ioas, 0, top));
	EXPECT_EQ(ret ? MIB - PAGE : MIB, ioas_unmap_all(iofd, ioas));
	memory_free(&mem);
}

/*
 * Memory is looked at when a device needs it: what was not there in time keeps the device out, and
 * changes nothing.
 */
static void run_late_fault(const void *arg)
{
	long long pins, vmpin;
	struct uapi u;
	__u32 pt;

	(void)arg;
	uapi_open(&u);
	EXPECT_OK(edu_detach(&u.rig.edu[0]));
	pins = pins_held();
	vmpin = pins_vmpin();
	ASSERT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va + 32 * PAGE, 32 * PAGE, UAPI_FREE));
	ASSERT_EQ(0, mprotect(u.mem.va + 50 * PAGE, PAGE, PROT_NONE));
	pt = u.rig.ioas;
	EXPECT_ERR(-EFAULT, edu_attach(&u.rig.edu[0], &pt));
	EXPECT_EQ(pins, pins_held());
	EXPECT_EQ(vmpin, pins_vmpin());
	ASSERT_EQ(0, mprotect(u.mem.va + 50 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	pt = u.rig.ioas;
	EXPECT_OK(edu_attach(&u.rig.edu[0], &pt));
	expect_reaches(&u.rig, &u.rig.edu[0], UAPI_FREE + 18 * PAGE, u.mem.va + 50 * PAGE, 64);
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, 32 * PAGE));
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
}

static const struct ktap_case cases[] = {
	{ "allocated", run_allocated, NULL },
	{ "accounting", run_accounting, NULL },
	{ "bytes", run_bytes, NULL },
	{ "ends", run_ends, NULL },
	{ "top", run_top, NULL },
	{ "late-fault", run_late_fault, NULL },
	{}
};

const struct ktap_suite uapi_map = { "map", cases };
