/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RACE_PLACES_H
#define RACE_PLACES_H

/* The memory that everything is done to at once, in places that each are of one kind. */

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "memory.h"
#include "util.h"

/* Of a place, and of what one thread has of it. */
#define PART (2 * MIB)
#define MAPPERS 2
#define PLACE_BYTES (MAPPERS * PART)
#define NPLACES 20

enum kind {
	KEPT,		/* what is done to it is not to be seen */
	CHANGED,	/* it is taken away and comes back */
};

enum fault {
	NO_FAULTS,
	MISSING,	/* the process gives the pages */
	PROTECTED,	/* it allows the writes */
	MINOR,		/* it maps what the file has */
};

struct place {
	const char *name;
	enum shape shape;
	enum kind kind;
	enum fault fault;
	bool private;		/* of this process alone: a child has copies */
	bool copied;		/* a private mapping of the file */
	bool alike;		/* all of its pages, nearly always */
	struct memory mem;
	unsigned long maps;
	unsigned long refused;
	unsigned long changes;
};

extern struct place places[NPLACES];

void places_open(int uffd);

/* Says what was done to each, and expects that something was. */
void places_close(void);

/* Whose memory it is, or NULL. */
const struct place *place_of(__u64 va);

/* A range of a part, in pages: one, which is pinned otherwise, a few, or any. */
void place_choose(__u64 *random, size_t *first, size_t *npages);

/* Each word says whose it is. Never 0, which is what memory begins with. */
__u64 place_stamp(const struct place *p, __u64 random);
bool place_is_stamp(const struct place *p, __u64 word);

/* Memory that is given and taken by userfaultfd is not in one of the places just now. */
struct aside {
	int uffd;
	unsigned char *va;	/* PART bytes */
};

/* What is done to all of them; the numbers say how often it came to something. */
struct changes {
	struct aside aside;
	unsigned long moved_aside;
	unsigned long moved_back;
	unsigned long bad_asked;
	unsigned long made_bad;
	unsigned long soft_asked;
	unsigned long soft;
	unsigned long sent;
};

void changes_open(struct changes *changes, int uffd);
void changes_close(struct changes *changes);

/* Takes away what is at va, of a place that is CHANGED, and gives it back. One thread alone. */
void place_change(struct changes *changes, struct place *p, unsigned char *va, size_t npages,
		  __u64 *random);

/* What must not be seen, of a place that is KEPT. One thread alone. */
void place_disturb(struct changes *changes, struct place *p, unsigned char *va, size_t npages,
		   __u64 *random);

/* Forbids or allows writes, where userfaultfd is asked about them. */
void place_protect(int uffd, const unsigned char *va, size_t bytes, bool on);

#endif
