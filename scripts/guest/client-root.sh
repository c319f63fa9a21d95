#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make the root file system that programs of other people run in, in a guest, unless it is there, and print its path, a tar
# file. It is of Debian packages alone, of a suite of the archive later than the machine's own, and of its backports where
# they have a newer one: a current QEMU. They are unpacked, not installed.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

SUITE=trixie
packages=(base-files qemu-system-x86)
# Of what they have, what nothing in the guest reads: it is unpacked into the guest's memory.
unread=(usr/share/{doc,info,locale,man} usr/lib/x86_64-linux-gnu/gconv usr/bin/qemu-system-i386
	usr/bin/qemu-system-x86_64-microvm)
need_packages mmdebstrap
key=$(short_hash <"${BASH_SOURCE[0]}")
root=$CACHE/client-root-$key.tar

sources() {
	"$ROOT/scripts/build/apt_source.py" "$SUITE"
	echo
	"$ROOT/scripts/build/apt_source.py" "$SUITE-backports"
}

if [[ ! -s $root ]]; then
	lock client-root-build
	if [[ ! -s $root ]]; then
		say "making a root file system with ${packages[*]}"
		sources >"$CACHE/client-root.sources"
		run_logged client-root mmdebstrap --variant=extract --format=tar --aptopt='APT::Install-Recommends "false"' \
			--aptopt="APT::Default-Release \"$SUITE-backports\"" --extract-hook="cd \"\$1\" && rm -rf ${unread[*]}" \
			--include="$(IFS=, && echo "${packages[*]}")" '' "$root.new" "$CACHE/client-root.sources"
		mv "$root.new" "$root"
	fi
	unlock client-root-build
fi
echo "$root"
