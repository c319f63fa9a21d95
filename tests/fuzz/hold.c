// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../util.h"
#include "hold.h"
#include "kcov.h"
#include "run.h"

#define NR_WORKERS	4
/* More points than a call passes: it does not stop. */
#define NOWHERE_NTH	1000000000U

/*
 * A thread that makes a call. What it stands still in has a world of its own, as far as calls use
 * it to say what they answer.
 */
struct worker {
	pthread_t thread;
	int fd;				/* of the kernel, about this thread */
	sem_t start, armed;
	struct world own, *world;
	struct call call;
	long (*make)(const struct call *call);
	long ret;
	unsigned int nth;
	unsigned int order;		/* 0: it does nothing */
	unsigned int left;		/* calls until it goes on; 0: it was let go */
	bool stood, waited;
};

static struct worker workers[NR_WORKERS];
static unsigned int order, nr_stood, new_ways;
static bool together, any_waited;
static void (*at_death)(void) = abort;

/*
 * All on one CPU: they take turns, and what each of them comes to then does not depend on how fast
 * the others are.
 */
static void stay(bool on_one)
{
	static int cpu = -1;
	cpu_set_t cpus;

	if (cpu < 0)
		cpu = sched_getcpu();
	memset(&cpus, on_one ? 0 : 0xff, sizeof(cpus));
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		perror("sched_setaffinity");
}

/* --- in the threads ------------------------------------------------------------------------ */

static void arm(struct worker *worker, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (write(worker->fd, text, len) != len)
		perror("iommufd_hold");
}

static void *work(void *arg)
{
	struct worker *worker = arg;

	stay(true);
	run_init_thread();
	kcov_open();
	for (;;) {
		sem_wait(&worker->start);
		w = worker->world;
		arm(worker, worker->nth);
		sem_post(&worker->armed);
		kcov_start();
		worker->ret = worker->make(&worker->call);
		__atomic_add_fetch(&new_ways, kcov_stop(), __ATOMIC_RELAXED);
		arm(worker, 0);
	}
	return NULL;
}

/* --- in the one that leads them ------------------------------------------------------------ */

static bool open_workers(void)
{
	static enum { UNKNOWN, NONE, SOME } state;
	unsigned int i;

	for (i = 0; state == UNKNOWN && i < NR_WORKERS; i++) {
		struct worker *worker = &workers[i];

		worker->fd = open("/sys/kernel/debug/iommufd_hold", O_RDWR | O_CLOEXEC);
		if (worker->fd < 0) {
			state = NONE;
			break;
		}
		worker->own.data = mmap(NULL, RW_MAX_BYTES, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		sem_init(&worker->start, 0, 0);
		sem_init(&worker->armed, 0, 0);
		if (worker->own.data == MAP_FAILED ||
		    pthread_create(&worker->thread, NULL, work, worker))
			exit(2);
	}
	if (state == UNKNOWN)
		state = SOME;
	return state == SOME;
}

enum { OVER, STANDS, WAITS };

/* What a thread comes to: its end, its point, or to wait for another. */
static int settle(struct worker *worker)
{
	char text[64] = "";

	if (read(worker->fd, text, sizeof(text) - 1) <= 0) {
		at_death();
		abort();
	}
	if (run_verbose)
		printf("#       %s: %s\n", ops[worker->call.op].name, text);
	if (!strcmp(text, "over")) {
		worker->order = 0;
		worker->left = 0;
		return OVER;
	}
	worker->waited = strncmp(text, "at ", 3);
	if (worker->waited) {
		any_waited = true;
		return WAITS;
	}
	nr_stood += !worker->stood;
	worker->stood = true;
	return STANDS;
}

static void let_go(struct worker *worker)
{
	worker->left = 0;
	if (write(worker->fd, "go", 2) != 2)
		perror("iommufd_hold");
}

/* The one that has been there longest, of those that stand or of all; NULL: none. */
static struct worker *oldest(bool standing, const struct worker *but)
{
	struct worker *found = NULL;
	unsigned int i;

	for (i = 0; i < NR_WORKERS; i++) {
		struct worker *worker = &workers[i];

		if (!worker->order || worker == but || (standing && !worker->left))
			continue;
		if (!found || worker->order < found->order)
			found = worker;
	}
	return found;
}

/* To its end, whatever has to go on for that. */
static void finish(struct worker *worker)
{
	struct worker *other;

	while (settle(worker) != OVER) {
		if (worker->left) {
			let_go(worker);
			continue;
		}
		other = oldest(true, worker);
		if (other)
			let_go(other);
	}
}

static struct worker *idle_worker(void)
{
	unsigned int i;

	for (i = 0; i < NR_WORKERS; i++) {
		if (!workers[i].order)
			return &workers[i];
	}
	finish(oldest(false, NULL));
	return idle_worker();
}

static void start(struct worker *worker, const struct call *call, unsigned int nth,
		  long (*make)(const struct call *call))
{
	unsigned char *data = worker->own.data;

	worker->world = w;
	if (call->hold) {
		worker->own = *w;
		worker->own.data = data;
		worker->world = &worker->own;
	}
	worker->call = *call;
	worker->make = make;
	worker->nth = nth;
	worker->stood = false;
	worker->waited = false;
	worker->order = ++order;
	worker->left = call->hold ? call->span : 0;
	sem_post(&worker->start);
	sem_wait(&worker->armed);
}

/* A call has been made, or stands still itself: some have stood long enough. */
static void count_down(const struct worker *but)
{
	unsigned int i, gone = 0;

	for (i = 0; i < NR_WORKERS; i++) {
		struct worker *worker = &workers[i];

		if (worker == but || !worker->left || --worker->left)
			continue;
		let_go(worker);
		gone++;
	}
	/* Who was let go comes to its end; and what waited for these to its point. */
	for (i = 0; i < NR_WORKERS; i++) {
		struct worker *worker = &workers[i];

		if (worker != but && worker->order && (!worker->left || (gone && worker->waited)))
			settle(worker);
	}
}

void hold_at_death(void (*fn)(void))
{
	at_death = fn;
}

bool hold_any(void)
{
	return oldest(false, NULL);
}

bool hold_call(const struct call *call, long (*make)(const struct call *call), long *ret)
{
	struct worker *worker;

	if (!open_workers())
		return false;
	if (!together)
		stay(true);
	together = true;
	worker = idle_worker();
	*ret = 0;
	start(worker, call, call->hold ?: NOWHERE_NTH, make);
	if (call->hold) {
		if (settle(worker) == OVER)
			*ret = worker->ret;
	} else {
		finish(worker);
		*ret = worker->ret;
	}
	count_down(worker);
	return true;
}

unsigned int hold_end(bool *waited)
{
	unsigned int nr;

	while (hold_any())
		finish(oldest(false, NULL));
	if (together)
		stay(false);
	together = false;
	nr = nr_stood;
	nr_stood = 0;
	*waited = any_waited;
	any_waited = false;
	return nr;
}

unsigned int hold_new_ways(void)
{
	return __atomic_exchange_n(&new_ways, 0, __ATOMIC_RELAXED);
}
