/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an access to memory leads to in the caches and TLBs of a CPU, of which there is a model: how
 * large they are is in a file (zen4.model). What it leaves out is in docs/method.md.
 */
#ifndef PROFILE_MODEL_H
#define PROFILE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_LINE_BYTES 64

/**
 * model_read() - have the CPU that a file describes
 * @path: the file
 * @why: set to what is wrong with it
 *
 * Return: whether that is the CPU now.
 */
bool model_read(const char *path, const char **why);

/* What an access missed; the bits are those of enum what. */
typedef uint32_t model_misses;

/**
 * model_touch() - the CPU accesses a line
 * @vaddr: an address in it
 * @line: its physical address, in lines
 *
 * Return: a bit for each of STREAMED, L1_MISSES, L2_MISSES, LLC_MISSES, TLB_MISSES and WALKS.
 */
model_misses model_touch(uint64_t vaddr, uint64_t line);

#endif
