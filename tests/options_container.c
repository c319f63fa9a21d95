// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/vfio/vfio, by iommufd: who may open it, and what is opened. That devices can be used with it
 * alone is the suite vfio of dma_test, for which IOFD names the node.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "iofd.h"
#include "memory.h"
#include "options.h"
#include "util.h"

#define NODE "/dev/vfio/vfio"
#define MISC_MAJOR 10
#define VFIO_MINOR 196
#define SOMEBODY 4242
#define IOVA GIB

static int open_node(void)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The number that programs and device policies know, and a right for all: as of vfio.ko. */
static void run_node(const void *arg)
{
	struct stat st;

	(void)arg;
	ASSERT_EQ(0, stat(NODE, &st));
	EXPECT_EQ(S_IFCHR | 0666, st.st_mode);
	EXPECT_EQ(MISC_MAJOR, major(st.st_rdev));
	EXPECT_EQ(VFIO_MINOR, minor(st.st_rdev));
}

/* /dev/iommu is not for all. */
static void run_somebody(const void *arg)
{
	int fd;

	(void)arg;
	ASSERT_EQ(0, setresgid(SOMEBODY, SOMEBODY, SOMEBODY));
	ASSERT_EQ(0, setresuid(SOMEBODY, SOMEBODY, SOMEBODY));
	fd = open_node();
	ASSERT_TRUE(fd >= 0);
	EXPECT_EQ(VFIO_API_VERSION, ioctl(fd, VFIO_GET_API_VERSION));
	EXPECT_ERR(-EINVAL, ioctl(fd, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU) ? -errno : 0);
	EXPECT_EQ(-1, open("/dev/iommu", O_RDWR));
	EXPECT_EQ(EACCES, errno);
}

/* What a container says before it has a group. */
static void run_empty(const void *arg)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int fd = open_node();

	(void)arg;
	ASSERT_TRUE(fd >= 0);
	EXPECT_EQ(VFIO_API_VERSION, ioctl(fd, VFIO_GET_API_VERSION));
	EXPECT_EQ(1, ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(1, ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, ioctl(fd, VFIO_CHECK_EXTENSION, 0));
	EXPECT_ERR(-ENODEV, iofd_ioctl(fd, VFIO_IOMMU_GET_INFO, &info));
	EXPECT_ERR(-ENODEV, ioctl(fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ? -errno : 0);
}

/* It is an iommufd, and one that counts the memory of a process, as a container does. */
static void run_iommufd(const void *arg)
{
	int fd = open_node(), other = iofd_open();
	struct memory mem;
	__u64 mode = 7;
	__u32 ioas;

	(void)arg;
	ASSERT_TRUE(fd >= 0 && other >= 0);
	EXPECT_OK(iofd_option(fd, IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_GET, 0, &mode));
	EXPECT_EQ(1, mode);
	EXPECT_OK(iofd_option(other, IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_GET, 0, &mode));
	EXPECT_EQ(0, mode);
	memory_alloc(&mem, POPULATE4K, 16 * PAGE);
	ASSERT_OK(ioas_alloc(fd, &ioas));
	EXPECT_OK(ioas_map_at(fd, ioas, mem.va, 16 * PAGE, IOVA));
	EXPECT_EQ(16 * PAGE, ioas_unmap_all(fd, ioas));
	EXPECT_OK(iofd_destroy(fd, ioas));
	memory_free(&mem);
}

static const struct ktap_case cases[] = {
	{ "node", run_node, NULL },
	{ "somebody", run_somebody, NULL },
	{ "empty", run_empty, NULL },
	{ "iommufd", run_iommufd, NULL },
	{}
};

const struct ktap_suite options_container = { "container", cases };
