// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock IOMMU's ioctl, and what tests turn and switch in the rest of the
 * module. See mock.h.
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/overflow.h>

#include "core/core.h"
#include "ioas/ioas.h"
#include "mock.h"
#include "parts.h"

/*
 * /sys/kernel/debug/fail_iommufd: errors at places where no allocation fails,
 * as fail_page_alloc and failslab make those fail.
 */
static DECLARE_FAULT_ATTR(fail_iommufd);
static struct dentry *fail_iommufd_dir;

/* Of a temporary array; IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT */
static u32 memory_limit_bytes = U32_MAX;

static bool should_fail_now(void)
{
	return should_fail(&fail_iommufd, 1);
}

static unsigned long limit_len(unsigned long len, size_t item_bytes)
{
	return min(len, max(READ_ONCE(memory_limit_bytes) / item_bytes, 1UL));
}

static const struct test_hooks hooks = {
	.should_fail = should_fail_now,
	.limit_len = limit_len,
	.dmabuf_phys = mock_dmabuf_phys,
};

static int set_memory_limit(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;

	WRITE_ONCE(memory_limit_bytes, cmd->memory_limit.limit);
	return 0;
}

/* Reserve IOVAs as a device would, for as long as the IOAS lives. */
static int add_reserved(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	struct iommu_resv_region region = {
		.start = cmd->add_reserved.start,
		.length = cmd->add_reserved.length,
	};
	struct iommufd_ioas *ioas;
	LIST_HEAD(regions);
	unsigned long last;
	int rc;

	if (!cmd->add_reserved.length)
		return -EINVAL;
	if (check_add_overflow(cmd->add_reserved.start,
			       cmd->add_reserved.length - 1, &last))
		return -EOVERFLOW;
	list_add(&region.list, &regions);
	ioas = ioas_get(call->ictx, cmd->id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_reserve(ioas, &regions, &memory_limit_bytes);
	ioas_put(ioas);
	return rc;
}

static int (*const handlers[])(struct ioctl_call *call) = {
	[IOMMU_TEST_OP_ADD_RESERVED] = add_reserved,
	[IOMMU_TEST_OP_MOCK_DOMAIN] = mock_domain,
	[IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS] = mock_domain_flags,
	[IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE] = mock_domain_replace,
	[IOMMU_TEST_OP_DEV_CHECK_CACHE] = mock_device_check_cache,
	[IOMMU_TEST_OP_MD_CHECK_MAP] = mock_check_map,
	[IOMMU_TEST_OP_MD_CHECK_REFS] = mock_check_refs,
	[IOMMU_TEST_OP_MD_CHECK_IOTLB] = mock_nested_check_iotlb,
	[IOMMU_TEST_OP_DIRTY] = mock_set_dirty,
	[IOMMU_TEST_OP_TRIGGER_IOPF] = mock_trigger_iopf,
	[IOMMU_TEST_OP_TRIGGER_VEVENT] = mock_trigger_vevent,
	[IOMMU_TEST_OP_PASID_ATTACH] = mock_pasid_attach,
	[IOMMU_TEST_OP_PASID_REPLACE] = mock_pasid_replace,
	[IOMMU_TEST_OP_PASID_DETACH] = mock_pasid_detach,
	[IOMMU_TEST_OP_PASID_CHECK_HWPT] = mock_pasid_check,
	[IOMMU_TEST_OP_CREATE_ACCESS] = mock_access_create,
	[IOMMU_TEST_OP_ACCESS_PAGES] = mock_access_pin,
	[IOMMU_TEST_OP_DESTROY_ACCESS_PAGES] = mock_access_unpin,
	[IOMMU_TEST_OP_ACCESS_RW] = mock_access_rw,
	[IOMMU_TEST_OP_ACCESS_REPLACE_IOAS] = mock_access_replace,
	[IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT] = set_memory_limit,
	[IOMMU_TEST_OP_DMABUF_GET] = mock_dmabuf_get,
	[IOMMU_TEST_OP_DMABUF_REVOKE] = mock_dmabuf_revoke,
};

/**
 * ioctl_mock() - IOMMU_TEST_CMD
 * @call: the ioctl
 *
 * Return: what the operation says; a descriptor for IOMMU_TEST_OP_DMABUF_GET;
 * -EOPNOTSUPP for an operation that there is not.
 */
int ioctl_mock(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;

	if (cmd->__reserved || cmd->op >= ARRAY_SIZE(handlers) ||
	    !handlers[cmd->op])
		return -EOPNOTSUPP;
	return handlers[cmd->op](call);
}

/**
 * mock_init() - set the mock IOMMU up
 *
 * Return: 0 or an errno.
 */
int __init mock_init(void)
{
	int rc;

	test_hooks = &hooks;
	rc = mock_event_init();
	if (rc)
		return rc;
	rc = mock_iommu_init();
	if (rc) {
		mock_event_exit();
		return rc;
	}
	/* Without debugfs there is just no fault injection. */
	fail_iommufd_dir = fault_create_debugfs_attr("fail_iommufd", NULL,
						     &fail_iommufd);
	mock_hold_init();
	return 0;
}

/**
 * mock_exit() - undo mock_init()
 *
 * No iommufd is open.
 */
void mock_exit(void)
{
	mock_hold_exit();
	debugfs_remove(fail_iommufd_dir);
	mock_device_exit();
	mock_iommu_exit();
	mock_event_exit();
}
