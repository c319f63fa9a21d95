#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make the root file system that programs of other people run in, in a guest, unless it is there, and print its path, a tar
# file. It is of Debian packages alone, of a suite of the archive later than the machine's own, and of its backports where
# they have a newer one. They are unpacked, not installed.
#
#   client-root.sh qemu|dpdk   a current QEMU, or DPDK's test program with the one driver that the tests have a device for

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

SUITE=trixie
LIBS=usr/lib/x86_64-linux-gnu
name=${1:-}
# Of what the packages have, what nothing in the guest reads: it is unpacked into the guest's memory.
unread=(usr/share/{doc,info,locale,man} "$LIBS/gconv")
prune=true
case $name in
qemu)
	packages=(base-files qemu-system-x86)
	unread+=(usr/bin/qemu-system-{i386,x86_64-microvm})
	;;
dpdk)
	packages=(base-files dpdk-dev)
	unread+=(usr/bin/dpdk-test 'usr/bin/python*' usr/{include,src} usr/lib/{gcc,python3,python3.13,systemd,udev} "$LIBS/*.a")
	# Its drivers, all of which it would load: what is left is that of the device, and those that the program is linked with.
	prune="find $LIBS/dpdk -name 'librte_*' | grep -vE '_(bus|(common_(dpaax|iavf|mlx5)|crypto_scheduler|mempool_(dpaa|ring)|"
	prune+="net_(bnxt|bond|dpaa|e1000|i40e|iavf|ice|ixgbe|mlx5))\.)' | xargs rm"
	;;
*) die "usage: scripts/guest/client-root.sh qemu|dpdk" ;;
esac
need_packages mmdebstrap
key=$(echo "$SUITE ${packages[*]} ${unread[*]} $prune" | short_hash)
root=$CACHE/client-root-$name-$key.tar

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
			--aptopt="APT::Default-Release \"$SUITE-backports\"" --extract-hook="cd \"\$1\" && rm -rf ${unread[*]} && $prune" \
			--include="$(IFS=, && echo "${packages[*]}")" '' "$root.new" "$CACHE/client-root.sources"
		mv "$root.new" "$root"
	fi
	unlock client-root-build
fi
echo "$root"
