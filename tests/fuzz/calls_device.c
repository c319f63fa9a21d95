// SPDX-License-Identifier: GPL-2.0-only
/* Devices, and the HWPTs and PASIDs that they are attached to. */
#ifndef CALL_H
#include "call.h"
#endif

/* iommufd, slot, IOAS or HWPT, flags. The HWPT that it is attached to is in the same slot. */
long call_device(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
		.id = id_of(a[0], KIND_IOAS, a[2]),
		.mock_domain_flags.dev_flags = a[3],
	};
	__u64 f = a[0] % NR_FDS, slot = a[1] % NR_SLOTS;
	long ret = test(a[0], &cmd);

	if (ret)
		return ret;
	w->t[f]->id[KIND_STDEV][slot] = cmd.mock_domain_flags.out_stdev_id;
	w->t[f]->id[KIND_IDEV][slot] = cmd.mock_domain_flags.out_idev_id;
	w->t[f]->id[KIND_HWPT][slot] = cmd.mock_domain_flags.out_hwpt_id;
	w->out = cmd.mock_domain_flags.out_hwpt_id;
	return 0;
}

/* iommufd, device, IOAS or HWPT */
long call_replace(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
		.id = id_of(a[0], KIND_STDEV, a[1]),
		.mock_domain_replace.pt_id = id_of(a[0], KIND_IOAS, a[2]),
	};
	long ret = test(a[0], &cmd);

	w->out = cmd.mock_domain_replace.pt_id;
	return ret;
}

/* iommufd, slot, device, IOAS, HWPT or vIOMMU, flags, nested?, fault queue */
long call_hwpt(const __u64 *a)
{
	struct iommu_hwpt_selftest data = {
		.iotlb = IOMMU_TEST_IOTLB_DEFAULT,
		.pagetable_type = a[5] >> 1 & 1,
	};
	struct iommu_hwpt_alloc cmd = {
		.flags = a[4],
		.dev_id = id_of(a[0], KIND_IDEV, a[2]),
		.pt_id = id_of(a[0], KIND_IOAS, a[3]),
		.data_type = a[5] ? IOMMU_HWPT_DATA_SELFTEST : IOMMU_HWPT_DATA_NONE,
		.data_len = a[5] ? sizeof(data) : 0,
		.data_uptr = a[5] ? (__u64)&data : 0,
		.fault_id = a[4] & IOMMU_HWPT_FAULT_ID_VALID ?
			    id_of(a[0], KIND_FAULTS, a[6]) : 0,
	};
	long ret = IO(a[0], IOMMU_HWPT_ALLOC, &cmd);

	if (!ret)
		w->t[a[0] % NR_FDS]->id[KIND_HWPT][a[1] % NR_SLOTS] = cmd.out_hwpt_id;
	w->out = cmd.out_hwpt_id;
	return ret;
}

/* iommufd, HWPT, whether */
long call_track(const __u64 *a)
{
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.flags = a[2],
		.hwpt_id = id_of(a[0], KIND_HWPT, a[1]),
	};

	return IO(a[0], IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd);
}

/* iommufd, HWPT, flags, IOVA, bytes, bytes of a page */
long call_dirty(const __u64 *a)
{
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.hwpt_id = id_of(a[0], KIND_HWPT, a[1]),
		.flags = a[2],
		.iova = a[3],
		.length = a[4],
		.page_size = a[5],
		.data = (__u64)w->data,
	};

	/* No more bits than there is room for. */
	if (a[5] && a[4] / a[5] / 8 > RW_MAX_BYTES - 8)
		cmd.data = 8;
	return IO(a[0], IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd);
}

/* iommufd, HWPT, IOVA, bytes, bytes of a page: every page that has a bit in what was read last */
long call_dirtied(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DIRTY,
		.id = id_of(a[0], KIND_HWPT, a[1]),
		.dirty = {
			.iova = a[2],
			.length = a[3],
			.page_size = a[4],
			.uptr = (__u64)w->data,
		},
	};

	if (a[4] && a[3] / a[4] / 8 > RW_MAX_BYTES - 8)
		cmd.dirty.uptr = 8;
	return test(a[0], &cmd);
}

/* iommufd, HWPT or vIOMMU, count, flags, entry, entry's length */
long call_invalidate(const __u64 *a)
{
	struct iommu_viommu_invalidate_selftest entry[4];
	struct iommu_hwpt_invalidate cmd = {
		.hwpt_id = id_of(a[0], KIND_HWPT, a[1]),
		.data_uptr = (__u64)entry,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.entry_len = a[5],
		.entry_num = a[2] % 5,
	};
	unsigned int i;

	memset(entry, 0, sizeof(entry));
	for (i = 0; i < 4; i++) {
		entry[i].flags = a[3];
		entry[i].vdev_id = a[4];
		entry[i].cache_id = a[4];
	}
	if (a[5] > sizeof(entry[0]))
		cmd.data_uptr = 8;
	return IO(a[0], IOMMU_HWPT_INVALIDATE, &cmd);
}

/* iommufd, device, bytes, flags */
long call_hw_info(const __u64 *a)
{
	struct iommu_hw_info cmd = {
		.flags = a[3],
		.dev_id = id_of(a[0], KIND_IDEV, a[1]),
		.data_len = a[2] % RW_MAX_BYTES,
		.data_uptr = (__u64)w->data,
	};

	return IO(a[0], IOMMU_GET_HW_INFO, &cmd);
}

/* iommufd, device, PASID, HWPT or IOAS, whether in place of another */
long call_pasid(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = a[4] ? IOMMU_TEST_OP_PASID_REPLACE : IOMMU_TEST_OP_PASID_ATTACH,
		.id = id_of(a[0], KIND_STDEV, a[1]),
		.pasid_attach = {
			.pasid = a[2],
			.pt_id = id_of(a[0], KIND_HWPT, a[3]),
		},
	};

	return test(a[0], &cmd);
}

/* iommufd, device, PASID */
long call_pasid_end(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_PASID_DETACH,
		.id = id_of(a[0], KIND_STDEV, a[1]),
		.pasid_detach.pasid = a[2],
	};

	return test(a[0], &cmd);
}
