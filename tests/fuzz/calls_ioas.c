// SPDX-License-Identifier: GPL-2.0-only
/* An IOAS, and accesses to it. */
#ifndef CALL_H
#include "call.h"
#endif

/* iommufd, slot */
long call_ioas(const __u64 *a)
{
	struct iommu_ioas_alloc cmd = {};
	long ret = IO(a[0], IOMMU_IOAS_ALLOC, &cmd);

	if (!ret)
		w->t[a[0] % NR_FDS]->id[KIND_IOAS][a[1] % NR_SLOTS] = cmd.out_ioas_id;
	w->out = cmd.out_ioas_id;
	return ret;
}

/* iommufd, kind, object */
long call_destroy(const __u64 *a)
{
	struct iommu_destroy cmd = { .id = id_of(a[0], a[1] % NR_KINDS, a[2]) };

	return IO(a[0], IOMMU_DESTROY, &cmd);
}

/* iommufd, IOAS, flags, memory, bytes, IOVA */
long call_map(const __u64 *a)
{
	struct iommu_ioas_map cmd = {
		.flags = a[2],
		.ioas_id = id_of(a[0], KIND_IOAS, a[1]),
		.user_va = (__u64)address_of(a[3]),
		.length = a[4],
		.iova = a[5],
	};
	long ret = IO(a[0], IOMMU_IOAS_MAP, &cmd);

	w->out = cmd.iova;
	return ret;
}

/* iommufd, IOAS, flags, 0: the file, or a dma-buf + 1, first byte, bytes, IOVA */
long call_map_file(const __u64 *a)
{
	struct iommu_ioas_map_file cmd = {
		.flags = a[2],
		.ioas_id = id_of(a[0], KIND_IOAS, a[1]),
		.fd = a[3] ? file_of(a[0], FILE_DMABUF, a[3] - 1) : w->m.memfd,
		.start = a[4],
		.length = a[5],
		.iova = a[6],
	};
	long ret = IO(a[0], IOMMU_IOAS_MAP_FILE, &cmd);

	w->out = cmd.iova;
	return ret;
}

/* iommufd, IOAS, IOVA, bytes */
long call_unmap(const __u64 *a)
{
	struct iommu_ioas_unmap cmd = {
		.ioas_id = id_of(a[0], KIND_IOAS, a[1]),
		.iova = a[2],
		.length = a[3],
	};
	long ret = IO(a[0], IOMMU_IOAS_UNMAP, &cmd);

	w->out = cmd.length;
	return ret;
}

/* iommufd, IOAS to, IOAS from, flags, IOVA from, bytes, IOVA to */
long call_copy(const __u64 *a)
{
	struct iommu_ioas_copy cmd = {
		.flags = a[3],
		.dst_ioas_id = id_of(a[0], KIND_IOAS, a[1]),
		.src_ioas_id = id_of(a[0], KIND_IOAS, a[2]),
		.src_iova = a[4],
		.length = a[5],
		.dst_iova = a[6],
	};
	long ret = IO(a[0], IOMMU_IOAS_COPY, &cmd);

	w->out = cmd.dst_iova;
	return ret;
}

/* iommufd, IOAS, room */
long call_ranges(const __u64 *a)
{
	struct iommu_iova_range ranges[16];
	struct iommu_ioas_iova_ranges cmd = {
		.ioas_id = id_of(a[0], KIND_IOAS, a[1]),
		.num_iovas = a[2] % 17,
		.allowed_iovas = (__u64)ranges,
	};

	return IO(a[0], IOMMU_IOAS_IOVA_RANGES, &cmd);
}

/* iommufd, IOAS, count, first IOVA, bytes of each: as much between them */
long call_allow(const __u64 *a)
{
	struct iommu_iova_range ranges[4];
	struct iommu_ioas_allow_iovas cmd = {
		.ioas_id = id_of(a[0], KIND_IOAS, a[1]),
		.num_iovas = a[2] % 5,
		.allowed_iovas = (__u64)ranges,
	};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ranges[i].start = a[3] + 2 * i * a[4];
		ranges[i].last = ranges[i].start + a[4] - 1;
	}
	return IO(a[0], IOMMU_IOAS_ALLOW_IOVAS, &cmd);
}

/* iommufd, option, IOAS, to set it, value */
long call_option(const __u64 *a)
{
	struct iommu_option cmd = {
		.option_id = a[1],
		.op = a[3] ? IOMMU_OPTION_OP_SET : IOMMU_OPTION_OP_GET,
		.object_id = a[1] == IOMMU_OPTION_RLIMIT_MODE ? 0 : id_of(a[0], KIND_IOAS, a[2]),
		.val64 = a[4],
	};
	long ret = IO(a[0], IOMMU_OPTION, &cmd);

	w->out = cmd.val64;
	return ret;
}

/* iommufd, op, IOAS */
long call_vfio_ioas(const __u64 *a)
{
	struct iommu_vfio_ioas cmd = {
		.op = a[1],
		.ioas_id = a[1] == IOMMU_VFIO_IOAS_SET ? id_of(a[0], KIND_IOAS, a[2]) : 0,
	};

	return IO(a[0], IOMMU_VFIO_IOAS, &cmd);
}

/* iommufd, slot, IOAS, whether its driver pins */
long call_access(const __u64 *a)
{
	int *file = &w->t[a[0] % NR_FDS]->file[FILE_ACCESS][a[1] % NR_SLOTS];
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_CREATE_ACCESS,
		.id = id_of(a[0], KIND_IOAS, a[2]),
		.create_access.flags = a[3],
	};
	long ret;

	if (*file >= 0)
		return -EEXIST;
	ret = test(a[0], &cmd);
	return ret ?: file_begin(file, cmd.create_access.out_access_fd);
}

/* iommufd, access, IOAS */
long call_access_move(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_REPLACE_IOAS,
		.id = file_of(a[0], FILE_ACCESS, a[1]),
		.access_replace_ioas.ioas_id = id_of(a[0], KIND_IOAS, a[2]),
	};

	return test(a[0], &cmd);
}

/* iommufd, kind of file, file */
long call_access_end(const __u64 *a)
{
	return file_end(&w->t[a[0] % NR_FDS]->file[a[1] % NR_FILE_KINDS][a[2] % NR_SLOTS]);
}

/* iommufd, access, slot, whether for writing, IOVA, bytes, memory that it must be */
long call_pin(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_PAGES,
		.id = file_of(a[0], FILE_ACCESS, a[1]),
		.access_pages = {
			.flags = a[3],
			.iova = a[4],
			.length = a[5],
			.uptr = (__u64)address_of(a[6]),
		},
	};
	long ret = test(a[0], &cmd);

	w->out = cmd.access_pages.out_access_pages_id;
	if (!ret && a[1] < NR_SLOTS)
		w->t[a[0] % NR_FDS]->pin[a[1]][a[2] % NR_SLOTS] = w->out;
	return ret;
}

/* iommufd, access, pin */
long call_unpin(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DESTROY_ACCESS_PAGES,
		.id = file_of(a[0], FILE_ACCESS, a[1]),
		.destroy_access_pages.access_pages_id =
			w->t[a[0] % NR_FDS]->pin[a[1] % NR_SLOTS][a[2] % NR_SLOTS],
	};

	return test(a[0], &cmd);
}

/* iommufd, access, flags, IOVA, bytes, what is written */
long call_rw(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_RW,
		.id = file_of(a[0], FILE_ACCESS, a[1]),
		.access_rw = {
			.flags = a[2],
			.iova = a[3],
			.length = a[4] > RW_MAX_BYTES && a[4] < WILD ? RW_MAX_BYTES : a[4],
			.uptr = (__u64)w->data,
		},
	};

	memset(w->data, a[2] & MOCK_ACCESS_RW_WRITE ? a[5] : 0xee, RW_MAX_BYTES);
	return test(a[0], &cmd);
}

/* iommufd, HWPT, IOVA, bytes, memory that it must be */
long call_check_map(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MD_CHECK_MAP,
		.id = id_of(a[0], KIND_HWPT, a[1]),
		.check_map = {
			.iova = a[2],
			.length = a[3],
			.uptr = (__u64)address_of(a[4]),
		},
	};

	return test(a[0], &cmd);
}

/* iommufd, IOAS, first IOVA, bytes */
long call_reserve(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ADD_RESERVED,
		.id = id_of(a[0], KIND_IOAS, a[1]),
		.add_reserved = { .start = a[2], .length = a[3] },
	};

	return test(a[0], &cmd);
}

/* iommufd, bytes that a temporary array may have */
long call_limit(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT,
		.memory_limit.limit = a[1],
	};

	return test(a[0], &cmd);
}

long call_process(const __u64 *a)
{
	struct iommu_ioas_change_process cmd = {};

	return IO(a[0], IOMMU_IOAS_CHANGE_PROCESS, &cmd);
}
