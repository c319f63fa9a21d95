// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another thread decides about a process's pages (userfaultfd): it brings them when they are looked
 * at, allows writes, and moves them to other addresses. A device has what the process has.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem.h"
#include "iofd.h"
#include "scene.h"

#define BYTES (2 * MIB)

struct faults {
	pthread_t thread;
	int uffd;
	int stop[2];
	unsigned char *want;	/* what the pages are to have, from va on */
	unsigned char *va;
	unsigned int answered;
};

static int open_uffd(__u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		ktap_skip("no such userfaultfd");
	return uffd;
}

static void watch(int uffd, void *va, size_t bytes, __u64 mode)
{
	struct uffdio_register arg = {
		.range = { .start = (__u64)va, .len = bytes },
		.mode = mode,
	};

	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &arg));
}

static void protect(int uffd, void *va, size_t bytes, bool on)
{
	struct uffdio_writeprotect arg = {
		.range = { .start = (__u64)va, .len = bytes },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	ASSERT_EQ(0, ioctl(uffd, UFFDIO_WRITEPROTECT, &arg));
}

static void answer_one(struct faults *f, const struct uffd_msg *msg)
{
	__u64 va = msg->arg.pagefault.address & -PAGE, flags = msg->arg.pagefault.flags;
	struct uffdio_continue as_is = { .range = { .start = va, .len = PAGE } };
	struct uffdio_copy copy = {
		.dst = va,
		.src = (__u64)f->want + (va - (__u64)f->va),
		.len = PAGE,
	};

	f->answered++;
	if (flags & UFFD_PAGEFAULT_FLAG_WP)
		protect(f->uffd, (void *)va, PAGE, false);
	else if (flags & UFFD_PAGEFAULT_FLAG_MINOR)
		ASSERT_EQ(0, ioctl(f->uffd, UFFDIO_CONTINUE, &as_is));
	else
		ASSERT_EQ(0, ioctl(f->uffd, UFFDIO_COPY, &copy));
}

static void *answer(void *arg)
{
	struct faults *f = arg;
	struct pollfd either[] = { { f->uffd, POLLIN }, { f->stop[0], POLLIN } };
	struct uffd_msg msg;

	while (poll(either, 2, -1) > 0 && !either[1].revents) {
		if (read(f->uffd, &msg, sizeof(msg)) == sizeof(msg) &&
		    msg.event == UFFD_EVENT_PAGEFAULT)
			answer_one(f, &msg);
	}
	return NULL;
}

static void start_answering(struct faults *f, struct scene *s, __u64 features, __u64 mode)
{
	*f = (struct faults){ .va = s->mem.va, .want = malloc(s->mem.bytes) };
	ASSERT_TRUE(f->want);
	memcpy(f->want, s->mem.va, s->mem.bytes);
	f->uffd = open_uffd(features);
	watch(f->uffd, s->mem.va, s->mem.bytes, mode);
	ASSERT_EQ(0, pipe2(f->stop, O_CLOEXEC));
	ASSERT_EQ(0, pthread_create(&f->thread, NULL, answer, f));
}

static void stop_answering(struct faults *f)
{
	close(f->stop[1]);
	pthread_join(f->thread, NULL);
	close(f->stop[0]);
	close(f->uffd);
	free(f->want);
}

static __u64 feature_of(enum shape shape, __u64 anonymous, __u64 shmem)
{
	return shape == MEMFD4K ? shmem : anonymous;
}

/* None of it is there, and each page is brought when the map comes to it. */
static void run_missing(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	struct faults f;
	struct scene s;

	scene_open_unmapped(&s, shape, BYTES);
	start_answering(&f, &s, feature_of(shape, 0, UFFD_FEATURE_MISSING_SHMEM),
			UFFDIO_REGISTER_MODE_MISSING);
	if (shape == MEMFD4K)
		ASSERT_EQ(0, fallocate(s.mem.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				       BYTES));
	else
		ASSERT_EQ(0, madvise(s.mem.va, BYTES, MADV_DONTNEED));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	EXPECT_EQ(BYTES / PAGE, f.answered);
	expect_device_sees(&s, f.want, SCENE_IOVA);
	expect_device_sees(&s, f.want + BYTES - SCENE_LEN, SCENE_IOVA + BYTES - SCENE_LEN);
	EXPECT_BYTES(f.want, s.mem.va, BYTES);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	stop_answering(&f);
	scene_close(&s);
}

/* The file has it, and each page is shown when the map comes to it. */
static void run_minor(const void *arg)
{
	struct faults f;
	struct scene s;

	scene_open_unmapped(&s, *(const enum shape *)arg, BYTES);
	start_answering(&f, &s, UFFD_FEATURE_MINOR_SHMEM, UFFDIO_REGISTER_MODE_MINOR);
	ASSERT_EQ(0, madvise(s.mem.va, BYTES, MADV_DONTNEED));
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	EXPECT_EQ(BYTES / PAGE, f.answered);
	EXPECT_BYTES(f.want, s.mem.va, BYTES);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	stop_answering(&f);
	scene_close(&s);
}

static __u64 wp_feature(enum shape shape)
{
	return feature_of(shape, UFFD_FEATURE_PAGEFAULT_FLAG_WP, UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
}

/* Writes have to be allowed before a device may do them; reads do not. */
static void run_protected(const void *arg)
{
	__u32 readable = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE;
	enum shape shape = *(const enum shape *)arg;
	__u64 iova = SCENE_IOVA;
	unsigned int allowed;
	struct faults f;
	struct scene s;

	scene_open_unmapped(&s, shape, BYTES);
	start_answering(&f, &s, wp_feature(shape), UFFDIO_REGISTER_MODE_WP);
	protect(f.uffd, s.mem.va, BYTES, true);
	ASSERT_OK(ioas_map(s.rig.iofd, s.rig.ioas, readable, s.mem.va, BYTES, &iova));
	EXPECT_EQ(0, f.answered);
	expect_device_sees(&s, f.want, SCENE_IOVA);
	/* The process writes to the page that the device has, not to a copy. */
	memory_fill(s.mem.va + MIB, PAGE, 3);
	EXPECT_EQ(1, f.answered);
	expect_device_sees(&s, s.mem.va + MIB, SCENE_IOVA + MIB);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));

	protect(f.uffd, s.mem.va, BYTES, true);
	allowed = f.answered;
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	EXPECT_EQ(BYTES / PAGE, f.answered - allowed);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	stop_answering(&f);
	scene_close(&s);
}

/* Writes that are forbidden after that are the process's: they wait, and then reach the device. */
static void run_protect_mapped(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	unsigned char data[SCENE_LEN];
	struct faults f;
	struct scene s;

	scene_open(&s, shape, BYTES);
	start_answering(&f, &s, wp_feature(shape), UFFDIO_REGISTER_MODE_WP);
	protect(f.uffd, s.mem.va, BYTES, true);
	memory_fill(data, SCENE_LEN, 4);
	rig_store(&s.rig, s.edu, SCENE_IOVA + MIB, data, SCENE_LEN);
	EXPECT_BYTES(data, s.mem.va + MIB, SCENE_LEN);
	EXPECT_EQ(0, f.answered);
	expect_shared(&s, SCENE_IOVA, s.mem.va, BYTES);
	EXPECT_LT(0, f.answered);
	stop_answering(&f);
	scene_close(&s);
}

static int move(int uffd, void *to, void *from, size_t bytes)
{
	struct uffdio_move arg = { .dst = (__u64)to, .src = (__u64)from, .len = bytes };

	return ioctl(uffd, UFFDIO_MOVE, &arg) ? -errno : 0;
}

/* As aligned as a huge page. */
static unsigned char *new_place(int uffd, size_t bytes)
{
	unsigned char *area = mmap(NULL, bytes + 2 * MIB, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT_TRUE(area != MAP_FAILED);
	area += -(unsigned long)area % (2 * MIB);
	watch(uffd, area, bytes, UFFDIO_REGISTER_MODE_MISSING);
	return area;
}

/*
 * Pages are moved as they are, and mapped where they are then; those that a device has are not
 * moved.
 */
static void run_move(const void *arg)
{
	unsigned char *old, *new, *want = malloc(BYTES);
	int uffd = open_uffd(UFFD_FEATURE_MOVE);
	struct scene s;
	__u64 pfn;

	ASSERT_TRUE(want);
	scene_open(&s, *(const enum shape *)arg, BYTES);
	new = new_place(uffd, BYTES);
	old = s.mem.va;
	pfn = memory_pfn(old + MIB);
	EXPECT_ERR(-EBUSY, move(uffd, new, old, BYTES));
	EXPECT_ERR(-EBUSY, move(uffd, new + MIB, old + MIB, PAGE));
	EXPECT_EQ(pfn, memory_pfn(old + MIB));
	expect_shared(&s, SCENE_IOVA, old, BYTES);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));

	memcpy(want, old, BYTES);
	ASSERT_OK(move(uffd, new, old, BYTES));
	EXPECT_EQ(pfn, memory_pfn(new + MIB));
	EXPECT_EQ(0, memory_pfn(old + MIB));
	s.mem.va = new;
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_device_sees(&s, want + MIB, SCENE_IOVA + MIB);
	EXPECT_BYTES(want, new, BYTES);
	expect_shared(&s, SCENE_IOVA, new, BYTES);
	/* What comes to the old place is not the device's. */
	memset(old, 0x5a, BYTES);
	expect_shared(&s, SCENE_IOVA, new, BYTES);
	EXPECT_EQ(0x5a, old[MIB]);
	close(uffd);
	scene_close(&s);
	EXPECT_EQ(0, munmap(old, BYTES));
	free(want);
}

#define FAULTS(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }

static const struct ktap_case cases[] = {
	FAULTS("missing-populate4k", run_missing, POPULATE4K),
	FAULTS("missing-memfd4k", run_missing, MEMFD4K),
	FAULTS("minor-memfd4k", run_minor, MEMFD4K),
	FAULTS("protected-populate4k", run_protected, POPULATE4K),
	FAULTS("protected-mthp64k", run_protected, MTHP64K),
	FAULTS("protected-memfd4k", run_protected, MEMFD4K),
	FAULTS("protect-mapped-populate4k", run_protect_mapped, POPULATE4K),
	FAULTS("protect-mapped-thp", run_protect_mapped, THP),
	FAULTS("protect-mapped-memfd4k", run_protect_mapped, MEMFD4K),
	FAULTS("move-populate4k", run_move, POPULATE4K),
	FAULTS("move-mthp64k", run_move, MTHP64K),
	FAULTS("move-thp", run_move, THP),
	{}
};

const struct ktap_suite mem_faults = { "faults", cases };
