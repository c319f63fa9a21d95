// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding and attaching through VFIO's device file: the kAPI of the module, as vfio.ko drives it.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "uapi.h"

static int bind_to(struct edu *edu, int iofd)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iofd };

	return iofd_ioctl(edu->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind);
}

static int attach_to(struct edu *edu, __u32 pt)
{
	return edu_attach(edu, &pt);
}

static void run_bind(const void *arg)
{
	int iofd = iofd_open(), other = iofd_open(), fds[2];
	struct edu edu, again;
	__u32 ioas;

	(void)arg;
	if (edu_count() < 1)
		ktap_skip("needs an edu device");
	ASSERT_OK(ioas_alloc(iofd, &ioas));
	ASSERT_OK(edu_open(&edu, 0));
	EXPECT_ERR(-EINVAL, attach_to(&edu, ioas));
	EXPECT_ERR(-EBADF, bind_to(&edu, 1000));
	ASSERT_EQ(0, pipe(fds));
	EXPECT_ERR(-EBADFD, bind_to(&edu, fds[0]));
	EXPECT_EQ(1, uapi_destroy_all(iofd));
	ASSERT_OK(ioas_alloc(iofd, &ioas));

	ASSERT_OK(edu_bind(&edu, iofd));
	EXPECT_NE(0, edu.devid);
	EXPECT_NE(ioas, edu.devid);
	EXPECT_ERR(-EINVAL, bind_to(&edu, iofd));
	EXPECT_ERR(-EINVAL, bind_to(&edu, other));
	ASSERT_OK(edu_open(&again, 0));
	EXPECT_EQ(-EINVAL, bind_to(&again, other));
	EXPECT_OK(attach_to(&edu, ioas));

	/* The end of the binding is the end of the object. */
	edu_close(&edu);
	EXPECT_ERR(-ENOENT, iofd_destroy(iofd, edu.devid));
	EXPECT_OK(bind_to(&again, other));
	edu_close(&again);
}

static void run_attach_bad(const void *arg)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DEVICE_ATTACH_PASID,
	};
	int other = iofd_open();
	struct uapi u;
	__u32 foreign;

	(void)arg;
	uapi_open(&u);
	ASSERT_OK(ioas_alloc(other, &foreign));
	while (foreign <= u.rig.hwpt)	/* an ID that only the other file has */
		ASSERT_OK(ioas_alloc(other, &foreign));
	EXPECT_REFUSED(&u, -ENOENT, attach_to(&u.rig.edu[0], foreign));
	EXPECT_REFUSED(&u, -ENOENT, attach_to(&u.rig.edu[0], 0));
	EXPECT_REFUSED(&u, -ENOENT, attach_to(&u.rig.edu[0], UAPI_NO_ID));
	EXPECT_REFUSED(&u, -EINVAL, attach_to(&u.rig.edu[0], u.rig.edu[0].devid));
	cmd.pt_id = u.rig.ioas;
	cmd.pasid = 1;
	EXPECT_REFUSED2(&u, -EOPNOTSUPP, -EINVAL,
			iofd_ioctl(u.rig.edu[0].fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd));
	/* All the while it is attached to what it was. */
	uapi_close(&u);
}

/* Again to the same, to its own HWPT, twice off: nothing of it hurts. */
static void run_again(const void *arg)
{
	struct uapi u;
	__u32 pt;

	(void)arg;
	uapi_open(&u);
	pt = u.rig.ioas;
	EXPECT_OK(edu_attach(&u.rig.edu[0], &pt));
	EXPECT_EQ(u.rig.hwpt, pt);
	EXPECT_OK(edu_attach(&u.rig.edu[0], &pt));
	EXPECT_EQ(u.rig.hwpt, pt);
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	expect_reaches(&u.rig, &u.rig.edu[0], UAPI_ANCHOR, u.mem.va, 64);
	EXPECT_OK(edu_detach(&u.rig.edu[0]));
	EXPECT_OK(edu_detach(&u.rig.edu[0]));
	EXPECT_OK(attach_to(&u.rig.edu[0], u.rig.ioas));
	uapi_close(&u);
}

/* A replacement that fails leaves the device where it was. */
static void run_failed_replace(const void *arg)
{
	struct uapi u;
	__u32 ioas;

	(void)arg;
	uapi_open(&u);
	ASSERT_OK(ioas_alloc(u.rig.iofd, &ioas));
	ASSERT_OK(ioas_map_at(u.rig.iofd, ioas, u.mem.va, PAGE, RIG_MSI_START + PAGE));
	EXPECT_REFUSED(&u, -EADDRINUSE, attach_to(&u.rig.edu[0], ioas));
	expect_reaches(&u.rig, &u.rig.edu[0], UAPI_ANCHOR, u.mem.va, 64);
	EXPECT_OK(iofd_destroy(u.rig.iofd, ioas));
	uapi_close(&u);
}

/* Replaced for good: the old IOAS is free of the device, its reservations and its domain. */
static void run_replace(const void *arg)
{
	struct iommu_iova_range range;
	struct uapi u;
	__u32 ioas, n = 1;

	(void)arg;
	uapi_open(&u);
	ASSERT_OK(ioas_alloc(u.rig.iofd, &ioas));
	EXPECT_OK(attach_to(&u.rig.edu[0], ioas));
	EXPECT_OK(ioas_iova_ranges(u.rig.iofd, u.rig.ioas, &range, &n, NULL));
	EXPECT_EQ(1, n);
	n = 1;
	EXPECT_ERR(-EMSGSIZE, ioas_iova_ranges(u.rig.iofd, ioas, &range, &n, NULL));
	EXPECT_LT(1, n);
	EXPECT_ERR(-ENOENT, iofd_destroy(u.rig.iofd, u.rig.hwpt));
	EXPECT_OK(iofd_destroy(u.rig.iofd, u.rig.ioas));
	EXPECT_ERR(-EBUSY, iofd_destroy(u.rig.iofd, ioas));
}

/* Where its memory is, is told of no IOAS of devices that have an IOMMU. */
static void run_no_phys(const void *arg)
{
	struct iommu_ioas_noiommu_get_pa cmd = {
		.size = sizeof(cmd),
		.iova = UAPI_ANCHOR,
		.length = PAGE,
	};
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	cmd.ioas_id = u.rig.ioas;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(u.rig.iofd, IOMMU_IOAS_NOIOMMU_GET_PA, &cmd));
	EXPECT_EQ(PAGE, cmd.length);
	EXPECT_EQ(0, cmd.out_phys);
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
}

static const struct ktap_case cases[] = {
	{ "bind", run_bind, NULL },
	{ "attach-bad", run_attach_bad, NULL },
	{ "again", run_again, NULL },
	{ "failed-replace", run_failed_replace, NULL },
	{ "replace", run_replace, NULL },
	{ "no-phys", run_no_phys, NULL },
	{}
};

const struct ktap_suite uapi_device = { "device", cases };
