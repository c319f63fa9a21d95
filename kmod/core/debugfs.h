/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file for each open iommufd, /sys/kernel/debug/iommufd/PID-NUMBER: what is in it,
 * for people to look at. PID is of who opened it, NUMBER that of the tracepoints.
 *
 * Who reads it hinders nobody: a line is made in steps that are bounded, whatever
 * userspace has mapped, and between two of them nothing is held. So a line may be of
 * what has been, and what comes and goes meanwhile may be missing.
 *
 * A view is what the file and its readers share. It outlives the iommufd where a
 * reader has the file open; the iommufd is there for as long as @lock is held and
 * @ictx is set.
 */
#ifndef IOMMUFD_DEBUGFS_H
#define IOMMUFD_DEBUGFS_H

#include <linux/iommufd.h>
#include <linux/types.h>

#include "pin_counts.h"

struct debugfs_view;
struct iommufd_ctx;
struct iommufd_object;

#define DEBUGFS_LINE_LEN	320

/**
 * struct debugfs_reader - one who has the file open
 * @view: of which file
 * @id: the object that it is about
 * @in_object: there may be more to say about it
 * @at: private to the IOAS: where its next line begins
 * @of: the same: what that is about; only to be compared
 * @stage: the same: which kind of line it is
 * @index: the same: how far it is made
 * @nr_tries: the same: how often that was tried
 * @pins: the same: what that line counts
 * @all: the same: what all of its lines have counted
 * @nr_areas: the same
 * @length_bytes: the same
 * @line: the line; empty when there was no more
 */
struct debugfs_reader {
	struct debugfs_view *view;
	u32 id;
	bool in_object;
	unsigned long at;
	const void *of;
	unsigned int stage;
	unsigned long index;
	unsigned int nr_tries;
	struct pin_counts pins;
	struct pin_counts all;
	u64 nr_areas;
	u64 length_bytes;
	char line[DEBUGFS_LINE_LEN];
};

/**
 * enum debugfs_step - what a step came to
 * @DEBUGFS_LINE: there is a line
 * @DEBUGFS_MORE: there will be one after some more steps
 * @DEBUGFS_LATER: the same, but what it is about is just being changed
 * @DEBUGFS_OVER: there are no more lines of this object
 */
enum debugfs_step {
	DEBUGFS_LINE,
	DEBUGFS_MORE,
	DEBUGFS_LATER,
	DEBUGFS_OVER,
};

/*
 * One step to the next line about an IOAS. It may sleep, and waits for nobody.
 * Returns an enum debugfs_step.
 */
typedef int (*debugfs_fn)(struct iommufd_object *obj, struct debugfs_reader *reader);

#ifdef CONFIG_DEBUG_FS

void debugfs_set_up(debugfs_fn show_ioas);
void debugfs_end(void);
struct debugfs_view *debugfs_open_view(struct iommufd_ctx *ictx);
void debugfs_close_view(struct debugfs_view *view);

#else

/**
 * debugfs_set_up() - nothing, without debugfs
 * @show_ioas: unused
 */
static inline void debugfs_set_up(debugfs_fn show_ioas)
{
}

/**
 * debugfs_end() - nothing, without debugfs
 */
static inline void debugfs_end(void)
{
}

/**
 * debugfs_open_view() - nothing, without debugfs
 * @ictx: unused
 *
 * Return: NULL.
 */
static inline struct debugfs_view *debugfs_open_view(struct iommufd_ctx *ictx)
{
	return NULL;
}

/**
 * debugfs_close_view() - nothing, without debugfs
 * @view: unused
 */
static inline void debugfs_close_view(struct debugfs_view *view)
{
}

#endif

#endif
