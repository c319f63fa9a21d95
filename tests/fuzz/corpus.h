/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CORPUS_H
#define CORPUS_H

/* The programs that new ones are made from: what is committed, and what showed something new. */

#include "prog.h"

/* Before all else, and before a fork. */
void corpus_setup(void);

/* Reads a file of programs, with an empty line between them. Returns how many, or -errno. */
int corpus_load(const char *path);

void corpus_add(const struct prog *prog);
unsigned int corpus_count(void);

/* The nth that there is, as a copy. */
void corpus_get(unsigned int n, struct prog *prog);

/* A new program: of nothing, or of one or two of these. */
void corpus_next(struct prog *prog, __u64 *random);

/* Writes those from the nth on. Returns 0 or -errno. */
int corpus_save(const char *path, unsigned int from);

#endif
