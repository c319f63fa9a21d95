// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling of VT-d second-stage tables. See fill.h.
 */
#include "fill_formats.h"

#define PT_FMT vtdss
#define PT_SUPPORTED_FEATURES FILL_FEATURES_vtdss

#include <fmt/defs_vtdss.h>
#include <fmt/vtdss.h>

#define FILL_ENTRY_OA VTDSS_FMT_OA
#include "fill_template.h"
