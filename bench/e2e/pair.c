// SPDX-License-Identifier: GPL-2.0-only
#include "pair.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>

#include "../shim/bench.h"

/*
 * What the second thread is to do. It is woken by @wake, says with @up that it runs, and waits for
 * @go without sleeping, so that both begin at once.
 */
static struct {
	pair_fn fn;
	void *ctx;
	int rc;
	sem_t wake;
	bool up, go, through;
} second;

/* Which CPUs the first thread may use by itself, and those that it might before. */
static cpu_set_t its_own, all;

static void set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

static void relax(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	asm volatile("yield");
#endif
}

static void await(const bool *flag)
{
	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
		relax();
}

static void *work(void *unused)
{
	(void)unused;
	for (;;) {
		while (sem_wait(&second.wake))
			;
		set(&second.up);
		await(&second.go);
		second.rc = second.fn(second.ctx, 1);
		set(&second.through);
	}
	return NULL;
}

/* The nth of the CPUs that this process may use, in a set of its own. */
static int nth_cpu(unsigned int nth, cpu_set_t *one)
{
	int cpu;

	if (CPU_COUNT(&all) <= (int)nth)
		return -ENODEV;
	for (cpu = 0; !CPU_ISSET(cpu, &all) || nth--; cpu++)
		;
	CPU_ZERO(one);
	CPU_SET(cpu, one);
	return 0;
}

int pair_start(void)
{
	cpu_set_t second_cpu;
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	if (sched_getaffinity(0, sizeof(all), &all))
		return -errno;
	rc = nth_cpu(0, &its_own);
	if (!rc)
		rc = nth_cpu(1, &second_cpu);
	if (!rc)
		rc = pair_bind(true);
	if (rc)
		return rc;
	if (sem_init(&second.wake, 0, 0))
		return -errno;
	pthread_attr_init(&attr);
	rc = pthread_attr_setaffinity_np(&attr, sizeof(second_cpu), &second_cpu);
	if (!rc)
		rc = pthread_create(&thread, &attr, work, NULL);
	pthread_attr_destroy(&attr);
	return -rc;
}

int pair_bind(bool bound)
{
	return sched_setaffinity(0, sizeof(all), bound ? &its_own : &all) ? -errno : 0;
}

int pair_run(pair_fn fn, void *ctx, enum pair_who who, __u64 *ns)
{
	__u64 start;
	int rc = 0;

	if (who & PAIR_SECOND) {
		second.fn = fn;
		second.ctx = ctx;
		second.up = false;
		second.go = false;
		second.through = false;
		sem_post(&second.wake);
		await(&second.up);
	}
	start = bench_now();
	if (who & PAIR_SECOND)
		set(&second.go);
	if (who & PAIR_FIRST)
		rc = fn(ctx, 0);
	if (who & PAIR_SECOND) {
		await(&second.through);
		rc = rc ? rc : second.rc;
	}
	*ns = bench_now() - start;
	return rc;
}
