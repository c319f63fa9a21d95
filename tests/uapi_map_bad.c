// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_IOAS_MAP refused: by its fields, by what is mapped already, by the memory it is given. */
#include <errno.h>
#include <linux/vfio.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "uapi.h"

static struct iommu_ioas_map good_map(struct uapi *u)
{
	return (struct iommu_ioas_map){
		.size = sizeof(struct iommu_ioas_map),
		.flags = IOAS_FIXED_RW,
		.ioas_id = u->rig.ioas,
		.user_va = (__u64)u->mem.va,
		.length = 4 * PAGE,
		.iova = UAPI_FREE,
	};
}

#define map(u, cmd) iofd_ioctl((u)->rig.iofd, IOMMU_IOAS_MAP, cmd)

static void run_fields(const void *arg)
{
	int other = iofd_open();
	struct iommu_ioas_map cmd;
	struct uapi u;
	int bit;

	(void)arg;
	uapi_open(&u);
	for (bit = 3; bit < 32; bit++) {
		cmd = good_map(&u);
		cmd.flags |= 1U << bit;
		EXPECT_REFUSED(&u, -EOPNOTSUPP, map(&u, &cmd));
	}
	cmd = good_map(&u);
	cmd.__reserved = 1;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, map(&u, &cmd));
	cmd = good_map(&u);
	cmd.ioas_id = 0;
	EXPECT_REFUSED(&u, -ENOENT, map(&u, &cmd));
	cmd.ioas_id = UAPI_NO_ID;
	EXPECT_REFUSED(&u, -ENOENT, map(&u, &cmd));
	cmd.ioas_id = u.rig.hwpt;
	EXPECT_REFUSED(&u, -ENOENT, map(&u, &cmd));
	cmd.ioas_id = u.rig.edu[0].devid;
	EXPECT_REFUSED(&u, -ENOENT, map(&u, &cmd));
	cmd = good_map(&u);
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(other, IOMMU_IOAS_MAP, &cmd));

	/* Neither to read nor to write. */
	cmd = good_map(&u);
	cmd.flags = IOMMU_IOAS_MAP_FIXED_IOVA;
	EXPECT_REFUSED(&u, -EINVAL, map(&u, &cmd));

	expect_free(&u, UAPI_FREE, 4 * PAGE);
	uapi_close(&u);
}

static void run_span(const void *arg)
{
	struct iommu_ioas_map cmd;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	cmd = good_map(&u);
	cmd.length = 0;
	EXPECT_REFUSED(&u, -EINVAL, map(&u, &cmd));

	/* Past the end of the numbers. */
	cmd = good_map(&u);
	cmd.length = ~0ULL;
	EXPECT_REFUSED(&u, -EOVERFLOW, map(&u, &cmd));
	cmd.length = -PAGE;
	EXPECT_REFUSED(&u, -EOVERFLOW, map(&u, &cmd));
	cmd = good_map(&u);
	cmd.iova = -PAGE;
	EXPECT_REFUSED(&u, -EOVERFLOW, map(&u, &cmd));
	cmd = good_map(&u);
	cmd.user_va = -PAGE;
	EXPECT_REFUSED(&u, -EOVERFLOW, map(&u, &cmd));

	/* Not on pages. */
	cmd = good_map(&u);
	cmd.iova++;
	EXPECT_REFUSED(&u, -EINVAL, map(&u, &cmd));
	cmd.user_va++;
	EXPECT_REFUSED(&u, -EINVAL, map(&u, &cmd));
	cmd = good_map(&u);
	cmd.user_va += 8;
	EXPECT_REFUSED(&u, -EINVAL, map(&u, &cmd));
	cmd = good_map(&u);
	cmd.length--;
	EXPECT_REFUSED(&u, -EINVAL, map(&u, &cmd));
	cmd.length = 1;
	EXPECT_REFUSED(&u, -EINVAL, map(&u, &cmd));
	cmd.flags &= ~IOMMU_IOAS_MAP_FIXED_IOVA;
	EXPECT_REFUSED(&u, -EINVAL, map(&u, &cmd));

	/* No place for so much. */
	cmd = good_map(&u);
	cmd.flags &= ~IOMMU_IOAS_MAP_FIXED_IOVA;
	cmd.user_va = 0;
	cmd.length = 1ULL << 60;
	EXPECT_REFUSED(&u, -ENOSPC, map(&u, &cmd));
	cmd = good_map(&u);
	cmd.iova = 1ULL << 60;
	EXPECT_REFUSED(&u, -EINVAL, map(&u, &cmd));

	expect_free(&u, UAPI_FREE, 4 * PAGE);
	uapi_close(&u);
}

/*
 * Memory that ends with the last byte there could be, when it is given and nobody needs it yet: in
 * an IOAS without a device, by both of its interfaces.
 */
static void run_last_byte(const void *arg)
{
	struct vfio_iommu_type1_dma_map dma = {
		.argsz = sizeof(dma),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = -PAGE,
		.iova = UAPI_FREE,
		.size = PAGE,
	};
	struct iommu_vfio_ioas set = { .size = sizeof(set), .op = IOMMU_VFIO_IOAS_SET };
	int iofd = iofd_open();

	(void)arg;
	ASSERT_OK(ioas_alloc(iofd, &set.ioas_id));
	EXPECT_ERR(-EOVERFLOW, ioas_map_at(iofd, set.ioas_id, (void *)-PAGE, PAGE, UAPI_FREE));
	EXPECT_ERR(-EOVERFLOW, ioas_map_at(iofd, set.ioas_id, (void *)-1, 1, UAPI_FREE));
	ASSERT_OK(iofd_ioctl(iofd, IOMMU_VFIO_IOAS, &set));
	EXPECT_ERR(-EOVERFLOW, iofd_ioctl(iofd, VFIO_IOMMU_MAP_DMA, &dma));
	/* Elsewhere it is looked at when it is pinned. */
	EXPECT_OK(ioas_map_at(iofd, set.ioas_id, (void *)(-2 * PAGE), PAGE, UAPI_FREE));
	EXPECT_EQ(PAGE, ioas_unmap_all(iofd, set.ioas_id));
}

/* Every way to overlap what is mapped; its neighbours stay free. */
static void run_overlap(const void *arg)
{
	const struct { long long from, to; } overlaps[] = {	/* in pages, of the anchor's 16 */
		{ 0, 16 }, { 0, 1 }, { 15, 16 }, { 7, 9 }, { -1, 1 }, { 15, 17 }, { -2, 18 },
	};
	struct uapi u;
	unsigned int i;

	(void)arg;
	uapi_open(&u);
	for (i = 0; i < ARRAY_SIZE(overlaps); i++) {
		__u64 iova = UAPI_ANCHOR + overlaps[i].from * PAGE;
		size_t length = (overlaps[i].to - overlaps[i].from) * PAGE;

		EXPECT_REFUSED(&u, -EEXIST,
			       ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, length, iova));
	}
	expect_free(&u, UAPI_ANCHOR - PAGE, PAGE);
	expect_free(&u, UAPI_ANCHOR + UAPI_ANCHOR_BYTES, PAGE);
	uapi_close(&u);
}

static void expect_bad_memory(struct uapi *u, const void *va, size_t length)
{
	EXPECT_REFUSED(u, -EFAULT, ioas_map_at(u->rig.iofd, u->rig.ioas, va, length, UAPI_FREE));
	expect_free(u, UAPI_FREE, 4 * PAGE);
}

/* A page of the memory that cannot be had: the first, one in the middle, the last. */
static void run_hole(const void *arg)
{
	const size_t npages = UAPI_BYTES / PAGE, holes[] = { 0, 16, 511, 512, 513, npages - 1 };
	struct uapi u;
	unsigned int i;

	(void)arg;
	uapi_open(&u);
	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		unsigned char *page = u.mem.va + holes[i] * PAGE;

		ASSERT_EQ(0, mprotect(page, PAGE, PROT_NONE));
		EXPECT_REFUSED(&u, -EFAULT,
			       ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, UAPI_BYTES,
					   UAPI_FREE));
		ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ | PROT_WRITE));
		expect_free(&u, UAPI_FREE, UAPI_BYTES);
		uapi_note_state(&u);
	}
	/* No mapping at all there; the last pages, for the anchor needs the first. */
	ASSERT_EQ(0, munmap(u.mem.va + UAPI_BYTES - 8 * PAGE, 4 * PAGE));
	expect_bad_memory(&u, u.mem.va, UAPI_BYTES);
	expect_bad_memory(&u, u.mem.va + UAPI_BYTES - 8 * PAGE, 4 * PAGE);
	uapi_close(&u);
}

static void run_huge_hole(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	struct memory mem;
	struct uapi u;

	uapi_open(&u);
	memory_alloc(&mem, shape, 6 * MIB);
	ASSERT_EQ(0, mprotect(mem.va + 2 * MIB, 2 * MIB, PROT_NONE));
	expect_bad_memory(&u, mem.va, 6 * MIB);
	expect_bad_memory(&u, mem.va + MIB, 2 * MIB);
	expect_bad_memory(&u, mem.va + 3 * MIB, 2 * MIB);
	ASSERT_EQ(0, mprotect(mem.va + 2 * MIB, 2 * MIB, PROT_READ));
	expect_bad_memory(&u, mem.va, 6 * MIB);
	ASSERT_EQ(0, munmap(mem.va + 4 * MIB, 2 * MIB));
	expect_bad_memory(&u, mem.va, 6 * MIB);
	uapi_close(&u);
}

/* Memory that may never be pinned, or is none. */
static void run_not_memory(const void *arg)
{
	unsigned char *secret;
	struct uapi u;
	int fd;

	(void)arg;
	uapi_open(&u);
	expect_bad_memory(&u, NULL, PAGE);
	expect_bad_memory(&u, (void *)PAGE, PAGE);
	expect_bad_memory(&u, (void *)(1UL << 46), PAGE);
	expect_bad_memory(&u, (void *)(1UL << 60), PAGE);
	expect_bad_memory(&u, (void *)0xffff888000000000, PAGE);	/* the kernel's */
	expect_bad_memory(&u, (void *)0xffff888000000000, 4 * PAGE);
	expect_bad_memory(&u, (void *)(-2 * PAGE), PAGE);
	expect_bad_memory(&u, (void *)((1UL << 47) - 2 * PAGE), 4 * PAGE);
	expect_bad_memory(&u, u.rig.edu[0].bar, PAGE);			/* a device's registers */

	fd = syscall(SYS_memfd_secret, 0);
	if (fd >= 0) {
		ASSERT_EQ(0, ftruncate(fd, 4 * PAGE));
		secret = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		ASSERT_TRUE(secret != MAP_FAILED);
		memset(secret, 1, 4 * PAGE);
		expect_bad_memory(&u, secret, 4 * PAGE);
	}
	uapi_close(&u);
}

/*
 * A process is killed in the middle of a long map, at several points: its mapping is there in whole
 * or not at all. The iommufd is shared, and lives on.
 */
static void run_killed(const void *arg)
{
	struct timespec nap = {};
	struct memory mem;
	long long bytes;
	struct uapi u;
	int i;

	(void)arg;
	uapi_open(&u);
	memory_alloc(&mem, MEMFD4K, 128 * MIB);
	for (i = 0; i < 8; i++) {
		pid_t pid = fork();

		if (!pid) {
			ioas_map_at(u.rig.iofd, u.rig.ioas, mem.va, mem.bytes, UAPI_FREE);
			pause();
		}
		nap.tv_nsec = (1 + 4 * i) * 1000 * 1000;
		nanosleep(&nap, NULL);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		bytes = mem.bytes;
		if (ioas_unmap(u.rig.iofd, u.rig.ioas, UAPI_FREE, (__u64 *)&bytes))
			bytes = 0;
		EXPECT_TRUE(bytes == 0 || bytes == (long long)mem.bytes);
		EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	}
	memory_free(&mem);
	uapi_close(&u);
}

/* The kernel chose an IOVA and cannot tell it: then nothing is mapped. */
static void run_answer(const void *arg)
{
	struct iommu_ioas_map *cmd;
	struct uapi u;

	(void)arg;
	if (rig_peer_is("iommufd"))
		ktap_skip("known difference: in-tree, the mapping stays, at an unknown IOVA");
	uapi_open(&u);
	cmd = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(cmd != MAP_FAILED);
	*cmd = good_map(&u);
	cmd->flags = IOAS_RW;
	ASSERT_EQ(0, mprotect(cmd, PAGE, PROT_READ));
	EXPECT_REFUSED(&u, -EFAULT, map(&u, cmd));
	uapi_close(&u);
}

static const struct ktap_case cases[] = {
	{ "fields", run_fields, NULL },
	{ "span", run_span, NULL },
	{ "last-byte", run_last_byte, NULL },
	{ "overlap", run_overlap, NULL },
	{ "hole", run_hole, NULL },
	{ "hole-thp", run_huge_hole, &(const enum shape){ THP } },
	{ "hole-hugetlb2m", run_huge_hole, &(const enum shape){ HUGETLB2M } },
	{ "not-memory", run_not_memory, NULL },
	{ "killed", run_killed, NULL },
	{ "answer", run_answer, NULL },
	{}
};

const struct ktap_suite uapi_map_bad = { "map-bad", cases };
