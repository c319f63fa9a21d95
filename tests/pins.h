/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PINS_H
#define PINS_H

/* What the kernel counts about pinned memory. */

/*
 * Pins taken and not given back by anyone on the machine (nr_foll_pin_acquired -
 * nr_foll_pin_released of /proc/vmstat, after folding what each CPU still holds back, which needs
 * root). A huge page may be one pin or 512.
 */
long long pins_held(void);

/* The same of one node, where the path is that of its vmstat. */
long long pins_held_on(const char *path);

/* VmPin and VmLck of this process, in bytes. */
long long pins_vmpin(void);
long long pins_vmlck(void);

/* A number of /proc/vmstat, folded in the same way. */
long long pins_vmstat(const char *name);

#endif
