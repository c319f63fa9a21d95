// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_IOAS_ALLOW_IOVAS: what must stay usable, and where the kernel allocates. */
#include <errno.h>
#include <string.h>

#include "uapi.h"

static int map_anywhere(struct uapi *u, size_t length, __u64 *iova)
{
	*iova = 0;
	return ioas_map(u->rig.iofd, u->rig.ioas, IOAS_RW, u->mem.va, length, iova);
}

/* Allocation stays inside; when it is full there is no space; a fixed IOVA is not bound to it. */
static void run_allocate(const void *arg)
{
	const struct iommu_iova_range allowed[] = {
		{ 5 * GIB, 5 * GIB + 2 * PAGE - 1 },
		{ 7 * GIB, 7 * GIB + 4 * PAGE - 1 },
	};
	unsigned int low = 0, high = 0, i;
	struct uapi u;
	__u64 iova;

	(void)arg;
	uapi_open(&u);
	ASSERT_OK(ioas_allow_iovas(u.rig.iofd, u.rig.ioas, allowed, 2));
	for (i = 0; i < 6; i++) {
		if (!EXPECT_OK(map_anywhere(&u, PAGE, &iova)))
			continue;
		low += iova >= allowed[0].start && iova < allowed[0].last;
		high += iova >= allowed[1].start && iova < allowed[1].last;
	}
	EXPECT_EQ(2, low);
	EXPECT_EQ(4, high);
	EXPECT_ERR(-ENOSPC, map_anywhere(&u, PAGE, &iova));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, allowed[1].start, 4 * PAGE));
	EXPECT_ERR(-ENOSPC, map_anywhere(&u, 5 * PAGE, &iova));
	EXPECT_OK(map_anywhere(&u, 4 * PAGE, &iova));
	EXPECT_EQ(allowed[1].start, iova);
	EXPECT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, PAGE, UAPI_FREE));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, PAGE));

	/* The next list takes this one's place; none at all sets allocation free. */
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, allowed[0].start, 3 * GIB));
	ASSERT_OK(ioas_allow_iovas(u.rig.iofd, u.rig.ioas, allowed, 1));
	EXPECT_ERR(-ENOSPC, map_anywhere(&u, 4 * PAGE, &iova));
	ASSERT_OK(ioas_allow_iovas(u.rig.iofd, u.rig.ioas, NULL, 0));
	EXPECT_OK(map_anywhere(&u, 4 * PAGE, &iova));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, iova, 4 * PAGE));
	uapi_close(&u);
}

/* The list may come in any order and with neighbours, but not overlap. */
static void run_order(const void *arg)
{
	const struct iommu_iova_range unsorted[] = {
		{ 8 * GIB, 8 * GIB + PAGE - 1 },
		{ 6 * GIB, 6 * GIB + PAGE - 1 },
		{ 7 * GIB, 7 * GIB + PAGE - 1 },
	};
	const struct iommu_iova_range touching[] = {
		{ 6 * GIB, 6 * GIB + PAGE - 1 }, { 6 * GIB + PAGE, 6 * GIB + 2 * PAGE - 1 },
	};
	unsigned int i;
	struct uapi u;
	__u64 iova;

	(void)arg;
	uapi_open(&u);
	EXPECT_OK(ioas_allow_iovas(u.rig.iofd, u.rig.ioas, unsorted, 3));
	for (i = 0; i < 3; i++)
		EXPECT_OK(map_anywhere(&u, PAGE, &iova));
	EXPECT_ERR(-ENOSPC, map_anywhere(&u, PAGE, &iova));
	for (i = 0; i < 3; i++)
		EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, unsorted[i].start, PAGE));
	EXPECT_OK(ioas_allow_iovas(u.rig.iofd, u.rig.ioas, touching, 2));
	uapi_close(&u);
}

/* An allowed range outlives attaching: a device that cannot have it is refused. */
static void run_keep(const void *arg)
{
	const struct iommu_iova_range msi = { RIG_MSI_START, RIG_MSI_START + PAGE - 1 };
	const struct iommu_iova_range all = { 0, ~0ULL };
	struct uapi u;
	__u32 pt;

	(void)arg;
	uapi_open(&u);
	EXPECT_REFUSED(&u, -EADDRINUSE, ioas_allow_iovas(u.rig.iofd, u.rig.ioas, &msi, 1));
	EXPECT_REFUSED(&u, -EADDRINUSE, ioas_allow_iovas(u.rig.iofd, u.rig.ioas, &all, 1));
	EXPECT_OK(edu_detach(&u.rig.edu[0]));
	EXPECT_OK(ioas_allow_iovas(u.rig.iofd, u.rig.ioas, &msi, 1));
	pt = u.rig.ioas;
	EXPECT_ERR(-EADDRINUSE, edu_attach(&u.rig.edu[0], &pt));
	EXPECT_OK(ioas_allow_iovas(u.rig.iofd, u.rig.ioas, NULL, 0));
	pt = u.rig.ioas;
	EXPECT_OK(edu_attach(&u.rig.edu[0], &pt));
	uapi_close(&u);
}

static void run_bad(const void *arg)
{
	const struct iommu_iova_range first = { 5 * GIB, 6 * GIB - 1 };
	struct iommu_iova_range two[2] = { first, { 5 * GIB + PAGE, 7 * GIB - 1 } };
	struct iommu_ioas_allow_iovas cmd, good;
	int other = iofd_open();
	struct uapi u;
	__u64 iova;
	void *cut;

	(void)arg;
	uapi_open(&u);
	ASSERT_OK(ioas_allow_iovas(u.rig.iofd, u.rig.ioas, &first, 1));

	/* Overlapping, the same twice, one inside the other, turned round. */
	EXPECT_REFUSED(&u, -EINVAL, ioas_allow_iovas(u.rig.iofd, u.rig.ioas, two, 2));
	two[1] = two[0];
	EXPECT_REFUSED(&u, -EINVAL, ioas_allow_iovas(u.rig.iofd, u.rig.ioas, two, 2));
	two[1] = (struct iommu_iova_range){ 5 * GIB + PAGE, 5 * GIB + 2 * PAGE - 1 };
	EXPECT_REFUSED(&u, -EINVAL, ioas_allow_iovas(u.rig.iofd, u.rig.ioas, two, 2));
	two[1] = (struct iommu_iova_range){ 9 * GIB, 9 * GIB - 1 };
	EXPECT_REFUSED(&u, -EINVAL, ioas_allow_iovas(u.rig.iofd, u.rig.ioas, two, 2));
	two[1] = (struct iommu_iova_range){ ~0ULL, 0 };
	EXPECT_REFUSED(&u, -EINVAL, ioas_allow_iovas(u.rig.iofd, u.rig.ioas, two, 2));

	good = (struct iommu_ioas_allow_iovas){
		.size = sizeof(good),
		.ioas_id = u.rig.ioas,
		.num_iovas = 1,
		.allowed_iovas = (__u64)two,
	};
	cmd = good;
	cmd.__reserved = 1;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	cmd = good;
	cmd.ioas_id = UAPI_NO_ID;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	cmd.ioas_id = u.rig.hwpt;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	cmd = good;
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(other, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	cmd.allowed_iovas = 0;
	EXPECT_REFUSED(&u, -EFAULT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	cut = (struct iommu_iova_range *)(uapi_guarded_page() + PAGE) - 1;
	*(struct iommu_iova_range *)cut = (struct iommu_iova_range){ 20 * GIB, 21 * GIB - 1 };
	cmd.allowed_iovas = (__u64)cut;
	cmd.num_iovas = 2;
	EXPECT_REFUSED(&u, -EFAULT, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_ALLOW_IOVAS, &cmd));
	cmd.num_iovas = ~0U;
	EXPECT_REFUSED2(&u, -EFAULT, -ENOMEM, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_ALLOW_IOVAS, &cmd));

	/* The first list is in force through all of it. */
	EXPECT_OK(map_anywhere(&u, PAGE, &iova));
	EXPECT_TRUE(iova >= first.start && iova <= first.last);
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, iova, PAGE));
	uapi_close(&u);
}

static const struct ktap_case cases[] = {
	{ "allocate", run_allocate, NULL },
	{ "order", run_order, NULL },
	{ "keep", run_keep, NULL },
	{ "bad", run_bad, NULL },
	{}
};

const struct ktap_suite uapi_allow = { "allow", cases };
