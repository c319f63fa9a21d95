/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU: liburcu's default flavour, as tools/testing/shared has it. Another shim
 * there defines synchronize_rcu() away, for who has no RCU at all.
 */
#ifndef SHIM_LINUX_RCUPDATE_H
#define SHIM_LINUX_RCUPDATE_H

#include <linux/kernel.h>

#undef synchronize_rcu
#include_next <linux/rcupdate.h>

#endif
