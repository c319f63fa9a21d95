// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tests turn in the module. See test_hooks.h.
 */
#include "test_hooks.h"

const struct test_hooks *test_hooks;
