# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scripts that count with bench/profile share: build it; the CPU that it models. Sourced, after lib.sh.

PLUGIN=$ROOT/build/profile/plugin/profile.so
# shellcheck disable=SC2034 # for who starts QEMU
SPAN_PLUGIN=$ROOT/build/profile/plugin/span.so
# shellcheck disable=SC2034 # for who starts QEMU
PLUGIN_MODEL=$ROOT/bench/profile/zen4.model

plugin_build() { run_logged profile-plugin make -C "$ROOT/bench/profile" O="${PLUGIN%/*}"; }
