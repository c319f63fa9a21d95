/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One operation, for who traces it: where its time goes, and what it was about.
 *
 * It is on the stack of who began the operation, and NULL while nobody listens. What is
 * traced is inline, and there twice: where the pointer is known to be NULL nothing of
 * this is left, so that an operation costs no more than the branch that chooses.
 */
#ifndef IOMMUFD_TRACE_OP_H
#define IOMMUFD_TRACE_OP_H

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

#include "pin_counts.h"

/**
 * enum trace_stage - what an operation spends its time on
 * @TRACE_WAIT: locks of the IOAS, and accesses that are to let go
 * @TRACE_PIN: claims on memory: faulting in and pinning, or unpinning
 * @TRACE_FILL: IO page tables: filling, or clearing and the IOTLB
 * @TRACE_NR_STAGES: how many there are
 */
enum trace_stage {
	TRACE_WAIT,
	TRACE_PIN,
	TRACE_FILL,
	TRACE_NR_STAGES,
};

/**
 * struct trace_op - an operation under way
 * @begin_ns: when it began, or would have without what is left out
 * @ns: how long it took in all, when it is over
 * @stage_ns: how much of it was in which stage
 * @nr_areas: how many areas it was about
 * @length_bytes: how long they are together
 * @pins: what is pinned of them
 * @nr_helpers: how many threads pinned for it at once, beside the caller
 */
struct trace_op {
	u64 begin_ns;
	u64 ns;
	u64 stage_ns[TRACE_NR_STAGES];
	u64 nr_areas;
	u64 length_bytes;
	struct pin_counts pins;
	unsigned int nr_helpers;
};

/**
 * trace_op_begin() - an operation begins that is traced
 * @op: it; all zero but for the time
 */
static inline void trace_op_begin(struct trace_op *op)
{
	*op = (struct trace_op){ .begin_ns = ktime_get_ns() };
}

/**
 * trace_op_leave_out() - what was done just now is no part of it
 * @op: the operation
 * @begin_ns: when that began
 */
static inline void trace_op_leave_out(struct trace_op *op, u64 begin_ns)
{
	op->begin_ns += ktime_get_ns() - begin_ns;
}

/**
 * trace_op_end() - it is over
 * @op: the operation
 */
static inline void trace_op_end(struct trace_op *op)
{
	op->ns = ktime_get_ns() - op->begin_ns;
}

/**
 * trace_stage_begin() - a stage begins
 * @op: the operation; NULL if it is not traced
 *
 * Return: the time, for trace_stage_end().
 */
static inline u64 trace_stage_begin(const struct trace_op *op)
{
	return unlikely(op) ? ktime_get_ns() : 0;
}

/**
 * trace_stage_end() - it is over
 * @op: the operation; NULL if it is not traced
 * @stage: which
 * @begin_ns: what trace_stage_begin() returned
 */
static inline void trace_stage_end(struct trace_op *op, enum trace_stage stage,
				   u64 begin_ns)
{
	if (unlikely(op))
		op->stage_ns[stage] += ktime_get_ns() - begin_ns;
}

/**
 * trace_op_helped() - something of it was pinned
 * @op: the operation; NULL if it is not traced
 * @nr_helpers: how many threads helped the caller
 */
static inline void trace_op_helped(struct trace_op *op, unsigned int nr_helpers)
{
	if (unlikely(op))
		op->nr_helpers = max(op->nr_helpers, nr_helpers);
}

#endif
