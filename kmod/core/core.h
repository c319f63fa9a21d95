/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The door of core/: what all wings stand on, and that stands on nothing of ours.
 *
 * - object.h: what userspace names by ID, and the two protections that keep an
 *   object alive. Look-ups take no lock.
 * - debugfs.h: a file for each iommufd, for people to look at.
 * - compat.h: what differs between the kernels that the module builds for.
 * - ctx.h: one open of /dev/iommu. Each of its fields belongs to one wing, which
 *   alone takes the lock beside it.
 * - ioctl.h: one ioctl, from userspace and back.
 * - eventq.h: queues of events, each with a file.
 * - mmio.h: memory of devices that userspace maps.
 * - msi.h: where devices write their interrupts to.
 * - killed.h: how what is long ends.
 * - trace.h: the tracepoints, for what an operation has measured of itself
 *   (trace_op.h) and counted (pin_counts.h).
 * - race_point.h, test_hooks.h: where tests reach in; nothing in other kernels.
 *
 * Locks: those of struct iommufd_ctx. Of core's own there are two spinlocks: that of
 * the maple tree of MMIO, and inside of all others that of the object table.
 */
#ifndef IOMMUFD_CORE_H
#define IOMMUFD_CORE_H

#include "compat.h"
#include "ctx.h"
#include "debugfs.h"
#include "eventq.h"
#include "ioctl.h"
#include "killed.h"
#include "mmio.h"
#include "msi.h"
#include "object.h"
#include "pin_counts.h"
#include "race_point.h"
#include "test_hooks.h"
#include "trace.h"
#include "trace_op.h"

#endif
