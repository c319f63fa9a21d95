/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ANSWER_H
#define ANSWER_H

/* What a call may answer. */

#include <linux/types.h>
#include <stdbool.h>

/* The text of what is wrong, until the next. */
const char *wrong(const char *fmt, ...);

/* One of these errnos, 0 for success, and 1 at the end. NULL, or what is wrong. */
const char *expect(long ret, bool fired, const char *why, int first, ...);

/* Of what a function after_*() is told. */
#define EXPECT(why, ...) expect(ret, fired, why, __VA_ARGS__, 1)

/* The end of a range, which must not wrap: then it returns true. */
bool ends(__u64 first, __u64 bytes, __u64 *last);

/* 0, or the errno of flags and of a range that no IOAS can have. */
int check_flags(__u32 flags);
int check_range(__u32 flags, __u64 address, __u64 iova, __u64 bytes);

#endif
