#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Prove the package: install it into a root file system with dkms and Debian's kernel, boot that kernel from it, load what was
# built, assign a device, let it do DMA, upgrade the package meanwhile, remove it, and find everything as it was. KTAP as it
# comes, and in results/latest/package.ktap; the last line is "N passed, N failed, N skipped". What is built is built
# natively, in that root; the guest only installs it.
#
#   LANE=kvm   where KVM works (mttcg)

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

# Cases of the build, and those of guest/package-job.
PLAN=$((3 + 15))
work=$ROOT/build/package-test
share=$work/share
need_packages "${TEST_PACKAGES[@]}" git debhelper dh-dkms lintian mmdebstrap e2fsprogs
lock package-test

version=$("$ROOT/kmod/version.sh")
upgrade=$version.1
rm -rf "$work"
mkdir -p "$share" "$work/kernel/arch/x86/boot"
deb=$(OUT=$work/deb "$ROOT/scripts/build/deb.sh")
next_deb=$(OUT=$work/next VERSION=$upgrade "$ROOT/scripts/build/deb.sh")
{ read -r root && read -r kernel; } < <("$ROOT/scripts/guest/package-root.sh")
[[ -n ${kernel:-} ]] || die "no root file system for the package"

build_programs

# as_root COMMAND...: with mounts of its own; root of no more than its own files where the user is not root.
as_root() {
	if ((EUID == 0)); then
		unshare --mount "$@"
	else
		mmdebstrap --unshare-helper unshare --mount "$@"
	fi
}

# What runs as that root: unpack, install, build the upgrade, make a disk of it.
cat >"$work/build" <<-'END'
	set -eu
	cd "$1"
	tar -xf "$2" --exclude='./dev/*'
	mkdir -p dev
	mount --rbind /dev dev
	mount --rbind /proc proc
	inside() { chroot . env DEBIAN_FRONTEND=noninteractive HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
	files() {
		inside find "/lib/modules/$3" -name '*.ko*' | LC_ALL=C sort
		inside find "/lib/modules/$3/kernel/drivers/vfio" -name '*.ko*' -exec sha256sum {} + | LC_ALL=C sort
	}
	files "$@" >root/files
	cp "$4" root/package.deb
	inside apt-get install -y --no-install-recommends /root/package.deb
	inside dkms status

	# The next version, built for when the guest upgrades. The source is what the package kept of it.
	rm -f usr/src/linux-source-*
	dpkg-deb -x "$5" root/next
	cp -r root/next/usr/src/iommufd-fast-"$6" usr/src/
	inside dkms add -m iommufd-fast -v "$6"
	inside dkms build -m iommufd-fast -v "$6" -k "$3"
	inside dkms mktarball -m iommufd-fast -v "$6" -k "$3" --archive "/root/iommufd-fast-$6.dkms.tar.gz"
	inside dkms remove -m iommufd-fast -v "$6" --all
	rm -r usr/src/iommufd-fast-"$6" root/next
	mv "root/iommufd-fast-$6.dkms.tar.gz" ../share/
	cp "boot/vmlinuz-$3" ../vmlinuz
	cp "boot/initrd.img-$3" ../initrd
	cp ../package-init sbin/package-init
	umount -l dev proc
	mke2fs -q -t ext4 -d . ../disk 3G
	rm -rf ./*
END

# expect NAME COMMAND...: a case is what the command says of the log; none is good where the whole broke off.
expect() {
	local name=$1 verdict='not ok'
	shift
	if ((native_status == 0)) && "$@"; then
		verdict=ok
	else
		native_status=1
	fi
	echo "$verdict 0 package/$name"
}

native() {
	local log=$CACHE/log/package-install.log
	native_status=0
	mkdir -p "$work/root"
	cp "$ROOT/guest/package-init" "$work/package-init"
	say "installing the package in a root file system, for $kernel; the log is $log"
	as_root sh "$work/build" "$work/root" "$root" "$kernel" "$deb" "$next_deb" "$upgrade" >"$log" 2>&1 || native_status=1
	((native_status == 0)) || tail -n 20 "$log" | sed 's/^/# /'
	expect install grep -q "^iommufd-fast/$version, $kernel, x86_64: installed" "$log"
	# All that it builds takes the place of the kernel's.
	expect all-installed test "$(grep -c '^Installing .*/updates/dkms/' "$log")" = \
		"$(grep -c "^Signing module .*/$version/" "$log")"
	expect upgrade-built test -s "$share/iommufd-fast-$upgrade.dkms.tar.gz"
	return "$native_status"
}

in_guest() {
	ln -s "$work/vmlinuz" "$work/kernel/arch/x86/boot/bzImage"
	cp "$next_deb" "$share/upgrade.deb"
	cp "$ROOT"/build/tests/{dma_test,held_device} "$ROOT/guest/lib.sh" "$share"
	cp "$ROOT/guest/package-job" "$share/cases"
	cat >"$share/job" <<-END
		. /host/lib.sh
		dmesg -n 1
		export KERNEL=$kernel VERSION=$version UPGRADE=$upgrade
		echo "$BEGIN"
		. /host/cases
		echo "$END"
		exit 0
	END
	run_guest package "$share" marked_only --lane "${LANE:-mttcg}" --cpus 2 --mem 2G --kernel "$work/kernel" \
		--initrd "$work/initrd" --disk "$work/disk" --append 'no_timer_check root=/dev/vda rw init=/sbin/package-init'
}

{
	echo "1..$PLAN"
	! native || in_guest
} | ktap_results package
