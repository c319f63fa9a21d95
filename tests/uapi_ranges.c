// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_IOAS_IOVA_RANGES: where may be mapped, with and without a device. */
#include <errno.h>
#include <string.h>

#include "uapi.h"

static bool covers(const struct iommu_iova_range *ranges, __u32 n, __u64 start, __u64 last)
{
	__u32 i;

	for (i = 0; i < n; i++) {
		if (ranges[i].start <= start && last <= ranges[i].last)
			return true;
	}
	return false;
}

static bool touches(const struct iommu_iova_range *ranges, __u32 n, __u64 start, __u64 last)
{
	__u32 i;

	for (i = 0; i < n; i++) {
		if (ranges[i].start <= last && start <= ranges[i].last)
			return true;
	}
	return false;
}

/* Ascending, apart, none turned round. */
static void expect_sane(const struct iommu_iova_range *ranges, __u32 n)
{
	__u32 i;

	for (i = 0; i < n; i++) {
		EXPECT_TRUE(ranges[i].start <= ranges[i].last);
		if (i)
			EXPECT_TRUE(ranges[i - 1].last < ranges[i].start);
	}
}

static void run_fresh(const void *arg)
{
	struct iommu_iova_range range = {};
	int iofd = iofd_open();
	__u64 align = 0;
	__u32 ioas, n = 1;

	(void)arg;
	ASSERT_OK(ioas_alloc(iofd, &ioas));
	EXPECT_OK(ioas_iova_ranges(iofd, ioas, &range, &n, &align));
	EXPECT_EQ(1, n);
	EXPECT_EQ(0, range.start);
	EXPECT_EQ(~0ULL, range.last);
	EXPECT_EQ(1, align);

	n = 0;
	EXPECT_ERR(-EMSGSIZE, ioas_iova_ranges(iofd, ioas, NULL, &n, &align));
	EXPECT_EQ(1, n);
}

static void run_attached(const void *arg)
{
	struct iommu_iova_range ranges[16];
	__u32 n = ARRAY_SIZE(ranges), i;
	__u64 align = 0;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	EXPECT_OK(ioas_iova_ranges(u.rig.iofd, u.rig.ioas, ranges, &n, &align));
	EXPECT_EQ(PAGE, align);
	ASSERT_TRUE(n >= 2 && n <= ARRAY_SIZE(ranges));
	expect_sane(ranges, n);
	EXPECT_TRUE(covers(ranges, n, 0, RIG_MSI_START - 1));
	EXPECT_TRUE(covers(ranges, n, RIG_MSI_LAST + 1, (1UL << 39) - 1));
	EXPECT_TRUE(!touches(ranges, n, RIG_MSI_START, RIG_MSI_LAST));
	EXPECT_TRUE(!touches(ranges, n, 1UL << 48, ~0UL));

	/* Every edge holds: the pages inside can be mapped, those outside not. */
	for (i = 0; i < n; i++) {
		__u64 before = ranges[i].start - PAGE, after = ranges[i].last + 1;

		expect_free(&u, ranges[i].start, PAGE);
		expect_free(&u, ranges[i].last + 1 - PAGE, PAGE);
		if (ranges[i].start)
			EXPECT_REFUSED(&u, -EINVAL,
				       ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, before));
		EXPECT_REFUSED(&u, -EINVAL,
			       ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, after));
		EXPECT_REFUSED(&u, -EINVAL,
			       ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, 2 * PAGE,
					   after - PAGE));
	}
	uapi_close(&u);
}

/* The window is reserved for as long as the device is attached. */
static void run_widen(const void *arg)
{
	struct iommu_iova_range ranges[16];
	__u32 n = ARRAY_SIZE(ranges), pt;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	EXPECT_REFUSED(&u, -EINVAL,
		       ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, RIG_MSI_START));
	EXPECT_OK(edu_detach(&u.rig.edu[0]));
	EXPECT_OK(ioas_iova_ranges(u.rig.iofd, u.rig.ioas, ranges, &n, NULL));
	EXPECT_EQ(1, n);
	EXPECT_EQ(~0ULL, ranges[0].last);

	/* And a mapping in it keeps the device out. */
	EXPECT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, RIG_MSI_LAST + 1 - PAGE));
	pt = u.rig.ioas;
	EXPECT_ERR(-EADDRINUSE, edu_attach(&u.rig.edu[0], &pt));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, RIG_MSI_LAST + 1 - PAGE, PAGE));
	pt = u.rig.ioas;
	EXPECT_OK(edu_attach(&u.rig.edu[0], &pt));
	uapi_close(&u);
}

/* The same at the upper end: a mapping that no page table of the device can hold. */
static void run_aperture(const void *arg)
{
	__u64 beyond = 1UL << 60;
	struct uapi u;
	__u32 pt;

	(void)arg;
	uapi_open(&u);
	EXPECT_OK(edu_detach(&u.rig.edu[0]));
	EXPECT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, beyond));
	pt = u.rig.ioas;
	EXPECT_ERR(-EADDRINUSE, edu_attach(&u.rig.edu[0], &pt));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, beyond, PAGE));
	pt = u.rig.ioas;
	EXPECT_OK(edu_attach(&u.rig.edu[0], &pt));
	uapi_note_state(&u);
	EXPECT_REFUSED(&u, -EINVAL, ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, beyond));
	uapi_close(&u);
}

static void run_ranges_bad(const void *arg)
{
	struct iommu_iova_range ranges[16], first = { .start = 1, .last = 1 };
	struct iommu_ioas_iova_ranges cmd, good;
	struct iommu_iova_range *cut;
	int other = iofd_open();
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	good = (struct iommu_ioas_iova_ranges){
		.size = sizeof(good),
		.ioas_id = u.rig.ioas,
		.num_iovas = ARRAY_SIZE(ranges),
		.allowed_iovas = (__u64)ranges,
	};
	cmd = good;
	cmd.__reserved = 1;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_IOVA_RANGES, &cmd));
	cmd = good;
	cmd.ioas_id = UAPI_NO_ID;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_IOVA_RANGES, &cmd));
	cmd.ioas_id = 0;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_IOVA_RANGES, &cmd));
	cmd.ioas_id = u.rig.edu[0].devid;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_IOVA_RANGES, &cmd));
	cmd.ioas_id = u.rig.hwpt;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_IOVA_RANGES, &cmd));
	cmd = good;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(other, IOMMU_IOAS_IOVA_RANGES, &cmd));
	cmd.allowed_iovas = 0;
	EXPECT_REFUSED(&u, -EFAULT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_IOVA_RANGES, &cmd));
	/* Room for the first range only is accessible. */
	cut = (struct iommu_iova_range *)(uapi_guarded_page() + PAGE) - 1;
	cmd.allowed_iovas = (__u64)cut;
	EXPECT_REFUSED(&u, -EFAULT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_IOVA_RANGES, &cmd));

	/* Too little room: as many as fit, and how many there are. */
	cmd = good;
	cmd.num_iovas = 1;
	cmd.allowed_iovas = (__u64)&first;
	EXPECT_REFUSED(&u, -EMSGSIZE, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_IOVA_RANGES, &cmd));
	EXPECT_EQ(u.state.nranges, cmd.num_iovas);
	EXPECT_EQ(u.state.ranges[0].start, first.start);
	EXPECT_EQ(u.state.ranges[0].last, first.last);
	cmd.num_iovas = 0;
	cmd.allowed_iovas = 0;
	EXPECT_REFUSED(&u, -EMSGSIZE, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_IOVA_RANGES, &cmd));
	EXPECT_EQ(u.state.nranges, cmd.num_iovas);
	uapi_close(&u);
}

static const struct ktap_case cases[] = {
	{ "fresh", run_fresh, NULL },
	{ "attached", run_attached, NULL },
	{ "widen", run_widen, NULL },
	{ "aperture", run_aperture, NULL },
	{ "ranges-bad", run_ranges_bad, NULL },
	{}
};

const struct ktap_suite uapi_ranges = { "ranges", cases };
