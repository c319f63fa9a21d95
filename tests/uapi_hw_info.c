// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_GET_HW_INFO, on the guest's emulated IOMMU. */
#include <errno.h>
#include <string.h>

#include "uapi.h"

#ifdef __aarch64__
#define INFO_TYPE IOMMU_HW_INFO_TYPE_ARM_SMMUV3
#define OTHER_TYPE IOMMU_HW_INFO_TYPE_INTEL_VTD
#define hw_info iommu_hw_info_arm_smmuv3
#else
#define INFO_TYPE IOMMU_HW_INFO_TYPE_INTEL_VTD
#define OTHER_TYPE IOMMU_HW_INFO_TYPE_ARM_SMMUV3
#define hw_info iommu_hw_info_vtd
#endif

/* Something that QEMU always has. */
static void expect_of_qemu(const struct hw_info *whole)
{
	EXPECT_EQ(0, whole->__reserved);
#ifdef __aarch64__
	EXPECT_EQ(2, whole->idr[0] >> 2 & 3);	/* TTF: page tables of AArch64 */
	EXPECT_NE(0, whole->idr[5]);
#else
	EXPECT_EQ(2, whole->cap_reg >> 8 & 0x1f & 2); /* CAP.SAGAW: 39 bits */
	EXPECT_NE(0, whole->ecap_reg);
#endif
}

static struct iommu_hw_info good_info(struct uapi *u)
{
	return (struct iommu_hw_info){
		.size = sizeof(struct iommu_hw_info),
		.dev_id = u->rig.edu[0].devid,
	};
}

#define get_info(u, cmd) iofd_ioctl((u)->rig.iofd, IOMMU_GET_HW_INFO, cmd)

static void run_lengths(const void *arg)
{
	static const unsigned char zeros[40];
	struct hw_info whole;
	unsigned char room[sizeof(whole) + 24];
	struct iommu_hw_info cmd;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	/* Nothing but the length and the type. */
	cmd = good_info(&u);
	EXPECT_OK(get_info(&u, &cmd));
	EXPECT_EQ(sizeof(whole), cmd.data_len);
	EXPECT_EQ(INFO_TYPE, cmd.out_data_type);
	EXPECT_EQ(0, cmd.out_max_pasid_log2);

	cmd = good_info(&u);
	cmd.data_uptr = (__u64)&whole;
	cmd.data_len = sizeof(whole);
	EXPECT_OK(get_info(&u, &cmd));
	EXPECT_EQ(sizeof(whole), cmd.data_len);
	expect_of_qemu(&whole);

	/* Too short: as much as fits, and not a byte more. */
	memset(room, 0xaa, sizeof(room));
	cmd = good_info(&u);
	cmd.data_uptr = (__u64)room;
	cmd.data_len = 12;
	EXPECT_OK(get_info(&u, &cmd));
	EXPECT_EQ(sizeof(whole), cmd.data_len);
	EXPECT_BYTES((unsigned char *)&whole, room, 12);
	EXPECT_EQ(0xaa, room[12]);

	/* Too long: zeros after it. */
	memset(room, 0xaa, sizeof(room));
	cmd.data_len = sizeof(room);
	EXPECT_OK(get_info(&u, &cmd));
	EXPECT_EQ(sizeof(whole), cmd.data_len);
	EXPECT_BYTES((unsigned char *)&whole, room, sizeof(whole));
	EXPECT_BYTES(zeros, room + sizeof(whole), sizeof(room) - sizeof(whole));
	uapi_close(&u);
}

static void run_types(const void *arg)
{
	static const __u32 others[] = {
		OTHER_TYPE, IOMMU_HW_INFO_TYPE_AMD, 77, ~0U,
	};
	struct iommu_hw_info cmd;
	unsigned int i;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	/* Without the flag the type is not an input. */
	cmd = good_info(&u);
	cmd.in_data_type = 77;
	EXPECT_OK(get_info(&u, &cmd));
	EXPECT_EQ(INFO_TYPE, cmd.out_data_type);

	cmd = good_info(&u);
	cmd.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
	cmd.in_data_type = IOMMU_HW_INFO_TYPE_DEFAULT;
	EXPECT_OK(get_info(&u, &cmd));
	EXPECT_EQ(INFO_TYPE, cmd.out_data_type);
	cmd = good_info(&u);
	cmd.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
	cmd.in_data_type = INFO_TYPE;
	EXPECT_OK(get_info(&u, &cmd));
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		cmd = good_info(&u);
		cmd.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
		cmd.in_data_type = others[i];
		EXPECT_REFUSED(&u, -EOPNOTSUPP, get_info(&u, &cmd));
	}
	uapi_close(&u);
}

static void run_bad(const void *arg)
{
	int other = iofd_open(), bit;
	struct iommu_hw_info cmd;
	unsigned char *page;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	for (bit = 1; bit < 32; bit++) {
		cmd = good_info(&u);
		cmd.flags = 1U << bit;
		EXPECT_REFUSED(&u, -EOPNOTSUPP, get_info(&u, &cmd));
	}
	for (bit = 0; bit < 3; bit++) {
		cmd = good_info(&u);
		cmd.__reserved[bit] = 1;
		EXPECT_REFUSED(&u, -EOPNOTSUPP, get_info(&u, &cmd));
	}
	cmd = good_info(&u);
	cmd.dev_id = 0;
	EXPECT_REFUSED(&u, -ENOENT, get_info(&u, &cmd));
	cmd.dev_id = UAPI_NO_ID;
	EXPECT_REFUSED(&u, -ENOENT, get_info(&u, &cmd));
	cmd.dev_id = u.rig.ioas;
	EXPECT_REFUSED(&u, -ENOENT, get_info(&u, &cmd));
	cmd = good_info(&u);
	EXPECT_REFUSED(&u, -ENOENT, iofd_ioctl(other, IOMMU_GET_HW_INFO, &cmd));

	cmd = good_info(&u);
	cmd.data_len = sizeof(struct hw_info);
	EXPECT_REFUSED(&u, -EFAULT, get_info(&u, &cmd));
	page = uapi_guarded_page();
	cmd = good_info(&u);
	cmd.data_uptr = (__u64)page + PAGE - 8;
	cmd.data_len = sizeof(struct hw_info);
	EXPECT_REFUSED(&u, -EFAULT, get_info(&u, &cmd));
	/* The info fits, the zeros after it do not. */
	cmd = good_info(&u);
	cmd.data_uptr = (__u64)page + PAGE - sizeof(struct hw_info);
	cmd.data_len = sizeof(struct hw_info) + 8;
	EXPECT_REFUSED(&u, -EFAULT, get_info(&u, &cmd));
	uapi_close(&u);
}

static const struct ktap_case cases[] = {
	{ "lengths", run_lengths, NULL },
	{ "types", run_types, NULL },
	{ "bad", run_bad, NULL },
	{}
};

const struct ktap_suite uapi_hw_info = { "hw-info", cases };
