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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iofd.h"
#include "memory.h"
#include "mock.h"
#include "pins.h"
#include "race.h"
#include "race_places.h"
#include "rig.h"
#include "scene.h"
#include "swap.h"

#define SWAP_BYTES (64 * MIB)

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
	struct changes changes;
	/* Pages, by the kernel's own counts: at most, and at the beginning. */
	long long merged;
	long long swapped_out;
	long long swapped_in;
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

/* What the process writes the access reads, and the other way round. */
static void check_kept(struct worker *w, const struct place *p, unsigned char *va, __u64 iova,
		       size_t npages)
{
	size_t at = ktap_random(&w->random) % npages * PAGE + ktap_random(&w->random) % 512 * 8;
	__u64 *word = (__u64 *)(va + at), want = place_stamp(p, ktap_random(&w->random)), got = 0;

	EXPECT_OK(mock_check_map(all.mock.iofd, all.mock.device.hwpt, iova, va, npages * PAGE));
	__atomic_store_n(word, want, __ATOMIC_SEQ_CST);
	EXPECT_OK(mock_access_rw(all.mock.iofd, all.access, 0, iova + at, &got, sizeof(got)));
	EXPECT_EQ(want, got);
	want = place_stamp(p, ktap_random(&w->random));
	EXPECT_OK(mock_access_rw(all.mock.iofd, all.access, MOCK_ACCESS_RW_WRITE, iova + at, &want,
				 sizeof(want)));
	EXPECT_EQ(want, __atomic_load_n(word, __ATOMIC_SEQ_CST));
	if (p->alike)
		__atomic_store_n(word, 0, __ATOMIC_SEQ_CST);
}

static void check_changed(struct worker *w, const struct place *p, __u64 iova, size_t npages)
{
	__u64 words[PAGE / 8];
	size_t i;

	iova += ktap_random(&w->random) % npages * PAGE;
	if (!EXPECT_OK(mock_access_rw(all.mock.iofd, all.access, 0, iova, words, PAGE)))
		return;
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (place_is_stamp(p, words[i]))
			continue;
		ktap_note("%s has the word 0x%llx", p->name, words[i]);
		ktap_fail();
		return;
	}
}

/* By its address or by its file, whichever it has. */
static int map(struct worker *w, const struct place *p, size_t offset, size_t length, __u64 *iova)
{
	if (p->mem.fd >= 0 && !p->copied && p->fault == NO_FAULTS && ktap_random(&w->random) % 2)
		return ioas_map_file(all.mock.iofd, all.mock.ioas, IOAS_RW, p->mem.fd, offset,
				     length, iova);
	return ioas_map(all.mock.iofd, all.mock.ioas, IOAS_RW, p->mem.va + offset, length, iova);
}

static void *map_and_check(void *arg)
{
	struct worker *w = arg;
	unsigned int turn = 0;

	while (!over() && !ktap_failures()) {
		struct place *p = &places[turn++ % NPLACES];
		size_t first, npages, offset;
		__u64 iova = 0;
		int rc;

		place_choose(&w->random, &first, &npages);
		offset = w->n * PART + first * PAGE;
		rc = map(w, p, offset, npages * PAGE, &iova);
		/* Not mapped, or not writable, or bad, at this moment. */
		if ((rc == -EFAULT || rc == -EHWPOISON) && p->kind == CHANGED) {
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

/* A thread for all of them: none of them is changed by two at once. */
static void *change_places(void *arg)
{
	struct worker *w = arg;
	unsigned int turn = 0;

	while (!over() && !ktap_failures()) {
		struct place *p = &places[turn++ % NPLACES];
		size_t first, npages;

		if (p->kind != CHANGED)
			continue;
		place_choose(&w->random, &first, &npages);
		place_change(&all.changes, p, p->mem.va + ktap_random(&w->random) % MAPPERS * PART +
			     first * PAGE, npages, &w->random);
		w->rounds++;
	}
	return NULL;
}

/* The kernel may look at these pages, move and merge, give and take. */
static void *disturb(void *arg)
{
	struct worker *w = arg;

	while (!over() && !ktap_failures()) {
		struct place *p = &places[ktap_random(&w->random) % NPLACES];
		size_t first, npages;

		if (p->kind != KEPT)
			continue;
		place_choose(&w->random, &first, &npages);
		place_disturb(&all.changes, p, p->mem.va +
			      ktap_random(&w->random) % MAPPERS * PART + first * PAGE, npages,
			      &w->random);
		w->rounds++;
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

			for (i = 0; i < NPLACES; i++) {
				if (!places[i].private || places[i].kind != KEPT)
					continue;
				for (at = 0; at < PLACE_BYTES; at += 8 * PAGE)
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

/* What is asked of the kernel as a whole. */
static void *wish(void *arg)
{
	struct worker *w = arg;
	long long merged;

	while (!over() && !ktap_failures()) {
		EXPECT_OK(scene_tell("/proc/sys/vm/compact_memory", "1"));
		EXPECT_OK(scene_tell("/proc/sys/vm/drop_caches", "1"));
		/* It takes what comes from then on, and has what it took. */
		scene_tell("/sys/module/zswap/parameters/enabled", w->rounds % 2 ? "Y" : "N");
		merged = scene_number("/sys/kernel/mm/ksm/pages_sharing");
		if (merged > all.merged)
			all.merged = merged;
		usleep(50000);
		w->rounds++;
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
		place_protect(all.uffd, (unsigned char *)va, PAGE, false);
		return;
	}
	if (msg->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_MINOR) {
		rc = ioctl(all.uffd, UFFDIO_CONTINUE, &as_is);
	} else {
		words[0] = place_stamp(p, ktap_random(&w->random));
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

		place_choose(&w->random, &first, &npages);
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

static void open_all(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	const char *seconds = getenv("FOR");

	mock_open(&all.mock);
	all.access = mock_access(all.mock.iofd, all.mock.ioas, 0);
	ASSERT_TRUE(all.access >= 0);
	all.uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (all.uffd < 0 || ioctl(all.uffd, UFFDIO_API, &api))
		ktap_skip("no userfaultfd");
	swap_on(SWAP_BYTES, true);
	all.swapped_out = pins_vmstat("pswpout") + pins_vmstat("zswpout");
	all.swapped_in = pins_vmstat("pswpin") + pins_vmstat("zswpin");
	places_open(all.uffd);
	changes_open(&all.changes, all.uffd);
	memory_alloc(&all.mem, MTHP64K, PART);
	rig_open_attached(&all.rig, 1);
	EXPECT_OK(scene_tell("/proc/sys/kernel/numa_balancing", "1"));
	EXPECT_OK(scene_tell("/sys/kernel/mm/ksm/sleep_millisecs", "1"));
	EXPECT_OK(scene_tell("/sys/kernel/mm/ksm/smart_scan", "0"));
	EXPECT_OK(scene_tell("/sys/kernel/mm/ksm/run", "1"));
	all.end = ktap_now_seconds() + (seconds ? atoi(seconds) : 20);
	answer_faults = true;
}

static void close_all(void)
{
	EXPECT_OK(scene_tell("/sys/kernel/mm/ksm/run", "0"));
	ktap_note("merged: %lld pages at most; swapped out: %lld, in: %lld", all.merged,
		  pins_vmstat("pswpout") + pins_vmstat("zswpout") - all.swapped_out,
		  pins_vmstat("pswpin") + pins_vmstat("zswpin") - all.swapped_in);
	EXPECT_LT(0, all.merged);
	rig_close(&all.rig);
	memory_free(&all.mem);
	changes_close(&all.changes);
	close(all.uffd);
	close(all.access);
	places_close();
	swap_off();
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
	{ "wishes", wish },
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
