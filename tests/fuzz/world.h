/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WORLD_H
#define WORLD_H

/*
 * What the calls of a program act on: iommufds, the objects in them, and memory. Every call is a
 * function of numbers alone (calls_*.c), so that a program is text, and can be repeated, cut and
 * printed as C.
 */

#include <linux/types.h>

#define NR_FDS		2	/* iommufds of a program */
#define NR_SLOTS	4	/* objects of a kind in each */
#define MAX_ARGS	8

#define PAGE_BYTES	4096UL
#define ANON_PAGES	1024UL	/* of the memory: anonymous, and then a mapping of the file */
#define FILE_PAGES	256UL
#define MEM_PAGES	(ANON_PAGES + FILE_PAGES)
#define MEM_ALIGN	(2UL << 20)
#define GUARD_BYTES	(64UL << 20)	/* behind it, where nothing is */
#define RW_MAX_BYTES	(64UL << 10)

enum kind {
	KIND_IOAS,
	KIND_HWPT,
	KIND_STDEV,	/* a mock device with its driver */
	KIND_IDEV,	/* the same, bound: made with it, in the slot of the same number */
	KIND_FAULTS,
	KIND_VIOMMU,
	KIND_VDEVICE,
	KIND_EVENTS,
	KIND_QUEUE,
	NR_KINDS,
};

/* What is known by a descriptor of its own. */
enum file_kind {
	FILE_ACCESS,
	FILE_FAULTS,
	FILE_EVENTS,
	FILE_DMABUF,
	NR_FILE_KINDS,
};

/* What there is in an iommufd, by slots. */
struct table {
	__u32 id[NR_KINDS][NR_SLOTS];
	int file[NR_FILE_KINDS][NR_SLOTS];
	__u32 pin[NR_SLOTS][NR_SLOTS];	/* of each access */
};

struct memory {
	unsigned char *mem;	/* MEM_PAGES, at a multiple of MEM_ALIGN */
	int memfd;
};

struct world {
	struct memory m;
	struct memory other;	/* what others may write to, too: world_swap() */
	int fd[NR_FDS];
	struct table own[NR_FDS];
	struct table *t[NR_FDS];	/* its own, or what several threads share */
	unsigned int twist;	/* how the next structure is wrong, see call.c */
	int limited;		/* RLIMIT_MEMLOCK is for this thread, too */
	int shared;		/* the last iommufd is other threads', too, and stays open */
	__u64 out;		/* what the last call gave back: an IOVA, bytes, an ID */
	unsigned char *data;	/* what it read: RW_MAX_BYTES */
};

extern __thread struct world *w;

/*
 * The next structure may be wrong: too short, with something behind it that this kernel does not
 * know, with zeros behind it (which is right), in memory that is not there, or in memory that can
 * not be written to, so that a call can not say what it has done.
 */
enum twist { STRAIGHT, SHORT, LONG, LONG_ZEROS, NOWHERE, READ_ONLY, NR_TWISTS };

/*
 * A number that names an object: its slot; plus 256 times a kind + 1, of another kind than the
 * call asks for; plus 65536, of the other iommufd. What is no slot is an ID that nobody has.
 */
__u32 id_of(__u64 f, enum kind kind, __u64 ref);
int file_of(__u64 f, enum file_kind kind, __u64 ref);

/*
 * Bytes into the memory, or further up an address as it is; but never one that may be of this
 * process itself, which a call would change.
 */
#define WILD		(1ULL << 32)
#define OWN_FIRST	0x7e0000000000ULL
#define OWN_END		0x7ffffffff000ULL
void *address_of(__u64 offset);

void world_init(void);

/* Another memory in place of the one that there was, which comes back with the next call. */
void world_swap(void);
void world_reset(void);

/* The calls: 0 or more, or -errno. */
long call_open(const __u64 *a);
long call_close(const __u64 *a);
long call_ioas(const __u64 *a);
long call_destroy(const __u64 *a);
long call_map(const __u64 *a);
long call_map_file(const __u64 *a);
long call_unmap(const __u64 *a);
long call_copy(const __u64 *a);
long call_ranges(const __u64 *a);
long call_allow(const __u64 *a);
long call_option(const __u64 *a);
long call_vfio_ioas(const __u64 *a);
long call_device(const __u64 *a);
long call_replace(const __u64 *a);
long call_access(const __u64 *a);
long call_access_move(const __u64 *a);
long call_access_end(const __u64 *a);
long call_pin(const __u64 *a);
long call_unpin(const __u64 *a);
long call_rw(const __u64 *a);
long call_check_map(const __u64 *a);
long call_reserve(const __u64 *a);
long call_limit(const __u64 *a);
long call_hwpt(const __u64 *a);
long call_track(const __u64 *a);
long call_dirty(const __u64 *a);
long call_dirtied(const __u64 *a);
long call_invalidate(const __u64 *a);
long call_hw_info(const __u64 *a);
long call_faults(const __u64 *a);
long call_fault(const __u64 *a);
long call_fault_read(const __u64 *a);
long call_fault_answer(const __u64 *a);
long call_viommu(const __u64 *a);
long call_vdevice(const __u64 *a);
long call_events(const __u64 *a);
long call_event(const __u64 *a);
long call_event_read(const __u64 *a);
long call_queue(const __u64 *a);
long call_pasid(const __u64 *a);
long call_pasid_end(const __u64 *a);
long call_process(const __u64 *a);
long call_dma_map(const __u64 *a);
long call_dma_unmap(const __u64 *a);
long call_dma_info(const __u64 *a);
long call_fill(const __u64 *a);
long call_mem_map(const __u64 *a);
long call_mem_unmap(const __u64 *a);
long call_mem_zap(const __u64 *a);
long call_mem_protect(const __u64 *a);
long call_mem_move(const __u64 *a);
long call_mem_collapse(const __u64 *a);
long call_mem_uffd(const __u64 *a);
long call_file_punch(const __u64 *a);
long call_file_alloc(const __u64 *a);
long call_file_size(const __u64 *a);
long call_forks(const __u64 *a);
long call_memlock(const __u64 *a);
long call_dmabuf(const __u64 *a);
long call_revoke(const __u64 *a);
long call_vfio(const __u64 *a);
long call_vfio_attach(const __u64 *a);
long call_mmio(const __u64 *a);
long call_raw(const __u64 *a);

#endif
