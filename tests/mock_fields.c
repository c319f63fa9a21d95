// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which fields of the ioctls of devices, HWPTs and vIOMMUs are looked at, all others being good,
 * and what is answered.
 */
#include <errno.h>
#include <unistd.h>

#include "mock.h"
#include "rig.h"

#define NO_ID 0x7fffff00U	/* no object has this ID */
#define PASID 100

static void run_pt_id(const void *arg)
{
	/* The header: an ID that does not exist is -ENOENT. In-tree, here it is not. */
	int unknown = rig_peer_is("iommufd") ? -EINVAL : -ENOENT;
	struct mock_device device;
	struct mock m;
	__u32 hwpt;

	(void)arg;
	mock_open(&m);
	EXPECT_ERR(unknown, hwpt_alloc(m.iofd, 0, m.device.dev, NO_ID, &hwpt));
	EXPECT_ERR(unknown, mock_nested(m.iofd, m.device.dev, NO_ID, 0, &hwpt));
	EXPECT_ERR(-EINVAL, hwpt_alloc(m.iofd, 0, m.device.dev, m.device.dev, &hwpt));
	EXPECT_ERR(-EINVAL, mock_nested(m.iofd, m.device.dev, m.device.dev, 0, &hwpt));
	EXPECT_ERR(-ENOENT, hwpt_alloc(m.iofd, 0, NO_ID, m.ioas, &hwpt));
	EXPECT_ERR(-ENOENT, hwpt_alloc(m.iofd, 0, m.ioas, m.ioas, &hwpt));

	EXPECT_ERR(-ENOENT, mock_device(m.iofd, NO_ID, 0, &device));
	EXPECT_ERR(-EINVAL, mock_device(m.iofd, m.device.dev, 0, &device));
	EXPECT_ERR(-ENOENT, mock_replace(m.iofd, m.device.stdev, NO_ID));
	EXPECT_ERR(-EINVAL, mock_replace(m.iofd, m.device.stdev, m.device.dev));
	mock_close(&m);
}

static int pasid_cmd(struct mock *m, __u32 op, __u32 stdev, __u32 pt)
{
	struct iommu_test_cmd cmd = {
		.op = op,
		.id = stdev,
		.pasid_attach = { .pasid = PASID, .pt_id = pt },
	};

	return mock_cmd(m->iofd, &cmd);
}

static void run_pasid(const void *arg)
{
	struct mock_device device;
	__u32 hwpt, other;
	struct mock m;

	(void)arg;
	mock_open(&m);
	ASSERT_OK(mock_device(m.iofd, m.ioas, MOCK_FLAGS_DEVICE_PASID, &device));
	ASSERT_OK(hwpt_alloc(m.iofd, IOMMU_HWPT_ALLOC_PASID, device.dev, m.ioas, &hwpt));
	ASSERT_OK(hwpt_alloc(m.iofd, IOMMU_HWPT_ALLOC_PASID, device.dev, m.ioas, &other));
	ASSERT_OK(mock_replace(m.iofd, device.stdev, hwpt));
	EXPECT_ERR(-ENOENT, pasid_cmd(&m, IOMMU_TEST_OP_PASID_ATTACH, device.stdev, NO_ID));
	EXPECT_ERR(-EINVAL, pasid_cmd(&m, IOMMU_TEST_OP_PASID_REPLACE, device.stdev, hwpt));
	EXPECT_OK(pasid_cmd(&m, IOMMU_TEST_OP_PASID_ATTACH, device.stdev, hwpt));
	EXPECT_ERR(-EBUSY, pasid_cmd(&m, IOMMU_TEST_OP_PASID_ATTACH, device.stdev, hwpt));
	EXPECT_ERR(-EBUSY, pasid_cmd(&m, IOMMU_TEST_OP_PASID_ATTACH, device.stdev, other));
	EXPECT_OK(pasid_cmd(&m, IOMMU_TEST_OP_PASID_REPLACE, device.stdev, other));
	EXPECT_ERR(-ENOENT, pasid_cmd(&m, IOMMU_TEST_OP_PASID_REPLACE, device.stdev, NO_ID));
	EXPECT_OK(pasid_cmd(&m, IOMMU_TEST_OP_PASID_DETACH, device.stdev, 0));
	mock_close(&m);
}

static int hw_info(struct mock *m, __u32 flags, __u32 type, __u32 *out_type)
{
	struct iommu_test_hw_info info = {};
	struct iommu_hw_info cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = m->device.dev,
		.data_len = sizeof(info),
		.data_uptr = (__u64)&info,
		.in_data_type = type,
	};
	int ret = iofd_ioctl(m->iofd, IOMMU_GET_HW_INFO, &cmd);

	*out_type = cmd.out_data_type;
	if (!ret)
		EXPECT_EQ(IOMMU_HW_INFO_SELFTEST_REGVAL, info.test_reg);
	return ret;
}

static void run_hw_info(const void *arg)
{
	const __u32 input = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
	struct mock m;
	__u32 type;

	(void)arg;
	mock_open(&m);
	/* Without the flag the type is not an input. */
	EXPECT_OK(hw_info(&m, 0, 77, &type));
	EXPECT_EQ(IOMMU_HW_INFO_TYPE_SELFTEST, type);
	EXPECT_OK(hw_info(&m, input, IOMMU_HW_INFO_TYPE_DEFAULT, &type));
	EXPECT_EQ(IOMMU_HW_INFO_TYPE_SELFTEST, type);
	EXPECT_OK(hw_info(&m, input, IOMMU_HW_INFO_TYPE_SELFTEST, &type));
	EXPECT_EQ(IOMMU_HW_INFO_TYPE_SELFTEST, type);
	EXPECT_ERR(-EOPNOTSUPP, hw_info(&m, input, IOMMU_HW_INFO_TYPE_INTEL_VTD, &type));
	EXPECT_ERR(-EOPNOTSUPP, hw_info(&m, input, 77, &type));
	EXPECT_ERR(-EOPNOTSUPP, hw_info(&m, 2, 0, &type));
	mock_close(&m);
}

static void run_viommu(const void *arg)
{
	struct iommu_viommu_alloc good = {
		.size = sizeof(good),
		.type = IOMMU_VIOMMU_TYPE_SELFTEST,
	}, cmd;
	struct mock m;
	__u32 parent;

	(void)arg;
	mock_open(&m);
	ASSERT_OK(hwpt_alloc(m.iofd, IOMMU_HWPT_ALLOC_NEST_PARENT, m.device.dev, m.ioas, &parent));
	good.dev_id = m.device.dev;
	good.hwpt_id = parent;
	cmd = good;
	cmd.flags = 1;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(m.iofd, IOMMU_VIOMMU_ALLOC, &cmd));
	cmd = good;
	cmd.type = IOMMU_VIOMMU_TYPE_DEFAULT;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(m.iofd, IOMMU_VIOMMU_ALLOC, &cmd));
	cmd.type = 77;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(m.iofd, IOMMU_VIOMMU_ALLOC, &cmd));
	cmd = good;
	cmd.dev_id = NO_ID;
	EXPECT_ERR(-ENOENT, iofd_ioctl(m.iofd, IOMMU_VIOMMU_ALLOC, &cmd));
	cmd = good;
	cmd.hwpt_id = NO_ID;
	EXPECT_ERR(-ENOENT, iofd_ioctl(m.iofd, IOMMU_VIOMMU_ALLOC, &cmd));
	cmd.hwpt_id = m.device.hwpt;
	EXPECT_ERR(-EINVAL, iofd_ioctl(m.iofd, IOMMU_VIOMMU_ALLOC, &cmd));
	/* Must be 0, says the header; in-tree it need not be. */
	cmd = good;
	cmd.__reserved = 1;
	EXPECT_ERR(rig_peer_is("iommufd") ? 0 : -EOPNOTSUPP,
		   iofd_ioctl(m.iofd, IOMMU_VIOMMU_ALLOC, &cmd));
	EXPECT_OK(iofd_ioctl(m.iofd, IOMMU_VIOMMU_ALLOC, &good));
	mock_close(&m);
}

static void run_veventq(const void *arg)
{
	struct iommu_veventq_alloc good = {
		.size = sizeof(good),
		.type = IOMMU_VEVENTQ_TYPE_SELFTEST,
		.veventq_depth = 1,
	}, cmd;
	__u32 parent, viommu;
	struct mock m;

	(void)arg;
	mock_open(&m);
	ASSERT_OK(hwpt_alloc(m.iofd, IOMMU_HWPT_ALLOC_NEST_PARENT, m.device.dev, m.ioas, &parent));
	ASSERT_OK(mock_viommu(m.iofd, m.device.dev, parent, &viommu));
	good.viommu_id = viommu;
	cmd = good;
	cmd.flags = 1;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(m.iofd, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd = good;
	cmd.type = IOMMU_VEVENTQ_TYPE_DEFAULT;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(m.iofd, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd = good;
	cmd.veventq_depth = 0;
	EXPECT_ERR(-EINVAL, iofd_ioctl(m.iofd, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd = good;
	cmd.viommu_id = NO_ID;
	EXPECT_ERR(-ENOENT, iofd_ioctl(m.iofd, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd = good;
	cmd.__reserved = 1;
	EXPECT_ERR(-EOPNOTSUPP, iofd_ioctl(m.iofd, IOMMU_VEVENTQ_ALLOC, &cmd));
	EXPECT_OK(iofd_ioctl(m.iofd, IOMMU_VEVENTQ_ALLOC, &good));
	EXPECT_EQ(0, close(good.out_veventq_fd));
	mock_close(&m);
}

static const struct ktap_case cases[] = {
	{ "pt-id", run_pt_id, NULL },
	{ "pasid", run_pasid, NULL },
	{ "hw-info", run_hw_info, NULL },
	{ "viommu", run_viommu, NULL },
	{ "veventq", run_veventq, NULL },
	{}
};

const struct ktap_suite mock_fields = { "mock-fields", cases };
