/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The native build's side of the seam: all that the portable files, their KUnit
 * suites and the benchmarks know of a kernel.
 *
 * The compiler includes it before everything else. Its guards are those of
 * kmod/portable.h and kunit/portable_suite.h, which name the same for the kernel,
 * so that nothing is left of these when a portable file includes them.
 *
 * It is of three kinds, in this order:
 *
 * - The kernel's own: headers of the tree, as they are or as its tools have them.
 *   They ask for each other by name; linux/ has what they must find here instead.
 * - Stubs: a name, and nothing behind it.
 * - Ours: what is there for user space in no other way; a file for each noun.
 */
#ifndef IOMMUFD_PORTABLE_H
#define IOMMUFD_PORTABLE_H
#define KUNIT_PORTABLE_SUITE_H

#include <limits.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/interval_tree.h>
#include <linux/iommufd.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/nospec.h>
#include <linux/prandom.h>
#include <linux/rbtree_augmented.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "stub.h"

#include "alloc.h"
#include "atomic.h"
#include "completion.h"
#include "entropy.h"
#include "kunit.h"
#include "minmax.h"
#include "param.h"
#include "task.h"
#include "wait.h"

#endif
