# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The kernel's source, and whatever else of the kernel Debian packages: got through an apt of our own, never installed.
# Sourced, after lib.sh.
#
#   PACKAGE_SERIES=7.2   the other series that the module supports, in a CACHE of its own

SERIES=${PACKAGE_SERIES:-7.3}
PACKAGE=linux-source-$SERIES
case $SERIES in
7.3) SUITE=trixie-backports ;;
7.2) SUITE=sid ;;
*) die "no PACKAGE_SERIES '$SERIES' (there are: 7.2 7.3)" ;;
esac

# Where the isolated apt keeps what it knows, of each architecture by itself.
APT_STATE=$CACHE/apt$ARCH_NAME

# The isolated apt: its own lists, cache and (empty) package status, one source, no preferences, and none of the
# machine's hooks. Only how to reach a mirror (proxy, credentials, keys) stays the machine's own.
isolated_apt() {
	local state=$APT_STATE
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
	[[ $GUEST_ARCH == x86_64 ]] ||
		echo "APT::Architecture \"$GUEST_ARCH\"; APT::Architectures { \"$GUEST_ARCH\"; };" >>"$state/apt.conf"
	APT_GET=(apt-get -q -c "$state/apt.conf")
	APT_CACHE=(apt-cache -c "$state/apt.conf")
}

downloaded() { du -sm "$APT_STATE/part" "$APT_STATE/cache/archives" | awk '{ mb += $1 } END { print mb " MB on disk" }'; }
unpacked() { echo "$(find "$CACHE/unpack" -type f 2>/dev/null | wc -l) files"; }

# deb PACKAGE VERSION: the file, if it was downloaded; apt writes a colon in its name as %3a.
deb() { find "$APT_STATE/deb" -name "$1_${2//:/%3a}_*.deb" | head -1; }

# missing_debs VERSION PACKAGE...: those that were not downloaded.
missing_debs() {
	local version=$1 package
	shift
	for package; do
		[[ -n $(deb "$package" "$version") ]] || echo "$package"
	done
}

# download VERSION PACKAGE...: those that are not there. With the lock kernel-source.
download() {
	local version=$1 wanted missing
	shift
	mapfile -t wanted < <(missing_debs "$version" "$@")
	((${#wanted[@]})) || return 0
	wanted=("${wanted[@]/%/=$version}")
	say "downloading ${wanted[*]}"
	# What was interrupted has its name already: only what is whole is moved to where it is looked for.
	rm -rf "$APT_STATE/part"
	mkdir "$APT_STATE/part"
	PROGRESS=downloaded run_logged kernel-download env -C "$APT_STATE/part" "${APT_GET[@]}" download "${wanted[@]}"
	mv -t "$APT_STATE/deb" "$APT_STATE/part"/*
	missing=$(missing_debs "$version" "$@")
	[[ -z $missing ]] || die "apt left no ${missing//$'\n'/ }; the log is $CACHE/log/kernel-download.log"
}

unpack() {
	dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$PACKAGE.tar.xz" | tar -xJ -C "$2" --strip-components=1
}

# Leaves the name of the newest version in $CACHE/linux-version, and that version's tree in $CACHE/linux-<version>. With
# the lock kernel-source.
fetch() {
	local version
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
		download "$version" "$PACKAGE"
		say "unpacking $PACKAGE $version"
		rm -rf "$CACHE/unpack"
		mkdir "$CACHE/unpack"
		PROGRESS=unpacked run_logged kernel-unpack unpack "$(deb "$PACKAGE" "$version")" "$CACHE/unpack"
		mv "$CACHE/unpack" "$CACHE/linux-$version"
	fi
	echo "$version" >"$CACHE/linux-version"
}

# check_given_source: KERNEL_SRC is the source of a kernel, in which nothing was built.
check_given_source() {
	[[ -f $KERNEL_SRC/Makefile && -f $KERNEL_SRC/Kconfig ]] || die "KERNEL_SRC=$KERNEL_SRC is no kernel tree"
	[[ ! -e $KERNEL_SRC/.config && ! -d $KERNEL_SRC/include/config ]] ||
		die "KERNEL_SRC=$KERNEL_SRC was built in place; run 'make mrproper' there first"
}

source_is_there() { [[ -s $CACHE/linux-version && -e $CACHE/linux-$(<"$CACHE/linux-version")/Makefile ]]; }

# SRC and VERSION, from KERNEL_SRC or the cache; "fetch" as an argument gets what is not there.
find_source() {
	if [[ -n ${KERNEL_SRC:-} ]]; then
		check_given_source
		SRC=$(cd "$KERNEL_SRC" && pwd)
		VERSION=$(sed -n -E '1,6s/^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *//p' "$SRC/Makefile" | tr '\n' '.')
		VERSION=${VERSION%%.}
		VERSION=${VERSION%.}
		VERSION=${VERSION//.-/-}
		[[ $VERSION == "$SERIES" || $VERSION == "$SERIES".* ]] ||
			die "KERNEL_SRC=$KERNEL_SRC is Linux $VERSION; this needs $SERIES"
		return
	fi
	if ! source_is_there; then
		[[ ${1:-} == fetch ]] || die "no kernel source yet: run 'scripts/build/kernel.sh build bench'"
		lock kernel-source
		source_is_there || fetch
		unlock kernel-source
	fi
	VERSION=$(<"$CACHE/linux-version")
	[[ $VERSION == "$SERIES".* ]] || die "CACHE=$CACHE has Linux $VERSION: give PACKAGE_SERIES=$SERIES a CACHE of its own"
	SRC=$CACHE/linux-$VERSION
}
