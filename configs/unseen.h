/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel in which nobody can look: scripts/check/compat.sh compiles the module for one. */
#undef CONFIG_DEBUG_FS
#undef CONFIG_EVENT_TRACING
#undef CONFIG_TRACEPOINTS
