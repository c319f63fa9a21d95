/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROG_H
#define PROG_H

/*
 * A program: calls with arguments, one a line. What is kept in the corpus, what is made and
 * changed (make.c), what is run (run.c) and cut (reduce.c).
 *
 *	map 0 0 0x7 0x1000 0x2000 0x1000000
 *	!3 copy 0 1 0 0x6 0x1000000 0x1000 0x0
 *
 * "!N" before a call: in it the Nth thing that can fail does. "~N": the structure that it gives
 * to the kernel is wrong in way N of call.c. "@N+M": it stands still at the Nth race point that it
 * passes until M more calls are over (hold.h); without "+M" until one is.
 */

#include <stdbool.h>
#include <stdio.h>

#include "world.h"

#define MAX_CALLS	128

/* What an argument is, so that sensible values can be chosen for it. */
enum arg {
	ARG_NONE,
	ARG_FD,
	ARG_SLOT,
	ARG_IOAS,
	ARG_HWPT,
	ARG_PT,		/* an IOAS or a HWPT */
	ARG_PARENT,	/* or a vIOMMU */
	ARG_OBJECT,
	ARG_KIND,
	ARG_MAP_FLAGS,
	ARG_DEVICE_FLAGS,
	ARG_HWPT_FLAGS,
	ARG_MEM,	/* bytes into the memory */
	ARG_FILE,	/* bytes into the file */
	ARG_BYTES,
	ARG_IOVA,
	ARG_PAGE_BYTES,	/* of a page of an IO page table */
	ARG_PAGE,	/* of the memory */
	ARG_PAGES,
	ARG_FILE_PAGE,
	ARG_BOOL,
	ARG_SMALL,	/* less than 8 */
	ARG_BYTE,
	ARG_WORD,	/* anything */
	NR_ARGS,
};

struct op {
	const char *name;
	long (*call)(const __u64 *a);
	unsigned char weight;	/* how often it is chosen */
	unsigned char nr_args;
	enum arg arg[MAX_ARGS];
};

extern const struct op ops[];
extern const unsigned int nr_ops;

struct call {
	unsigned char op;
	unsigned char twist;
	unsigned char hold, span;
	unsigned short fail;
	__u64 arg[MAX_ARGS];
};

struct prog {
	unsigned int nr;
	struct call call[MAX_CALLS];
};

void prog_print(FILE *to, const struct prog *prog);

/* One program, to an empty line or the end. Returns false at the end, or what is no program. */
bool prog_parse(FILE *from, struct prog *prog);

/* The calls, as text (text.S). */
extern const char calls_text[], calls_text_end[];

/* As a program in C that needs nothing else. */
void prog_print_c(FILE *to, const struct prog *prog, const char *why);

/* Can it fail, or stand still? Not what a program does with its own memory. */
bool prog_is_ioctl(const struct call *call);

void prog_cut(struct prog *prog, unsigned int first, unsigned int nr);

/* make.c */
void prog_make(struct prog *prog, __u64 *random);
void prog_change(struct prog *prog, const struct prog *other, __u64 *random);

#endif
