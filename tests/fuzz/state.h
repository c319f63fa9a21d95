/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STATE_H
#define STATE_H

/*
 * What all processes of a run share, and what is left when one of them is killed, or the guest's
 * kernel dies: which programs ran.
 */

#include <stdbool.h>

#include "run.h"

#define MAX_SEATS	8

/* Programs between two looks at the kernel's balance, at the most. */
#define BATCH		128

/* Who runs programs: a process of the exact mode, or a thread of a storm. */
struct seat {
	struct prog now;		/* or the last one */
	struct prog recent[BATCH];	/* and those before it */
	unsigned int nr_recent;
	unsigned long programs;
	bool resting;
	bool found;			/* the model did, or a report came after it */
	struct outcome outcome;
	struct answer answer[MAX_CALLS];	/* of a storm, where it may not repeat */
	char why[256];
};

struct state {
	__u64 magic;
	unsigned int nr_seats;
	bool rest;			/* nobody is to run a program */
	bool stop;			/* somebody has found something, or the time is over */
	struct seat seat[MAX_SEATS];
};

extern struct state *state;

/* Memory that the processes that are forked later share. Never fails: it exits. */
void *shared_alloc(size_t bytes);

/*
 * The state: in a file that is large enough, such as the memory of a device (path), or for this
 * run alone (NULL). Returns false with errno when that can not be.
 */
bool state_open(const char *path);

/* Of those that the calling process forks later: they would be slow to make. */
void state_keep_from_children(void);

/* What one that died has left in path. Returns false with errno where there is none. */
bool state_read(const char *path);

unsigned long state_programs(void);

/* A program is about to run in a seat, and has. */
void seat_enter(struct seat *seat, const struct prog *prog);
void seat_leave(struct seat *seat);

#endif
