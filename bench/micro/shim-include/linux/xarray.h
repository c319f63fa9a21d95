/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's own, with its types that the shims of tools/ do not have. */
#ifndef SHIM_LINUX_XARRAY_H
#define SHIM_LINUX_XARRAY_H

#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include "alloc.h"
#include_next <linux/xarray.h>

/* What a newer compiler would check. */
#ifndef __counted_by
#define __counted_by(member)
#endif

#endif
