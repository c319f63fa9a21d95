// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fill_x86_64.c takes for granted. See fill_rules.h.
 */
#include <fmt/iommu_x86_64.c>

#include "fill_rules.h"
