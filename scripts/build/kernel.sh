#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest's kernel: its source, its configuration, its build. Everything lives in $CACHE, keyed by what went in;
# what is there already is not done again, and an interrupted build goes on where it stopped.
#
#   KERNEL_SRC=dir   a clean 7.3 tree to build instead of Debian's linux-source-7.3

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

SERIES=7.3
PACKAGE=linux-source-$SERIES
SUITE=trixie-backports

usage() {
	cat >&2 <<-END
		usage: scripts/build/kernel.sh build CONFIG   get the source, configure, build (CONFIG: bench or test)
		       scripts/build/kernel.sh path CONFIG    print the build directory (the O= of the kernel's make)
		       scripts/build/kernel.sh src            print the source directory
		       scripts/build/kernel.sh headers        print the directory of the user-space headers (made if need be)
		       scripts/build/kernel.sh key CONFIG     print the hash of the configuration
		       scripts/build/kernel.sh update         look for a newer $PACKAGE and take it
	END
	exit 2
}

# --- source ----------------------------------------------------------------------------------------------------------

# The isolated apt: its own lists, cache and (empty) package status, one source, no preferences, and none of the
# machine's hooks. Only how to reach a mirror (proxy, credentials, keys) stays the machine's own.
isolated_apt() {
	local state=$CACHE/apt
	mkdir -p "$state"/{sources,lists/partial,cache/archives/partial,deb}
	if [[ ! -s $state/sources/debian.sources ]]; then
		"$ROOT/scripts/build/apt_source.py" "$SUITE" >"$state/sources/debian.sources" 2>"$state/error" ||
			die "$(cat "$state/error"); give a $SERIES tree with KERNEL_SRC=dir"
	fi
	cat >"$state/apt.conf" <<-END
		#clear APT::Update;
		#clear DPkg;
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$state/sources";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State::Lists "$state/lists";
		Dir::State::Status "/dev/null";
		Dir::Cache "$state/cache";
		APT::Sandbox::User "";
		Acquire::Retries "3";
	END
	APT_GET=(apt-get -q -c "$state/apt.conf")
	APT_CACHE=(apt-cache -c "$state/apt.conf")
}

downloaded() { du -sm "$CACHE/apt/part" "$CACHE/apt/cache/archives" | awk '{ mb += $1 } END { print mb " MB on disk" }'; }
unpacked() { echo "$(find "$CACHE/unpack" -type f 2>/dev/null | wc -l) files"; }

# The package of this version, if it was downloaded; apt writes a colon in its name as %3a.
downloaded_deb() { find "$CACHE/apt/deb" -name "${PACKAGE}_${1//:/%3a}_*.deb" | head -1; }

unpack() {
	dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$PACKAGE.tar.xz" | tar -xJ -C "$2" --strip-components=1
}

# Leaves the name of the newest version in $CACHE/linux-version, and that version's tree in $CACHE/linux-<version>. With
# the lock kernel-source.
fetch() {
	local version deb
	isolated_apt
	say "looking for $PACKAGE in $SUITE"
	run_logged kernel-lists "${APT_GET[@]}" update
	# apt calls a source that cannot be reached a warning.
	if ! version=$("${APT_CACHE[@]}" show --no-all-versions "$PACKAGE" 2>/dev/null | sed -n 's/^Version: //p') ||
		[[ -z $version ]]; then
		rm -f "$CACHE/apt/sources/debian.sources"
		die "no package $PACKAGE in $SUITE (the log is $CACHE/log/kernel-lists.log); give a $SERIES tree with KERNEL_SRC=dir"
	fi
	if [[ ! -e $CACHE/linux-$version/Makefile ]]; then
		deb=$(downloaded_deb "$version")
		if [[ -z $deb ]]; then
			say "downloading $PACKAGE $version (about 160 MB)"
			# What was interrupted has its name already: only what is whole is moved to where it is looked for.
			rm -rf "$CACHE/apt/part"
			mkdir "$CACHE/apt/part"
			PROGRESS=downloaded run_logged kernel-download env -C "$CACHE/apt/part" "${APT_GET[@]}" download "$PACKAGE=$version"
			mv -t "$CACHE/apt/deb" "$CACHE/apt/part"/*
			deb=$(downloaded_deb "$version")
			[[ -n $deb ]] || die "apt left no $PACKAGE; the log is $CACHE/log/kernel-download.log"
		fi
		say "unpacking $PACKAGE $version"
		rm -rf "$CACHE/unpack"
		mkdir "$CACHE/unpack"
		PROGRESS=unpacked run_logged kernel-unpack unpack "$deb" "$CACHE/unpack"
		mv "$CACHE/unpack" "$CACHE/linux-$version"
	fi
	echo "$version" >"$CACHE/linux-version"
}

source_is_there() { [[ -s $CACHE/linux-version && -e $CACHE/linux-$(<"$CACHE/linux-version")/Makefile ]]; }

# SRC and VERSION, from KERNEL_SRC or the cache; "fetch" as an argument gets what is not there.
find_source() {
	if [[ -n ${KERNEL_SRC:-} ]]; then
		[[ -f $KERNEL_SRC/Makefile && -f $KERNEL_SRC/Kconfig ]] || die "KERNEL_SRC=$KERNEL_SRC is no kernel tree"
		SRC=$(cd "$KERNEL_SRC" && pwd)
		VERSION=$(sed -n -E '1,6s/^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *//p' "$SRC/Makefile" | tr '\n' '.')
		VERSION=${VERSION%%.}
		VERSION=${VERSION%.}
		VERSION=${VERSION//.-/-}
		[[ $VERSION == "$SERIES" || $VERSION == "$SERIES".* ]] ||
			die "KERNEL_SRC=$KERNEL_SRC is Linux $VERSION; this needs $SERIES"
		[[ ! -e $SRC/.config && ! -d $SRC/include/config ]] ||
			die "KERNEL_SRC=$KERNEL_SRC was built in place; run 'make mrproper' there first"
		return
	fi
	if ! source_is_there; then
		[[ ${1:-} == fetch ]] || die "no kernel source yet: run 'scripts/build/kernel.sh build bench'"
		lock kernel-source
		source_is_there || fetch
		unlock kernel-source
	fi
	VERSION=$(<"$CACHE/linux-version")
	SRC=$CACHE/linux-$VERSION
}

# --- configuration ---------------------------------------------------------------------------------------------------

fragments() {
	[[ ${1:-} =~ ^[a-z]+$ && $1 != base && -f $ROOT/configs/$1.config ]] ||
		die "no configuration '${1:-}' in configs/ (there are: $(cd "$ROOT/configs" && echo [!b]*.config bench.config))"
	echo "$ROOT/configs/base.config" "$ROOT/configs/$1.config"
}

# What the fragments ask for: the lines that say something, and no others.
wanted() {
	# shellcheck disable=SC2046 # two paths of ours
	sed -n -E '/^CONFIG_|^# CONFIG_.* is not set$/p' $(fragments "$1")
}

config_key() {
	fragments "$1" >/dev/null
	{
		wanted "$1" | LC_ALL=C sort
		echo "$VERSION"
		gcc --version 2>/dev/null | head -1
		[[ -z ${KERNEL_SRC:-} ]] || echo "$SRC"
	} | short_hash
}

find_build() {
	KEY=$(config_key "$1")
	BUILD=$CACHE/build-$1-$KEY
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
	((bad == 0)) || die "$bad symbols of configs/base.config and configs/$1.config do not hold in $BUILD/.config"
}

configure() {
	wanted "$1" >"$BUILD/fragment" &&
		kmake allnoconfig &&
		"$SRC/scripts/kconfig/merge_config.sh" -m -O "$BUILD" "$BUILD/.config" "$BUILD/fragment" &&
		kmake olddefconfig
}

# --- build -----------------------------------------------------------------------------------------------------------

# The date and the builder do not belong in the image: the same input gives the same kernel, and ccache finds it.
kmake() {
	make -C "$SRC" O="$BUILD" -j"$JOBS" LOCALVERSION= CC="ccache gcc" HOSTCC="ccache gcc" \
		KBUILD_BUILD_TIMESTAMP=1970-01-01 KBUILD_BUILD_USER=iommufd-fast KBUILD_BUILD_HOST=guest "$@"
}

# How many objects there will be is only known afterwards: the last build of this name is the estimate.
objects() {
	local count expected=1300
	count=$(find "$BUILD" -name '*.o' | wc -l)
	[[ ! -s $CACHE/objects-$CONFIG ]] || expected=$(<"$CACHE/objects-$CONFIG")
	echo "$count of about $expected objects"
}

build() {
	CONFIG=$1
	fragments "$CONFIG" >/dev/null
	[[ $(uname -m) == x86_64 ]] || die "the guest is x86-64 and is built natively; this machine is $(uname -m)"
	need_packages "${KERNEL_PACKAGES[@]}"
	find_source fetch
	find_build "$CONFIG"
	# Debian's tree does not change under us; somebody's own may.
	[[ -z ${KERNEL_SRC:-} && -e $BUILD/complete ]] && return
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
	PROGRESS=objects run_logged "kernel-$CONFIG" kmake bzImage modules
	find "$BUILD" -name '*.o' | wc -l >"$CACHE/objects-$CONFIG"
	touch "$BUILD/complete"
	say "Linux $VERSION ($CONFIG) is built, in $((SECONDS / 60)) min $((SECONDS % 60)) s"
}

# What programs of ours include: the uAPI of this very kernel, not of the machine they are built on.
headers() {
	need_packages "${KERNEL_PACKAGES[@]}"
	find_source fetch
	HEADERS=$CACHE/headers-$VERSION
	[[ -z ${KERNEL_SRC:-} ]] || HEADERS+=-$(short_hash <<<"$SRC")
	# A tree of somebody's own may have changed since.
	if [[ -n ${KERNEL_SRC:-} || ! -e $HEADERS/complete ]]; then
		lock kernel-headers
		# Another run may have made them meanwhile, and uses them.
		if [[ -n ${KERNEL_SRC:-} || ! -e $HEADERS/complete ]]; then
			run_logged kernel-headers make -C "$SRC" O="$HEADERS/build" headers_install INSTALL_HDR_PATH="$HEADERS"
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
	find_build "${2:-}"
	echo "$KEY"
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
