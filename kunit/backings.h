/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Backings for suites, each in memory of its own.
 */
#ifndef KUNIT_BACKINGS_H
#define KUNIT_BACKINGS_H

#include <linux/types.h>

struct backing;
struct file;

struct backing *backing_create_user(unsigned long va, bool writable,
				    bool account_by_mm);
struct backing *backing_create_file(struct file *file, loff_t start,
				    bool writable, bool account_by_mm);

#endif
