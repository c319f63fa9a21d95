// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device's BAR that is mapped for another is taken back again and again, while something is done
 * with it. Whatever comes first: nothing of it is reached once it is taken back.
 */
#include <errno.h>
#include <pthread.h>

#include "peers.h"
#include "race.h"

#define ROUNDS 200
#define ELSEWHERE (PEERS_IOVA + PEERS_STEP)

static bool stop;

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

/* Turns the exporter's memory off and on, for as long as the other thread works. */
static void *turn_off_and_on(void *arg)
{
	struct peers *p = arg;

	do {
		if (!EXPECT_OK(edu_enable(p->exporter, false)) ||
		    !EXPECT_OK(edu_enable(p->exporter, true)))
			break;
	} while (!stopped());
	return NULL;
}

/* Closes and opens it. */
static void *close_and_open(void *arg)
{
	struct peers *p = arg;

	do {
		edu_close(p->exporter);
		if (!EXPECT_OK(edu_open(p->exporter, 1)) ||
		    !EXPECT_OK(edu_bind(p->exporter, p->rig.iofd)))
			break;
	} while (!stopped());
	return NULL;
}

static bool do_map(struct peers *p)
{
	int ret = peers_map(p, ELSEWHERE);

	if (ret == -ENODEV)
		return true;
	return EXPECT_OK(ret) &&
	       EXPECT_OK(ioas_unmap_at(p->rig.iofd, p->rig.ioas, ELSEWHERE, PEERS_BYTES));
}

static bool do_copy(struct peers *p)
{
	return EXPECT_OK(peers_copy(p, ELSEWHERE, PEERS_IOVA)) &&
	       EXPECT_OK(ioas_unmap_at(p->rig.iofd, p->rig.ioas, ELSEWHERE, PEERS_BYTES));
}

static bool do_attach(struct peers *p)
{
	return EXPECT_OK(edu_detach(p->importer)) &&
	       EXPECT_OK(edu_attach(p->importer, &(__u32){ p->rig.ioas }));
}

static bool do_domain(struct peers *p)
{
	__u32 own;

	return EXPECT_OK(hwpt_alloc(p->rig.iofd, 0, p->importer->devid, p->rig.ioas, &own)) &&
	       EXPECT_OK(iofd_destroy(p->rig.iofd, own));
}

struct against {
	void *(*revoke)(void *arg);
	bool (*act)(struct peers *p);
};

static void run_against(const void *arg)
{
	const struct against *against = arg;
	pthread_t revoker;
	struct peers p;

	peers_open(&p);
	ASSERT_OK(peers_map(&p, PEERS_IOVA));
	peers_expect_bar(&p, PEERS_IOVA);
	ASSERT_EQ(0, pthread_create(&revoker, NULL, against->revoke, &p));
	for (int round = 0; round < ROUNDS && against->act(&p); round++)
		;
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(revoker, NULL);
	ASSERT_EQ(0, ktap_failures());

	/* It was revoked at least once, for good. */
	peers_expect_no_bar(&p, PEERS_IOVA);
	EXPECT_OK(peers_copy(&p, ELSEWHERE, PEERS_IOVA));
	peers_expect_no_bar(&p, ELSEWHERE);
	peers_close(&p, 2 * PEERS_BYTES);
}

#define AGAINST(name, revoke, act) \
	{ name, run_against, &(const struct against){ revoke, act } }

static const struct ktap_case cases[] = {
	AGAINST("memory-off-map", turn_off_and_on, do_map),
	AGAINST("memory-off-copy", turn_off_and_on, do_copy),
	AGAINST("memory-off-attach", turn_off_and_on, do_attach),
	AGAINST("memory-off-domain", turn_off_and_on, do_domain),
	AGAINST("closed-map", close_and_open, do_map),
	AGAINST("closed-copy", close_and_open, do_copy),
	AGAINST("closed-attach", close_and_open, do_attach),
	AGAINST("closed-domain", close_and_open, do_domain),
	{}
};

const struct ktap_suite race_dmabufs = { "race-dmabuf", cases };
