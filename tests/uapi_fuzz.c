// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structures of nonsense. Whatever an ioctl makes of them, the kernel stays quiet, and when all is
 * closed nothing is pinned: both are looked at after every case.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "uapi.h"

#define ROUNDS 20000

static const struct {
	__u8 nr;
	__u8 size;
} ops[] = {
	{ IOMMUFD_CMD_DESTROY, sizeof(struct iommu_destroy) },
	{ IOMMUFD_CMD_IOAS_ALLOC, sizeof(struct iommu_ioas_alloc) },
	{ IOMMUFD_CMD_IOAS_ALLOW_IOVAS, sizeof(struct iommu_ioas_allow_iovas) },
	{ IOMMUFD_CMD_IOAS_COPY, sizeof(struct iommu_ioas_copy) },
	{ IOMMUFD_CMD_IOAS_IOVA_RANGES, sizeof(struct iommu_ioas_iova_ranges) },
	{ IOMMUFD_CMD_IOAS_MAP, sizeof(struct iommu_ioas_map) },
	{ IOMMUFD_CMD_IOAS_UNMAP, sizeof(struct iommu_ioas_unmap) },
	{ IOMMUFD_CMD_OPTION, sizeof(struct iommu_option) },
	{ IOMMUFD_CMD_VFIO_IOAS, sizeof(struct iommu_vfio_ioas) },
	{ IOMMUFD_CMD_HWPT_ALLOC, sizeof(struct iommu_hwpt_alloc) },
	{ IOMMUFD_CMD_GET_HW_INFO, sizeof(struct iommu_hw_info) },
	{ IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING, sizeof(struct iommu_hwpt_set_dirty_tracking) },
	{ IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP, sizeof(struct iommu_hwpt_get_dirty_bitmap) },
	{ IOMMUFD_CMD_HWPT_INVALIDATE, sizeof(struct iommu_hwpt_invalidate) },
	{ IOMMUFD_CMD_FAULT_QUEUE_ALLOC, sizeof(struct iommu_fault_alloc) },
	{ IOMMUFD_CMD_IOAS_MAP_FILE, sizeof(struct iommu_ioas_map_file) },
	{ IOMMUFD_CMD_VIOMMU_ALLOC, sizeof(struct iommu_viommu_alloc) },
	{ IOMMUFD_CMD_VDEVICE_ALLOC, sizeof(struct iommu_vdevice_alloc) },
	{ IOMMUFD_CMD_IOAS_CHANGE_PROCESS, sizeof(struct iommu_ioas_change_process) },
	{ IOMMUFD_CMD_VEVENTQ_ALLOC, sizeof(struct iommu_veventq_alloc) },
	{ IOMMUFD_CMD_HW_QUEUE_ALLOC, sizeof(struct iommu_hw_queue_alloc) },
	{ IOMMUFD_CMD_IOAS_NOIOMMU_GET_PA, sizeof(struct iommu_ioas_noiommu_get_pa) },
};

/*
 * Every field out of its range at once: refused by all, whichever is looked at first, and nothing
 * has happened.
 */
static void run_ones(const void *arg)
{
	unsigned char cmd[128];
	struct uapi u;
	unsigned int i;

	(void)arg;
	uapi_open(&u);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		__u32 size = ops[i].size;
		int ret;

		memset(cmd, 0xff, sizeof(cmd));
		memcpy(cmd, &size, sizeof(size));
		ret = iofd_ioctl(u.rig.iofd, _IO(IOMMUFD_TYPE, ops[i].nr), cmd);
		EXPECT_TRUE(ret == -EOPNOTSUPP || ret == -EINVAL || ret == -ENOENT ||
			    ret == -EOVERFLOW);
		if (!uapi_unchanged(__FILE__, __LINE__, &u))
			ktap_note("by ioctl 0x%x, which answered %d", ops[i].nr, ret);
	}
	uapi_close(&u);
}

/* A value that has a meaning somewhere. */
static __u64 value(struct uapi *u, __u64 *random)
{
	const __u64 pool[] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 48, u->rig.ioas, u->rig.ioas, u->rig.ioas,
		u->rig.hwpt, u->rig.edu[0].devid, PAGE, PAGE, PAGE - 1, PAGE + 1, 2 * PAGE,
		16 * PAGE, 2 * MIB, UAPI_BYTES, (__u64)u->mem.va, (__u64)u->mem.va,
		(__u64)u->mem.va + PAGE, (__u64)u->mem.va + 123, UAPI_ANCHOR, UAPI_ANCHOR + PAGE,
		UAPI_FREE, UAPI_FREE + PAGE, RIG_MSI_START, RIG_MSI_LAST, 1UL << 39, 1UL << 48,
		~0ULL, ~0ULL - PAGE + 1, 1UL << 63, 0x7fffffff, 0x80000000, 0xffffffff, u->mem.fd,
	};
	__u64 i = ktap_random(random);

	return i % 16 ? pool[i / 16 % ARRAY_SIZE(pool)] : ktap_random(random);
}

/* size is right mostly; every other 8 bytes are one value or two. */
static void fill(struct uapi *u, unsigned char *cmd, __u32 size, __u64 *random)
{
	__u32 i, word;
	__u64 whole;

	for (i = 0; i < 128; i += 8) {
		whole = value(u, random);
		memcpy(cmd + i, &whole, 8);
		if (i % 16 && i > 16)
			continue;
		word = value(u, random);
		memcpy(cmd + i + 4, &word, 4);
	}
	if (ktap_random(random) % 16)
		memcpy(cmd, &size, sizeof(size));
	if (ktap_random(random) % 2)	/* the usual place of what must be zero, or of flags */
		memset(cmd + (ktap_random(random) % 2 ? 4 : 12), 0, 4);
}

static void run_random(const void *arg)
{
	__u64 random = ktap_seed() + *(const unsigned int *)arg;
	unsigned int i, accepted = 0;
	unsigned char cmd[128];
	struct uapi u;

	uapi_open(&u);
	u.mem.fd = u.rig.iofd;
	for (i = 0; i < ROUNDS; i++) {
		unsigned int op = ktap_random(&random) % ARRAY_SIZE(ops);

		fill(&u, cmd, ops[op].size, &random);
		accepted += !iofd_ioctl(u.rig.iofd, _IO(IOMMUFD_TYPE, ops[op].nr), cmd);
	}
	/* Were all refused, this would not have come far. */
	EXPECT_LT(ROUNDS / 100, accepted);

	/* The module is still in its senses. */
	EXPECT_LT(-1, ioas_unmap_all(u.rig.iofd, u.rig.ioas));
	EXPECT_OK(ioas_allow_iovas(u.rig.iofd, u.rig.ioas, NULL, 0));
	rig_map_bounce(&u.rig, u.rig.ioas);
	ASSERT_OK(ioas_map_at(u.rig.iofd, u.rig.ioas, u.mem.va, UAPI_BYTES, UAPI_ANCHOR));
	expect_reaches(&u.rig, &u.rig.edu[0], UAPI_ANCHOR + MIB, u.mem.va + MIB, 64);
	EXPECT_EQ(UAPI_BYTES + RIG_BOUNCE_BYTES, ioas_unmap_all(u.rig.iofd, u.rig.ioas));
}

static const struct ktap_case cases[] = {
	{ "ones", run_ones, NULL },
	{ "random-1", run_random, &(const unsigned int){ 1 } },
	{ "random-2", run_random, &(const unsigned int){ 2 } },
	{ "random-3", run_random, &(const unsigned int){ 3 } },
	{}
};

const struct ktap_suite uapi_fuzz = { "fuzz", cases };
