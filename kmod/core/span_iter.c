// SPDX-License-Identifier: GPL-2.0-only
/*
 * interval_tree_span_iter_first() and its like, for a kernel that has nobody who
 * uses them and was built without. They are the kernel's own, of its own source.
 */
#define CONFIG_INTERVAL_TREE_SPAN_ITER
#define __DISABLE_EXPORTS
#include <lib/interval_tree.c>
