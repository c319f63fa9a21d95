/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The native build's side of the seam: all that the portable files, their KUnit
 * suites and the benchmarks know of a kernel.
 *
 * The compiler includes it before everything else. Its guards are those of
 * kmod/portable.h and kunit/portable_suite.h, which name the same for the kernel,
 * so that nothing is left of these when a portable file includes them.
 */
#ifndef IOMMUFD_PORTABLE_H
#define IOMMUFD_PORTABLE_H
#define KUNIT_PORTABLE_SUITE_H

#include "atomic.h"
#include <linux/bitmap.h>
#include <linux/bits.h>
#include "completion.h"
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/interval_tree.h>
#include <linux/iommufd.h>
#include <linux/kernel.h>
#include "kthread.h"
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/log2.h>
#include "minmax.h"
#include <linux/mm.h>
#include "param.h"
#include <linux/nospec.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/rbtree_augmented.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include "task.h"
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include "alloc.h"
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>
#include "wait.h"
#include <linux/xarray.h>

#include "kunit.h"

#endif
