// SPDX-License-Identifier: GPL-2.0-only
/* Virtual IOMMUs, and the queues of faults and events. */
#include <poll.h>

#ifndef CALL_H
#include "call.h"
#endif

/* A queue was made, which is known by an ID and by a descriptor. */
static long add_queue(__u64 f, __u64 slot, enum kind kind, __u32 id, enum file_kind file, int fd)
{
	struct table *table = w->t[f % NR_FDS];

	table->id[kind][slot % NR_SLOTS] = id;
	return file_begin(&table->file[file][slot % NR_SLOTS], fd);
}

/* iommufd, slot */
long call_faults(const __u64 *a)
{
	struct iommu_fault_alloc cmd = {};
	long ret;

	if (file_of(a[0], FILE_FAULTS, a[1] % NR_SLOTS) >= 0)
		return -EEXIST;
	ret = IO(a[0], IOMMU_FAULT_QUEUE_ALLOC, &cmd);
	return ret ?: add_queue(a[0], a[1], KIND_FAULTS, cmd.out_fault_id, FILE_FAULTS,
				cmd.out_fault_fd);
}

/* iommufd, device, PASID, group, address */
long call_fault(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_TRIGGER_IOPF,
		.trigger_iopf = {
			.dev_id = id_of(a[0], KIND_IDEV, a[1]),
			.pasid = a[2],
			.grpid = a[3],
			.perm = IOMMU_PGFAULT_PERM_READ,
			.addr = a[4],
		},
	};

	return test(a[0], &cmd);
}

/* iommufd, fault queue, bytes */
long call_fault_read(const __u64 *a)
{
	int fd = file_of(a[0], FILE_FAULTS, a[1]);
	struct iommu_hwpt_pgfault event;
	long ret;

	if (fd < 0)
		return -EBADF;
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		return -errno;
	ret = result(read(fd, w->data, a[2] % RW_MAX_BYTES));
	if (ret >= (long)sizeof(event)) {
		memcpy(&event, w->data, sizeof(event));
		w->out = event.cookie;
	}
	return ret < 0 ? ret : 0;
}

/* iommufd, fault queue, cookie, code, bytes */
long call_fault_answer(const __u64 *a)
{
	struct iommu_hwpt_page_response answer[2] = {
		{ .cookie = a[2], .code = a[3] }, { .cookie = a[2] + 1, .code = a[3] },
	};
	int fd = file_of(a[0], FILE_FAULTS, a[1]);
	long ret;

	if (fd < 0)
		return -EBADF;
	ret = result(write(fd, answer, a[4] % (sizeof(answer) + 1)));
	return ret < 0 ? ret : 0;
}

/* iommufd, slot, device, parent HWPT, type is the mock's */
long call_viommu(const __u64 *a)
{
	struct iommu_viommu_selftest data = { .in_data = 42 };
	struct iommu_viommu_alloc cmd = {
		.type = a[4] ? IOMMU_VIOMMU_TYPE_SELFTEST : IOMMU_VIOMMU_TYPE_DEFAULT,
		.dev_id = id_of(a[0], KIND_IDEV, a[2]),
		.hwpt_id = id_of(a[0], KIND_HWPT, a[3]),
		.data_len = sizeof(data),
		.data_uptr = (__u64)&data,
	};
	long ret = IO(a[0], IOMMU_VIOMMU_ALLOC, &cmd);

	if (!ret)
		w->t[a[0] % NR_FDS]->id[KIND_VIOMMU][a[1] % NR_SLOTS] = cmd.out_viommu_id;
	w->out = cmd.out_viommu_id;
	return ret;
}

/* iommufd, slot, vIOMMU, device, virtual ID */
long call_vdevice(const __u64 *a)
{
	struct iommu_vdevice_alloc cmd = {
		.viommu_id = id_of(a[0], KIND_VIOMMU, a[2]),
		.dev_id = id_of(a[0], KIND_IDEV, a[3]),
		.virt_id = a[4],
	};
	long ret = IO(a[0], IOMMU_VDEVICE_ALLOC, &cmd);

	if (!ret)
		w->t[a[0] % NR_FDS]->id[KIND_VDEVICE][a[1] % NR_SLOTS] = cmd.out_vdevice_id;
	return ret;
}

/* iommufd, slot, vIOMMU, depth */
long call_events(const __u64 *a)
{
	struct iommu_veventq_alloc cmd = {
		.viommu_id = id_of(a[0], KIND_VIOMMU, a[2]),
		.type = IOMMU_VEVENTQ_TYPE_SELFTEST,
		.veventq_depth = a[3],
	};
	long ret;

	if (file_of(a[0], FILE_EVENTS, a[1] % NR_SLOTS) >= 0)
		return -EEXIST;
	ret = IO(a[0], IOMMU_VEVENTQ_ALLOC, &cmd);
	return ret ?: add_queue(a[0], a[1], KIND_EVENTS, cmd.out_veventq_id, FILE_EVENTS,
				cmd.out_veventq_fd);
}

/* iommufd, device */
long call_event(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_TRIGGER_VEVENT,
		.trigger_vevent.dev_id = id_of(a[0], KIND_IDEV, a[1]),
	};

	return test(a[0], &cmd);
}

/* iommufd, event queue, bytes */
long call_event_read(const __u64 *a)
{
	int fd = file_of(a[0], FILE_EVENTS, a[1]);
	long ret;

	if (fd < 0)
		return -EBADF;
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		return -errno;
	ret = result(read(fd, w->data, a[2] % RW_MAX_BYTES));
	return ret < 0 ? ret : 0;
}

/* iommufd, slot, vIOMMU, index, IOVA, bytes */
long call_queue(const __u64 *a)
{
	struct iommu_hw_queue_alloc cmd = {
		.viommu_id = id_of(a[0], KIND_VIOMMU, a[2]),
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.index = a[3],
		.nesting_parent_iova = a[4],
		.length = a[5],
	};
	long ret = IO(a[0], IOMMU_HW_QUEUE_ALLOC, &cmd);

	if (!ret)
		w->t[a[0] % NR_FDS]->id[KIND_QUEUE][a[1] % NR_SLOTS] = cmd.out_hw_queue_id;
	w->out = cmd.out_hw_queue_id;
	return ret;
}
