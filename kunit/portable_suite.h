/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that the suites of the portable files (kmod/portable.h) include of the
 * kernel, for they run natively too: extent_test.c, iova_space_test.c with
 * iova_random.[ch] and iova_model.[ch], object_test.c, and what these use:
 * alloc_fault.h, race.[ch] and random.[ch]. The same seam: the native build's
 * header stands for both.
 */
#ifndef KUNIT_PORTABLE_SUITE_H
#define KUNIT_PORTABLE_SUITE_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "portable.h"

#endif
