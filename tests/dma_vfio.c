// SPDX-License-Identifier: GPL-2.0-only
/*
 * An iommufd in the place of a VFIO container: a program that knows nothing but VFIO's groups and
 * the ioctls of type1 opens /dev/iommu, and its device reaches what it maps.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "rig.h"
#include "util.h"
#include "vfio_pci.h"

#define IOVA GIB
#define BYTES (64 * PAGE)
#define LEN 512

/* A container with one group, and the group's device. */
struct vfio {
	struct rig rig;		/* iofd, bounce and edu[0] only */
	int group;
	__u32 type;
};

static int dma_map(struct vfio *vfio, void *va, size_t bytes, __u64 iova)
{
	return vfio_dma_map(vfio->rig.iofd, va, bytes, iova);
}

/* How much was unmapped, or -errno. */
static long long dma_unmap(struct vfio *vfio, __u64 iova, __u64 bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = bytes,
	};

	return ioctl(vfio->rig.iofd, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : (long long)unmap.size;
}

static int open_group(unsigned int index)
{
	char path[64];

	if (edu_group(index) < 0)
		ktap_skip("needs an edu device bound to vfio-pci");
	snprintf(path, sizeof(path), "/dev/vfio/%d", edu_group(index));
	return open(path, O_RDWR | O_CLOEXEC);
}

/* The index-th device by the group of it, with the bounce page mapped. */
static void vfio_open(struct vfio *vfio, unsigned int index, __u32 type)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	struct rig *rig = &vfio->rig;

	memset(vfio, 0, sizeof(*vfio));
	vfio->type = type;
	vfio->group = open_group(index);
	ktap_assert(vfio->group >= 0);
	rig->iofd = iofd_open();
	ktap_assert(rig->iofd >= 0);

	/* What a program asks first of a container that it does not know. */
	EXPECT_EQ(VFIO_API_VERSION, ioctl(rig->iofd, VFIO_GET_API_VERSION));
	EXPECT_EQ(1, ioctl(rig->iofd, VFIO_CHECK_EXTENSION, type));
	ASSERT_OK(ioctl(vfio->group, VFIO_GROUP_GET_STATUS, &status));
	ktap_assert(status.flags & VFIO_GROUP_FLAGS_VIABLE);

	ASSERT_OK(ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &rig->iofd));
	ASSERT_OK(ioctl(rig->iofd, VFIO_SET_IOMMU, type));
	ASSERT_OK(edu_open_in_group(&rig->edu[0], index, vfio->group));
	rig->bounce = mmap(NULL, RIG_BOUNCE_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ktap_assert(rig->bounce != MAP_FAILED);
	ASSERT_OK(dma_map(vfio, rig->bounce, RIG_BOUNCE_BYTES, RIG_BOUNCE_IOVA));
}

static void vfio_close(struct vfio *vfio)
{
	EXPECT_EQ(RIG_BOUNCE_BYTES, dma_unmap(vfio, RIG_BOUNCE_IOVA, RIG_BOUNCE_BYTES));
	edu_close(&vfio->rig.edu[0]);
	EXPECT_OK(ioctl(vfio->group, VFIO_GROUP_UNSET_CONTAINER));
	close(vfio->group);
	close(vfio->rig.iofd);
	munmap(vfio->rig.bounce, RIG_BOUNCE_BYTES);
}

static const __u32 v1 = VFIO_TYPE1_IOMMU, v2 = VFIO_TYPE1v2_IOMMU;

static void run_reach(const void *arg)
{
	const __u32 *type = arg;
	struct memory mem;
	struct vfio vfio;

	vfio_open(&vfio, 0, *type);
	memory_alloc(&mem, POPULATE4K, BYTES);
	expect_no_reach(&vfio.rig, &vfio.rig.edu[0], IOVA, mem.va, LEN);
	ASSERT_OK(dma_map(&vfio, mem.va, BYTES, IOVA));
	expect_reaches(&vfio.rig, &vfio.rig.edu[0], IOVA, mem.va, LEN);
	expect_reaches(&vfio.rig, &vfio.rig.edu[0], IOVA + BYTES - LEN, mem.va + BYTES - LEN, LEN);
	EXPECT_ERR(-EEXIST, dma_map(&vfio, mem.va, PAGE, IOVA + PAGE));
	EXPECT_EQ(BYTES, dma_unmap(&vfio, IOVA, BYTES));
	expect_no_reach(&vfio.rig, &vfio.rig.edu[0], IOVA, mem.va, LEN);
	vfio_close(&vfio);
	memory_free(&mem);
}

/* The first version takes a part of a mapping out, the second one does not. */
static void run_part(const void *arg)
{
	const __u32 *type = arg;
	size_t quarter = BYTES / 4;
	struct memory mem;
	struct vfio vfio;
	struct edu *edu;

	vfio_open(&vfio, 0, *type);
	edu = &vfio.rig.edu[0];
	memory_alloc(&mem, POPULATE4K, BYTES);
	ASSERT_OK(dma_map(&vfio, mem.va, BYTES, IOVA));
	if (*type == VFIO_TYPE1_IOMMU) {
		EXPECT_EQ((long long)quarter, dma_unmap(&vfio, IOVA + quarter, quarter));
		expect_reaches(&vfio.rig, edu, IOVA + quarter - LEN, mem.va + quarter - LEN, LEN);
		expect_no_reach(&vfio.rig, edu, IOVA + quarter, mem.va + quarter, LEN);
		expect_no_reach(&vfio.rig, edu, IOVA + 2 * quarter - LEN,
				mem.va + 2 * quarter - LEN, LEN);
		expect_reaches(&vfio.rig, edu, IOVA + 2 * quarter, mem.va + 2 * quarter, LEN);
		EXPECT_EQ(3 * (long long)quarter, dma_unmap(&vfio, IOVA, BYTES));
	} else {
		EXPECT_ERR(-ENOENT, dma_unmap(&vfio, IOVA + quarter, quarter));
		expect_reaches(&vfio.rig, edu, IOVA + quarter, mem.va + quarter, LEN);
		EXPECT_EQ(BYTES, dma_unmap(&vfio, IOVA, BYTES));
	}
	expect_no_reach(&vfio.rig, edu, IOVA, mem.va, LEN);
	vfio_close(&vfio);
	memory_free(&mem);
}

/*
 * What the first version took out can be mapped anew, from other memory and in other pieces, beside
 * what is left; and taken out again across all of them.
 */
static void run_part_anew(const void *arg)
{
	size_t quarter = BYTES / 4;
	struct memory mem, other;
	struct vfio vfio;
	struct edu *edu;

	(void)arg;
	vfio_open(&vfio, 0, VFIO_TYPE1_IOMMU);
	edu = &vfio.rig.edu[0];
	memory_alloc(&mem, POPULATE4K, BYTES);
	memory_alloc(&other, SCATTER4K, BYTES);
	ASSERT_OK(dma_map(&vfio, mem.va, BYTES, IOVA));
	EXPECT_EQ((long long)quarter, dma_unmap(&vfio, IOVA + quarter, quarter));
	EXPECT_ERR(-EEXIST, dma_map(&vfio, other.va, quarter + PAGE, IOVA + quarter));
	EXPECT_ERR(-EEXIST, dma_map(&vfio, other.va, quarter, IOVA + quarter - PAGE));
	ASSERT_OK(dma_map(&vfio, other.va, PAGE, IOVA + quarter));
	ASSERT_OK(dma_map(&vfio, other.va + PAGE, quarter - PAGE, IOVA + quarter + PAGE));
	expect_reaches(&vfio.rig, edu, IOVA + quarter - LEN, mem.va + quarter - LEN, LEN);
	expect_reaches(&vfio.rig, edu, IOVA + quarter, other.va, LEN);
	expect_reaches(&vfio.rig, edu, IOVA + 2 * quarter - LEN, other.va + quarter - LEN, LEN);
	expect_reaches(&vfio.rig, edu, IOVA + 2 * quarter, mem.va + 2 * quarter, LEN);

	/* A page of the old on either side, and all of the new. */
	EXPECT_EQ((long long)(quarter + 2 * PAGE),
		  dma_unmap(&vfio, IOVA + quarter - PAGE, quarter + 2 * PAGE));
	expect_no_reach(&vfio.rig, edu, IOVA + quarter - PAGE, mem.va + quarter - PAGE, LEN);
	expect_no_reach(&vfio.rig, edu, IOVA + quarter, other.va, LEN);
	expect_no_reach(&vfio.rig, edu, IOVA + 2 * quarter, mem.va + 2 * quarter, LEN);
	expect_reaches(&vfio.rig, edu, IOVA + quarter - PAGE - LEN, mem.va + quarter - PAGE - LEN,
		       LEN);
	expect_reaches(&vfio.rig, edu, IOVA + 2 * quarter + PAGE, mem.va + 2 * quarter + PAGE, LEN);
	EXPECT_EQ((long long)(3 * quarter - 2 * PAGE), dma_unmap(&vfio, IOVA, BYTES));
	vfio_close(&vfio);
	memory_free(&other);
	memory_free(&mem);
}

/* The container goes with its mappings, however the program ends. */
static void run_close(const void *arg)
{
	struct memory mem;
	struct vfio vfio;

	(void)arg;
	vfio_open(&vfio, 0, VFIO_TYPE1v2_IOMMU);
	memory_alloc(&mem, THP, 2 * MIB);
	ASSERT_OK(dma_map(&vfio, mem.va, 2 * MIB, IOVA));
	expect_reaches(&vfio.rig, &vfio.rig.edu[0], IOVA, mem.va, LEN);
	edu_close(&vfio.rig.edu[0]);
	close(vfio.group);
	close(vfio.rig.iofd);
	munmap(vfio.rig.bounce, RIG_BOUNCE_BYTES);
	memory_free(&mem);
}

/* Both interfaces at once: the IOAS that the container has is one like others. */
static void run_both(const void *arg)
{
	struct iommu_vfio_ioas get = { .size = sizeof(get), .op = IOMMU_VFIO_IOAS_GET };
	struct memory mem;
	struct vfio vfio;
	__u32 ioas;

	(void)arg;
	vfio_open(&vfio, 0, VFIO_TYPE1v2_IOMMU);
	ASSERT_OK(iofd_ioctl(vfio.rig.iofd, IOMMU_VFIO_IOAS, &get));
	ioas = get.ioas_id;
	memory_alloc(&mem, POPULATE4K, BYTES);
	ASSERT_OK(ioas_map_at(vfio.rig.iofd, ioas, mem.va, BYTES, IOVA));
	expect_reaches(&vfio.rig, &vfio.rig.edu[0], IOVA, mem.va, LEN);
	EXPECT_EQ(BYTES, dma_unmap(&vfio, IOVA, BYTES));
	expect_no_reach(&vfio.rig, &vfio.rig.edu[0], IOVA, mem.va, LEN);
	EXPECT_ERR(-EBUSY, iofd_destroy(vfio.rig.iofd, ioas));
	vfio_close(&vfio);
	memory_free(&mem);
}

static const struct ktap_case cases[] = {
	{ "reach-v1", run_reach, &v1 },
	{ "reach-v2", run_reach, &v2 },
	{ "part-v1", run_part, &v1 },
	{ "part-v2", run_part, &v2 },
	{ "part-anew", run_part_anew, NULL },
	{ "close", run_close, NULL },
	{ "both", run_both, NULL },
	{}
};

const struct ktap_suite dma_vfio = { "vfio", cases };
