// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling of VT-d second-stage tables. See fill.h.
 */
#include <linux/bits.h>
#include <linux/generic_pt/common.h>

#define PT_FMT vtdss
#define PT_SUPPORTED_FEATURES                      \
	(BIT(PT_FEAT_FLUSH_RANGE) |                \
	 BIT(PT_FEAT_VTDSS_FORCE_COHERENCE) |      \
	 BIT(PT_FEAT_VTDSS_FORCE_WRITEABLE) |      \
	 BIT(PT_FEAT_DMA_INCOHERENT))

#include <fmt/defs_vtdss.h>
#include <fmt/vtdss.h>

#include "fill_template.h"
