// SPDX-License-Identifier: GPL-2.0-only
#include "branches.h"

#define COUNTERS (1 << 14)
#define TARGETS (1 << 12)
/* Of the last branches, so many decide where a counter is. */
#define HISTORY_MASK 0xfff
#define MOST 3

/* From 0, surely not taken, to MOST, surely taken. */
static unsigned char counters[COUNTERS];
static uint64_t targets[TARGETS];
static unsigned int history;

bool branches_taken(uint64_t address, bool taken)
{
	unsigned char *counter = &counters[(address ^ history) % COUNTERS];
	bool guess = *counter > MOST / 2;

	if (taken && *counter < MOST)
		(*counter)++;
	else if (!taken && *counter)
		(*counter)--;
	history = (history << 1 | taken) & HISTORY_MASK;
	return guess == taken;
}

bool branches_led(uint64_t address, uint64_t target)
{
	uint64_t *last = &targets[address % TARGETS];
	bool guessed = *last == target;

	*last = target;
	return guessed;
}
