/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a benchmark tells a profiler which of its instructions are timed, and which of its rounds
 * count: by instructions that do nothing. A profiler that sees every instruction finds them by
 * their bytes; the cost is one instruction each, and all are outside of what is timed.
 */
#ifndef PROFILE_MARK_H
#define PROFILE_MARK_H

/* nopl MAGIC + what(%rax): an operand of 4 bytes that no compiler comes to. */
#define MARK_OPCODE { 0x0f, 0x1f, 0x80 }
#define MARK_MAGIC 0x4e424600

/* What is timed begins and ends. */
#define MARK_BEGIN 0x10
#define MARK_END 0x11
/* Another benchmark begins, in the order in which the report lists them. */
#define MARK_BENCHMARK 0x13
/* What was between these two since the last of the following: it is not to count. */
#define MARK_DROP 0x12
/* It counts, as one round of the first or the second figure of the benchmark. */
#define MARK_KEEP_FIRST 0x20
#define MARK_KEEP_SECOND 0x21

#define MARK_FIGURES 2

#ifdef __x86_64__
#define mark(what) ({ \
	asm volatile(".byte 0x0f, 0x1f, 0x80\n\t.long %c0" \
		     : : "i" (MARK_MAGIC | (what)) : "memory"); \
})
#else
#define mark(what) ((void)(what))
#endif

#endif
