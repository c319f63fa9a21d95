#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What Debian has for the guest's architecture where that is another one than this machine's: the shell of its initramfs, and
# the libraries that programs for it are linked with. Got through an apt of our own, of the release that this machine is of (its
# cross compiler has the C library of that), and unpacked, not installed. Prints the directory.
#
#   ARCH=arm64

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

[[ $GUEST_ARCH != x86_64 ]] || die "for which architecture? ARCH=arm64; what this machine has is for this one"
PACKAGES=(busybox-static libcap-dev uuid-dev libbenchmark-dev)
# shellcheck source=scripts/build/source.sh
source "$ROOT/scripts/build/source.sh"
# shellcheck disable=SC1091
SUITE=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
[[ $SUITE =~ ^[a-z]+$ ]] || die "of which release of Debian is this machine? /etc/os-release does not say"
APT_STATE=$CACHE/apt$ARCH_NAME-$SUITE
sysroot=$CACHE/sysroot$ARCH_NAME-$(echo "$SUITE ${PACKAGES[*]}" | short_hash)

# Those of the machine's release have each a version of its own. One has its library, and no archive of it, in a package whose
# name is another one in each release.
fetch_packages() {
	local shared
	rm -rf "$APT_STATE/deb"
	mkdir "$APT_STATE/deb"
	"${APT_GET[@]}" update || return
	shared=$("${APT_CACHE[@]}" depends libbenchmark-dev | sed -n 's/^ *Depends: \(libbenchmark.*\)$/\1/p')
	env -C "$APT_STATE/deb" "${APT_GET[@]}" download "${PACKAGES[@]}" "$shared"
}

unpack_packages() {
	local file
	for file in "$APT_STATE"/deb/*.deb; do
		dpkg-deb -x "$file" "$sysroot.new" || return
	done
}

if [[ ! -e $sysroot ]]; then
	lock sysroot-build
	if [[ ! -e $sysroot ]]; then
		say "getting what runs in a guest of $GUEST_ARCH: ${PACKAGES[*]}"
		isolated_apt
		run_logged sysroot-download fetch_packages
		rm -rf "$sysroot.new"
		mkdir "$sysroot.new"
		run_logged sysroot-unpack unpack_packages
		mv "$sysroot.new" "$sysroot"
	fi
	unlock sysroot-build
fi
echo "$sysroot"
