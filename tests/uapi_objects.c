// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_IOAS_ALLOC and IOMMU_DESTROY. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pins.h"
#include "uapi.h"

static void run_alloc(const void *arg)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd), .flags = 1 };
	int iofd = iofd_open(), other = iofd_open();
	__u32 first, second;
	unsigned char *page;

	(void)arg;
	ASSERT_TRUE(iofd >= 0 && other >= 0);
	ASSERT_OK(ioas_alloc(iofd, &first));
	ASSERT_OK(ioas_alloc(iofd, &second));
	EXPECT_NE(0, first);
	EXPECT_NE(0, second);
	EXPECT_NE(first, second);

	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(iofd, IOMMU_IOAS_ALLOC, &cmd));
	cmd.flags = 1U << 31;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(iofd, IOMMU_IOAS_ALLOC, &cmd));

	/*
	 * Where the answer cannot be written, nobody would know the object's ID: there must be
	 * none.
	 */
	page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(page != MAP_FAILED);
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	cmd.flags = 0;
	memcpy(page, &cmd, sizeof(cmd));
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ));
	EXPECT_ERR(-EFAULT, iofd_ioctl(iofd, IOMMU_IOAS_ALLOC, page));
	EXPECT_EQ(2, uapi_destroy_all(iofd));
	EXPECT_EQ(0, uapi_destroy_all(other));
}

static void run_many(const void *arg)
{
	int iofd = iofd_open();
	__u32 ioas[200];
	unsigned int i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(ioas); i++)
		ASSERT_OK(ioas_alloc(iofd, &ioas[i]));
	for (i = 0; i < ARRAY_SIZE(ioas); i += 2)
		EXPECT_OK(iofd_destroy(iofd, ioas[i]));
	for (i = 0; i < ARRAY_SIZE(ioas); i++) {
		__u64 value = 0;
		int ret = iofd_option(iofd, IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_GET, ioas[i],
				      &value);

		EXPECT_ERR(i % 2 ? 0 : -ENOENT, ret);
	}
	EXPECT_EQ(ARRAY_SIZE(ioas) / 2, uapi_destroy_all(iofd));
}

static void run_destroy_bad(const void *arg)
{
	int other = iofd_open();
	struct uapi u;
	__u32 ioas;

	(void)arg;
	uapi_open(&u);
	EXPECT_REFUSED(&u, -ENOENT, iofd_destroy(u.rig.iofd, 0));
	EXPECT_REFUSED(&u, -ENOENT, iofd_destroy(u.rig.iofd, UAPI_NO_ID));
	EXPECT_REFUSED(&u, -ENOENT, iofd_destroy(u.rig.iofd, ~0U));
	/* IDs are the file's own. */
	EXPECT_REFUSED(&u, -ENOENT, iofd_destroy(other, u.rig.ioas));
	ASSERT_OK(ioas_alloc(u.rig.iofd, &ioas));
	EXPECT_OK(iofd_destroy(u.rig.iofd, ioas));
	EXPECT_REFUSED(&u, -ENOENT, iofd_destroy(u.rig.iofd, ioas));
	uapi_close(&u);
}

/* What something else stands on stays. */
static void run_destroy_used(const void *arg)
{
	struct uapi u;
	__u32 hwpt, ioas;

	(void)arg;
	uapi_open(&u);
	EXPECT_REFUSED(&u, -EBUSY, iofd_destroy(u.rig.iofd, u.rig.ioas));
	EXPECT_REFUSED(&u, -EBUSY, iofd_destroy(u.rig.iofd, u.rig.hwpt));
	EXPECT_REFUSED(&u, -EBUSY, iofd_destroy(u.rig.iofd, u.rig.edu[0].devid));

	/* A HWPT that nothing is attached to holds its IOAS, too. */
	ASSERT_OK(ioas_alloc(u.rig.iofd, &ioas));
	ASSERT_OK(hwpt_alloc(u.rig.iofd, 0, u.rig.edu[0].devid, ioas, &hwpt));
	EXPECT_REFUSED(&u, -EBUSY, iofd_destroy(u.rig.iofd, ioas));
	EXPECT_OK(iofd_destroy(u.rig.iofd, hwpt));
	EXPECT_OK(iofd_destroy(u.rig.iofd, ioas));

	/* The domain that an attach made goes with the last detach, and the IOAS is free again. */
	EXPECT_OK(edu_detach(&u.rig.edu[0]));
	EXPECT_ERR(-ENOENT, iofd_destroy(u.rig.iofd, u.rig.hwpt));
	EXPECT_OK(iofd_destroy(u.rig.iofd, u.rig.ioas));
	EXPECT_ERR(-EBUSY, iofd_destroy(u.rig.iofd, u.rig.edu[0].devid));
	edu_close(&u.rig.edu[0]);
	EXPECT_EQ(0, uapi_destroy_all(u.rig.iofd));
	close(u.rig.iofd);
}

/*
 * With mappings in it, an IOAS that no device uses is destroyed all the same, and its memory given
 * back.
 */
static void run_destroy_full(const void *arg)
{
	long long before, vmpin;
	struct uapi u;

	(void)arg;
	before = pins_held();
	vmpin = pins_vmpin();
	uapi_open(&u);
	EXPECT_LT(vmpin, pins_vmpin());
	EXPECT_OK(edu_detach(&u.rig.edu[0]));
	EXPECT_OK(iofd_destroy(u.rig.iofd, u.rig.ioas));
	EXPECT_EQ(before, pins_held());
	EXPECT_EQ(vmpin, pins_vmpin());
}

static const struct ktap_case cases[] = {
	{ "alloc", run_alloc, NULL },
	{ "many", run_many, NULL },
	{ "destroy-bad", run_destroy_bad, NULL },
	{ "destroy-used", run_destroy_used, NULL },
	{ "destroy-full", run_destroy_full, NULL },
	{}
};

const struct ktap_suite uapi_objects = { "objects", cases };
