// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling of tables in the x86 CPU's format: VT-d first stage, AMD v2. See
 * fill.h.
 */
#include "fill_formats.h"

#define PT_FMT x86_64
#define PT_SUPPORTED_FEATURES FILL_FEATURES_x86_64

#include <fmt/defs_x86_64.h>
#include <fmt/x86_64.h>

#define FILL_ENTRY_OA X86_64_FMT_OA
#include "fill_template.h"
