/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shape: memory that is laid out in a certain way, and the proof that it is.
 *
 * There is one at a time, for its layout depends on what the ones before it did to the free memory:
 * they are made in the order of shape_kinds, each once in the life of the program.
 */
#ifndef E2E_SHAPE_H
#define E2E_SHAPE_H

#include <stddef.h>
#include <stdbool.h>

#define KIB 1024ul
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* Of the guest; with others than of 4 KiB it has shapes of its own. Figures are of 4 KiB always. */
#ifndef PAGE_BYTES
#define PAGE_BYTES 4096ul
#endif
#define FIGURE_BYTES (4 * KIB)
/* What a huge page has: as much as a table of base pages. */
#define HUGE_BYTES ((size_t)PAGE_BYTES * PAGE_BYTES / 8)

/* Base pages as the kernel hands them out. */
#if PAGE_BYTES == 4096
#define SHAPE_BASE "populate4k"
#else
#define SHAPE_BASE "populate64k"
#endif

/* Which operations memory is made for. */
enum shape_use {
	SHAPE_RANGES,	/* most of them, in all sizes up to its own */
	SHAPE_LARGE,	/* map and unmap of all of it, to see how cost grows */
	SHAPE_FRESH,	/* faulting it in; it is not touched when it is made */
	SHAPE_LIVE,	/* mapping single pages of it very often */
	SHAPE_WHOLE,	/* the same as for SHAPE_FRESH, by more than one CPU */
	SHAPE_CROWD,	/* the same, by many at the same time */
	SHAPE_SPAN,	/* the same, by many */
};

/**
 * struct shape_kind - how memory is laid out
 * @name: as in the names of benchmarks
 * @use: what for; those of one use have different names
 * @bytes: how much of it
 * @leaf_bytes: what the CPU page table maps it by, or the folios are of that it maps by base pages
 * @memfd: it is a file
 * @by_file: it is mapped through its file and not through its address
 * @huge: explicit huge pages of @leaf_bytes
 * @make: touch it, so that it is laid out as the name says; 0 or -errno
 * @min_runs: fewer runs mean that something is wrong
 * @max_runs: more do
 */
struct shape_kind {
	const char *name;
	enum shape_use use;
	size_t bytes;
	size_t leaf_bytes;
	bool memfd;
	bool by_file;
	bool huge;
	int (*make)(char *va, size_t bytes);
	size_t min_runs;
	size_t max_runs;
};

/* In the order in which they are to be made; ends with one that has no name. */
extern const struct shape_kind shape_kinds[];

/**
 * struct shape - memory of some kind
 * @kind: which
 * @va: its address, a multiple of 1 GiB
 * @fd: its file, or -1
 * @start: where it begins in its file
 */
struct shape {
	const struct shape_kind *kind;
	char *va;
	int fd;
	size_t start;
};

/**
 * shape_find() - find a kind of memory
 * @name: its name
 * @use: what it is for
 *
 * Return: the kind, or NULL if there is none.
 */
const struct shape_kind *shape_find(const char *name, enum shape_use use);

/**
 * shape_get() - have memory of a kind
 * @kind: what kind; the memory of another kind is freed first
 * @error: set to what went wrong
 *
 * Return: the shape, touched and its layout checked; NULL if that cannot be had.
 */
const struct shape *shape_get(const struct shape_kind *kind, const char **error);

/**
 * shape_runs() - in how many runs of physically contiguous pages memory lies just now
 * @shape: which memory
 * @bytes: how much of it, from its beginning
 *
 * Return: the number of runs, or -errno.
 */
long shape_runs(const struct shape *shape, size_t bytes);

/* Touch base pages, as the kernel hands them out one after another. 0 or -errno. */
int shape_make_base(char *va, size_t bytes);

/* Gives all of the memory back, so that it has to be faulted in again. 0 or -errno. */
int shape_discard(const struct shape *shape);

#endif
