#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Compile the module, its mock and what it may be configured to have, for another kernel than the guest's: of its tree only
# what a module needs is made, no kernel. Symbols are not looked for: that takes one.
#
#   KERNEL_SRC=dir   a clean tree, of a version that kmod/Kbuild takes

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/build/source.sh
source "$ROOT/scripts/build/source.sh"
# shellcheck source=scripts/build/config.sh
source "$ROOT/scripts/build/config.sh"

[[ -n ${KERNEL_SRC:-} ]] || die "of which kernel? make compat KERNEL_SRC=dir"
check_given_source
need_packages "${KERNEL_PACKAGES[@]}"
SRC=$(cd "$KERNEL_SRC" && pwd)
version=$(make -s -C "$SRC" kernelversion)
BUILD=$CACHE/build-compat-$version
out=$ROOT/build/compat/$version/kmod
export CCACHE_DIR=$CACHE/ccache

prepare() { configure test && kmake modules_prepare; }

lock kernel-compat
mkdir -p "$BUILD"
if [[ ! -e $BUILD/prepared ]]; then
	say "preparing Linux $version in $BUILD"
	run_logged kernel-compat prepare
	touch "$BUILD/prepared"
fi

# build NAME MAKE-ARGUMENT...: no warning either, but of modpost's, which has no kernel to look symbols up in.
build() {
	local name=$1
	shift
	rm -rf "$out"
	mkdir -p "$out"
	run_logged "compat-$name" kmake M="$ROOT/kmod" MO="$out" KBUILD_MODPOST_WARN=1 "$@" modules
	! grep -aE "^$ROOT/.*(warning|error):" "$CACHE/log/compat-$name.log" || die "$name: not clean; the log is above"
	say "Linux $version: $name compiles"
}
build as-it-is
build with-options CONFIG_IOMMUFD_NOIOMMU=y CONFIG_IOMMUFD_VFIO_CONTAINER=y KCFLAGS="-include $ROOT/configs/options.h"
build unseen CONFIG_DEBUG_FS= CONFIG_TRACEPOINTS= KCFLAGS="-include $ROOT/configs/unseen.h"
