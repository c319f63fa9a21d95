// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of vIOMMUs, where there is no IOMMU that has them: which fields are looked at, and
 * that a refused one changes nothing.
 */
#include <errno.h>

#include "uapi.h"

#define call(u, nr, cmd) iofd_ioctl((u)->rig.iofd, nr, cmd)

static struct iommu_viommu_alloc some_viommu(void)
{
	return (struct iommu_viommu_alloc){
		.size = sizeof(struct iommu_viommu_alloc),
		.type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
		.dev_id = UAPI_NO_ID,
		.hwpt_id = UAPI_NO_ID,
	};
}

static void run_alloc(const void *arg)
{
	struct iommu_viommu_alloc cmd;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	/* Whatever it is to be made on. */
	cmd = some_viommu();
	cmd.dev_id = u.rig.edu[0].devid;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, call(&u, IOMMU_VIOMMU_ALLOC, &cmd));
	cmd.hwpt_id = u.rig.hwpt;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, call(&u, IOMMU_VIOMMU_ALLOC, &cmd));
	cmd = some_viommu();
	EXPECT_REFUSED(&u, -ENOENT, call(&u, IOMMU_VIOMMU_ALLOC, &cmd));
	cmd.dev_id = u.rig.ioas;
	EXPECT_REFUSED(&u, -ENOENT, call(&u, IOMMU_VIOMMU_ALLOC, &cmd));
	cmd = some_viommu();
	cmd.flags = 1;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, call(&u, IOMMU_VIOMMU_ALLOC, &cmd));
	cmd = some_viommu();
	cmd.type = IOMMU_VIOMMU_TYPE_DEFAULT;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, call(&u, IOMMU_VIOMMU_ALLOC, &cmd));
	uapi_close(&u);
}

static struct iommu_veventq_alloc some_veventq(void)
{
	return (struct iommu_veventq_alloc){
		.size = sizeof(struct iommu_veventq_alloc),
		.viommu_id = UAPI_NO_ID,
		.type = IOMMU_VEVENTQ_TYPE_ARM_SMMUV3,
		.veventq_depth = 1,
	};
}

static void run_veventq(const void *arg)
{
	struct iommu_veventq_alloc cmd = some_veventq();
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	EXPECT_REFUSED(&u, -ENOENT, call(&u, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd.viommu_id = u.rig.ioas;
	EXPECT_REFUSED(&u, -ENOENT, call(&u, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd = some_veventq();
	cmd.flags = 1;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, call(&u, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd = some_veventq();
	cmd.type = IOMMU_VEVENTQ_TYPE_DEFAULT;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, call(&u, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd = some_veventq();
	cmd.veventq_depth = 0;
	EXPECT_REFUSED(&u, -EINVAL, call(&u, IOMMU_VEVENTQ_ALLOC, &cmd));
	cmd = some_veventq();
	cmd.__reserved = 1;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, call(&u, IOMMU_VEVENTQ_ALLOC, &cmd));
	uapi_close(&u);
}

static void run_vdevice(const void *arg)
{
	struct iommu_vdevice_alloc cmd = {
		.size = sizeof(struct iommu_vdevice_alloc),
		.viommu_id = UAPI_NO_ID,
	};
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	cmd.dev_id = u.rig.edu[0].devid;
	EXPECT_REFUSED(&u, -ENOENT, call(&u, IOMMU_VDEVICE_ALLOC, &cmd));
	cmd.viommu_id = u.rig.hwpt;
	EXPECT_REFUSED(&u, -ENOENT, call(&u, IOMMU_VDEVICE_ALLOC, &cmd));
	uapi_close(&u);
}

static struct iommu_hw_queue_alloc some_queue(void)
{
	return (struct iommu_hw_queue_alloc){
		.size = sizeof(struct iommu_hw_queue_alloc),
		.viommu_id = UAPI_NO_ID,
		.type = IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV,
		.length = PAGE,
	};
}

static void run_hw_queue(const void *arg)
{
	struct iommu_hw_queue_alloc cmd = some_queue();
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	EXPECT_REFUSED(&u, -ENOENT, call(&u, IOMMU_HW_QUEUE_ALLOC, &cmd));
	cmd.flags = 1;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, call(&u, IOMMU_HW_QUEUE_ALLOC, &cmd));
	cmd = some_queue();
	cmd.type = IOMMU_HW_QUEUE_TYPE_DEFAULT;
	EXPECT_REFUSED(&u, -EOPNOTSUPP, call(&u, IOMMU_HW_QUEUE_ALLOC, &cmd));
	cmd = some_queue();
	cmd.length = 0;
	EXPECT_REFUSED(&u, -EINVAL, call(&u, IOMMU_HW_QUEUE_ALLOC, &cmd));
	cmd = some_queue();
	cmd.nesting_parent_iova = ~0ULL;
	EXPECT_REFUSED(&u, -EOVERFLOW, call(&u, IOMMU_HW_QUEUE_ALLOC, &cmd));
	uapi_close(&u);
}

static const struct ktap_case cases[] = {
	{ "alloc", run_alloc, NULL },
	{ "veventq", run_veventq, NULL },
	{ "vdevice", run_vdevice, NULL },
	{ "hw-queue", run_hw_queue, NULL },
	{}
};

const struct ktap_suite uapi_viommu = { "viommu", cases };
