// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_IOAS_COPY: its fields, what may be copied, where to. */
#include <errno.h>
#include <sys/mman.h>

#include "pins.h"
#include "uapi.h"

#define PART (256 * PAGE)

static struct iommu_ioas_copy good_copy(struct uapi *u)
{
	return (struct iommu_ioas_copy){
		.size = sizeof(struct iommu_ioas_copy),
		.flags = IOAS_FIXED_RW,
		.dst_ioas_id = u->rig.ioas,
		.src_ioas_id = u->rig.ioas,
		.length = UAPI_ANCHOR_BYTES,
		.dst_iova = UAPI_FREE,
		.src_iova = UAPI_ANCHOR,
	};
}

#define copy(u, cmd) iofd_ioctl((u)->rig.iofd, IOMMU_IOAS_COPY, cmd)

static void run_fields(const void *arg)
{
	struct iommu_ioas_copy cmd;
	int other = iofd_open(), bit;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	for (bit = 3; bit < 32; bit++) {
		cmd = good_copy(&u);
		cmd.flags |= 1U << bit;
		EXPECT_REFUSED(&u, -EOPNOTSUPP, copy(&u, &cmd));
	}
	cmd = good_copy(&u);
	cmd.flags = IOMMU_IOAS_MAP_FIXED_IOVA;
	EXPECT_REFUSED(&u, -EINVAL, copy(&u, &cmd));
	cmd = good_copy(&u);
	cmd.src_ioas_id = UAPI_NO_ID;
	EXPECT_REFUSED(&u, -ENOENT, copy(&u, &cmd));
	cmd.src_ioas_id = u.rig.hwpt;
	EXPECT_REFUSED(&u, -ENOENT, copy(&u, &cmd));
	cmd = good_copy(&u);
	cmd.dst_ioas_id = UAPI_NO_ID;
	EXPECT_REFUSED(&u, -ENOENT, copy(&u, &cmd));
	cmd.dst_ioas_id = u.rig.edu[0].devid;
	EXPECT_REFUSED(&u, -ENOENT, copy(&u, &cmd));
	cmd = good_copy(&u);
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(other, IOMMU_IOAS_COPY, &cmd));

	cmd.length = 0;
	EXPECT_REFUSED(&u, -EINVAL, copy(&u, &cmd));
	cmd.length = ~0ULL;
	EXPECT_REFUSED(&u, -EOVERFLOW, copy(&u, &cmd));
	cmd = good_copy(&u);
	cmd.src_iova = -PAGE;
	EXPECT_REFUSED(&u, -EOVERFLOW, copy(&u, &cmd));
	cmd = good_copy(&u);
	cmd.dst_iova = -PAGE;
	EXPECT_REFUSED(&u, -EOVERFLOW, copy(&u, &cmd));
	cmd = good_copy(&u);
	cmd.dst_iova = UAPI_FREE + 1;
	EXPECT_REFUSED(&u, -EINVAL, copy(&u, &cmd));
	cmd = good_copy(&u);
	cmd.length = UAPI_ANCHOR_BYTES - 1;
	EXPECT_REFUSED(&u, -EINVAL, copy(&u, &cmd));
	expect_free(&u, UAPI_FREE, UAPI_ANCHOR_BYTES);
	uapi_close(&u);
}

/* Nothing there, or not all of it. */
static void run_source(const void *arg)
{
	struct iommu_ioas_copy cmd;
	struct uapi u;
	__u32 empty;

	(void)arg;
	uapi_open(&u);
	ASSERT_OK(ioas_alloc(u.rig.iofd, &empty));
	cmd = good_copy(&u);
	cmd.src_ioas_id = empty;
	EXPECT_REFUSED(&u, -ENOENT, copy(&u, &cmd));
	cmd = good_copy(&u);
	cmd.src_iova = 3 * GIB;
	EXPECT_REFUSED(&u, -ENOENT, copy(&u, &cmd));
	cmd = good_copy(&u);
	cmd.length += PAGE;
	EXPECT_REFUSED(&u, -ENOENT, copy(&u, &cmd));
	cmd = good_copy(&u);
	cmd.src_iova -= PAGE;
	EXPECT_REFUSED(&u, -ENOENT, copy(&u, &cmd));
	expect_free(&u, UAPI_FREE, 17 * PAGE);
	uapi_close(&u);
}

/*
 * The header says that a source must match a mapping exactly; the in-tree module copies a part of
 * one, or several that touch, too. Programs may have come to rely on it.
 */
static void run_several(const void *arg)
{
	struct iommu_ioas_copy cmd;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	ASSERT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va + UAPI_ANCHOR_BYTES, 4 * PAGE,
			      UAPI_ANCHOR + UAPI_ANCHOR_BYTES));
	cmd = good_copy(&u);
	cmd.length = UAPI_ANCHOR_BYTES + 4 * PAGE;
	EXPECT_OK(copy(&u, &cmd));
	expect_reaches(&u.rig, &u.rig.edu[0], UAPI_FREE + UAPI_ANCHOR_BYTES - 64,
		       u.mem.va + UAPI_ANCHOR_BYTES - 64, 128);
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, UAPI_ANCHOR_BYTES + 4 * PAGE));
	cmd = good_copy(&u);
	cmd.src_iova += PAGE;
	cmd.length -= 2 * PAGE;
	EXPECT_OK(copy(&u, &cmd));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, UAPI_ANCHOR_BYTES - 2 * PAGE));

	/* A hole between the two. */
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_ANCHOR + UAPI_ANCHOR_BYTES, 4 * PAGE));
	ASSERT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va + UAPI_ANCHOR_BYTES, 4 * PAGE,
			      UAPI_ANCHOR + UAPI_ANCHOR_BYTES + PAGE));
	uapi_note_state(&u);
	cmd = good_copy(&u);
	cmd.length = UAPI_ANCHOR_BYTES + 5 * PAGE;
	EXPECT_REFUSED(&u, -ENOENT, copy(&u, &cmd));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_ANCHOR + UAPI_ANCHOR_BYTES + PAGE,
				4 * PAGE));
	uapi_close(&u);
}

static void run_destination(const void *arg)
{
	struct iommu_ioas_copy cmd;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	cmd = good_copy(&u);
	cmd.dst_iova = UAPI_ANCHOR;
	EXPECT_REFUSED(&u, -EEXIST, copy(&u, &cmd));
	cmd.dst_iova = UAPI_ANCHOR + UAPI_ANCHOR_BYTES - PAGE;
	EXPECT_REFUSED(&u, -EEXIST, copy(&u, &cmd));
	cmd.dst_iova = RIG_MSI_START;
	EXPECT_REFUSED(&u, -EINVAL, copy(&u, &cmd));
	cmd.dst_iova = 1ULL << 60;
	EXPECT_REFUSED(&u, -EINVAL, copy(&u, &cmd));

	/* Allocated by the kernel. */
	cmd = good_copy(&u);
	cmd.flags = IOAS_RW;
	cmd.dst_iova = 0;
	EXPECT_OK(copy(&u, &cmd));
	EXPECT_EQ(0, cmd.dst_iova % PAGE);
	EXPECT_ERR(-EEXIST, ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, cmd.dst_iova));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, cmd.dst_iova, UAPI_ANCHOR_BYTES));
	expect_free(&u, UAPI_FREE, UAPI_ANCHOR_BYTES);
	uapi_close(&u);
}

/* No more rights than the memory was given with. */
static void run_rights(const void *arg)
{
	__u64 read_only = 3 * GIB, free = UAPI_FREE;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	ASSERT_OK(ioas_map(u.rig.iofd, u.rig.ioas,
			   IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE, u.mem.va + PART,
			   4 * PAGE, &read_only));
	uapi_note_state(&u);
	EXPECT_REFUSED(&u, -EPERM,
		       ioas_copy(u.rig.iofd, IOAS_FIXED_RW, u.rig.ioas, u.rig.ioas, 4 * PAGE, &free,
				 read_only));
	EXPECT_OK(ioas_copy(u.rig.iofd, IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE,
			    u.rig.ioas, u.rig.ioas, 4 * PAGE, &free, read_only));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, free, 4 * PAGE));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, read_only, 4 * PAGE));
	expect_free(&u, UAPI_FREE, 4 * PAGE);
	uapi_close(&u);
}

/* Out of an IOAS with no device, whose memory has gone bad since. */
static void run_fault(const void *arg)
{
	struct iommu_ioas_copy cmd;
	struct uapi u;
	__u32 store;

	(void)arg;
	uapi_open(&u);
	ASSERT_OK(ioas_alloc(u.rig.iofd, &store));
	ASSERT_OK(ioas_map_at(u.rig.iofd, store, u.mem.va + PART, PART, UAPI_ANCHOR));
	ASSERT_EQ(0, mprotect(u.mem.va + PART + 100 * PAGE, PAGE, PROT_NONE));
	cmd = good_copy(&u);
	cmd.src_ioas_id = store;
	cmd.length = PART;
	EXPECT_REFUSED(&u, -EFAULT, copy(&u, &cmd));
	expect_free(&u, UAPI_FREE, PART);
	ASSERT_EQ(0, mprotect(u.mem.va + PART + 100 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_OK(copy(&u, &cmd));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, PART));
	EXPECT_EQ(PART, ioas_unmap_all(u.rig.iofd, store));
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
}

/*
 * The same when a part of the memory is pinned for somebody already: what was pinned in front of
 * that part goes back, the part stays.
 */
static void run_fault_behind(const void *arg)
{
	__u64 first = UAPI_FREE, whole = 3 * GIB;
	struct uapi u;
	__u32 store;

	(void)arg;
	uapi_open(&u);
	ASSERT_OK(ioas_alloc(u.rig.iofd, &store));
	ASSERT_OK(ioas_map_at(u.rig.iofd, store, u.mem.va + PART, PART, UAPI_ANCHOR));
	ASSERT_EQ(0, mprotect(u.mem.va + PART + 200 * PAGE, PAGE, PROT_NONE));
	ASSERT_OK(ioas_copy(u.rig.iofd, IOAS_FIXED_RW, u.rig.ioas, store, 10 * PAGE, &first,
			    UAPI_ANCHOR + 100 * PAGE));
	uapi_note_state(&u);
	EXPECT_REFUSED(&u, -EFAULT,
		       ioas_copy(u.rig.iofd, IOAS_FIXED_RW, u.rig.ioas, store, PART, &whole,
				 UAPI_ANCHOR));
	expect_free(&u, 3 * GIB, PART);
	expect_reaches(&u.rig, &u.rig.edu[0], UAPI_FREE, u.mem.va + PART + 100 * PAGE, 64);
	ASSERT_EQ(0, mprotect(u.mem.va + PART + 200 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_OK(ioas_copy(u.rig.iofd, IOAS_FIXED_RW, u.rig.ioas, store, PART, &whole,
			    UAPI_ANCHOR));
	expect_reaches(&u.rig, &u.rig.edu[0], whole + 200 * PAGE, u.mem.va + PART + 200 * PAGE, 64);
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, 10 * PAGE));
	expect_reaches(&u.rig, &u.rig.edu[0], whole + 105 * PAGE, u.mem.va + PART + 105 * PAGE, 64);
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, whole, PART));
	EXPECT_EQ(PART, ioas_unmap_all(u.rig.iofd, store));
	uapi_close(&u);
}

static const struct ktap_case cases[] = {
	{ "fields", run_fields, NULL },
	{ "source", run_source, NULL },
	{ "several", run_several, NULL },
	{ "destination", run_destination, NULL },
	{ "rights", run_rights, NULL },
	{ "fault", run_fault, NULL },
	{ "fault-behind", run_fault_behind, NULL },
	{}
};

const struct ktap_suite uapi_copy = { "copy", cases };
