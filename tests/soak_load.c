// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once: an IOAS with millions of mappings, thousands of iommufds with a hundred
 * thousand objects, an IOAS with dozens of domains; and threads that change all of that for
 * minutes.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "mock.h"
#include "soak.h"

/* Of the mappings, those that are made by a call each; the rest are copies. */
#define PART_MAPPED 10

/* Neighbours that are copied in one call meanwhile. */
#define COPIED 32

/* The shared IOAS: what the mock IOMMU can reach. */
#define SHARED_BYTES (64 * MIB)
#define SHARED_LENGTH (256 * KIB)

struct load {
	int iofd;
	__u32 large;		/* IOAS with many mappings; no domain */
	__u32 shared;		/* IOAS with many domains */
	struct mock_device *devices;
	__u32 *hwpts;		/* of the devices, one each */
	struct memory mem;
	struct crowd crowd;
	time_t end;
};

struct worker {
	pthread_t thread;
	struct load *load;
	__u64 random;
	unsigned long rounds;
};

/* One page of the memory, the same for all: what is mapped is not what costs. */
static __u64 iova_of(unsigned long i)
{
	return (i + 1) * PAGE;
}

static int map_one(struct load *l, unsigned long i)
{
	return ioas_map_at(l->iofd, l->large, l->mem.va + i % 512 * PAGE, PAGE, iova_of(i));
}

/*
 * Some by a call each, and copies of these as many in a call as the longest chain is to be, until
 * there are enough.
 */
static void fill_large(struct load *l)
{
	unsigned long mapped = soak.mappings / PART_MAPPED, i, n;

	holds_begin();
	for (i = 0; i < mapped; i++)
		ASSERT_OK(map_one(l, i));
	holds_end("a map call for each mapping");
	for (i = mapped; i < soak.mappings; i += n) {
		__u64 iova = iova_of(i);

		n = soak.mappings - i;
		n = n < soak.many ? n : soak.many;
		n = n < mapped ? n : mapped;
		ASSERT_OK(ioas_copy(l->iofd, IOAS_FIXED_RW, l->large, l->large, n * PAGE, &iova,
				    iova_of(0)));
	}
	holds_end("copies of many mappings in a call");
}

/* A HWPT for each of the devices, all of one IOAS. */
static void attach_devices(struct load *l)
{
	unsigned int i;

	l->devices = calloc(soak.devices, sizeof(*l->devices));
	l->hwpts = calloc(soak.devices, sizeof(*l->hwpts));
	ktap_assert(l->devices && l->hwpts);
	holds_begin();
	for (i = 0; i < soak.devices; i++) {
		ASSERT_OK(mock_device(l->iofd, l->shared, 0, &l->devices[i]));
		ASSERT_OK(hwpt_alloc(l->iofd, 0, l->devices[i].dev, l->shared, &l->hwpts[i]));
		ASSERT_OK(mock_replace(l->iofd, l->devices[i].stdev, l->hwpts[i]));
	}
	holds_end("devices attached");
}

static void open_crowd(struct load *l)
{
	l->crowd = (struct crowd){
		.iofds = soak.iofds,
		.devices = soak.devices < soak.iofds ? soak.devices : soak.iofds,
		.each = (soak.objects + soak.iofds - 1) / soak.iofds,
	};
	holds_begin();
	crowd_open(&l->crowd);
	holds_end("iommufds opened, objects made");
}

/* In the midst of millions: what is there goes and comes back, and copies come and go. */
static void *change_large(void *arg)
{
	struct worker *w = arg;
	struct load *l = w->load;

	while (ktap_now_seconds() < l->end) {
		unsigned long i = ktap_random(&w->random) % (soak.mappings - COPIED);
		__u64 copy = 0, anywhere = 0;

		if (!EXPECT_OK(ioas_unmap_at(l->iofd, l->large, iova_of(i), PAGE)))
			break;
		EXPECT_OK(map_one(l, i));
		EXPECT_OK(ioas_copy(l->iofd, IOAS_RW, l->large, l->large, COPIED * PAGE, &copy,
				    iova_of(i)));
		EXPECT_OK(ioas_map(l->iofd, l->large, IOAS_RW, l->mem.va, 2 * MIB, &anywhere));
		EXPECT_OK(ioas_unmap_at(l->iofd, l->large, copy, COPIED * PAGE));
		EXPECT_OK(ioas_unmap_at(l->iofd, l->large, anywhere, 2 * MIB));
		w->rounds++;
	}
	return NULL;
}

/* In all domains, of which one comes and goes. */
static void *change_shared(void *arg)
{
	struct worker *w = arg;
	struct load *l = w->load;
	__u64 iova;

	while (ktap_now_seconds() < l->end) {
		size_t pages = 1 + ktap_random(&w->random) % (SHARED_LENGTH / PAGE);
		unsigned int i = ktap_random(&w->random) % soak.devices;

		iova = MOCK_IOVA + ktap_random(&w->random) % (SHARED_BYTES / SHARED_LENGTH) *
				   SHARED_LENGTH;
		if (!EXPECT_OK(ioas_map_at(l->iofd, l->shared, l->mem.va, pages * PAGE, iova)))
			break;
		EXPECT_OK(mock_check_map(l->iofd, l->hwpts[i], iova, l->mem.va, pages * PAGE));
		if (w->rounds % 16 == 0) {
			EXPECT_OK(mock_replace(l->iofd, l->devices[i].stdev, l->shared));
			EXPECT_OK(mock_replace(l->iofd, l->devices[i].stdev, l->hwpts[i]));
		}
		EXPECT_OK(ioas_unmap_at(l->iofd, l->shared, iova, pages * PAGE));
		w->rounds++;
	}
	return NULL;
}

static void *change_objects(void *arg)
{
	struct worker *w = arg;
	struct load *l = w->load;

	while (ktap_now_seconds() < l->end) {
		unsigned int i = ktap_random(&w->random) % l->crowd.iofds;

		if (w->rounds % 16 == 0)
			crowd_renew(&l->crowd, i);
		if (!crowd_exchange(&l->crowd, i))
			break;
		w->rounds++;
	}
	return NULL;
}

static const struct {
	const char *what;
	void *(*change)(void *worker);
} changes[] = {
	{ "mappings", change_large },
	{ "objects", change_objects },
	{ "domains", change_shared },
};

static void run_load_threads(struct load *l)
{
	/* Where there is no mock IOMMU, there can be all but the last one: DEVICES=0. */
	size_t n = soak.devices ? ARRAY_SIZE(changes) : ARRAY_SIZE(changes) - 1, i;
	struct worker workers[ARRAY_SIZE(changes)];
	__u64 random = ktap_seed();

	l->end = ktap_now_seconds() + soak.seconds;
	holds_begin();
	for (i = 0; i < n; i++) {
		workers[i] = (struct worker){ .load = l, .random = ktap_random(&random) };
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL, changes[i].change,
					    &workers[i]));
	}
	for (i = 0; i < n; i++) {
		pthread_join(workers[i].thread, NULL);
		ktap_note("%s were changed in %lu rounds", changes[i].what, workers[i].rounds);
		EXPECT_LT(0, workers[i].rounds);
	}
	holds_end("threads that change all of it");
}

static void close_all(struct load *l)
{
	unsigned int i;

	holds_begin();
	crowd_close(&l->crowd);
	holds_end("iommufds closed");
	for (i = 0; i < soak.devices; i++) {
		EXPECT_OK(iofd_destroy(l->iofd, l->devices[i].stdev));
		EXPECT_OK(iofd_destroy(l->iofd, l->hwpts[i]));
	}
	holds_end("devices detached");
	EXPECT_EQ(soak.mappings * PAGE, ioas_unmap_all(l->iofd, l->large));
	holds_end("all unmapped in one call");
	close(l->iofd);
	holds_end("the rest closed");
}

static void run_all(const void *arg)
{
	struct load l = {};
	struct left most;

	(void)arg;
	memory_alloc(&l.mem, THP, 2 * MIB);
	l.iofd = iofd_open();
	ASSERT_TRUE(l.iofd >= 0);
	ASSERT_OK(ioas_alloc(l.iofd, &l.large));
	ASSERT_OK(ioas_alloc(l.iofd, &l.shared));
	fill_large(&l);
	attach_devices(&l);
	open_crowd(&l);
	most = left_take();
	left_print("with all of it", &most);
	run_load_threads(&l);
	close_all(&l);
	free(l.devices);
	free(l.hwpts);
	memory_free(&l.mem);
}

static const struct ktap_case cases[] = {
	{ "all", run_all, NULL },
	{}
};

const struct ktap_suite soak_load = { "load", cases };
