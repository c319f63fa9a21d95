// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that do a batch at the same time. See threads.h.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "../shim/bench.h"
#include "kernel.h"
#include "portable.h"
#include "suite.h"
#include "threads.h"

__thread unsigned int thread_nr;

/**
 * struct worker - a thread that is not the first
 * @micro: what it does
 * @nr: which thread it is
 * @thread: of the system
 * @start: when it began its last batch
 * @end: when it was through
 */
struct worker {
	struct micro *micro;
	unsigned int nr;
	pthread_t thread;
	u64 start;
	u64 end;
};

static struct worker worker[THREADS_MAX];
static struct worker background;
static cpu_set_t allowed;

/* Threads sleep until there is a @batch to do, and begin it when all are up. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static unsigned int batch;
static unsigned long batch_ops;
static bool stop;
static unsigned int nr_up, nr_through;

/* Each on a CPU of its own, as far as there are any. */
static void stay_on_cpu(unsigned int nr)
{
	unsigned int skip = nr % CPU_COUNT(&allowed);
	cpu_set_t one;
	int cpu = 0;

	while (!CPU_ISSET(cpu, &allowed) || skip--)
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* For a moment; with more threads than CPUs the others need this one. */
static void await(const unsigned int *count, unsigned int value)
{
	/* Grace periods need not wait for who waits. */
	rcu_thread_offline();
	for (unsigned int i = 1; __atomic_load_n(count, __ATOMIC_ACQUIRE) < value; i++) {
		if (i % 4096 == 0)
			sched_yield();
		else
			__builtin_ia32_pause();
	}
	rcu_thread_online();
}

static void do_batch(struct worker *me)
{
	__atomic_fetch_add(&nr_up, 1, __ATOMIC_ACQ_REL);
	await(&nr_up, me->micro->nr_threads);
	me->start = bench_now();
	me->micro->run(me->micro, me->nr, batch_ops);
	me->end = bench_now();
	__atomic_fetch_add(&nr_through, 1, __ATOMIC_ACQ_REL);
}

static void *work(void *data)
{
	struct worker *me = data;
	unsigned int done = 0;

	kernel_enter();
	thread_nr = me->nr;
	stay_on_cpu(me->nr);
	for (;;) {
		bool over;

		rcu_thread_offline();
		pthread_mutex_lock(&lock);
		while (batch == done && !stop)
			pthread_cond_wait(&wake, &lock);
		over = stop;
		done = batch;
		pthread_mutex_unlock(&lock);
		rcu_thread_online();
		if (over)
			break;
		do_batch(me);
	}
	kernel_leave();
	return NULL;
}

static void *work_in_background(void *data)
{
	struct worker *me = data;

	kernel_enter();
	thread_nr = me->nr;
	stay_on_cpu(me->nr);
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		me->micro->background(me->micro);
		rcu_quiescent_state();
	}
	kernel_leave();
	return NULL;
}

static void start_worker(struct worker *who, struct micro *micro,
			 unsigned int nr, void *(*fn)(void *data))
{
	who->micro = micro;
	who->nr = nr;
	if (pthread_create(&who->thread, NULL, fn, who))
		errx(1, "no more threads");
}

/** threads_start() - make all threads that @micro needs, but the first */
void threads_start(struct micro *micro)
{
	sched_getaffinity(0, sizeof(allowed), &allowed);
	batch = 0;
	stop = false;
	worker[0].micro = micro;
	worker[0].nr = 0;
	if (micro->nr_threads > 1 || micro->background)
		stay_on_cpu(0);
	for (unsigned int nr = 1; nr < micro->nr_threads; nr++)
		start_worker(&worker[nr], micro, nr, work);
	if (micro->background)
		start_worker(&background, micro, micro->nr_threads,
			     work_in_background);
}

/**
 * threads_run() - do a batch
 * @micro: what to do
 * @ops: how many operations for each thread
 *
 * Return: the time from when the first began to when the last was through.
 */
u64 threads_run(struct micro *micro, unsigned long ops)
{
	u64 start, end;

	pthread_mutex_lock(&lock);
	nr_up = 0;
	nr_through = 0;
	batch_ops = ops;
	batch++;
	pthread_cond_broadcast(&wake);
	pthread_mutex_unlock(&lock);

	do_batch(&worker[0]);
	await(&nr_through, micro->nr_threads);
	start = worker[0].start;
	end = worker[0].end;
	for (unsigned int nr = 1; nr < micro->nr_threads; nr++) {
		if (worker[nr].start < start)
			start = worker[nr].start;
		if (worker[nr].end > end)
			end = worker[nr].end;
	}
	return end - start;
}

/** threads_end() - the end of threads_start() */
void threads_end(struct micro *micro)
{
	pthread_mutex_lock(&lock);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_cond_broadcast(&wake);
	pthread_mutex_unlock(&lock);
	rcu_thread_offline();
	for (unsigned int nr = 1; nr < micro->nr_threads; nr++)
		pthread_join(worker[nr].thread, NULL);
	if (micro->background)
		pthread_join(background.thread, NULL);
	rcu_thread_online();
	sched_setaffinity(0, sizeof(allowed), &allowed);
}
