// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling of AMD v1 tables. See fill.h.
 */
#include "fill_formats.h"

#define PT_FMT amdv1
#define PT_SUPPORTED_FEATURES FILL_FEATURES_amdv1

#include <fmt/defs_amdv1.h>
#include <fmt/amdv1.h>

#define FILL_ENTRY_OA AMDV1PT_FMT_OA
#include "fill_template.h"
