// SPDX-License-Identifier: GPL-2.0-only
/*
 * fill.c for a test kernel.
 *
 * Such a kernel can keep a record of all that iommu_map() maps, and then there
 * is no filling. It does so only when booted with iommu.debug_pagealloc, which
 * these suites are not; but fill.c decides when it is compiled.
 */
#include <linux/generic_pt/iommu.h>
#include <linux/iommu.h>

#undef CONFIG_IOMMU_DEBUG_PAGEALLOC

#include "../kmod/fill.c"
