#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build an external module of ours against a kernel of ours: DIR (kmod, bench/floor) -> build/CONFIG/DIR/*.ko, or of ARCH=arm64
# build/arm64/CONFIG/DIR/*.ko. Where we have no such DIR it is one of the kernel's source, whose modules are then built like
# ours.
# The sources stay clean: everything made goes to build/, or to OUT where a check builds for itself.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

if (($# < 2)); then
	echo "usage: scripts/build/modules.sh CONFIG DIR [MAKE-ARGUMENT...]     (CONFIG: bench or test; DIR: kmod or bench/floor)" >&2
	exit 2
fi
config=$1
dir=${2%/}
shift 2

"$ROOT/scripts/build/kernel.sh" build "$config"
kdir=$("$ROOT/scripts/build/kernel.sh" path "$config")
src=$("$ROOT/scripts/build/kernel.sh" src)
tree=$ROOT
[[ -d $ROOT/$dir ]] || tree=$src
[[ -f $tree/$dir/Kbuild || -f $tree/$dir/Makefile ]] || die "$dir has no Kbuild file"
out=${OUT:-$BUILT/$config/$dir}
name=modules-$config-${dir//\//-}
# A directory of its own has logs of its own: OUT=.../lint/kmod, .../coverage/kmod.
[[ -z ${OUT:-} ]] || name+=-$(basename "${OUT%/"$dir"}")

lock "$name"
mkdir -p "$out"
# Another kernel than last time (its directory is named by its hash): nothing made for that one fits this one.
if [[ $(cat "$out/.kernel" 2>/dev/null) != "$kdir" ]]; then
	rm -rf "$out"
	mkdir -p "$out"
fi
echo "$kdir" >"$out/.kernel"

export CCACHE_DIR=$CACHE/ccache
cc="ccache ${CROSS}gcc"
# What a guest loads that counts.
if [[ $config == bench && -z ${OUT:-} ]]; then
	cc_links "$out" tree "$ROOT" source "$src" kernel "$kdir"
	cc=$ROOT/scripts/build/cc.sh
fi
# From the source: the Makefile of a build directory names it by the path that it had when the kernel was built.
run_logged "$name" make -C "$src" O="$kdir" -j"$JOBS" M="$tree/$dir" MO="$out" CC="$cc" "${MAKE_ARCH[@]}" "$@" modules
# A warning must not hide in a log.
grep -a 'warning:' "$CACHE/log/$name.log" >&2 || true
