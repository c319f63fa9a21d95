/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU: by how it is built (Makefile), what is timed, or what ThreadSanitizer
 * understands; else liburcu's default flavour, as tools/testing/shared has it.
 * Another header there defines synchronize_rcu() away, for who has no RCU at all.
 */
#ifndef NATIVE_LINUX_RCUPDATE_H
#define NATIVE_LINUX_RCUPDATE_H

#include <linux/kernel.h>

#if defined(NATIVE_RCU_QSBR)
#include "../rcu_qsbr.h"
#elif defined(NATIVE_RCU_LOCKS)
#include "../rcu_locks.h"
#else
#undef synchronize_rcu
#include_next <linux/rcupdate.h>
#endif

#endif
