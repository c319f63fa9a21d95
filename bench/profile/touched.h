/* SPDX-License-Identifier: GPL-2.0-only */
/* Which cache lines were touched in a round, each counted once. */
#ifndef PROFILE_TOUCHED_H
#define PROFILE_TOUCHED_H

#include <stdbool.h>
#include <stdint.h>

/* A new round: nothing was touched. */
void touched_forget(void);

/**
 * touched_first() - a line is touched
 * @line: its address, in lines
 *
 * Return: whether it is for the first time in this round.
 */
bool touched_first(uint64_t line);

#endif
