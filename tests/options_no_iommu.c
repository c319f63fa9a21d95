// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices without an IOMMU: what is mapped for one stays where it is, IOMMU_IOAS_NOIOMMU_GET_PA
 * says where, and there the device finds it. The machine has one such device, behind a root bus of
 * its own, beside others that have an IOMMU.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/capability.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edu.h"
#include "iofd.h"
#include "memory.h"
#include "options.h"
#include "pins.h"
#include "rig.h"
#include "util.h"

#define IOVA GIB
#define BOUNCE_IOVA (4 * GIB)
#define LEN 512
#define TAINT_USER (1 << 6)
#define NO_ID 0x7fffffffU

/* An iommufd with an IOAS, and the device, bound. */
struct bare {
	int iofd;
	__u32 ioas;
	struct edu edu;
	struct memory bounce;
};

static int get_pa(int iofd, __u32 ioas, __u64 iova, __u64 *length, __u64 *phys)
{
	struct iommu_ioas_noiommu_get_pa cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas,
		.iova = iova,
		.length = *length,
	};
	int rc = iofd_ioctl(iofd, IOMMU_IOAS_NOIOMMU_GET_PA, &cmd);

	*length = cmd.length;
	*phys = cmd.out_phys;
	return rc;
}

/* For those that are refused: 0 or -errno. */
static int try_pa(const struct bare *bare, __u32 ioas, __u64 iova, __u64 length)
{
	__u64 phys;

	return get_pa(bare->iofd, ioas, iova, &length, &phys);
}

static void bare_open(struct bare *bare)
{
	memset(bare, 0, sizeof(*bare));
	bare->iofd = iofd_open();
	ASSERT_TRUE(bare->iofd >= 0);
	ASSERT_OK(ioas_alloc(bare->iofd, &bare->ioas));
	ASSERT_OK(edu_open_bare(&bare->edu));
	ASSERT_OK(edu_bind(&bare->edu, bare->iofd));
}

static int attach_to(struct bare *bare, __u32 pt)
{
	return edu_attach(&bare->edu, &pt);
}

static void bare_open_attached(struct bare *bare)
{
	bare_open(bare);
	ASSERT_OK(attach_to(bare, bare->ioas));
	memory_alloc(&bare->bounce, POPULATE4K, PAGE);
	ASSERT_OK(ioas_map_at(bare->iofd, bare->ioas, bare->bounce.va, PAGE, BOUNCE_IOVA));
}

static void bare_close(struct bare *bare)
{
	EXPECT_EQ(PAGE, ioas_unmap_all(bare->iofd, bare->ioas));
	edu_close(&bare->edu);
	close(bare->iofd);
	memory_free(&bare->bounce);
}

/* Copies len bytes through the device, from where one IOVA is to where another one is. */
static void copy_through(struct bare *bare, __u64 to, __u64 from, size_t len)
{
	__u64 n = len, phys;

	ASSERT_OK(get_pa(bare->iofd, bare->ioas, from, &n, &phys));
	ASSERT_EQ(len, n);
	ASSERT_OK(edu_dma_read(&bare->edu, phys, len));
	ASSERT_OK(get_pa(bare->iofd, bare->ioas, to, &n, &phys));
	ASSERT_EQ(len, n);
	ASSERT_OK(edu_dma_write(&bare->edu, phys, len));
}

/* Expects that the device sees and changes the len bytes at va through the IOVA. */
static void expect_found(struct bare *bare, __u64 iova, void *va, size_t len)
{
	memory_fill(va, len, iova);
	memset(bare->bounce.va, 0xee, len);
	copy_through(bare, BOUNCE_IOVA, iova, len);
	EXPECT_BYTES(va, bare->bounce.va, len);
	memory_fill(bare->bounce.va, len, ~iova);
	copy_through(bare, iova, BOUNCE_IOVA, len);
	EXPECT_BYTES(bare->bounce.va, va, len);
}

/* Every run of the memory is found, from its start and from its midst, and no more than it. */
static void run_shape(const void *arg)
{
	const enum shape *shape = arg;
	size_t bytes = shape_page_bytes(*shape) == PAGE ? 16 * PAGE : 4 * MIB, i;
	struct memory mem;
	struct bare bare;
	__u64 iova = IOVA;

	bare_open_attached(&bare);
	memory_alloc(&mem, *shape, bytes);
	ASSERT_OK(memory_map(&mem, bare.iofd, bare.ioas, IOAS_FIXED_RW, 0, bytes, &iova));
	for (i = 0; i < mem.nruns; i++) {
		const struct run *run = &mem.runs[i];
		__u64 at = IOVA + run->index * PAGE, left = bytes - run->index * PAGE;
		__u64 n = left, phys;

		EXPECT_OK(get_pa(bare.iofd, bare.ioas, at, &n, &phys));
		EXPECT_EQ(run->pfn * PAGE, phys);
		EXPECT_EQ(run->npages * PAGE, n);
		n = left - 0x123;
		EXPECT_OK(get_pa(bare.iofd, bare.ioas, at + 0x123, &n, &phys));
		EXPECT_EQ(run->pfn * PAGE + 0x123, phys);
		EXPECT_EQ(run->npages * PAGE - 0x123, n);
		n = 1;
		EXPECT_OK(get_pa(bare.iofd, bare.ioas, at + PAGE - 1, &n, &phys));
		EXPECT_EQ(run->pfn * PAGE + PAGE - 1, phys);
		EXPECT_EQ(1, n);
	}
	expect_found(&bare, IOVA, mem.va, LEN);
	expect_found(&bare, IOVA + bytes - LEN, mem.va + bytes - LEN, LEN);
	EXPECT_OK(ioas_unmap_at(bare.iofd, bare.ioas, IOVA, bytes));
	EXPECT_ERR(-ENOENT, try_pa(&bare, bare.ioas, IOVA, PAGE));
	bare_close(&bare);
	memory_free(&mem);
}

static const enum shape scattered = SCATTER4K, thp = THP, hugetlb = HUGETLB2M, file = MAPFILE2M;

/*
 * Memory in one piece that is two mappings is one piece, but not over a hole. The in-tree module
 * ends at the end of a mapping.
 */
static void run_neighbours(const void *arg)
{
	bool in_tree = rig_peer_is("iommufd");
	__u64 n = 4 * MIB, phys, first;
	struct memory mem;
	struct bare bare;

	(void)arg;
	bare_open_attached(&bare);
	memory_alloc(&mem, HUGETLB2M, 2 * MIB);
	first = mem.runs[0].pfn * PAGE;
	ASSERT_OK(ioas_map_at(bare.iofd, bare.ioas, mem.va, MIB, IOVA));
	ASSERT_OK(ioas_map_at(bare.iofd, bare.ioas, mem.va + MIB, MIB / 2, IOVA + MIB));
	ASSERT_OK(ioas_map_at(bare.iofd, bare.ioas, mem.va + MIB / 2 * 3, MIB / 2 - PAGE,
			      IOVA + MIB / 2 * 3 + PAGE));
	EXPECT_OK(get_pa(bare.iofd, bare.ioas, IOVA, &n, &phys));
	EXPECT_EQ(first, phys);
	EXPECT_EQ(in_tree ? MIB : MIB / 2 * 3, n);
	n = MIB + PAGE;
	EXPECT_OK(get_pa(bare.iofd, bare.ioas, IOVA, &n, &phys));
	EXPECT_EQ(in_tree ? MIB : MIB + PAGE, n);
	n = ~0ULL;
	EXPECT_OK(get_pa(bare.iofd, bare.ioas, IOVA + MIB / 2 * 3 - PAGE, &n, &phys));
	EXPECT_EQ(first + MIB / 2 * 3 - PAGE, phys);
	EXPECT_EQ(PAGE, n);
	EXPECT_ERR(-ENOENT, try_pa(&bare, bare.ioas, IOVA + MIB / 2 * 3, PAGE));
	EXPECT_EQ(2 * MIB - PAGE + PAGE, ioas_unmap_all(bare.iofd, bare.ioas));
	ASSERT_OK(ioas_map_at(bare.iofd, bare.ioas, bare.bounce.va, PAGE, BOUNCE_IOVA));
	bare_close(&bare);
	memory_free(&mem);
}

/* What may only be read, or only be written, is found all the same. */
static void run_rights(const void *arg)
{
	__u64 iova = IOVA, n = PAGE, phys;
	struct memory mem;
	struct bare bare;

	(void)arg;
	bare_open_attached(&bare);
	memory_alloc(&mem, POPULATE4K, 2 * PAGE);
	ASSERT_OK(ioas_map(bare.iofd, bare.ioas,
			   IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE, mem.va, PAGE,
			   &iova));
	iova += PAGE;
	ASSERT_OK(ioas_map(bare.iofd, bare.ioas,
			   IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE, mem.va + PAGE,
			   PAGE, &iova));
	EXPECT_OK(get_pa(bare.iofd, bare.ioas, IOVA, &n, &phys));
	EXPECT_EQ(memory_pfn(mem.va) * PAGE, phys);
	EXPECT_OK(get_pa(bare.iofd, bare.ioas, IOVA + PAGE, &n, &phys));
	EXPECT_EQ(memory_pfn(mem.va + PAGE) * PAGE, phys);
	EXPECT_OK(ioas_unmap_at(bare.iofd, bare.ioas, IOVA, 2 * PAGE));
	bare_close(&bare);
	memory_free(&mem);
}

static void run_bad(const void *arg)
{
	struct iommu_ioas_noiommu_get_pa cmd = {
		.size = sizeof(cmd),
		.iova = IOVA,
		.length = PAGE,
	};
	struct memory mem;
	struct bare bare;
	__u32 empty;

	(void)arg;
	bare_open_attached(&bare);
	memory_alloc(&mem, POPULATE4K, PAGE);
	ASSERT_OK(ioas_map_at(bare.iofd, bare.ioas, mem.va, PAGE, IOVA));
	cmd.ioas_id = bare.ioas;

	cmd.flags = 1;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(bare.iofd, IOMMU_IOAS_NOIOMMU_GET_PA, &cmd));
	cmd.flags = 0;
	cmd.__reserved = 1;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(bare.iofd, IOMMU_IOAS_NOIOMMU_GET_PA, &cmd));
	cmd.__reserved = 0;
	cmd.size = offsetof(struct iommu_ioas_noiommu_get_pa, out_phys);
	EXPECT_ERR(-EINVAL, iofd_ioctl(bare.iofd, IOMMU_IOAS_NOIOMMU_GET_PA, &cmd));

	EXPECT_ERR(-EINVAL, try_pa(&bare, bare.ioas, IOVA, 0));
	EXPECT_ERR(-EINVAL, try_pa(&bare, NO_ID, IOVA, 0));
	EXPECT_ERR(-ENOENT, try_pa(&bare, NO_ID, IOVA, PAGE));
	EXPECT_ERR(-ENOENT, try_pa(&bare, bare.edu.devid, IOVA, PAGE));
	EXPECT_ERR(-ENOENT, try_pa(&bare, bare.ioas, IOVA - 1, PAGE));
	EXPECT_ERR(-ENOENT, try_pa(&bare, bare.ioas, IOVA + PAGE, PAGE));
	EXPECT_ERR(-ENOENT, try_pa(&bare, bare.ioas, -PAGE, 2 * PAGE));

	/* Of an IOAS that no such device uses nothing stays where it is. */
	ASSERT_OK(ioas_alloc(bare.iofd, &empty));
	ASSERT_OK(ioas_map_at(bare.iofd, empty, mem.va, PAGE, IOVA));
	EXPECT_ERR(-EOPNOTSUPP, try_pa(&bare, empty, IOVA, PAGE));
	EXPECT_OK(edu_detach(&bare.edu));
	EXPECT_ERR(-EOPNOTSUPP, try_pa(&bare, bare.ioas, IOVA, PAGE));
	EXPECT_OK(ioas_unmap_at(bare.iofd, bare.ioas, IOVA, PAGE));
	bare_close(&bare);
	memory_free(&mem);
}

static void drop_rawio(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	ASSERT_EQ(0, syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1U << CAP_SYS_RAWIO);
	data[0].permitted &= ~(1U << CAP_SYS_RAWIO);
	ASSERT_EQ(0, syscall(SYS_capset, &header, data));
}

/* Who has CAP_SYS_RAWIO no more can not open the device, nor ask where memory is. */
static void run_rawio(const void *arg)
{
	struct memory mem;
	struct bare bare;
	struct edu edu;

	(void)arg;
	bare_open_attached(&bare);
	memory_alloc(&mem, POPULATE4K, PAGE);
	ASSERT_OK(ioas_map_at(bare.iofd, bare.ioas, mem.va, PAGE, IOVA));
	EXPECT_OK(try_pa(&bare, bare.ioas, IOVA, PAGE));
	drop_rawio();
	EXPECT_ERR(-EPERM, try_pa(&bare, bare.ioas, IOVA, PAGE));
	EXPECT_ERR(-EPERM, edu_open_bare(&edu));
	EXPECT_OK(ioas_unmap_at(bare.iofd, bare.ioas, IOVA, PAGE));
	bare_close(&bare);
	memory_free(&mem);
}

/* The kernel says of itself that it has a device that can do anything. */
static void run_taint(const void *arg)
{
	FILE *f = fopen("/proc/sys/kernel/tainted", "r");
	long taint = 0;

	(void)arg;
	ASSERT_TRUE(f);
	EXPECT_EQ(1, fscanf(f, "%ld", &taint));
	fclose(f);
	EXPECT_EQ(TAINT_USER, taint & TAINT_USER);
}

/* Memory is pinned while the device is attached. */
static void run_pins(const void *arg)
{
	long long before = pins_held();
	struct memory mem;
	struct bare bare;
	__u32 other;

	(void)arg;
	bare_open(&bare);
	memory_alloc(&mem, SCATTER4K, 16 * PAGE);
	ASSERT_OK(ioas_map_at(bare.iofd, bare.ioas, mem.va, 16 * PAGE, IOVA));
	EXPECT_EQ(before, pins_held());
	ASSERT_OK(attach_to(&bare, bare.ioas));
	EXPECT_EQ(before + 16, pins_held());
	EXPECT_ERR(-EBUSY, iofd_destroy(bare.iofd, bare.ioas));
	EXPECT_ERR(-EBUSY, iofd_destroy(bare.iofd, bare.edu.devid));

	/* Elsewhere it needs other memory. */
	ASSERT_OK(ioas_alloc(bare.iofd, &other));
	ASSERT_OK(ioas_map_at(bare.iofd, other, mem.va, 4 * PAGE, IOVA));
	ASSERT_OK(attach_to(&bare, other));
	EXPECT_EQ(before + 4, pins_held());
	EXPECT_OK(iofd_destroy(bare.iofd, bare.ioas));
	EXPECT_OK(edu_detach(&bare.edu));
	EXPECT_EQ(before, pins_held());
	ASSERT_OK(attach_to(&bare, other));
	EXPECT_EQ(before + 4, pins_held());
	EXPECT_OK(ioas_unmap_at(bare.iofd, other, IOVA, 4 * PAGE));
	EXPECT_EQ(before, pins_held());
	edu_close(&bare.edu);
	close(bare.iofd);
	memory_free(&mem);
}

static int attach_pasid(struct bare *bare, __u32 pasid, __u32 pt)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.flags = VFIO_DEVICE_ATTACH_PASID,
		.pt_id = pt,
		.pasid = pasid,
	};

	return ioctl(bare->edu.fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) ? -errno : 0;
}

/* HWPTs are what they are with an IOMMU, as far as none is needed. */
static void run_hwpt(const void *arg)
{
	struct iommu_viommu_alloc viommu = { .size = sizeof(viommu) };
	struct iommu_hw_info info = { .size = sizeof(info) };
	struct memory mem;
	struct bare bare;
	__u32 hwpt, pt;

	(void)arg;
	bare_open_attached(&bare);
	memory_alloc(&mem, POPULATE4K, PAGE);
	ASSERT_OK(ioas_map_at(bare.iofd, bare.ioas, mem.va, PAGE, IOVA));
	ASSERT_OK(hwpt_alloc(bare.iofd, 0, bare.edu.devid, bare.ioas, &hwpt));
	pt = hwpt;
	EXPECT_OK(edu_attach(&bare.edu, &pt));
	EXPECT_EQ(hwpt, pt);
	expect_found(&bare, IOVA, mem.va, LEN);
	EXPECT_ERR(-EBUSY, iofd_destroy(bare.iofd, hwpt));

	/* It needs no device to be attached. */
	EXPECT_OK(edu_detach(&bare.edu));
	EXPECT_OK(try_pa(&bare, bare.ioas, IOVA, PAGE));
	EXPECT_OK(attach_to(&bare, bare.ioas));
	EXPECT_OK(iofd_destroy(bare.iofd, hwpt));
	expect_found(&bare, IOVA, mem.va, LEN);

	EXPECT_ERR(-EOPNOTSUPP, hwpt_alloc(bare.iofd, IOMMU_HWPT_ALLOC_NEST_PARENT, bare.edu.devid,
					   bare.ioas, &hwpt));
	EXPECT_ERR(-EOPNOTSUPP, hwpt_alloc(bare.iofd, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
					   bare.edu.devid, bare.ioas, &hwpt));
	EXPECT_ERR(-EOPNOTSUPP, hwpt_alloc(bare.iofd, IOMMU_HWPT_ALLOC_PASID, bare.edu.devid,
					   bare.ioas, &hwpt));
	ASSERT_OK(hwpt_alloc(bare.iofd, 0, bare.edu.devid, bare.ioas, &hwpt));
	EXPECT_ERR(-EOPNOTSUPP, hwpt_track_dirty(bare.iofd, hwpt, true));
	EXPECT_ERR(-EINVAL, attach_pasid(&bare, 1, hwpt));
	info.dev_id = bare.edu.devid;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(bare.iofd, IOMMU_GET_HW_INFO, &info));
	viommu.dev_id = bare.edu.devid;
	viommu.hwpt_id = hwpt;
	viommu.type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(bare.iofd, IOMMU_VIOMMU_ALLOC, &viommu));
	EXPECT_OK(iofd_destroy(bare.iofd, hwpt));
	EXPECT_OK(ioas_unmap_at(bare.iofd, bare.ioas, IOVA, PAGE));
	bare_close(&bare);
	memory_free(&mem);
}

/*
 * A device with an IOMMU and one without share an IOAS, but no HWPT. The one reaches what is mapped
 * where it is mapped, the other where it is.
 */
static void run_both(const void *arg)
{
	struct memory mem;
	struct bare bare;
	struct edu edu;
	struct rig rig;
	__u32 pt;

	(void)arg;
	if (rig_peer_is("iommufd"))
		ktap_skip("in-tree, one without takes a HWPT of an IOMMU's, and nothing is found");
	rig_open_attached(&rig, 1);
	memory_alloc(&mem, THP, 2 * MIB);
	ASSERT_OK(ioas_map_at(rig.iofd, rig.ioas, mem.va, 2 * MIB, IOVA));
	bare = (struct bare){ .iofd = rig.iofd, .ioas = rig.ioas };
	ASSERT_OK(edu_open_bare(&edu));
	ASSERT_OK(edu_bind(&edu, rig.iofd));
	bare.edu = edu;
	EXPECT_ERR(-EOPNOTSUPP, try_pa(&bare, bare.ioas, IOVA, PAGE));
	pt = rig.hwpt;
	EXPECT_ERR(-EINVAL, edu_attach(&edu, &pt));
	pt = rig.ioas;
	ASSERT_OK(edu_attach(&edu, &pt));
	EXPECT_NE(rig.hwpt, pt);
	EXPECT_ERR(-EINVAL, edu_attach(&rig.edu[0], &pt));

	memory_alloc(&bare.bounce, POPULATE4K, PAGE);
	ASSERT_OK(ioas_map_at(rig.iofd, rig.ioas, bare.bounce.va, PAGE, BOUNCE_IOVA));
	expect_reaches(&rig, &rig.edu[0], IOVA, mem.va, LEN);
	expect_found(&bare, IOVA, mem.va, LEN);
	EXPECT_OK(edu_detach(&edu));
	expect_reaches(&rig, &rig.edu[0], IOVA + MIB, mem.va + MIB, LEN);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, BOUNCE_IOVA, PAGE));
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, IOVA, 2 * MIB));
	expect_no_reach(&rig, &rig.edu[0], IOVA, mem.va, LEN);
	edu_close(&edu);
	rig_close(&rig);
	memory_free(&bare.bounce);
	memory_free(&mem);
}

/* The group of the device, /dev/vfio/noiommu-N. */
static int open_group(void)
{
	glob_t found;
	int fd;

	ASSERT_EQ(0, glob("/dev/vfio/noiommu-*", 0, NULL, &found));
	fd = open(found.gl_pathv[0], O_RDWR | O_CLOEXEC);
	globfree(&found);
	return fd;
}

/* A container without an IOMMU opens the device, and does nothing else. */
static void run_group(const void *arg)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.size = PAGE,
	};
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC), group = open_group();
	struct edu edu;

	(void)arg;
	ASSERT_TRUE(fd >= 0 && group >= 0);
	EXPECT_EQ(1, ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU));
	EXPECT_ERR(-EINVAL, ioctl(fd, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU) ? -errno : 0);
	ASSERT_OK(ioctl(group, VFIO_GROUP_SET_CONTAINER, &fd) ? -errno : 0);
	EXPECT_EQ(1, ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(0, ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(0, ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU));
	EXPECT_ERR(-EINVAL, ioctl(fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ? -errno : 0);
	ASSERT_OK(ioctl(fd, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU) ? -errno : 0);
	EXPECT_ERR(-ENODEV, iofd_ioctl(fd, VFIO_IOMMU_GET_INFO, &info));
	EXPECT_ERR(-ENODEV, iofd_ioctl(fd, VFIO_IOMMU_MAP_DMA, &map));
	ASSERT_OK(edu_open_bare_in_group(&edu, group));
	edu_close(&edu);
	drop_rawio();
	EXPECT_ERR(-EPERM, ioctl(fd, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU) ? -errno : 0);
	EXPECT_ERR(-EPERM, edu_open_bare_in_group(&edu, group));
}

static const struct ktap_case cases[] = {
	{ "scattered", run_shape, &scattered },
	{ "thp", run_shape, &thp },
	{ "hugetlb", run_shape, &hugetlb },
	{ "file", run_shape, &file },
	{ "neighbours", run_neighbours, NULL },
	{ "rights", run_rights, NULL },
	{ "bad", run_bad, NULL },
	{ "rawio", run_rawio, NULL },
	{ "taint", run_taint, NULL },
	{ "pins", run_pins, NULL },
	{ "hwpt", run_hwpt, NULL },
	{ "both", run_both, NULL },
	{ "group", run_group, NULL },
	{}
};

const struct ktap_suite options_no_iommu = { "no-iommu", cases };
