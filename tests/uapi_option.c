// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_OPTION. */
#include <errno.h>
#include <unistd.h>

#include "uapi.h"

#define SET IOMMU_OPTION_OP_SET
#define GET IOMMU_OPTION_OP_GET

static int option(int iofd, __u32 id, __u16 op, __u32 object, __u64 value)
{
	return iofd_option(iofd, id, op, object, &value);
}

static void run_huge_pages(const void *arg)
{
	int iofd = iofd_open();
	__u32 ioas, other;
	__u64 value = 7;

	(void)arg;
	ASSERT_OK(ioas_alloc(iofd, &ioas));
	ASSERT_OK(ioas_alloc(iofd, &other));
	EXPECT_OK(iofd_option(iofd, IOMMU_OPTION_HUGE_PAGES, GET, ioas, &value));
	EXPECT_EQ(1, value);
	EXPECT_OK(option(iofd, IOMMU_OPTION_HUGE_PAGES, SET, ioas, 0));
	EXPECT_OK(iofd_option(iofd, IOMMU_OPTION_HUGE_PAGES, GET, ioas, &value));
	EXPECT_EQ(0, value);
	EXPECT_OK(iofd_option(iofd, IOMMU_OPTION_HUGE_PAGES, GET, other, &value));
	EXPECT_EQ(1, value);
	EXPECT_OK(option(iofd, IOMMU_OPTION_HUGE_PAGES, SET, ioas, 1));
	EXPECT_OK(iofd_option(iofd, IOMMU_OPTION_HUGE_PAGES, GET, ioas, &value));
	EXPECT_EQ(1, value);

	EXPECT_ERR(-EINVAL, option(iofd, IOMMU_OPTION_HUGE_PAGES, SET, ioas, 2));
	EXPECT_ERR(-EINVAL, option(iofd, IOMMU_OPTION_HUGE_PAGES, SET, ioas, ~0ULL));
	EXPECT_ERR(-ENOENT, option(iofd, IOMMU_OPTION_HUGE_PAGES, SET, UAPI_NO_ID, 0));
	EXPECT_ERR(-ENOENT, option(iofd, IOMMU_OPTION_HUGE_PAGES, GET, 0, 0));
	EXPECT_OK(iofd_option(iofd, IOMMU_OPTION_HUGE_PAGES, GET, ioas, &value));
	EXPECT_EQ(1, value);
}

/*
 * "Everything is mapped to PAGE_SIZE" could not be kept for what is mapped already: the option is
 * set before a device is attached.
 */
static void run_huge_pages_late(const void *arg)
{
	__u64 value = 7;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	EXPECT_REFUSED(&u, -EINVAL,
		       option(u.rig.iofd, IOMMU_OPTION_HUGE_PAGES, SET, u.rig.ioas, 0));
	EXPECT_REFUSED(&u, -ENOENT,
		       option(u.rig.iofd, IOMMU_OPTION_HUGE_PAGES, GET, u.rig.hwpt, 0));
	EXPECT_OK(iofd_option(u.rig.iofd, IOMMU_OPTION_HUGE_PAGES, GET, u.rig.ioas, &value));
	EXPECT_EQ(1, value);
	uapi_close(&u);
}

static void run_rlimit_mode(const void *arg)
{
	int iofd = iofd_open(), other = iofd_open();
	__u64 value = 7;
	__u32 ioas;

	(void)arg;
	EXPECT_OK(iofd_option(iofd, IOMMU_OPTION_RLIMIT_MODE, GET, 0, &value));
	EXPECT_EQ(0, value);
	EXPECT_OK(option(iofd, IOMMU_OPTION_RLIMIT_MODE, SET, 0, 1));
	EXPECT_OK(iofd_option(iofd, IOMMU_OPTION_RLIMIT_MODE, GET, 0, &value));
	EXPECT_EQ(1, value);
	EXPECT_ERR(-EINVAL, option(iofd, IOMMU_OPTION_RLIMIT_MODE, SET, 0, 2));
	EXPECT_OK(iofd_option(other, IOMMU_OPTION_RLIMIT_MODE, GET, 0, &value));
	EXPECT_EQ(0, value);
	EXPECT_OK(option(iofd, IOMMU_OPTION_RLIMIT_MODE, SET, 0, 0));

	/*
	 * Global, so without an object; and not after there are some, or what they charged would be
	 * given back elsewhere.
	 */
	ASSERT_OK(ioas_alloc(iofd, &ioas));
	EXPECT_ERR(-EBUSY, option(iofd, IOMMU_OPTION_RLIMIT_MODE, SET, 0, 1));
	EXPECT_ERR(-EOPNOTSUPP, option(iofd, IOMMU_OPTION_RLIMIT_MODE, GET, ioas, 0));
	EXPECT_ERR(-EOPNOTSUPP, option(other, IOMMU_OPTION_RLIMIT_MODE, SET, 1, 1));
	EXPECT_OK(iofd_option(iofd, IOMMU_OPTION_RLIMIT_MODE, GET, 0, &value));
	EXPECT_EQ(0, value);

	ASSERT_EQ(0, setresuid(4242, 4242, 4242));
	EXPECT_ERR(-EPERM, option(other, IOMMU_OPTION_RLIMIT_MODE, SET, 0, 1));
}

static void run_fields(const void *arg)
{
	struct iommu_option cmd = { .size = sizeof(cmd) };
	int iofd = iofd_open();
	__u32 ioas;

	(void)arg;
	ASSERT_OK(ioas_alloc(iofd, &ioas));
	cmd.object_id = ioas;
	cmd.option_id = IOMMU_OPTION_HUGE_PAGES;
	cmd.op = GET;
	cmd.__reserved = 1;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(iofd, IOMMU_OPTION, &cmd));
	EXPECT_ERR(-EOPNOTSUPP, option(iofd, 2, GET, ioas, 0));
	EXPECT_ERR(-EOPNOTSUPP, option(iofd, ~0U, GET, 0, 0));
	EXPECT_ERR(-EOPNOTSUPP, option(iofd, IOMMU_OPTION_HUGE_PAGES, 2, ioas, 0));
	EXPECT_ERR(-EOPNOTSUPP, option(iofd, IOMMU_OPTION_RLIMIT_MODE, 0xffff, 0, 0));
}

static const struct ktap_case cases[] = {
	{ "huge-pages", run_huge_pages, NULL },
	{ "huge-pages-late", run_huge_pages_late, NULL },
	{ "rlimit-mode", run_rlimit_mode, NULL },
	{ "fields", run_fields, NULL },
	{}
};

const struct ktap_suite uapi_option = { "option", cases };
