// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling of tables in the x86 CPU's format: VT-d first stage, AMD v2. See
 * fill.h.
 */
#include <linux/bits.h>
#include <linux/generic_pt/common.h>

#define PT_FMT x86_64
#define PT_SUPPORTED_FEATURES                      \
	(BIT(PT_FEAT_SIGN_EXTEND) |                \
	 BIT(PT_FEAT_FLUSH_RANGE) |                \
	 BIT(PT_FEAT_FLUSH_RANGE_NO_GAPS) |        \
	 BIT(PT_FEAT_X86_64_AMD_ENCRYPT_TABLES) |  \
	 BIT(PT_FEAT_DMA_INCOHERENT))

#include <fmt/defs_x86_64.h>
#include <fmt/x86_64.h>

#include "fill_template.h"
