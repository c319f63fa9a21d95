// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_IOAS_UNMAP: whole mappings only, any number of them, and how many bytes there were. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "uapi.h"

static int unmap(struct uapi *u, __u64 iova, __u64 length)
{
	return ioas_unmap(u->rig.iofd, u->rig.ioas, iova, &length);
}

static void run_fields(const void *arg)
{
	struct iommu_ioas_unmap cmd = { .size = sizeof(cmd),
					.iova = UAPI_ANCHOR,
					.length = UAPI_ANCHOR_BYTES };
	int other = iofd_open();
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_UNMAP, &cmd));
	cmd.ioas_id = UAPI_NO_ID;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_UNMAP, &cmd));
	cmd.ioas_id = u.rig.hwpt;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_UNMAP, &cmd));
	cmd.ioas_id = u.rig.edu[0].devid;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_UNMAP, &cmd));
	cmd.ioas_id = u.rig.ioas;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(other, IOMMU_IOAS_UNMAP, &cmd));
	EXPECT_REFUSED(&u, -EINVAL, unmap(&u, UAPI_ANCHOR, 0));
	EXPECT_REFUSED(&u, -EOVERFLOW, unmap(&u, UAPI_ANCHOR, ~0ULL));
	EXPECT_REFUSED(&u, -EOVERFLOW, unmap(&u, -PAGE, 2 * PAGE));
	EXPECT_REFUSED(&u, -EOVERFLOW, unmap(&u, 2, ~0ULL));
	uapi_close(&u);
}

/* A mapping is never split or cut. */
static void run_part(const void *arg)
{
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_ANCHOR, PAGE));
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_ANCHOR, UAPI_ANCHOR_BYTES - PAGE));
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_ANCHOR + PAGE, UAPI_ANCHOR_BYTES - PAGE));
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_ANCHOR + PAGE, PAGE));
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_ANCHOR + PAGE, UAPI_ANCHOR_BYTES));
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_ANCHOR - PAGE, UAPI_ANCHOR_BYTES));
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_ANCHOR, 1));
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_ANCHOR, UAPI_ANCHOR_BYTES - 1));
	uapi_close(&u);
}

static void run_nothing(const void *arg)
{
	__u64 length = PAGE;
	struct uapi u;
	__u32 empty;

	(void)arg;
	uapi_open(&u);
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_FREE, PAGE));
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_ANCHOR + UAPI_ANCHOR_BYTES, PAGE));
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_ANCHOR - PAGE, PAGE));
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, 3, 5));

	/* Of an empty IOAS everything is nothing, and that is no error. */
	ASSERT_OK(ioas_alloc(u.rig.iofd, &empty));
	EXPECT_EQ(0, ioas_unmap_all(u.rig.iofd, empty));
	EXPECT_ERR(-ENOENT, ioas_unmap(u.rig.iofd, empty, 0, &length));
	EXPECT_OK(iofd_destroy(u.rig.iofd, empty));
	uapi_close(&u);
}

/* Several whole mappings and the gaps between them, by one call. */
static void run_several(const void *arg)
{
	__u64 length;
	struct uapi u;
	int i;

	(void)arg;
	uapi_open(&u);
	for (i = 0; i < 8; i++)
		ASSERT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, (i + 1) * PAGE,
				      UAPI_FREE + i * MIB));
	length = 3 * MIB;
	EXPECT_OK(ioas_unmap(u.rig.iofd, u.rig.ioas, UAPI_FREE, &length));
	EXPECT_EQ((1 + 2 + 3) * PAGE, length);

	/* The range may begin and end where nothing is, but not inside a mapping. */
	length = 3 * MIB;
	EXPECT_OK(ioas_unmap(u.rig.iofd, u.rig.ioas, UAPI_FREE + 3 * MIB - PAGE, &length));
	EXPECT_EQ((4 + 5 + 6) * PAGE, length);
	uapi_note_state(&u);
	expect_no_reach(&u.rig, &u.rig.edu[0], UAPI_FREE + 3 * MIB, u.mem.va, 64);
	expect_no_reach(&u.rig, &u.rig.edu[0], UAPI_FREE + 5 * MIB, u.mem.va, 64);
	expect_reaches(&u.rig, &u.rig.edu[0], UAPI_FREE + 6 * MIB, u.mem.va, 64);
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_FREE + 6 * MIB + PAGE, GIB));
	EXPECT_OK(unmap(&u, UAPI_FREE, GIB));
	for (i = 0; i < 8; i++)
		expect_free(&u, UAPI_FREE + i * MIB, PAGE);
	uapi_close(&u);
}

/* A range that ends inside a mapping, after whole ones: all or nothing. */
static void run_several_and_part(const void *arg)
{
	struct uapi u;

	(void)arg;
	if (rig_peer_is("iommufd"))
		ktap_skip("known difference: in-tree, the whole ones go before the error");
	uapi_open(&u);
	ASSERT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, 2 * PAGE, UAPI_FREE));
	ASSERT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, 4 * PAGE, UAPI_FREE + MIB));
	uapi_note_state(&u);
	EXPECT_REFUSED(&u, -ENOENT, unmap(&u, UAPI_FREE, MIB + 2 * PAGE));
	EXPECT_ERR(-EEXIST, ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, UAPI_FREE));
	EXPECT_ERR(-EEXIST, ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, UAPI_FREE + MIB));
	EXPECT_OK(unmap(&u, UAPI_FREE, GIB));
	uapi_close(&u);
}

static const struct ktap_case cases[] = {
	{ "fields", run_fields, NULL },
	{ "part", run_part, NULL },
	{ "nothing", run_nothing, NULL },
	{ "several", run_several, NULL },
	{ "several-and-part", run_several_and_part, NULL },
	{}
};

const struct ktap_suite uapi_unmap = { "unmap", cases };
