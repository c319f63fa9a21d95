// SPDX-License-Identifier: GPL-2.0-only
/* Threads that map and unmap disjoint ranges of one IOAS, while devices come and go. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "iofd.h"
#include "memory.h"
#include "race.h"
#include "rig.h"
#include "util.h"

#define IOVA GIB
#define THREADS 4
#define ROUNDS 400
#define PART (2 * MIB)
#define LEN 64

struct worker {
	pthread_t thread;
	struct rig *rig;
	const struct memory *mem;
	unsigned int n;
	int done;		/* rounds */
};

struct race {
	enum shape shape;
	bool attaching;
};

static bool stop;

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

/*
 * Maps sub-ranges of its own part, of random length and place, in its own 64 MiB of IOVA space;
 * some are copied.
 */
static void *map_and_unmap(void *arg)
{
	struct worker *w = arg;
	__u64 random = ktap_seed() + w->n, base = IOVA + w->n * 64 * MIB, other;
	unsigned char *va = w->mem->va + w->n * PART;
	struct rig *rig = w->rig;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		size_t first = ktap_random(&random) % (PART / PAGE);
		size_t bytes = (1 + ktap_random(&random) % (PART / PAGE - first)) * PAGE;
		__u64 iova = base + first * PAGE, length = bytes;

		if (!EXPECT_OK(ioas_map_at(rig->iofd, rig->ioas, va + first * PAGE, bytes, iova)))
			break;
		EXPECT_ERR(-EEXIST,
			   ioas_map_at(rig->iofd, rig->ioas, va, PAGE, iova + bytes - PAGE));
		if (i % 4 == 0) {
			other = base + 32 * MIB;
			EXPECT_OK(ioas_copy(rig->iofd, IOAS_FIXED_RW, rig->ioas, rig->ioas, bytes,
					    &other, iova));
		}
		EXPECT_OK(ioas_unmap(rig->iofd, rig->ioas, iova, &length));
		EXPECT_EQ(bytes, length);
		if (i % 4 == 0)
			EXPECT_OK(ioas_unmap_at(rig->iofd, rig->ioas, other, bytes));
		w->done++;
	}
	return NULL;
}

/* A device that leaves and comes back, each second time to a domain of its own. */
static void *attach_and_detach(void *arg)
{
	struct worker *w = arg;
	struct rig *rig = w->rig;
	struct edu *edu = &rig->edu[w->n];
	__u32 pt, hwpt;

	do {
		bool own = w->done % 2;

		pt = rig->ioas;
		if (own && EXPECT_OK(hwpt_alloc(rig->iofd, 0, edu->devid, rig->ioas, &hwpt)))
			pt = hwpt;
		if (!EXPECT_OK(edu_attach(edu, &pt)))
			break;
		EXPECT_OK(edu_detach(edu));
		if (own)
			EXPECT_OK(iofd_destroy(rig->iofd, hwpt));
		w->done++;
	} while (!stopped());
	return NULL;
}

static void expect_sane_afterwards(struct rig *rig, const struct memory *mem)
{
	expect_no_reach(rig, &rig->edu[0], IOVA, mem->va, LEN);
	ASSERT_OK(ioas_map_at(rig->iofd, rig->ioas, mem->va, mem->bytes, IOVA));
	expect_reaches(rig, &rig->edu[0], IOVA, mem->va, LEN);
	expect_reaches(rig, &rig->edu[0], IOVA + mem->bytes - LEN, mem->va + mem->bytes - LEN, LEN);
	EXPECT_OK(ioas_unmap_at(rig->iofd, rig->ioas, IOVA, mem->bytes));
}

/* The first device stays attached; with the second one coming and going, or without. */
static void run_threads(const void *arg)
{
	const struct race *c = arg;
	struct worker mappers[THREADS], attacher;
	struct memory mem;
	struct rig rig;
	unsigned int i;
	__u32 pt;

	memory_alloc(&mem, c->shape, THREADS * PART);
	rig_open(&rig, 2);
	pt = rig.ioas;
	ASSERT_OK(edu_attach(&rig.edu[0], &pt));
	rig_map_bounce(&rig, rig.ioas);

	attacher = (struct worker){ .rig = &rig, .n = 1 };
	if (c->attaching)
		ASSERT_EQ(0, pthread_create(&attacher.thread, NULL, attach_and_detach, &attacher));
	for (i = 0; i < THREADS; i++) {
		mappers[i] = (struct worker){ .rig = &rig, .mem = &mem, .n = i };
		ASSERT_EQ(0, pthread_create(&mappers[i].thread, NULL, map_and_unmap, &mappers[i]));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(mappers[i].thread, NULL);
		EXPECT_EQ(ROUNDS, mappers[i].done);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	if (c->attaching) {
		pthread_join(attacher.thread, NULL);
		EXPECT_LT(0, attacher.done);
	}
	expect_sane_afterwards(&rig, &mem);
	rig_close(&rig);
	memory_free(&mem);
}

/* Both devices come and go, so that the IOAS is at times without any domain. */
static void run_no_domain(const void *arg)
{
	struct worker mappers[THREADS], attachers[2];
	struct memory mem;
	struct rig rig;
	unsigned int i;

	memory_alloc(&mem, *(const enum shape *)arg, THREADS * PART);
	rig_open(&rig, 2);
	for (i = 0; i < 2; i++) {
		attachers[i] = (struct worker){ .rig = &rig, .n = i };
		ASSERT_EQ(0, pthread_create(&attachers[i].thread, NULL, attach_and_detach,
					    &attachers[i]));
	}
	for (i = 0; i < THREADS; i++) {
		mappers[i] = (struct worker){ .rig = &rig, .mem = &mem, .n = i };
		ASSERT_EQ(0, pthread_create(&mappers[i].thread, NULL, map_and_unmap, &mappers[i]));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(mappers[i].thread, NULL);
		EXPECT_EQ(ROUNDS, mappers[i].done);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++) {
		pthread_join(attachers[i].thread, NULL);
		EXPECT_LT(0, attachers[i].done);
	}
	rig_attach(&rig);
	expect_sane_afterwards(&rig, &mem);
	rig_close(&rig);
	memory_free(&mem);
}

/* Several iommufds and IOAS at once, opened and closed with everything in them. */
static void *open_and_close(void *arg)
{
	struct worker *w = arg;
	int i;

	for (i = 0; i < ROUNDS / 4; i++) {
		int iofd = iofd_open();
		__u32 ioas;

		if (!EXPECT_TRUE(iofd >= 0))
			break;
		EXPECT_OK(ioas_alloc(iofd, &ioas));
		EXPECT_OK(ioas_map_at(iofd, ioas, w->mem->va + w->n * PART, PART, IOVA));
		if (i % 2)
			EXPECT_OK(iofd_destroy(iofd, ioas));
		close(iofd);
		w->done++;
	}
	return NULL;
}

static void run_open_and_close(const void *arg)
{
	struct worker w[THREADS];
	struct memory mem;
	unsigned int i;

	(void)arg;
	memory_alloc(&mem, POPULATE4K, THREADS * PART);
	for (i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .mem = &mem, .n = i };
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, open_and_close, &w[i]));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(ROUNDS / 4, w[i].done);
	}
	memory_free(&mem);
}

#define RACE(_name, _shape, _attaching) \
	{ _name, run_threads, &(const struct race){ _shape, _attaching } }

static const struct ktap_case cases[] = {
	RACE("disjoint-populate4k", POPULATE4K, false),
	RACE("disjoint-thp", THP, false),
	RACE("attaching-populate4k", POPULATE4K, true),
	RACE("attaching-thp", THP, true),
	{ "no-domain-populate4k", run_no_domain, &(const enum shape){ POPULATE4K } },
	{ "no-domain-thp", run_no_domain, &(const enum shape){ THP } },
	{ "open-and-close", run_open_and_close, NULL },
	{}
};

const struct ktap_suite race_threads = { "threads", cases };
