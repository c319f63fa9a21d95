// SPDX-License-Identifier: GPL-2.0-only
/*
 * See linux/rcupdate.h beside this.
 */
#include <linux/rcupdate.h>

__thread int shim_preempt_count;
