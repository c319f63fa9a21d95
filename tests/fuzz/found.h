/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FOUND_H
#define FOUND_H

/* What shows that something is wrong: printed, left as text and as C, and reduced. */

#include "prog.h"

/* Where text and C are left: a directory, or NULL. */
extern const char *found_dir;

FILE *found_open(const char *name);

/* A program as lines of diagnostics. */
void found_print(const struct prog *prog);

/*
 * One of several programs has shown something: which, and how little of it? It was among the last
 * of one that ran; the first that shows it again is reduced. In the calling process, which may die
 * of it. leaks: pins are left, which only shows when it has run.
 */
void found(const struct prog *progs, unsigned int nr, const char *why, bool leaks);

/* As text and as C, without a look at what it does. */
void found_leave(const struct prog *prog, const char *why);

/*
 * A program that kills the kernel: the shortest that does. Whatever comes back is none; one that
 * does not, whoever boots the kernel again finds in the state.
 */
void found_deadly(const struct prog *prog);

#endif
