/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which branches a CPU would have guessed wrong, of which there is a simple model: gshare for those
 * that are taken or not, the last target for those that lead to where a register or memory says.
 * Returns are always guessed.
 */
#ifndef PROFILE_BRANCHES_H
#define PROFILE_BRANCHES_H

#include <stdbool.h>
#include <stdint.h>

/**
 * branches_taken() - a conditional branch was executed
 * @address: identifies it
 * @taken: whether it was
 *
 * Return: whether it was guessed.
 */
bool branches_taken(uint64_t address, bool taken);

/**
 * branches_led() - a branch to a place that is not in the instruction was executed
 * @address: identifies it
 * @target: where it led to
 *
 * Return: whether it was guessed.
 */
bool branches_led(uint64_t address, uint64_t target);

#endif
