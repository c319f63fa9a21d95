#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make the root file system that the package is tested in, unless it is there, and print two lines: its path, a tar file, and
# the kernel in it. It is of Debian packages alone: dkms, the image and the headers of Debian's kernel, and the source of
# that kernel; a suite of the archive later than the machine's own.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

SUITE=trixie
need_packages "${KERNEL_PACKAGES[@]}" mmdebstrap
# Which version of the source there is says which image and headers there are.
src=$("$ROOT/scripts/build/kernel.sh" src)
version=$(<"$CACHE/linux-version")
[[ $src == "$CACHE/linux-$version" ]] || die "the package is tested with Debian's kernel; unset KERNEL_SRC"
release=${version%%-*}+deb13-amd64
packages=(ca-certificates dkms initramfs-tools kmod udev xz-utils "linux-base/$SUITE-backports"
	"linux-image-$release" "linux-headers-$release" "linux-source-7.3=$version")
key=$({ cat "${BASH_SOURCE[0]}" && echo "${packages[*]}"; } | short_hash)
root=$CACHE/package-root-$key.tar

sources() {
	"$ROOT/scripts/build/apt_source.py" "$SUITE"
	echo
	"$ROOT/scripts/build/apt_source.py" "$SUITE-backports"
}
downloaded() { [[ ! -e $root.new ]] || echo "$(du -m "$root.new" | cut -f1) MB packed"; }

if [[ ! -s $root ]]; then
	lock package-root-build
	if [[ ! -s $root ]]; then
		say "making a root file system with dkms and $release"
		sources >"$CACHE/package-root.sources"
		# Only the locale and the manual pages of this one are of no use to anybody.
		PROGRESS=downloaded run_logged package-root mmdebstrap --variant=minbase --format=tar \
			--aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
			--include="$(IFS=, && echo "${packages[*]}")" '' "$root.new" "$CACHE/package-root.sources"
		mv "$root.new" "$root"
	fi
	unlock package-root-build
fi
echo "$root"
echo "$release"
