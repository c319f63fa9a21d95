/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MM_H
#define SHIM_LINUX_MM_H

#include <linux/const.h>
#include <linux/kernel.h>

#define PAGE_SIZE	(_AC(1, UL) << PAGE_SHIFT)

#endif
