// SPDX-License-Identifier: GPL-2.0-only
#include "touched.h"

#include <stddef.h>
#include <stdlib.h>

/* So many lines share an entry: a bit each. */
#define GROUP 64
#define FIRST_ROOM 4096

/**
 * struct group - lines side by side
 * @number: which; with 1 added, for 0 is an entry that is free
 * @round: when @lines was written; of an earlier one nothing counts
 * @lines: those that were touched
 */
struct group {
	uint64_t number;
	uint64_t round;
	uint64_t lines;
};

/* A hash table, never more than half full, whose groups stay: rounds are alike. */
static struct group *groups;
static size_t room, used;
static uint64_t this_round;

static struct group *place(struct group *table, size_t size, uint64_t number)
{
	size_t at = number * 0x9e3779b97f4a7c15ull >> 32;

	for (at &= size - 1; table[at].number && table[at].number != number;)
		at = (at + 1) & (size - 1);
	return &table[at];
}

static void grow(void)
{
	size_t size = room ? 2 * room : FIRST_ROOM, i;
	struct group *table = calloc(size, sizeof(*table));

	if (!table)
		abort();
	for (i = 0; i < room; i++)
		if (groups[i].number)
			*place(table, size, groups[i].number) = groups[i];
	free(groups);
	groups = table;
	room = size;
}

void touched_forget(void)
{
	this_round++;
}

bool touched_first(uint64_t line)
{
	uint64_t number = line / GROUP + 1, bit = 1ull << line % GROUP;
	struct group *group;

	if (2 * used >= room)
		grow();
	group = place(groups, room, number);
	if (!group->number) {
		group->number = number;
		used++;
	}
	if (group->round != this_round) {
		group->round = this_round;
		group->lines = 0;
	}
	if (group->lines & bit)
		return false;
	group->lines |= bit;
	return true;
}
