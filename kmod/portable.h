/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that the portable files include of the kernel: extent.[ch],
 * iova_space.[ch], object.[ch], core/killed.h and core/race_point.h, which build in the
 * kernel and, unchanged, as a native program.
 *
 * This is a seam: the native build has a header of its own with the same guard,
 * bench/micro/native/portable.h, and includes it first. A portable file that
 * needs more of the kernel asks for it here, and there.
 */
#ifndef IOMMUFD_PORTABLE_H
#define IOMMUFD_PORTABLE_H

#include <linux/bits.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/interval_tree.h>
#include <linux/iommufd.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/rbtree.h>
#include <linux/rbtree_augmented.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#endif
