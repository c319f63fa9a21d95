/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that comes late, as a program may make it (userfaultfd, FUSE): who first
 * reads it passes the race point "late:read", and who first writes it then passes
 * "late:write". A thread that is held there (hold.h) waits for its memory.
 */
#ifndef KUNIT_LATE_H
#define KUNIT_LATE_H

#include <linux/compiler.h>
#include <linux/types.h>

struct kunit;

/**
 * struct late - a page of such memory
 * @data: what is in it, for a case to set without coming to a point
 * @va: where the program has it
 * @read: a thread went on from "late:read"
 * @written: a thread went on from "late:write"
 */
struct late {
	void *data;
	unsigned long va;
	bool read;
	bool written;
};

struct late *late_map(struct kunit *test);

/** late_is_read() - has a thread gone on from "late:read"? */
static inline bool late_is_read(const struct late *late)
{
	return READ_ONCE(late->read);
}

/** late_is_written() - has a thread gone on from "late:write"? */
static inline bool late_is_written(const struct late *late)
{
	return READ_ONCE(late->written);
}

#endif
