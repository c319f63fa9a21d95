// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program that is printed as C needs beside the calls where calls stand still. Here it is
 * compiled so that it stays right: the fuzzer itself has hold.c, which needs more.
 */
#ifndef WORLD_H
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"
#endif

struct held {
	pthread_t thread;
	int fd;
	unsigned int nth, fail;
	const char *name;
	long (*call)(const __u64 *a);
	__u64 arg[MAX_ARGS];
	struct world world;
};

void fail_nth(unsigned int nth)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (dprintf(fd, "%u", nth) < 0)
		perror("fail-nth");
	close(fd);
}

static void *held_work(void *arg)
{
	struct held *held = arg;
	long ret;

	w = &held->world;
	dprintf(held->fd, "%u", held->nth);
	if (held->fail)
		fail_nth(held->fail);
	ret = held->call(held->arg);
	if (held->fail)
		fail_nth(0);
	printf("%s: %ld, 0x%llx\n", held->name, ret, w->out);
	dprintf(held->fd, "0");
	return NULL;
}

/* Returns when it stands at the nth point that it passes, is over, or waits. */
struct held *held_start(unsigned int nth, unsigned int fail, unsigned int twist, const char *name,
			long (*call)(const __u64 *a), const __u64 *arg, size_t bytes)
{
	struct held *held = calloc(1, sizeof(*held));
	char text[64] = "over";

	held->fd = open("/sys/kernel/debug/iommufd_hold", O_RDWR | O_CLOEXEC);
	held->nth = nth;
	held->fail = fail;
	held->name = name;
	held->call = call;
	memcpy(held->arg, arg, bytes);
	held->world = *w;
	held->world.twist = twist;
	held->world.data = calloc(1, RW_MAX_BYTES);
	pthread_create(&held->thread, NULL, held_work, held);
	usleep(100000);
	if (read(held->fd, text, sizeof(text) - 1) < 0)
		perror("iommufd_hold");
	printf("%s: %s\n", name, text);
	return held;
}

/* It goes on, to its end. What needs what it has in the meantime waits until it does by itself. */
void held_end(struct held *held)
{
	dprintf(held->fd, "go");
	pthread_join(held->thread, NULL);
	close(held->fd);
}
