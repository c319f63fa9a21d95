// SPDX-License-Identifier: GPL-2.0-only
#ifndef CALL_H
#include "call.h"
#endif

__thread struct world *w;
pthread_mutex_t layout_lock = PTHREAD_MUTEX_INITIALIZER;

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
	return offset < WILD ? w->m.mem + offset : (void *)offset;
}

long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

int fd_of(__u64 f)
{
	return w->fd[f % NR_FDS];
}

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

long io(__u64 f, unsigned long cmd, void *arg, size_t bytes)
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

long test(__u64 f, struct iommu_test_cmd *cmd)
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
long file_begin(int *file, int fd)
{
	int none = -1;

	if (__atomic_compare_exchange_n(file, &none, fd, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return 0;
	close(fd);
	return -EEXIST;
}

/* Of threads that close the same, one does. */
long file_end(int *file)
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

static struct memory new_memory(void)
{
	size_t bytes = MEM_PAGES * PAGE_BYTES + MEM_ALIGN + GUARD_BYTES;
	unsigned char *va = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int memfd = memfd_create("fuzz", MFD_CLOEXEC);

	if (va == MAP_FAILED || memfd < 0)
		exit(2);
	return (struct memory){ (void *)(((__u64)va + MEM_ALIGN - 1) & -MEM_ALIGN), memfd };
}

void world_swap(void)
{
	struct memory m = w->m;

	if (!w->other.mem) {
		w->other = new_memory();
		w->m = w->other;
		if (memory_reset())
			exit(2);
	}
	w->m = w->other;
	w->other = m;
}

void world_init(void)
{
	int f;

	w = calloc(1, sizeof(*w));
	if (!w)
		exit(2);
	w->m = new_memory();
	w->data = mmap(NULL, RW_MAX_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	for (f = 0; f < NR_FDS; f++) {
		w->fd[f] = -1;
		w->t[f] = &w->own[f];
		memset(w->own[f].file, -1, sizeof(w->own[f].file));
	}
	if (w->data == MAP_FAILED)
		exit(2);
	world_reset();
}

/* As it was at first: what programs begin with. */
void world_reset(void)
{
	__u64 f;

	mmio_end();
	vfio_end();
	for (f = 0; f < NR_FDS; f++) {
		call_close(&f);
		if (!w->shared || f != NR_FDS - 1) {
			memset(w->t[f]->id, 0, sizeof(w->t[f]->id));
			memset(w->t[f]->pin, 0, sizeof(w->t[f]->pin));
		}
	}
	memset(w->data, 0, RW_MAX_BYTES);
	w->twist = STRAIGHT;
	if (memory_reset())
		exit(2);
	f = 0;
	call_open(&f);
}
