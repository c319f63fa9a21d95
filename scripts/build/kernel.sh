#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest's kernel: its source, its configuration, its build. The one of the benchmarks is the one that Debian packages
# (packaged.sh), unless it is to have other base pages, or KERNEL_SRC says what to build it from. Everything lives in $CACHE,
# keyed by what went in; what is there already is not done again, and an interrupted build goes on where it stopped.
#
#   KERNEL_SRC=dir   a clean 7.3 tree to build instead of Debian's linux-source-7.3

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/build/source.sh
source "$ROOT/scripts/build/source.sh"
# shellcheck source=scripts/build/config.sh
source "$ROOT/scripts/build/config.sh"
# shellcheck source=scripts/build/packaged.sh
source "$ROOT/scripts/build/packaged.sh"

usage() {
	cat >&2 <<-END
		usage: scripts/build/kernel.sh build CONFIG   get the source, configure, build (CONFIG: bench or test)
		       scripts/build/kernel.sh path CONFIG    print the build directory (the O= of the kernel's make)
		       scripts/build/kernel.sh src            print the source directory
		       scripts/build/kernel.sh headers        print the directory of the user-space headers (made if need be)
		       scripts/build/kernel.sh key CONFIG     print the hash of what makes two measurements comparable
		       scripts/build/kernel.sh update         look for a newer $PACKAGE and take it
	END
	exit 2
}

# --- configuration ---------------------------------------------------------------------------------------------------

config_key() {
	fragments "$1" >/dev/null
	{
		wanted "$1" | LC_ALL=C sort
		echo "$VERSION"
		"${CROSS}gcc" --version 2>/dev/null | head -1
		[[ -z ${KERNEL_SRC:-} ]] || echo "$SRC"
	} | short_hash
}

# is_packaged CONFIG: whether that kernel comes from a package.
is_packaged() { [[ $1 == bench && -z ${KERNEL_SRC:-} && -z $PAGES_NAME ]]; }

find_build() {
	BUILD=$CACHE/build-$1$ARCH_NAME$PAGES_NAME-$(if is_packaged "$1"; then packaged_key; else config_key "$1"; fi)
}

# One line for every wish that did not come true; kconfig itself says nothing about them.
check_config() {
	local line symbol bad=0
	while read -r line; do
		symbol=${line#\# }
		symbol=${symbol%%[= ]*}
		case $line in
		CONFIG_*) grep -qxF "$line" "$BUILD/.config" ;;
		*) ! grep -q "^$symbol=" "$BUILD/.config" ;;
		esac && continue
		printf 'error: configs/ asks for "%s", the kernel has "%s"\n' "$line" \
			"$(grep -E "^(# )?${symbol}[= ]" "$BUILD/.config" || echo "no $symbol")" >&2
		bad=$((bad + 1))
	done < <(wanted "$1")
	((bad == 0)) || die "$bad symbols of configs/base*.config and configs/$1*.config do not hold in $BUILD/.config"
}

# --- build -----------------------------------------------------------------------------------------------------------

# How many objects there will be is only known afterwards: the last build of this name is the estimate.
objects() {
	local count expected=1300
	count=$(find "$BUILD" -name '*.o' | wc -l)
	[[ ! -s $CACHE/objects-$CONFIG$ARCH_NAME$PAGES_NAME ]] || expected=$(<"$CACHE/objects-$CONFIG$ARCH_NAME$PAGES_NAME")
	echo "$count of about $expected objects"
}

build() {
	CONFIG=$1
	fragments "$CONFIG" >/dev/null
	[[ $(uname -m) == x86_64 ]] || die "guests are built on x86-64, for it and for others; this machine is $(uname -m)"
	need_packages "${KERNEL_PACKAGES[@]}"
	find_source fetch
	find_build "$CONFIG"
	# Debian's tree does not change under us; somebody's own may.
	[[ -z ${KERNEL_SRC:-} && -e $BUILD/complete ]] && return
	if is_packaged "$CONFIG"; then
		build_packaged
		return
	fi
	lock "kernel-$CONFIG"
	[[ -z ${KERNEL_SRC:-} && -e $BUILD/complete ]] && return
	mkdir -p "$BUILD"
	export CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-3G}
	if [[ ! -e $BUILD/.config || ! -e $BUILD/configured ]]; then
		say "configuring Linux $VERSION ($CONFIG) in $BUILD"
		run_logged "kernel-$CONFIG-config" configure "$CONFIG"
		check_config "$CONFIG"
		touch "$BUILD/configured"
	fi
	say "building Linux $VERSION ($CONFIG), $JOBS at a time; the log is $CACHE/log/kernel-$CONFIG.log"
	PROGRESS=objects run_logged "kernel-$CONFIG" kmake "${IMAGE##*/}" modules
	find "$BUILD" -name '*.o' | wc -l >"$CACHE/objects-$CONFIG$ARCH_NAME$PAGES_NAME"
	touch "$BUILD/complete"
	say "Linux $VERSION ($CONFIG) is built, in $((SECONDS / 60)) min $((SECONDS % 60)) s"
}

# What programs of ours include: the uAPI of this very kernel, not of the machine they are built on.
headers() {
	need_packages "${KERNEL_PACKAGES[@]}"
	find_source fetch
	HEADERS=$CACHE/headers$ARCH_NAME-$VERSION
	[[ -z ${KERNEL_SRC:-} ]] || HEADERS+=-$(short_hash <<<"$SRC")
	# A tree of somebody's own may have changed since.
	if [[ -n ${KERNEL_SRC:-} || ! -e $HEADERS/complete ]]; then
		lock kernel-headers
		# Another run may have made them meanwhile, and uses them.
		if [[ -n ${KERNEL_SRC:-} || ! -e $HEADERS/complete ]]; then
			run_logged kernel-headers make -C "$SRC" O="$HEADERS/build" "${MAKE_ARCH[@]}" headers_install INSTALL_HDR_PATH="$HEADERS"
			touch "$HEADERS/complete"
		fi
		unlock kernel-headers
	fi
}

case ${1:-} in
build)
	build "${2:-}"
	;;
path)
	find_source
	find_build "${2:-}"
	echo "$BUILD"
	;;
src)
	find_source
	echo "$SRC"
	;;
headers)
	headers
	echo "$HEADERS/include"
	;;
key)
	find_source
	if is_packaged "${2:-}"; then
		packaged_with | short_hash
	else
		config_key "${2:-}"
	fi
	;;
update)
	[[ -z ${KERNEL_SRC:-} ]] || die "KERNEL_SRC is set: there is nothing to update"
	need_packages "${KERNEL_PACKAGES[@]}"
	lock kernel-source
	fetch
	say "the source is $CACHE/linux-$(<"$CACHE/linux-version")"
	;;
*)
	usage
	;;
esac
