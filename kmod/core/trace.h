/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, iommufd:*: what takes time, and where it goes. docs/slow-start.md is
 * for those who read them.
 *
 * What ends with _end says how long it took and what for. That is measured only
 * while somebody listens: the caller asks trace_..._enabled(), which is a branch that
 * the kernel patches, and has a struct trace_op then. Without one nobody looks at a
 * clock, and nobody counts.
 *
 * Names are the kernel's: the IDs are those that userspace knows objects by, in the
 * iommufd of that number (ctx.h), lengths are in bytes and times in nanoseconds.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommufd

#if !defined(IOMMUFD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define IOMMUFD_TRACE_H

#include <linux/tracepoint.h>

#include "pin_counts.h"
#include "trace_op.h"

DECLARE_EVENT_CLASS(ioas_range,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length),
	TP_ARGS(iommufd, ioas, iova, length),
	TP_STRUCT__entry(
		__field(u32, iommufd)
		__field(u32, ioas)
		__field(u64, iova)
		__field(u64, length)
	),
	TP_fast_assign(
		__entry->iommufd = iommufd;
		__entry->ioas = ioas;
		__entry->iova = iova;
		__entry->length = length;
	),
	TP_printk("iommufd=%u ioas=%u iova=%#llx length=%#llx",
		  __entry->iommufd, __entry->ioas, __entry->iova,
		  __entry->length)
);

/* The IOVA is 0 where the kernel is to choose one. */
DEFINE_EVENT(ioas_range, ioas_map_begin,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length),
	TP_ARGS(iommufd, ioas, iova, length)
);

DEFINE_EVENT(ioas_range, ioas_unmap_begin,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length),
	TP_ARGS(iommufd, ioas, iova, length)
);

/* All that is mapped, into a domain that is new, or out of one that goes. */
DEFINE_EVENT(ioas_range, ioas_add_domain_begin,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length),
	TP_ARGS(iommufd, ioas, iova, length)
);

DEFINE_EVENT(ioas_range, ioas_remove_domain_begin,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length),
	TP_ARGS(iommufd, ioas, iova, length)
);

DECLARE_EVENT_CLASS(ioas_end,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length, int rc,
		 const struct trace_op *op),
	TP_ARGS(iommufd, ioas, iova, length, rc, op),
	TP_STRUCT__entry(
		__field(u32, iommufd)
		__field(u32, ioas)
		__field(u64, iova)
		__field(u64, length)
		__field(int, rc)
		__field(u32, helpers)
		__field(u64, areas)
		__field(u64, runs)
		__field(u64, pins_4k)
		__field(u64, pins_2m)
		__field(u64, pins_1g)
		__field(u64, pins_other)
		__field(u64, ns)
		__field(u64, wait_ns)
		__field(u64, pin_ns)
		__field(u64, fill_ns)
	),
	TP_fast_assign(
		__entry->iommufd = iommufd;
		__entry->ioas = ioas;
		__entry->iova = iova;
		__entry->length = length;
		__entry->rc = rc;
		__entry->helpers = op->nr_helpers;
		__entry->areas = op->nr_areas;
		__entry->runs = op->pins.nr_runs;
		__entry->pins_4k = op->pins.npins[PIN_LEAF_4K];
		__entry->pins_2m = op->pins.npins[PIN_LEAF_2M];
		__entry->pins_1g = op->pins.npins[PIN_LEAF_1G];
		__entry->pins_other = op->pins.npins[PIN_LEAF_OTHER];
		__entry->ns = op->ns;
		__entry->wait_ns = op->stage_ns[TRACE_WAIT];
		__entry->pin_ns = op->stage_ns[TRACE_PIN];
		__entry->fill_ns = op->stage_ns[TRACE_FILL];
	),
	TP_printk("iommufd=%u ioas=%u iova=%#llx length=%#llx rc=%d areas=%llu runs=%llu pins_4k=%llu pins_2m=%llu pins_1g=%llu pins_other=%llu helpers=%u ns=%llu wait_ns=%llu pin_ns=%llu fill_ns=%llu",
		  __entry->iommufd, __entry->ioas, __entry->iova,
		  __entry->length, __entry->rc, __entry->areas, __entry->runs,
		  __entry->pins_4k, __entry->pins_2m, __entry->pins_1g,
		  __entry->pins_other, __entry->helpers, __entry->ns,
		  __entry->wait_ns, __entry->pin_ns, __entry->fill_ns)
);

/* @length is what was asked for, and where it was mapped is @iova. */
DEFINE_EVENT(ioas_end, ioas_map_end,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length, int rc,
		 const struct trace_op *op),
	TP_ARGS(iommufd, ioas, iova, length, rc, op)
);

/* @length is what was unmapped; pin_ns is of unpinning, fill_ns of clearing. */
DEFINE_EVENT(ioas_end, ioas_unmap_end,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length, int rc,
		 const struct trace_op *op),
	TP_ARGS(iommufd, ioas, iova, length, rc, op)
);

/* @length is what was filled; the first domain of an IOAS has it all pinned. */
DEFINE_EVENT(ioas_end, ioas_add_domain_end,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length, int rc,
		 const struct trace_op *op),
	TP_ARGS(iommufd, ioas, iova, length, rc, op)
);

/* @length is what was cleared; the last domain has it all unpinned. */
DEFINE_EVENT(ioas_end, ioas_remove_domain_end,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length, int rc,
		 const struct trace_op *op),
	TP_ARGS(iommufd, ioas, iova, length, rc, op)
);

/* What an access, or hardware, pins by itself. */
TRACE_EVENT(ioas_pin_pages,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length, bool write,
		 int rc, const struct trace_op *op),
	TP_ARGS(iommufd, ioas, iova, length, write, rc, op),
	TP_STRUCT__entry(
		__field(u32, iommufd)
		__field(u32, ioas)
		__field(u64, iova)
		__field(u64, length)
		__field(bool, write)
		__field(int, rc)
		__field(u64, ns)
		__field(u64, wait_ns)
		__field(u64, pin_ns)
	),
	TP_fast_assign(
		__entry->iommufd = iommufd;
		__entry->ioas = ioas;
		__entry->iova = iova;
		__entry->length = length;
		__entry->write = write;
		__entry->rc = rc;
		__entry->ns = op->ns;
		__entry->wait_ns = op->stage_ns[TRACE_WAIT];
		__entry->pin_ns = op->stage_ns[TRACE_PIN];
	),
	TP_printk("iommufd=%u ioas=%u iova=%#llx length=%#llx write=%d rc=%d ns=%llu wait_ns=%llu pin_ns=%llu",
		  __entry->iommufd, __entry->ioas, __entry->iova,
		  __entry->length, __entry->write, __entry->rc, __entry->ns,
		  __entry->wait_ns, __entry->pin_ns)
);

DEFINE_EVENT(ioas_range, ioas_unpin_pages,
	TP_PROTO(u32 iommufd, u32 ioas, u64 iova, u64 length),
	TP_ARGS(iommufd, ioas, iova, length)
);

/*
 * @pt is what the device, or its PASID, was to be attached to, and @hwpt is where it
 * is. @filled is how much had to be mapped in a HWPT that was made for it.
 */
TRACE_EVENT(device_attach,
	TP_PROTO(u32 iommufd, u32 device, u32 pasid, u32 pt, u32 hwpt,
		 bool replace, u64 filled, int rc, const struct trace_op *op),
	TP_ARGS(iommufd, device, pasid, pt, hwpt, replace, filled, rc, op),
	TP_STRUCT__entry(
		__field(u32, iommufd)
		__field(u32, device)
		__field(u32, pasid)
		__field(u32, pt)
		__field(u32, hwpt)
		__field(bool, replace)
		__field(u64, filled)
		__field(int, rc)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->iommufd = iommufd;
		__entry->device = device;
		__entry->pasid = pasid;
		__entry->pt = pt;
		__entry->hwpt = hwpt;
		__entry->replace = replace;
		__entry->filled = filled;
		__entry->rc = rc;
		__entry->ns = op->ns;
	),
	TP_printk("iommufd=%u device=%u pasid=%d pt=%u hwpt=%u replace=%d filled=%#llx rc=%d ns=%llu",
		  __entry->iommufd, __entry->device, __entry->pasid,
		  __entry->pt, __entry->hwpt, __entry->replace,
		  __entry->filled, __entry->rc, __entry->ns)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH core
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
