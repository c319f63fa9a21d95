// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that the kernel and a process do to memory, at once and for a while, against threads that map
 * and unmap it, and look at it as devices do.
 *
 * Of some places it must not be seen at all: what is mapped stays where it is, and the process, a
 * device and a driver's access have the same. Others are taken away and given back, moved and split
 * beneath the mappings: of these a device sees what was there once, and of nobody else's a byte.
 *
 * FOR is how many seconds of the guest's it lasts: 20.
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "iofd.h"
#include "memory.h"
#include "mock.h"
#include "race.h"
#include "rig.h"
#include "scene.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

/* Of a place, and of what one thread has of it. */
#define PART (2 * MIB)
#define MAPPERS 2
#define BYTES (MAPPERS * PART)

enum kind {
	KEPT,		/* what is done to it is not to be seen */
	CHANGED,	/* it is taken away and comes back */
};

enum fault {
	NO_FAULTS,
	MISSING,	/* the process gives the pages */
	PROTECTED,	/* it allows the writes */
	MINOR,		/* it maps what the file has */
};

struct place {
	const char *name;
	enum shape shape;
	enum kind kind;
	enum fault fault;
	bool private;		/* of this process alone: a child has copies */
	struct memory mem;
	unsigned long maps;
	unsigned long refused;
	unsigned long changes;
};

static struct place places[] = {
	{ "kept-base", POPULATE4K, KEPT, .private = true },
	{ "kept-scattered", SCATTER4K, KEPT, .private = true },
	{ "kept-64k", MTHP64K, KEPT, .private = true },
	{ "kept-thp", THP, KEPT, .private = true },
	{ "kept-protected", POPULATE4K, KEPT, PROTECTED, .private = true },
	{ "kept-shmem", MEMFD4K, KEPT },
	{ "kept-shmem-64k", MEMFD64K, KEPT },
	{ "changed-base", POPULATE4K, CHANGED, .private = true },
	{ "changed-64k", MTHP64K, CHANGED, .private = true },
	{ "changed-thp", THP, CHANGED, .private = true },
	{ "changed-shmem", MEMFD4K, CHANGED },
	{ "changed-shmem-64k", MEMFD64K, CHANGED },
	{ "changed-missing", POPULATE4K, CHANGED, MISSING, .private = true },
	{ "changed-minor", MEMFD4K, CHANGED, MINOR },
};

static struct {
	struct mock mock;
	int access;
	int uffd;
	time_t end;
	/* For the device, which is slow. */
	struct rig rig;
	struct memory mem;
	/* What maps memory of its own does so before any is away, whose place it could take. */
	pthread_barrier_t begin;
} all;

struct worker {
	pthread_t thread;
	unsigned int n;
	__u64 random;
	unsigned long rounds;
};

static bool over(void)
{
	return ktap_now_seconds() >= all.end;
}

static unsigned int index_of(const struct place *p)
{
	return p - places;
}

/* Each word says whose it is. Never 0, which is what memory begins with. */
static __u64 stamp(const struct place *p, __u64 random)
{
	return (index_of(p) + 1ULL) << 56 | (random >> 8);
}

static bool is_stamp(const struct place *p, __u64 word)
{
	return !word || word >> 56 == index_of(p) + 1;
}

/* A range of a part, in pages: one, which is pinned otherwise, a few, or any. */
static void choose(__u64 *random, size_t *first, size_t *npages)
{
	static const size_t most[] = { 1, 8, 40, PART / PAGE };
	size_t max = most[ktap_random(random) % ARRAY_SIZE(most)];

	*first = ktap_random(random) % (PART / PAGE);
	if (max > PART / PAGE - *first)
		max = PART / PAGE - *first;
	*npages = 1 + ktap_random(random) % max;
}

/* What the process writes the access reads, and the other way round. */
static void check_kept(struct worker *w, const struct place *p, unsigned char *va, __u64 iova,
		       size_t npages)
{
	size_t at = ktap_random(&w->random) % npages * PAGE + ktap_random(&w->random) % 512 * 8;
	__u64 *word = (__u64 *)(va + at), want = stamp(p, ktap_random(&w->random)), got = 0;

	EXPECT_OK(mock_check_map(all.mock.iofd, all.mock.device.hwpt, iova, va, npages * PAGE));
	__atomic_store_n(word, want, __ATOMIC_SEQ_CST);
	EXPECT_OK(mock_access_rw(all.mock.iofd, all.access, 0, iova + at, &got, sizeof(got)));
	EXPECT_EQ(want, got);
	want = stamp(p, ktap_random(&w->random));
	EXPECT_OK(mock_access_rw(all.mock.iofd, all.access, MOCK_ACCESS_RW_WRITE, iova + at, &want,
				 sizeof(want)));
	EXPECT_EQ(want, __atomic_load_n(word, __ATOMIC_SEQ_CST));
}

static void check_changed(struct worker *w, const struct place *p, __u64 iova, size_t npages)
{
	__u64 words[PAGE / 8];
	size_t i;

	iova += ktap_random(&w->random) % npages * PAGE;
	if (!EXPECT_OK(mock_access_rw(all.mock.iofd, all.access, 0, iova, words, PAGE)))
		return;
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (is_stamp(p, words[i]))
			continue;
		ktap_note("%s has the word 0x%llx", p->name, words[i]);
		ktap_fail();
		return;
	}
}

/* By its address or by its file, whichever it has. */
static int map(struct worker *w, const struct place *p, size_t offset, size_t length, __u64 *iova)
{
	if (p->mem.fd >= 0 && p->fault == NO_FAULTS && ktap_random(&w->random) % 2)
		return ioas_map_file(all.mock.iofd, all.mock.ioas, IOAS_RW, p->mem.fd, offset,
				     length, iova);
	return ioas_map(all.mock.iofd, all.mock.ioas, IOAS_RW, p->mem.va + offset, length, iova);
}

static void *map_and_check(void *arg)
{
	struct worker *w = arg;
	unsigned int turn = 0;

	while (!over() && !ktap_failures()) {
		struct place *p = &places[turn++ % ARRAY_SIZE(places)];
		size_t first, npages, offset;
		__u64 iova = 0;
		int rc;

		choose(&w->random, &first, &npages);
		offset = w->n * PART + first * PAGE;
		rc = map(w, p, offset, npages * PAGE, &iova);
		/* Not mapped, or not writable, at this moment. */
		if (rc == -EFAULT && p->kind == CHANGED) {
			__atomic_fetch_add(&p->refused, 1, __ATOMIC_RELAXED);
			continue;
		}
		if (!EXPECT_OK(rc)) {
			ktap_note("of %s", p->name);
			break;
		}
		if (p->kind == KEPT)
			check_kept(w, p, p->mem.va + offset, iova, npages);
		else
			check_changed(w, p, iova, npages);
		EXPECT_OK(ioas_unmap_at(all.mock.iofd, all.mock.ioas, iova, npages * PAGE));
		__atomic_fetch_add(&p->maps, 1, __ATOMIC_RELAXED);
		w->rounds++;
	}
	return NULL;
}

static void write_stamps(struct worker *w, const struct place *p, unsigned char *va, size_t npages)
{
	size_t i;

	for (i = 0; i < npages; i++)
		*(volatile __u64 *)(va + i * PAGE + ktap_random(&w->random) % 512 * 8) =
			stamp(p, ktap_random(&w->random));
}

/* Gone, and there again: new memory, or what the file has. */
static void map_anew(const struct place *p, unsigned char *va, size_t bytes)
{
	int flags = p->mem.fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	off_t offset = p->mem.fd < 0 ? 0 : va - p->mem.va;

	ASSERT_EQ(0, munmap(va, bytes));
	sched_yield();
	ASSERT_TRUE(mmap(va, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, p->mem.fd,
			 offset) == va);
	if (p->shape == THP)
		ASSERT_EQ(0, madvise(va, bytes, MADV_HUGEPAGE));
}

static void move_away_and_back(unsigned char *va, size_t bytes)
{
	void *other = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(other != MAP_FAILED);
	ASSERT_TRUE(mremap(va, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, other) == other);
	sched_yield();
	ASSERT_TRUE(mremap(other, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, va) == va);
}

/* What would take a userfaultfd away is not for places that have one. */
static void change(struct worker *w, struct place *p, unsigned char *va, size_t npages)
{
	size_t bytes = npages * PAGE;

	switch (ktap_random(&w->random) % (p->fault == NO_FAULTS ? 8 : 3)) {
	case 0:
		EXPECT_EQ(0, madvise(va, bytes, MADV_DONTNEED));
		break;
	case 1:
		/* Of anonymous memory alone. */
		EXPECT_EQ(p->private ? 0 : -1, madvise(va, bytes, MADV_FREE));
		break;
	case 2:
		madvise(va, bytes, MADV_PAGEOUT);
		break;
	case 3:
		map_anew(p, va, bytes);
		break;
	case 4:
		move_away_and_back(va, bytes);
		break;
	case 5:
		EXPECT_EQ(0, mprotect(va, bytes, PROT_READ));
		EXPECT_EQ(0, mprotect(va, bytes, PROT_READ | PROT_WRITE));
		break;
	case 6:
		if (p->mem.fd >= 0)
			EXPECT_EQ(0, fallocate(p->mem.fd,
					       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					       va - p->mem.va, bytes));
		break;
	case 7:
		madvise(va, bytes, MADV_COLLAPSE);
		break;
	}
	write_stamps(w, p, va, npages);
	p->changes++;
}

/* A thread for all of them: none of them is changed by two at once. */
static void *change_places(void *arg)
{
	struct worker *w = arg;
	unsigned int turn = 0;

	while (!over() && !ktap_failures()) {
		struct place *p = &places[turn++ % ARRAY_SIZE(places)];
		size_t first, npages;

		if (p->kind != CHANGED)
			continue;
		choose(&w->random, &first, &npages);
		change(w, p, p->mem.va + ktap_random(&w->random) % MAPPERS * PART + first * PAGE,
		       npages);
		w->rounds++;
	}
	return NULL;
}

static void protect(const struct place *p, const unsigned char *va, size_t bytes, bool on)
{
	struct uffdio_writeprotect arg = {
		.range = { .start = (__u64)va, .len = bytes },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	(void)p;
	/* -EAGAIN while the mappings change. */
	ioctl(all.uffd, UFFDIO_WRITEPROTECT, &arg);
}

/* What must not be seen: the kernel may look at these pages, move and merge, give and take. */
static void *disturb(void *arg)
{
	static const int advice[] = {
		MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE, MADV_MERGEABLE, MADV_UNMERGEABLE,
		MADV_SOFT_OFFLINE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_POPULATE_READ,
	};
	struct worker *w = arg;

	while (!over() && !ktap_failures()) {
		struct place *p = &places[ktap_random(&w->random) % ARRAY_SIZE(places)];
		unsigned int what = ktap_random(&w->random) % (ARRAY_SIZE(advice) + 2);
		size_t first, npages;
		unsigned char *va;

		if (p->kind != KEPT)
			continue;
		choose(&w->random, &first, &npages);
		va = p->mem.va + ktap_random(&w->random) % MAPPERS * PART + first * PAGE;
		p->changes++;
		w->rounds++;
		if (p->fault == PROTECTED) {
			protect(p, va, npages * PAGE, true);
			continue;
		}
		if (what == ARRAY_SIZE(advice)) {
			mlock(va, npages * PAGE);
		} else if (what == ARRAY_SIZE(advice) + 1) {
			munlock(va, npages * PAGE);
		} else if (advice[what] != MADV_SOFT_OFFLINE) {
			madvise(va, npages * PAGE, advice[what]);
		} else if (w->rounds % 64 == 0) {
			/* Each costs a page for good. */
			madvise(va, PAGE, MADV_SOFT_OFFLINE);
		}
	}
	return NULL;
}

/* A child has copies of what is private, and writes to them; the parent goes on meanwhile. */
static void *fork_often(void *arg)
{
	struct worker *w = arg;

	while (!over() && !ktap_failures()) {
		pid_t child = fork();

		if (!child) {
			unsigned int i;
			size_t at;

			for (i = 0; i < ARRAY_SIZE(places); i++) {
				if (!places[i].private || places[i].kind != KEPT)
					continue;
				for (at = 0; at < BYTES; at += 8 * PAGE)
					*(volatile __u64 *)(places[i].mem.va + at) = -1ULL;
			}
			_exit(0);
		}
		if (!EXPECT_LT(0, child))
			break;
		EXPECT_EQ(child, waitpid(child, NULL, 0));
		w->rounds++;
	}
	return NULL;
}

static void *compact(void *arg)
{
	struct worker *w = arg;

	while (!over() && !ktap_failures()) {
		EXPECT_OK(scene_tell("/proc/sys/vm/compact_memory", "1"));
		EXPECT_OK(scene_tell("/proc/sys/vm/drop_caches", "1"));
		usleep(50000);
		w->rounds++;
	}
	return NULL;
}

static const struct place *place_of(__u64 va)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (va - (__u64)places[i].mem.va < BYTES)
			return &places[i];
	}
	return NULL;
}

static void resolve(struct worker *w, const struct uffd_msg *msg)
{
	static __u64 words[PAGE / 8] __attribute__((aligned(PAGE)));
	__u64 va = msg->arg.pagefault.address & -PAGE;
	const struct place *p = place_of(va);
	struct uffdio_range range = { .start = va, .len = PAGE };
	struct uffdio_continue as_is = { .range = range };
	struct uffdio_copy copy = { .dst = va, .src = (__u64)words, .len = PAGE };
	int rc;

	ktap_assert(p);
	if (msg->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP) {
		protect(p, (unsigned char *)va, PAGE, false);
		return;
	}
	if (msg->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_MINOR) {
		rc = ioctl(all.uffd, UFFDIO_CONTINUE, &as_is);
	} else {
		words[0] = stamp(p, ktap_random(&w->random));
		rc = ioctl(all.uffd, UFFDIO_COPY, &copy);
	}
	/* There already, or not at this moment: the fault is taken again. */
	if (rc)
		ioctl(all.uffd, UFFDIO_WAKE, &range);
}

static bool answer_faults;

/* As long as there is anyone who may fault. */
static void *answer(void *arg)
{
	struct pollfd poll_uffd = { .fd = all.uffd, .events = POLLIN };
	struct worker *w = arg;
	struct uffd_msg msg;

	while (__atomic_load_n(&answer_faults, __ATOMIC_RELAXED)) {
		if (poll(&poll_uffd, 1, 100) != 1 ||
		    read(all.uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		if (msg.event == UFFD_EVENT_PAGEFAULT)
			resolve(w, &msg);
		w->rounds++;
	}
	return NULL;
}

/* A device that reads and writes a part that is mapped and unmapped; a transfer takes long. */
static void *use_device(void *arg)
{
	struct worker *w = arg;
	struct rig *rig = &all.rig;

	while (!over() && !ktap_failures()) {
		size_t first, npages;
		__u64 iova = GIB;

		choose(&w->random, &first, &npages);
		if (!EXPECT_OK(ioas_map_at(rig->iofd, rig->ioas, all.mem.va + first * PAGE,
					   npages * PAGE, iova)))
			break;
		first += npages - 1;
		expect_reaches(rig, &rig->edu[0], iova + (npages - 1) * PAGE,
			       all.mem.va + first * PAGE, 64);
		EXPECT_OK(ioas_unmap_at(rig->iofd, rig->ioas, iova, npages * PAGE));
		w->rounds++;
	}
	return NULL;
}

static void register_faults(const struct place *p)
{
	static const __u64 modes[] = {
		[MISSING] = UFFDIO_REGISTER_MODE_MISSING,
		[PROTECTED] = UFFDIO_REGISTER_MODE_WP,
		[MINOR] = UFFDIO_REGISTER_MODE_MINOR,
	};
	struct uffdio_register arg = {
		.range = { .start = (__u64)p->mem.va, .len = BYTES },
		.mode = modes[p->fault],
	};

	if (p->fault != NO_FAULTS)
		ASSERT_EQ(0, ioctl(all.uffd, UFFDIO_REGISTER, &arg));
}

static void open_all(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	const char *seconds = getenv("FOR");
	unsigned int i;

	mock_open(&all.mock);
	all.access = mock_access(all.mock.iofd, all.mock.ioas, 0);
	ASSERT_TRUE(all.access >= 0);
	all.uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (all.uffd < 0 || ioctl(all.uffd, UFFDIO_API, &api))
		ktap_skip("no userfaultfd");
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct place *p = &places[i];

		memory_alloc(&p->mem, p->shape, BYTES);
		memset(p->mem.va, 0, BYTES);
		register_faults(p);
	}
	memory_alloc(&all.mem, MTHP64K, PART);
	rig_open_attached(&all.rig, 1);
	/* Where there is one. */
	scene_tell("/sys/kernel/mm/ksm/sleep_millisecs", "1");
	scene_tell("/sys/kernel/mm/ksm/run", "1");
	all.end = ktap_now_seconds() + (seconds ? atoi(seconds) : 20);
	answer_faults = true;
}

static void close_all(void)
{
	unsigned int i;

	rig_close(&all.rig);
	memory_free(&all.mem);
	close(all.uffd);
	close(all.access);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		const struct place *p = &places[i];

		ktap_note("%s: mapped %lu times, refused %lu, %lu changes", p->name, p->maps,
			  p->refused, p->changes);
		EXPECT_LT(0, p->maps);
		EXPECT_LT(0, p->changes);
		memory_free(&places[i].mem);
	}
	mock_close(&all.mock);
}

static const struct {
	const char *what;
	void *(*run)(void *worker);
} jobs[] = {
	{ "map and check", map_and_check },
	{ "map and check", map_and_check },
	{ "change", change_places },
	{ "disturb", disturb },
	{ "fork", fork_often },
	{ "compact", compact },
	{ "a device", use_device },
};

static void *begin(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&all.begin);
	return jobs[w->n].run(w);
}

static void run_everything(const void *arg)
{
	struct worker workers[ARRAY_SIZE(jobs)], answerer;
	__u64 random = ktap_seed();
	size_t i;

	(void)arg;
	open_all();
	answerer = (struct worker){ .random = ktap_random(&random) };
	ASSERT_EQ(0, pthread_create(&answerer.thread, NULL, answer, &answerer));
	pthread_barrier_init(&all.begin, NULL, ARRAY_SIZE(jobs));
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		workers[i] = (struct worker){ .n = i, .random = ktap_random(&random) };
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL, begin, &workers[i]));
	}
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		pthread_join(workers[i].thread, NULL);
		ktap_note("%s: %lu rounds", jobs[i].what, workers[i].rounds);
		EXPECT_LT(0, workers[i].rounds);
	}
	__atomic_store_n(&answer_faults, false, __ATOMIC_RELAXED);
	pthread_join(answerer.thread, NULL);
	ktap_note("faults answered: %lu", answerer.rounds);
	close_all();
}

static const struct ktap_case cases[] = {
	{ "everything", run_everything, NULL },
	{}
};

const struct ktap_suite race_memory = { "memory", cases };
