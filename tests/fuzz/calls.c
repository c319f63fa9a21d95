// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls that programs are made of, each a function of numbers. This file and world.h are also
 * the beginning of every program that is printed as C, so they stand alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <iommufd_test.h>
#include <linux/capability.h>
#include <linux/falloc.h>
#include <linux/userfaultfd.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef WORLD_H
#include "world.h"
#endif

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

__thread struct world *w;

/* --- names --------------------------------------------------------------------------------- */

static __u64 slot_of(__u64 ref)
{
	return ref % 256;
}

__u32 id_of(__u64 f, enum kind kind, __u64 ref)
{
	__u64 other = ref / 256 % 256;

	if (ref & 65536)
		f = !f;
	if (other)
		kind = (other - 1) % NR_KINDS;
	if (slot_of(ref) < NR_SLOTS)
		return w->t[f % NR_FDS]->id[kind][slot_of(ref)];
	return slot_of(ref) == NR_SLOTS ? 0 : 0x7fffff00 + slot_of(ref);
}

int file_of(__u64 f, enum file_kind kind, __u64 ref)
{
	__u64 other = ref / 256 % 256;

	if (ref & 65536)
		f = !f;
	if (other)
		kind = (other - 1) % NR_FILE_KINDS;
	return slot_of(ref) < NR_SLOTS ? w->t[f % NR_FDS]->file[kind][slot_of(ref)] : -1;
}

void *address_of(__u64 offset)
{
	/* Where this process has its own stack and what it maps: nothing is so far below. */
	if (offset >= OWN_FIRST && offset < OWN_END)
		offset -= OWN_FIRST / 2;
	return offset < WILD ? w->mem + offset : (void *)offset;
}

/* Where memory is changed: whole pages inside of it. Returns false where there are none. */
static int is_inside(__u64 page, __u64 npages)
{
	return npages && page < MEM_PAGES && npages <= MEM_PAGES - page;
}

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* --- ioctls -------------------------------------------------------------------------------- */

static int fd_of(__u64 f)
{
	return w->fd[f % NR_FDS];
}

/* Where something may be mapped anywhere, nobody has moved away what he comes back to. */
static pthread_mutex_t layout_lock = PTHREAD_MUTEX_INITIALIZER;

static long io_read_only(__u64 f, unsigned long cmd, const void *arg, size_t bytes)
{
	__u32 said = bytes;
	long ret;
	void *va;

	pthread_mutex_lock(&layout_lock);
	va = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_mutex_unlock(&layout_lock);
	if (va == MAP_FAILED)
		return -ENOMEM;
	memcpy(va, arg, bytes);
	memcpy(va, &said, sizeof(said));
	mprotect(va, PAGE_BYTES, PROT_READ);
	ret = result(ioctl(fd_of(f), cmd, va));
	munmap(va, PAGE_BYTES);
	return ret;
}

static long io(__u64 f, unsigned long cmd, void *arg, size_t bytes)
{
	static __thread unsigned char large[PAGE_BYTES];
	unsigned int twist = w->twist;
	__u32 said;
	long ret;

	w->twist = STRAIGHT;
	if (twist == READ_ONLY)
		return io_read_only(f, cmd, arg, bytes);
	memcpy(large, arg, bytes);
	memset(large + bytes, twist == LONG, sizeof(large) - bytes);
	said = twist == SHORT ? 4 : twist == LONG || twist == LONG_ZEROS ? bytes + 16 : bytes;
	memcpy(large, &said, sizeof(said));
	ret = result(ioctl(fd_of(f), cmd, twist == NOWHERE ? (void *)8 : (void *)large));
	memcpy(arg, large, bytes);
	return ret;
}

#define IO(f, cmd, arg) io(f, cmd, arg, sizeof(*(arg)))

static long test(__u64 f, struct iommu_test_cmd *cmd)
{
	return IO(f, IOMMU_TEST_CMD, cmd);
}

long call_open(const __u64 *a)
{
	int *fd = &w->fd[a[0] % NR_FDS];

	if (*fd >= 0)
		return -EBUSY;
	*fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

/* Of threads that fill the same slot, one does; nobody would close the others' descriptors. */
static long file_begin(int *file, int fd)
{
	int none = -1;

	if (__atomic_compare_exchange_n(file, &none, fd, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return 0;
	close(fd);
	return -EEXIST;
}

/* Of threads that close the same, one does. */
static long file_end(int *file)
{
	int fd = __atomic_exchange_n(file, -1, __ATOMIC_SEQ_CST);

	return fd < 0 ? -EBADF : result(close(fd));
}

/* And what it had: IDs are kept, to be used by mistake. */
long call_close(const __u64 *a)
{
	__u64 f = a[0] % NR_FDS;
	int kind, slot, ret;

	if (w->fd[f] < 0 || (w->shared && f == NR_FDS - 1))
		return -EBADF;
	for (kind = 0; kind < NR_FILE_KINDS; kind++) {
		for (slot = 0; slot < NR_SLOTS; slot++)
			file_end(&w->t[f]->file[kind][slot]);
	}
	ret = close(w->fd[f]);
	w->fd[f] = -1;
	return result(ret);
}

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
		.fd = a[3] ? file_of(a[0], FILE_DMABUF, a[3] - 1) : w->memfd,
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

long call_process(const __u64 *a)
{
	struct iommu_ioas_change_process cmd = {};

	return IO(a[0], IOMMU_IOAS_CHANGE_PROCESS, &cmd);
}

/* --- the ioctls of a VFIO container -------------------------------------------------------- */

/* iommufd, flags, memory, bytes, IOVA */
long call_dma_map(const __u64 *a)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd),
		.flags = a[1],
		.vaddr = (__u64)address_of(a[2]),
		.size = a[3],
		.iova = a[4],
	};

	return result(ioctl(fd_of(a[0]), VFIO_IOMMU_MAP_DMA, &cmd));
}

/* iommufd, flags, IOVA, bytes */
long call_dma_unmap(const __u64 *a)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.flags = a[1],
		.iova = a[2],
		.size = a[3],
	};

	return result(ioctl(fd_of(a[0]), VFIO_IOMMU_UNMAP_DMA, &cmd));
}

/* iommufd, 0: version, 1: an extension, 2: the IOMMU, 3: information; argument */
long call_dma_info(const __u64 *a)
{
	struct vfio_iommu_type1_info *info = (void *)w->data;

	switch (a[1] % 4) {
	case 0:
		return result(ioctl(fd_of(a[0]), VFIO_GET_API_VERSION));
	case 1:
		return result(ioctl(fd_of(a[0]), VFIO_CHECK_EXTENSION, a[2] % 16));
	case 2:
		return result(ioctl(fd_of(a[0]), VFIO_SET_IOMMU, a[2] % 16));
	}
	info->argsz = a[2] % RW_MAX_BYTES;
	return result(ioctl(fd_of(a[0]), VFIO_IOMMU_GET_INFO, info));
}

/* --- memory -------------------------------------------------------------------------------- */

/* page, pages, byte. Of a mapping that may be written to. */
long call_fill(const __u64 *a)
{
	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	memset(w->mem + a[0] * PAGE_BYTES, a[2], a[1] * PAGE_BYTES);
	return 0;
}

static long map_anonymous(__u64 page, __u64 npages, int prot)
{
	void *va = w->mem + page * PAGE_BYTES;

	va = mmap(va, npages * PAGE_BYTES, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return va == MAP_FAILED ? -errno : 0;
}

static long map_memfd(__u64 page, __u64 npages, __u64 first)
{
	void *va = w->mem + page * PAGE_BYTES;

	va = mmap(va, npages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		  w->memfd, first * PAGE_BYTES);
	return va == MAP_FAILED ? -errno : 0;
}

/* page, pages, 0: anonymous, or a page of the file + 1 */
long call_mem_map(const __u64 *a)
{
	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	if (!a[2])
		return map_anonymous(a[0], a[1], PROT_READ | PROT_WRITE);
	return map_memfd(a[0], a[1], (a[2] - 1) % FILE_PAGES);
}

/* page, pages. The addresses stay ours: nobody else's memory gets there. */
long call_mem_unmap(const __u64 *a)
{
	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	return map_anonymous(a[0], a[1], PROT_NONE);
}

/* page, pages */
long call_mem_zap(const __u64 *a)
{
	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	return result(madvise(w->mem + a[0] * PAGE_BYTES, a[1] * PAGE_BYTES, MADV_DONTNEED));
}

/* page, pages, 0: nothing, 1: read, 2: and write */
long call_mem_protect(const __u64 *a)
{
	static const int prot[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };

	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	return result(mprotect(w->mem + a[0] * PAGE_BYTES, a[1] * PAGE_BYTES, prot[a[2] % 3]));
}

/* It may have come half the way: then nothing is at either place. */
static long move(__u64 from, __u64 npages, __u64 to)
{
	size_t bytes = npages * PAGE_BYTES;
	long ret = 0;

	if (mremap(w->mem + from * PAGE_BYTES, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
		   w->mem + to * PAGE_BYTES) == MAP_FAILED)
		ret = map_anonymous(to, npages, PROT_NONE) ?: -EFAULT;
	return map_anonymous(from, npages, PROT_NONE) ?: ret;
}

/* page, pages, to page: of one mapping, and what is there now goes */
long call_mem_move(const __u64 *a)
{
	long ret;

	if (!is_inside(a[0], a[1]) || !is_inside(a[2], a[1]) ||
	    (a[2] < a[0] + a[1] && a[0] < a[2] + a[1]))
		return -EINVAL;
	pthread_mutex_lock(&layout_lock);
	ret = move(a[0], a[1], a[2]);
	pthread_mutex_unlock(&layout_lock);
	return ret;
}

/* page, pages: huge pages, if there are some */
long call_mem_collapse(const __u64 *a)
{
	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	madvise(w->mem + a[0] * PAGE_BYTES, a[1] * PAGE_BYTES, MADV_HUGEPAGE);
	madvise(w->mem + a[0] * PAGE_BYTES, a[1] * PAGE_BYTES, MADV_COLLAPSE);
	return 0;
}

/* Answers faults with zeros, a little late. */
static void *serve_faults(void *arg)
{
	static unsigned char zeros[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
	int uffd = (int)(long)arg;
	struct uffd_msg msg;

	while (read(uffd, &msg, sizeof(msg)) == sizeof(msg)) {
		struct uffdio_copy copy = {
			.dst = msg.arg.pagefault.address & -PAGE_BYTES,
			.src = (__u64)zeros,
			.len = PAGE_BYTES,
		};

		if (msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		if (ioctl(uffd, UFFDIO_COPY, &copy)) {
			struct uffdio_range range = { .start = copy.dst, .len = PAGE_BYTES };

			ioctl(uffd, UFFDIO_WAKE, &range);
		}
	}
	return NULL;
}

static int user_faults(void)
{
	static int uffd = -1;
	struct uffdio_api api = { .api = UFFD_API };
	pthread_t thread;

	pthread_mutex_lock(&layout_lock);
	if (uffd < 0) {
		uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
		if (uffd >= 0 &&
		    (ioctl(uffd, UFFDIO_API, &api) ||
		     pthread_create(&thread, NULL, serve_faults, (void *)(long)uffd))) {
			close(uffd);
			uffd = -1;
		}
	}
	pthread_mutex_unlock(&layout_lock);
	return uffd;
}

/* page, pages: anonymous memory whose faults a program serves */
long call_mem_uffd(const __u64 *a)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int uffd = user_faults();
	long ret;

	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	ret = map_anonymous(a[0], a[1], PROT_READ | PROT_WRITE);
	if (ret || uffd < 0)
		return ret;
	range.range.start = (__u64)w->mem + a[0] * PAGE_BYTES;
	range.range.len = a[1] * PAGE_BYTES;
	return result(ioctl(uffd, UFFDIO_REGISTER, &range));
}

/* page, pages */
long call_file_punch(const __u64 *a)
{
	if (!a[1] || a[0] >= FILE_PAGES || a[1] > FILE_PAGES - a[0])
		return -EINVAL;
	return result(fallocate(w->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				a[0] * PAGE_BYTES, a[1] * PAGE_BYTES));
}

/* page, pages: pages that nobody has used */
long call_file_alloc(const __u64 *a)
{
	if (!a[1] || a[0] >= FILE_PAGES || a[1] > FILE_PAGES - a[0])
		return -EINVAL;
	return result(fallocate(w->memfd, FALLOC_FL_KEEP_SIZE, a[0] * PAGE_BYTES,
				a[1] * PAGE_BYTES));
}

/* pages */
long call_file_size(const __u64 *a)
{
	return result(ftruncate(w->memfd, a[0] % (FILE_PAGES + 1) * PAGE_BYTES));
}

/* A child that is gone at once; with 1 the memory is not its own. */
long call_forks(const __u64 *a)
{
	int status;
	pid_t pid = a[0] & 1 ? vfork() : fork();

	if (!pid)
		_exit(0);
	return pid < 0 || waitpid(pid, &status, 0) < 0 ? -errno : 0;
}

/* Whether limits of what may be pinned are for this thread: for root's they are not. */
static int set_limited(int limited)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (w->limited == limited)
		return 0;
	if (syscall(SYS_capget, &head, data))
		return -1;
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	if (!limited)
		data[0].effective |= 1U << CAP_IPC_LOCK;
	if (syscall(SYS_capset, &head, data))
		return -1;
	w->limited = limited;
	return 0;
}

/* pages that may be pinned, from now on */
long call_memlock(const __u64 *a)
{
	struct rlimit limit;

	if (set_limited(1) || getrlimit(RLIMIT_MEMLOCK, &limit))
		return -errno;
	limit.rlim_cur = a[0] % (MEM_PAGES + 1) * PAGE_BYTES;
	return result(setrlimit(RLIMIT_MEMLOCK, &limit));
}

/* --- dma-bufs, VFIO, the rest -------------------------------------------------------------- */

/* iommufd, slot, bytes */
long call_dmabuf(const __u64 *a)
{
	int *file = &w->t[a[0] % NR_FDS]->file[FILE_DMABUF][a[1] % NR_SLOTS];
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_GET,
		.dmabuf_get = { .length = a[2], .open_flags = O_CLOEXEC },
	};
	long ret;

	if (*file >= 0)
		return -EEXIST;
	if (a[2] > MEM_ALIGN)
		return -EINVAL;
	ret = test(a[0], &cmd);
	return ret < 0 ? ret : file_begin(file, ret);
}

/* iommufd, dma-buf, whether it is */
long call_revoke(const __u64 *a)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DMABUF_REVOKE,
		.dmabuf_revoke = {
			.dmabuf_fd = file_of(a[0], FILE_DMABUF, a[1]),
			.revoked = a[2] & 1,
		},
	};

	return test(a[0], &cmd);
}

/* Of the edu device: one, and whoever has it. */
static int edu = -1;

/* iommufd: bind it, or if it is already let it go */
long call_vfio(const __u64 *a)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = fd_of(a[0]) };
	int fd;

	fd = __atomic_exchange_n(&edu, -1, __ATOMIC_SEQ_CST);
	if (fd >= 0)
		return result(close(fd));
	fd = open("/dev/vfio/devices/vfio0", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &bind)) {
		close(fd);
		return -EINVAL;
	}
	fd = __atomic_exchange_n(&edu, fd, __ATOMIC_SEQ_CST);
	if (fd >= 0)
		close(fd);
	return 0;
}

/* iommufd, IOAS or HWPT */
long call_vfio_attach(const __u64 *a)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = id_of(a[0], KIND_IOAS, a[1]),
	};

	return result(ioctl(__atomic_load_n(&edu, __ATOMIC_SEQ_CST), VFIO_DEVICE_ATTACH_IOMMUFD_PT,
			    &attach));
}

/* Where MMIO of an iommufd was mapped last. */
#define MMIO_BYTES	(4 * PAGE_BYTES)
static void *mmio;

static void mmio_set(void *va)
{
	va = __atomic_exchange_n(&mmio, va, __ATOMIC_SEQ_CST);
	if (va)
		munmap(va, MMIO_BYTES);
}

/* Nothing else may be where the rest of it would be. */
static void *mmio_map(__u64 f, __u64 page, size_t bytes)
{
	void *va = mmap(NULL, MMIO_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (va == MAP_FAILED)
		return NULL;
	if (mmap(va, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd_of(f),
		 page * PAGE_BYTES) != MAP_FAILED)
		return va;
	munmap(va, MMIO_BYTES);
	return NULL;
}

/* iommufd, page of its MMIO, pages. It stays mapped until the next one. */
long call_mmio(const __u64 *a)
{
	long ret = 0;
	void *va;

	mmio_set(NULL);
	pthread_mutex_lock(&layout_lock);
	va = mmio_map(a[0], a[1] % 64, (1 + a[2] % 4) * PAGE_BYTES);
	if (!va)
		ret = -errno;
	pthread_mutex_unlock(&layout_lock);
	mmio_set(va);
	return ret;
}

/* iommufd, number, bytes, seven times 8 of them */
long call_raw(const __u64 *a)
{
	__u64 buf[16] = {};
	__u32 bytes = 8 + a[2] % 121;

	memcpy(buf, &bytes, sizeof(bytes));
	((__u32 *)buf)[1] = a[3];
	memcpy(buf + 1, a + 4, (MAX_ARGS - 4) * sizeof(*a));
	return result(ioctl(fd_of(a[0]), _IO(IOMMUFD_TYPE, 0x80 + a[1] % 34), buf));
}

/* --- the world ----------------------------------------------------------------------------- */

void world_init(void)
{
	size_t bytes = MEM_PAGES * PAGE_BYTES + MEM_ALIGN + GUARD_BYTES;
	unsigned char *va = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int f;

	w = calloc(1, sizeof(*w));
	if (!w || va == MAP_FAILED)
		exit(2);
	w->mem = (void *)(((__u64)va + MEM_ALIGN - 1) & -MEM_ALIGN);
	w->data = mmap(NULL, RW_MAX_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	for (f = 0; f < NR_FDS; f++) {
		w->fd[f] = -1;
		w->t[f] = &w->own[f];
		memset(w->own[f].file, -1, sizeof(w->own[f].file));
	}
	w->memfd = memfd_create("fuzz", MFD_CLOEXEC);
	if (w->memfd < 0 || w->data == MAP_FAILED)
		exit(2);
	world_reset();
}

/* As it was at first: what programs begin with. */
void world_reset(void)
{
	__u64 f;
	int fd;

	mmio_set(NULL);
	fd = __atomic_exchange_n(&edu, -1, __ATOMIC_SEQ_CST);
	if (fd >= 0)
		close(fd);
	for (f = 0; f < NR_FDS; f++) {
		call_close(&f);
		if (!w->shared || f != NR_FDS - 1) {
			memset(w->t[f]->id, 0, sizeof(w->t[f]->id));
			memset(w->t[f]->pin, 0, sizeof(w->t[f]->pin));
		}
	}
	memset(w->data, 0, RW_MAX_BYTES);
	w->twist = STRAIGHT;
	if (set_limited(0) || ftruncate(w->memfd, 0) || ftruncate(w->memfd, FILE_PAGES * PAGE_BYTES) ||
	    map_anonymous(0, ANON_PAGES, PROT_READ | PROT_WRITE) ||
	    map_memfd(ANON_PAGES, FILE_PAGES, 0))
		exit(2);
	f = 0;
	call_open(&f);
}
