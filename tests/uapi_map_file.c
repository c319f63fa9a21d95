// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_IOAS_MAP_FILE: its own fields, files of every kind, ends of files. */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "uapi.h"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif

#define FILE_BYTES (8 * PAGE)

static struct iommu_ioas_map_file good_map_file(struct uapi *u, int fd)
{
	return (struct iommu_ioas_map_file){
		.size = sizeof(struct iommu_ioas_map_file),
		.flags = IOAS_FIXED_RW,
		.ioas_id = u->rig.ioas,
		.fd = fd,
		.length = FILE_BYTES,
		.iova = UAPI_FREE,
	};
}

#define map_file(u, cmd) iofd_ioctl((u)->rig.iofd, IOMMU_IOAS_MAP_FILE, cmd)

static int new_memfd(unsigned int flags, size_t bytes)
{
	int fd = memfd_create("uapi", MFD_CLOEXEC | flags);

	ASSERT_TRUE(fd >= 0);
	ASSERT_EQ(0, ftruncate(fd, bytes));
	return fd;
}

static int reopen(int fd, int mode)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, mode | O_CLOEXEC);
}

static void run_fields(const void *arg)
{
	int fd = new_memfd(0, FILE_BYTES), other = iofd_open(), bit;
	struct iommu_ioas_map_file cmd;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	for (bit = 3; bit < 32; bit++) {
		cmd = good_map_file(&u, fd);
		cmd.flags |= 1U << bit;
		EXPECT_REFUSED(&u, -EOPNOTSUPP, map_file(&u, &cmd));
	}
	cmd = good_map_file(&u, fd);
	cmd.flags = IOMMU_IOAS_MAP_FIXED_IOVA;
	EXPECT_REFUSED(&u, -EINVAL, map_file(&u, &cmd));
	cmd = good_map_file(&u, fd);
	cmd.ioas_id = UAPI_NO_ID;
	EXPECT_REFUSED(&u, -ENOENT, map_file(&u, &cmd));
	cmd.ioas_id = u.rig.hwpt;
	EXPECT_REFUSED(&u, -ENOENT, map_file(&u, &cmd));
	cmd = good_map_file(&u, fd);
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(other, IOMMU_IOAS_MAP_FILE, &cmd));
	cmd.length = 0;
	EXPECT_REFUSED(&u, -EINVAL, map_file(&u, &cmd));
	cmd = good_map_file(&u, fd);
	cmd.length = PAGE - 1;
	EXPECT_REFUSED(&u, -EINVAL, map_file(&u, &cmd));
	cmd = good_map_file(&u, fd);
	cmd.iova++;
	EXPECT_REFUSED(&u, -EINVAL, map_file(&u, &cmd));
	cmd = good_map_file(&u, fd);
	cmd.iova = -PAGE;
	EXPECT_REFUSED(&u, -EOVERFLOW, map_file(&u, &cmd));
	cmd = good_map_file(&u, fd);
	cmd.start = 100;
	cmd.length = PAGE;
	EXPECT_REFUSED(&u, -EINVAL, map_file(&u, &cmd));
	cmd = good_map_file(&u, fd);
	cmd.iova = UAPI_ANCHOR;
	EXPECT_REFUSED(&u, -EEXIST, map_file(&u, &cmd));

	cmd = good_map_file(&u, fd);
	EXPECT_OK(map_file(&u, &cmd));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, FILE_BYTES));
	uapi_close(&u);
}

/* The span must lie in the file. */
static void run_past_end(const void *arg)
{
	int fd = new_memfd(0, FILE_BYTES);
	struct iommu_ioas_map_file cmd;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	cmd = good_map_file(&u, fd);
	cmd.length = FILE_BYTES + PAGE;
	EXPECT_REFUSED(&u, -EINVAL, map_file(&u, &cmd));
	cmd = good_map_file(&u, fd);
	cmd.start = FILE_BYTES;
	cmd.length = PAGE;
	EXPECT_REFUSED(&u, -EINVAL, map_file(&u, &cmd));
	cmd.start = 1ULL << 50;
	EXPECT_REFUSED(&u, -EINVAL, map_file(&u, &cmd));
	cmd.start = -PAGE;
	cmd.length = 2 * PAGE;
	EXPECT_REFUSED(&u, -EOVERFLOW, map_file(&u, &cmd));
	cmd = good_map_file(&u, fd);
	cmd.length = ~0ULL;
	EXPECT_REFUSED(&u, -EOVERFLOW, map_file(&u, &cmd));
	cmd = good_map_file(&u, fd);
	cmd.start = FILE_BYTES - PAGE;
	cmd.length = PAGE;
	EXPECT_OK(map_file(&u, &cmd));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, PAGE));
	uapi_close(&u);
}

static void expect_wrong_file(struct uapi *u, int fd, int want)
{
	struct iommu_ioas_map_file cmd = good_map_file(u, fd);

	cmd.length = PAGE;
	EXPECT_REFUSED(u, want, map_file(u, &cmd));
	expect_free(u, UAPI_FREE, PAGE);
}

static void run_wrong_file(const void *arg)
{
	struct uapi u;
	int fds[2], fd;

	(void)arg;
	uapi_open(&u);
	expect_wrong_file(&u, -1, -EBADF);
	expect_wrong_file(&u, 1000, -EBADF);
	ASSERT_EQ(0, pipe(fds));
	expect_wrong_file(&u, fds[0], -EINVAL);
	expect_wrong_file(&u, u.rig.iofd, -EINVAL);
	expect_wrong_file(&u, u.rig.edu[0].fd, -EINVAL);
	fd = open("/dev/zero", O_RDWR);
	ASSERT_TRUE(fd >= 0);
	expect_wrong_file(&u, fd, -EINVAL);
	fd = open("/proc/self/status", O_RDONLY);
	ASSERT_TRUE(fd >= 0);
	expect_wrong_file(&u, fd, -EINVAL);
	fd = open("/", O_RDONLY | O_DIRECTORY);
	ASSERT_TRUE(fd >= 0);
	expect_wrong_file(&u, fd, -EINVAL);
	fd = syscall(SYS_memfd_secret, 0);
	ASSERT_TRUE(fd >= 0);
	ASSERT_EQ(0, ftruncate(fd, FILE_BYTES));
	expect_wrong_file(&u, fd, -EINVAL);
	fd = new_memfd(0, FILE_BYTES);
	expect_wrong_file(&u, reopen(fd, O_PATH), -EBADF);
	close(fd);
	expect_wrong_file(&u, fd, -EBADF);
	uapi_close(&u);
}

/* A file that may only be read does for a mapping that may only be read. */
static void run_read_only_file(const void *arg)
{
	struct iommu_ioas_map_file cmd;
	unsigned char data[64];
	struct uapi u;
	int fd, ro;

	(void)arg;
	uapi_open(&u);
	fd = new_memfd(MFD_ALLOW_SEALING, FILE_BYTES);
	memory_fill(data, sizeof(data), ktap_seed());
	ASSERT_EQ(sizeof(data), pwrite(fd, data, sizeof(data), FILE_BYTES - sizeof(data)));
	ASSERT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW));
	ro = reopen(fd, O_RDONLY);
	ASSERT_TRUE(ro >= 0);
	cmd = good_map_file(&u, ro);
	cmd.flags &= ~IOMMU_IOAS_MAP_WRITEABLE;
	ASSERT_OK(map_file(&u, &cmd));
	EXPECT_BYTES(data,
		     rig_fetch(&u.rig, &u.rig.edu[0], UAPI_FREE + FILE_BYTES - sizeof(data),
			       sizeof(data)),
		     sizeof(data));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, FILE_BYTES));
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
}

struct right {
	const char *file;
	int mode;
	int seals;
	__u32 flags;
	int want;
};

#define READABLE IOMMU_IOAS_MAP_READABLE
#define WRITEABLE IOMMU_IOAS_MAP_WRITEABLE
#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

static const struct right rights[] = {
	{ "open for reading", O_RDONLY, 0, READABLE, 0 },
	{ "open for reading", O_RDONLY, 0, WRITEABLE, -EPERM },
	{ "open for reading", O_RDONLY, 0, IOAS_RW, -EPERM },
	{ "open for writing", O_WRONLY, 0, READABLE, -EPERM },
	{ "open for writing", O_WRONLY, 0, WRITEABLE, -EPERM },
	{ "open for writing", O_WRONLY, 0, IOAS_RW, -EPERM },
	{ "sealed against writing", O_RDWR, F_SEAL_WRITE, READABLE, 0 },
	{ "sealed against writing", O_RDWR, F_SEAL_WRITE, WRITEABLE, -EPERM },
	{ "sealed against writing from now on", O_RDWR, F_SEAL_FUTURE_WRITE, READABLE, 0 },
	{ "sealed against writing from now on", O_RDWR, F_SEAL_FUTURE_WRITE, WRITEABLE, -EPERM },
	{ "sealed as a program", O_RDWR, F_SEAL_EXEC, READABLE, 0 },
	{ "sealed as a program", O_RDWR, F_SEAL_EXEC, WRITEABLE, -EPERM },
	{ "sealed in its size", O_RDWR, SIZE_SEALS, IOAS_RW, 0 },
	{ "sealed against more seals", O_RDWR, F_SEAL_SEAL, IOAS_RW, 0 },
	{}
};

static void expect_right(struct uapi *u, const struct right *right, unsigned int memfd_flags)
{
	int fd = new_memfd(MFD_ALLOW_SEALING | MFD_EXEC | memfd_flags, 2 * MIB), opened;
	int failures = ktap_failures();
	struct iommu_ioas_map_file cmd;

	if (right->seals)
		ASSERT_EQ(0, fcntl(fd, F_ADD_SEALS, right->seals));
	opened = reopen(fd, right->mode);
	ASSERT_TRUE(opened >= 0);
	cmd = good_map_file(u, opened);
	cmd.flags = IOMMU_IOAS_MAP_FIXED_IOVA | right->flags;
	if (right->want) {
		EXPECT_REFUSED(u, right->want, map_file(u, &cmd));
		expect_free(u, UAPI_FREE, FILE_BYTES);
	} else {
		EXPECT_OK(map_file(u, &cmd));
		EXPECT_OK(ioas_unmap_at(u->rig.iofd, u->rig.ioas, UAPI_FREE, FILE_BYTES));
	}
	if (ktap_failures() != failures)
		ktap_note("a file %s, flags 0x%x", right->file, right->flags);
	close(opened);
	close(fd);
}

static void run_rights(const void *arg)
{
	const struct right *right;
	struct uapi u;

	if (rig_peer_is("iommufd"))
		ktap_skip("known difference: in-tree, files are mapped whatever they are open for");
	uapi_open(&u);
	for (right = rights; right->file; right++)
		expect_right(&u, right, *(const unsigned int *)arg);
	uapi_close(&u);
}

/* What is mapped for writing is not sealed; a seal for the future leaves the mapping alone. */
static void run_seal_mapped(const void *arg)
{
	struct iommu_ioas_map_file cmd;
	struct uapi u;
	int fd;

	(void)arg;
	uapi_open(&u);
	fd = new_memfd(MFD_ALLOW_SEALING, FILE_BYTES);
	cmd = good_map_file(&u, fd);
	ASSERT_OK(map_file(&u, &cmd));
	EXPECT_EQ(-1, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	rig_store(&u.rig, &u.rig.edu[0], UAPI_FREE, "it may write", 12);
	EXPECT_BYTES("it may write", rig_fetch(&u.rig, &u.rig.edu[0], UAPI_FREE, 12), 12);
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, FILE_BYTES));
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
}

/* A file system does not become read-only while a file of it is mapped for writing. */
static void run_read_only_mount(const void *arg)
{
	char dir[] = "/tmp/hugetlbfs-XXXXXX", path[64];
	struct iommu_ioas_map_file cmd;
	struct uapi u;
	int fd;

	(void)arg;
	ASSERT_TRUE(mkdtemp(dir));
	ASSERT_EQ(0, mount("uapi", dir, "hugetlbfs", 0, "pagesize=2M"));
	snprintf(path, sizeof(path), "%s/file", dir);
	uapi_open(&u);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_TRUE(fd >= 0);
	ASSERT_EQ(0, ftruncate(fd, 2 * MIB));
	cmd = good_map_file(&u, fd);
	ASSERT_OK(map_file(&u, &cmd));
	close(fd);
	EXPECT_EQ(-1, mount("uapi", dir, NULL, MS_REMOUNT | MS_RDONLY, NULL));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, FILE_BYTES));
	EXPECT_EQ(0, mount("uapi", dir, NULL, MS_REMOUNT | MS_RDONLY, NULL));

	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_TRUE(fd >= 0);
	cmd = good_map_file(&u, fd);
	cmd.flags &= ~IOMMU_IOAS_MAP_WRITEABLE;
	EXPECT_OK(map_file(&u, &cmd));
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, FILE_BYTES));
	close(fd);
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
	EXPECT_EQ(0, umount(dir));
	EXPECT_EQ(0, rmdir(dir));
}

/* Closed, cut short or punched while mapped: the pages that are pinned stay. */
static void run_after(const void *arg)
{
	struct iommu_ioas_map_file cmd;
	struct uapi u;
	int fd;

	(void)arg;
	uapi_open(&u);
	fd = new_memfd(0, FILE_BYTES);
	cmd = good_map_file(&u, fd);
	ASSERT_OK(map_file(&u, &cmd));
	EXPECT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE));
	EXPECT_EQ(0, ftruncate(fd, PAGE));
	close(fd);
	rig_store(&u.rig, &u.rig.edu[0], UAPI_FREE + FILE_BYTES - 64, "the pages are still there",
		  26);
	EXPECT_BYTES("the pages are still there",
		     rig_fetch(&u.rig, &u.rig.edu[0], UAPI_FREE + FILE_BYTES - 64, 26), 26);
	EXPECT_OK(ioas_unmap_at(u.rig.iofd, u.rig.ioas, UAPI_FREE, FILE_BYTES));
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
}

static const struct ktap_case cases[] = {
	{ "fields", run_fields, NULL },
	{ "past-end", run_past_end, NULL },
	{ "wrong-file", run_wrong_file, NULL },
	{ "read-only-file", run_read_only_file, NULL },
	{ "rights", run_rights, &(const unsigned int){ 0 } },
	{ "rights-hugetlb", run_rights, &(const unsigned int){ MFD_HUGETLB | MFD_HUGE_2MB } },
	{ "seal-mapped", run_seal_mapped, NULL },
	{ "read-only-mount", run_read_only_mount, NULL },
	{ "after", run_after, NULL },
	{}
};

const struct ktap_suite uapi_map_file = { "map-file", cases };
