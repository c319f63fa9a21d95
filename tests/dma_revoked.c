// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device's BAR that is mapped for another is taken back again and again, while something is done
 * with it. Whatever comes first: nothing of it is reached once it is taken back.
 *
 * Who takes it back has a real-time priority and wakes up at random: so the other thread is
 * stopped anywhere, in the kernel too, on a guest with one CPU. It has to be one. Turning a
 * device's memory off changes the map of the machine's; before version 8.2 QEMU's CPUs look things
 * up in the new map by what they remember of the old one, and what was meant for a CPU's timer goes
 * to the IOMMU.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "dma.h"
#include "mock.h"
#include "peers.h"

#define ROUNDS 200
/* About as long as what is done meanwhile. */
#define PAUSE_NS 400000
#define ELSEWHERE (PEERS_IOVA + PEERS_STEP)

/* What is done meanwhile, and what there is only for that. */
struct race {
	struct peers p;
	int access;
	struct mock_device device;
	__u32 ioas;
	__u32 hwpt;
};

static bool stop;

/* Whether to go on; after a pause. */
static bool again(void)
{
	static __u64 state;
	struct timespec pause = {};

	if (!state)
		state = ktap_seed();
	pause.tv_nsec = ktap_random(&state) % PAUSE_NS;
	nanosleep(&pause, NULL);
	return !__atomic_load_n(&stop, __ATOMIC_RELAXED);
}

/* So that this thread runs as soon as it wakes up. */
static void go_first(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	EXPECT_EQ(0, pthread_setschedparam(pthread_self(), SCHED_FIFO, &first));
}

/* Turns the exporter's memory off and on, for as long as the other thread works. */
static void *turn_off_and_on(void *arg)
{
	struct peers *p = &((struct race *)arg)->p;

	go_first();
	do {
		if (!EXPECT_OK(edu_enable(p->exporter, false)) ||
		    !EXPECT_OK(edu_enable(p->exporter, true)))
			break;
	} while (again());
	return NULL;
}

/* Closes and opens it. */
static void *close_and_open(void *arg)
{
	struct peers *p = &((struct race *)arg)->p;

	go_first();
	do {
		edu_close(p->exporter);
		if (!EXPECT_OK(edu_open(p->exporter, 1)) ||
		    !EXPECT_OK(edu_bind(p->exporter, p->rig.iofd)))
			break;
	} while (again());
	return NULL;
}

static bool do_map(struct race *race)
{
	struct peers *p = &race->p;
	int ret = peers_map(p, ELSEWHERE);

	if (ret == -ENODEV)
		return true;
	return EXPECT_OK(ret) &&
	       EXPECT_OK(ioas_unmap_at(p->rig.iofd, p->rig.ioas, ELSEWHERE, PEERS_BYTES));
}

static bool do_copy(struct race *race)
{
	struct peers *p = &race->p;

	return EXPECT_OK(peers_copy(p, ELSEWHERE, PEERS_IOVA)) &&
	       EXPECT_OK(ioas_unmap_at(p->rig.iofd, p->rig.ioas, ELSEWHERE, PEERS_BYTES));
}

static bool do_attach(struct race *race)
{
	struct peers *p = &race->p;

	return EXPECT_OK(edu_detach(p->importer)) &&
	       EXPECT_OK(edu_attach(p->importer, &(__u32){ p->rig.ioas }));
}

static bool do_domain(struct race *race)
{
	struct peers *p = &race->p;
	__u32 own;

	return EXPECT_OK(hwpt_alloc(p->rig.iofd, 0, p->importer->devid, p->rig.ioas, &own)) &&
	       EXPECT_OK(iofd_destroy(p->rig.iofd, own));
}

/* A driver's access, which is refused whether it is revoked or not. */
static void open_access(struct race *race)
{
	race->access = mock_access(race->p.rig.iofd, race->p.rig.ioas,
				   MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES);
	ktap_assert(EXPECT_TRUE(race->access >= 0));
}

static bool do_access(struct race *race)
{
	unsigned char bytes[PAGE] = {};
	int iofd = race->p.rig.iofd;
	__u32 pin;

	return EXPECT_ERR(-EINVAL, mock_access_rw(iofd, race->access, MOCK_ACCESS_RW_WRITE,
						  PEERS_IOVA, bytes, PAGE)) &&
	       EXPECT_ERR(-EINVAL, mock_access_pin(iofd, race->access, 0, PEERS_IOVA, PAGE, bytes,
						   &pin));
}

static void close_access(struct race *race)
{
	close(race->access);
}

/* A domain whose dirty pages are read, in an IOAS of its own. */
static void open_dirty(struct race *race)
{
	int iofd = race->p.rig.iofd;

	if (rig_peer_is("iommufd"))
		ktap_skip("known difference: in-tree, the mock IOMMU maps no dma-buf");
	ASSERT_OK(ioas_alloc(iofd, &race->ioas));
	ASSERT_OK(peers_map_in(&race->p, race->ioas, IOAS_FIXED_RW, MOCK_IOVA));
	ASSERT_OK(mock_device(iofd, race->ioas, 0, &race->device));
	ASSERT_OK(hwpt_alloc(iofd, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, race->device.dev, race->ioas,
			     &race->hwpt));
	ASSERT_OK(hwpt_track_dirty(iofd, race->hwpt, true));
}

static bool do_dirty(struct race *race)
{
	static __u8 bits[PEERS_BYTES / PAGE / 8];

	return EXPECT_OK(hwpt_read_dirty(race->p.rig.iofd, race->hwpt, 0, MOCK_IOVA, PEERS_BYTES,
					 PAGE, bits));
}

static void close_dirty(struct race *race)
{
	static __u8 bits[PEERS_BYTES / PAGE / 8], none[sizeof(bits)];
	int iofd = race->p.rig.iofd;

	/* There is nothing any more that could have become dirty. */
	EXPECT_OK(hwpt_read_dirty(iofd, race->hwpt, 0, MOCK_IOVA, PEERS_BYTES, PAGE, bits));
	EXPECT_BYTES(none, bits, sizeof(bits));
	EXPECT_OK(iofd_destroy(iofd, race->hwpt));
	EXPECT_OK(iofd_destroy(iofd, race->device.stdev));
	EXPECT_EQ(PEERS_BYTES, ioas_unmap_all(iofd, race->ioas));
	EXPECT_OK(iofd_destroy(iofd, race->ioas));
}

/* The other two may be NULL. */
struct against {
	void *(*revoke)(void *arg);
	bool (*act)(struct race *race);
	void (*begin)(struct race *race);
	void (*end)(struct race *race);
};

static void run_against(const void *arg)
{
	const struct against *against = arg;
	struct race race = {};
	struct peers *p = &race.p;
	pthread_t revoker;

	if (against->begin) {
		struct mock m;

		/* The case is skipped without one. */
		mock_open(&m);
		mock_close(&m);
	}
	peers_open(p);
	ASSERT_OK(peers_map(p, PEERS_IOVA));
	peers_expect_bar(p, PEERS_IOVA);
	if (against->begin)
		against->begin(&race);
	ASSERT_EQ(0, pthread_create(&revoker, NULL, against->revoke, &race));
	for (int round = 0; round < ROUNDS && against->act(&race); round++)
		;
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(revoker, NULL);
	ASSERT_EQ(0, ktap_failures());
	if (against->end)
		against->end(&race);

	/* It was revoked at least once, for good. */
	peers_expect_no_bar(p, PEERS_IOVA);
	EXPECT_OK(peers_copy(p, ELSEWHERE, PEERS_IOVA));
	peers_expect_no_bar(p, ELSEWHERE);
	peers_close(p, 2 * PEERS_BYTES);
}

#define AGAINST(name, ...) \
	{ name, run_against, &(const struct against){ __VA_ARGS__ } }

static const struct ktap_case cases[] = {
	AGAINST("memory-off-map", turn_off_and_on, do_map),
	AGAINST("memory-off-copy", turn_off_and_on, do_copy),
	AGAINST("memory-off-attach", turn_off_and_on, do_attach),
	AGAINST("memory-off-domain", turn_off_and_on, do_domain),
	AGAINST("memory-off-access", turn_off_and_on, do_access, open_access, close_access),
	AGAINST("memory-off-dirty", turn_off_and_on, do_dirty, open_dirty, close_dirty),
	AGAINST("closed-map", close_and_open, do_map),
	AGAINST("closed-copy", close_and_open, do_copy),
	AGAINST("closed-attach", close_and_open, do_attach),
	AGAINST("closed-domain", close_and_open, do_domain),
	AGAINST("closed-access", close_and_open, do_access, open_access, close_access),
	AGAINST("closed-dirty", close_and_open, do_dirty, open_dirty, close_dirty),
	{}
};

const struct ktap_suite dma_revoked = { "revoked", cases };
