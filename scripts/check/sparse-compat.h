/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Debian 12's sparse lacks and the kernel's headers use. Only sparse sees this (scripts/check/lint.sh). Without it the
 * MODULE_ macros are an error to sparse, and a file with an error gets no warnings.
 */
#define __typeof_unqual__ __typeof__
#define __builtin_strlen(s) (sizeof(s) - 1)
