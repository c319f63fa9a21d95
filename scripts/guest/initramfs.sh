#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make the guest's initramfs (a static busybox, guest/init, guest/lib.sh, and what modules this kernel mounts the share
# with) unless it is there, and print its path. Not compressed: the emulated CPU would unpack it slower than the emulated
# machine loads it.
#
#   scripts/guest/initramfs.sh BUILD_DIR      of the kernel

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

need_packages "${GUEST_PACKAGES[@]}"
if [[ $GUEST_ARCH == x86_64 ]]; then
	busybox=$(command -v busybox) || die "busybox-static is installed, but there is no busybox in PATH"
else
	sysroot=$("$ROOT/scripts/build/sysroot.sh")
	busybox=$sysroot/bin/busybox
fi
modules=$1/boot-modules
key=$({
	cat "${BASH_SOURCE[0]}" "$busybox" "$ROOT"/guest/{init,lib.sh}
	[[ ! -e $modules ]] || cat "$modules"/*
} | short_hash)
image=$CACHE/initramfs-$key.cpio

if [[ ! -s $image ]]; then
	lock initramfs
	root=$(mktemp -d "$CACHE/initramfs.XXXXXX")
	chmod 755 "$root" # it becomes /, and the tests have users who are not root
	trap 'rm -rf "$root" "$root.cpio"' EXIT
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,host,lib,etc}
	cp "$busybox" "$root/bin/busybox"
	for applet in $("${AS_GUEST[@]}" "$busybox" --list); do
		[[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
	done
	install -m 755 "$ROOT/guest/init" "$root/init"
	install -m 644 "$ROOT/guest/lib.sh" "$root/lib/guest.sh"
	[[ ! -e $modules ]] || cp -r "$modules" "$root/lib/modules"
	(cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc --reproducible -R 0:0) >"$root.cpio"
	mv "$root.cpio" "$image"
	unlock initramfs
fi
echo "$image"
