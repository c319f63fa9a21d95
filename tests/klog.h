/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KLOG_H
#define KLOG_H

#include <stdbool.h>

/* The kernel's log as a test result: warnings, oopses, lockdep and sanitizer reports. */

/*
 * Starts to watch, at what the log still holds of the boot or at what comes next. Returns 0 or
 * -errno.
 */
int klog_open(bool from_boot);

/* Prints every report logged since the last call and returns how many there were. */
int klog_reports(void);

/* Whether there was one, without a word. The rest of it is not looked at any more. */
bool klog_has_report(void);

#endif
