# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scripts that run the programs of bench/micro share: build them. Sourced, after lib.sh.

MICRO=$ROOT/build/micro

# Before a command: its memory lies always in the same place, if that can be had (a container may not let it).
MICRO_FIXED=()
# shellcheck disable=SC2034 # for who sources this
! setarch -R true 2>/dev/null || MICRO_FIXED=(setarch -R)

# micro_build KIND: bench, or asan or tsan, which check; into a directory of its own below $MICRO. For who has
# MICRO_PACKAGES.
micro_build() {
	local src
	"$ROOT/scripts/build/kernel.sh" headers >/dev/null
	src=$("$ROOT/scripts/build/kernel.sh" src)
	lock micro-build
	run_logged "micro-build-$1" make -C "$ROOT/bench/micro" -j"$JOBS" O="$MICRO/$1" SRC="$src" KIND="$1"
	unlock micro-build
}
