// SPDX-License-Identifier: GPL-2.0-only
/* Signals that come while something is unmapped that a driver uses. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "memory.h"
#include "mock.h"

#define BYTES (4 * MIB)
#define ROUNDS 60

struct reader {
	pthread_t thread;
	int iofd;
	int access;
	bool stop;
	long long nr;		/* how often it has read all of it */
};

static void *read_all(void *arg)
{
	unsigned char *data = malloc(BYTES);
	struct reader *r = arg;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED))
		r->nr += !mock_access_rw(r->iofd, r->access, 0, MOCK_IOVA, data, BYTES);
	free(data);
	return NULL;
}

static void ignore(int sig)
{
	(void)sig;
}

/* For the calling thread alone, and no system call is restarted. */
static void start(struct reader *r)
{
	const struct itimerval every_ms = { { 0, 1000 }, { 0, 1000 } };
	const struct sigaction action = { .sa_handler = ignore };
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	ASSERT_EQ(0, pthread_create(&r->thread, NULL, read_all, r));
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every_ms, NULL);
}

static void stop(struct reader *r)
{
	const struct itimerval never = {};

	setitimer(ITIMER_REAL, &never, NULL);
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	pthread_join(r->thread, NULL);
}

/* A program that has a timer can unmap what a driver is just reading. */
static void run_timer(const void *arg)
{
	struct reader r = {};
	struct memory mem;
	struct mock m;
	__u32 ioas;
	int i;

	(void)arg;
	mock_open(&m);
	memory_alloc(&mem, POPULATE4K, BYTES);
	ASSERT_OK(ioas_alloc(m.iofd, &ioas));
	r.iofd = m.iofd;
	r.access = mock_access(m.iofd, ioas, 0);
	ASSERT_TRUE(r.access >= 0);
	start(&r);
	for (i = 0; i < ROUNDS; i++) {
		if (!EXPECT_OK(ioas_map_at(m.iofd, ioas, mem.va, BYTES, MOCK_IOVA)))
			break;
		usleep(2000);
		if (!EXPECT_OK(ioas_unmap_at(m.iofd, ioas, MOCK_IOVA, BYTES)))
			break;
	}
	stop(&r);
	EXPECT_LT(0, r.nr);
	close(r.access);
	mock_close(&m);
	memory_free(&mem);
}

static const struct ktap_case cases[] = {
	{ "timer", run_timer, NULL },
	{}
};

const struct ktap_suite mock_signal = { "mock-signal", cases };
