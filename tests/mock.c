// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "mock.h"

int mock_cmd(int iofd, struct iommu_test_cmd *cmd)
{
	cmd->size = sizeof(*cmd);
	return iofd_ioctl(iofd, IOMMU_TEST_CMD, cmd);
}

void mock_open(struct mock *m)
{
	struct iommu_test_cmd nothing = {};
	int ret;

	memset(m, 0, sizeof(*m));
	m->before = balance_take();
	m->iofd = iofd_open();
	ASSERT_TRUE(m->iofd >= 0);
	ret = mock_cmd(m->iofd, &nothing);
	if (ret == -ENOTTY)
		ktap_skip("there is no mock IOMMU in this kernel");
	ASSERT_EQ(-EOPNOTSUPP, ret);
	ASSERT_OK(ioas_alloc(m->iofd, &m->ioas));
	ASSERT_OK(mock_device(m->iofd, m->ioas, 0, &m->device));
}

void mock_closed(const char *file, int line, struct mock *m)
{
	close(m->iofd);
	balance_check(file, line, &m->before);
}

int mock_device(int iofd, __u32 pt, __u32 flags, struct mock_device *device)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
		.id = pt,
		.mock_domain_flags.dev_flags = flags,
	};
	int ret = mock_cmd(iofd, &cmd);

	device->stdev = cmd.mock_domain_flags.out_stdev_id;
	device->hwpt = cmd.mock_domain_flags.out_hwpt_id;
	device->dev = cmd.mock_domain_flags.out_idev_id;
	return ret;
}

int mock_replace(int iofd, __u32 stdev, __u32 pt)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
		.id = stdev,
		.mock_domain_replace.pt_id = pt,
	};

	return mock_cmd(iofd, &cmd);
}

int mock_check_map(int iofd, __u32 hwpt, __u64 iova, const void *va, size_t length)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MD_CHECK_MAP,
		.id = hwpt,
		.check_map = { .iova = iova, .length = length, .uptr = (__u64)va },
	};

	return mock_cmd(iofd, &cmd);
}

int mock_check_pins(int iofd, const void *va, size_t length, __u32 npins)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MD_CHECK_REFS,
		.check_refs = { .length = length, .uptr = (__u64)va, .refs = npins },
	};

	return mock_cmd(iofd, &cmd);
}

int mock_access(int iofd, __u32 ioas, __u32 flags)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_CREATE_ACCESS,
		.id = ioas,
		.create_access.flags = flags,
	};
	int ret = mock_cmd(iofd, &cmd);

	return ret ? ret : (int)cmd.create_access.out_access_fd;
}

int mock_access_pin(int iofd, int access, __u32 flags, __u64 iova, size_t length, const void *va,
		    __u32 *pin)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_PAGES,
		.id = access,
		.access_pages = {
			.flags = flags, .iova = iova, .length = length, .uptr = (__u64)va,
		},
	};
	int ret = mock_cmd(iofd, &cmd);

	*pin = cmd.access_pages.out_access_pages_id;
	return ret;
}

int mock_access_unpin(int iofd, int access, __u32 pin)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DESTROY_ACCESS_PAGES,
		.id = access,
		.destroy_access_pages.access_pages_id = pin,
	};

	return mock_cmd(iofd, &cmd);
}

int mock_access_rw(int iofd, int access, __u32 flags, __u64 iova, void *va, size_t length)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_RW,
		.id = access,
		.access_rw = {
			.flags = flags, .iova = iova, .length = length, .uptr = (__u64)va,
		},
	};

	return mock_cmd(iofd, &cmd);
}

int mock_access_replace(int iofd, int access, __u32 ioas)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_REPLACE_IOAS,
		.id = access,
		.access_replace_ioas.ioas_id = ioas,
	};

	return mock_cmd(iofd, &cmd);
}

long long mock_write_pages(int iofd, __u32 hwpt, __u64 iova, size_t length, size_t page_bytes,
			   const void *bits)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DIRTY,
		.id = hwpt,
		.dirty = {
			.iova = iova,
			.length = length,
			.page_size = page_bytes,
			.uptr = (__u64)bits,
		},
	};
	int ret = mock_cmd(iofd, &cmd);

	return ret ? ret : (long long)cmd.dirty.out_nr_dirty;
}

int mock_nested(int iofd, __u32 dev, __u32 pt, __u32 faults, __u32 *hwpt)
{
	struct iommu_hwpt_selftest data = { .iotlb = IOMMU_TEST_IOTLB_DEFAULT };
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = faults ? IOMMU_HWPT_FAULT_ID_VALID : 0,
		.dev_id = dev,
		.pt_id = pt,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (__u64)&data,
		.fault_id = faults,
	};
	int ret = iofd_ioctl(iofd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return ret;
}

int mock_viommu(int iofd, __u32 dev, __u32 parent, __u32 *viommu)
{
	struct iommu_viommu_alloc cmd = {
		.size = sizeof(cmd),
		.type = IOMMU_VIOMMU_TYPE_SELFTEST,
		.dev_id = dev,
		.hwpt_id = parent,
	};
	int ret = iofd_ioctl(iofd, IOMMU_VIOMMU_ALLOC, &cmd);

	*viommu = cmd.out_viommu_id;
	return ret;
}

int mock_vdevice(int iofd, __u32 viommu, __u32 dev, __u64 virt_id, __u32 *vdevice)
{
	struct iommu_vdevice_alloc cmd = {
		.size = sizeof(cmd),
		.viommu_id = viommu,
		.dev_id = dev,
		.virt_id = virt_id,
	};
	int ret = iofd_ioctl(iofd, IOMMU_VDEVICE_ALLOC, &cmd);

	*vdevice = cmd.out_vdevice_id;
	return ret;
}

int mock_events(int iofd, __u32 viommu, __u32 depth, __u32 *events, int *fd)
{
	struct iommu_veventq_alloc cmd = {
		.size = sizeof(cmd),
		.viommu_id = viommu,
		.type = IOMMU_VEVENTQ_TYPE_SELFTEST,
		.veventq_depth = depth,
	};
	int ret = iofd_ioctl(iofd, IOMMU_VEVENTQ_ALLOC, &cmd);

	*events = cmd.out_veventq_id;
	*fd = cmd.out_veventq_fd;
	return ret;
}

int mock_trigger_fault(int iofd, __u32 dev, __u32 pasid, __u32 group, __u64 addr)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_TRIGGER_IOPF,
		.trigger_iopf = {
			.dev_id = dev,
			.pasid = pasid,
			.grpid = group,
			.perm = IOMMU_PGFAULT_PERM_READ | IOMMU_PGFAULT_PERM_WRITE,
			.addr = addr,
		},
	};

	return mock_cmd(iofd, &cmd);
}

int mock_trigger_event(int iofd, __u32 dev)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_TRIGGER_VEVENT,
		.trigger_vevent.dev_id = dev,
	};

	return mock_cmd(iofd, &cmd);
}

int mock_dmabuf(int iofd, size_t length)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_GET,
		.dmabuf_get = { .length = length, .open_flags = O_CLOEXEC },
	};

	return mock_cmd(iofd, &cmd);
}

int mock_dmabuf_revoke(int iofd, int dmabuf, bool revoked)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_REVOKE,
		.dmabuf_revoke = { .dmabuf_fd = dmabuf, .revoked = revoked },
	};

	return mock_cmd(iofd, &cmd);
}
