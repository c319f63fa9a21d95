// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fill_vtdss.c takes for granted. See fill_rules.h.
 */
#include <fmt/iommu_vtdss.c>

#include "fill_rules.h"
