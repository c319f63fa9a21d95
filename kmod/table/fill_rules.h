/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is one format of generic_pt built here as the kernel builds it? Include the
 * kernel's source of the format, then this. The object is made for the sake of
 * the answer, and is no part of the module.
 */
#include "fill_formats.h"

/* Kernels that debug the formats build them with all features, as here. */
#if IS_ENABLED(CONFIG_DEBUG_GENERIC_PT)
#define KERNEL_FEATURES	PT_ORIG_SUPPORTED_FEATURES
#else
#define KERNEL_FEATURES	PT_SUPPORTED_FEATURES
#endif

static_assert((unsigned int)KERNEL_FEATURES ==
	      (unsigned int)CONCATENATE(FILL_FEATURES_, PT_FMT));
static_assert(FILL_TABLE_FLUSHED_BIT == SW_BIT_CACHE_FLUSH_DONE);
