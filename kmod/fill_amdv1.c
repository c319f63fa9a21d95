// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling of AMD v1 tables. See fill.h.
 */
#include <linux/bits.h>
#include <linux/generic_pt/common.h>

#define PT_FMT amdv1
#define PT_SUPPORTED_FEATURES                      \
	(BIT(PT_FEAT_FULL_VA) |                    \
	 BIT(PT_FEAT_DYNAMIC_TOP) |                \
	 BIT(PT_FEAT_FLUSH_RANGE) |                \
	 BIT(PT_FEAT_FLUSH_RANGE_NO_GAPS) |        \
	 BIT(PT_FEAT_AMDV1_ENCRYPT_TABLES) |       \
	 BIT(PT_FEAT_AMDV1_FORCE_COHERENCE))

#include <fmt/defs_amdv1.h>
#include <fmt/amdv1.h>

#include "fill_template.h"
