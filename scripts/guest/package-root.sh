#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make the root file system that the package is tested in, unless it is there, and print two lines: its path, a tar file, and
# the kernel in it. It is of Debian packages alone: dkms, the image and the headers of Debian's kernel, and the source of
# that kernel; a suite of the archive later than the machine's own.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/build/source.sh
source "$ROOT/scripts/build/source.sh"
# shellcheck source=scripts/build/packaged.sh
source "$ROOT/scripts/build/packaged.sh"

[[ -z ${KERNEL_SRC:-} ]] || die "the package is tested with Debian's kernel; unset KERNEL_SRC"
need_packages "${KERNEL_PACKAGES[@]}" mmdebstrap
find_source fetch
lock kernel-source
isolated_apt
# The lists may be of when another source was fetched.
find_packages || {
	run_logged kernel-lists "${APT_GET[@]}" update
	find_packages || die "$SUITE has no kernel of version $VERSION; 'scripts/build/kernel.sh update' looks for a newer source"
}
unlock kernel-source
packages=(ca-certificates dkms initramfs-tools kmod udev xz-utils "linux-base/$SUITE"
	"linux-image-$RELEASE" "linux-headers-$RELEASE" "$PACKAGE=$VERSION")
key=$({ cat "${BASH_SOURCE[0]}" && echo "${packages[*]}"; } | short_hash)
root=$CACHE/package-root-$key.tar

sources() {
	"$ROOT/scripts/build/apt_source.py" "${SUITE%-backports}"
	echo
	"$ROOT/scripts/build/apt_source.py" "$SUITE"
}
downloaded() { [[ ! -e $root.new ]] || echo "$(du -m "$root.new" | cut -f1) MB packed"; }

if [[ ! -s $root ]]; then
	lock package-root-build
	if [[ ! -s $root ]]; then
		say "making a root file system with dkms and $RELEASE"
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
echo "$RELEASE"
