// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fill_amdv1.c takes for granted. See fill_rules.h.
 */
#include <fmt/iommu_amdv1.c>

#include "fill_rules.h"
