// SPDX-License-Identifier: GPL-2.0-only
/*
 * See rcu_qsbr.h.
 */
#include "rcu_qsbr.h"

__thread int native_preempt_count;
