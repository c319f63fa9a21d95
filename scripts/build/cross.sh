#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Cross-build the module for another architecture, against the kernel that Debian packages for it:
# ARCH=arm64 -> build/arm64/kmod/iommufd.ko. Of that kernel it is the package of headers that is got, for what it is
# configured to have and what it exports; the source is that of all architectures. Then once more, with what a kernel has
# that is configured for iommufd and its tests: that compiles, or there is no module.
#
#   ARCH=arm64

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/build/source.sh
source "$ROOT/scripts/build/source.sh"
# shellcheck source=scripts/build/config.sh
source "$ROOT/scripts/build/config.sh"
# shellcheck source=scripts/build/packaged.sh
source "$ROOT/scripts/build/packaged.sh"

arch=$GUEST_ARCH
[[ $arch == arm64 ]] || die "for which architecture? make module ARCH=arm64; for this one: make modules"
need_packages "${KERNEL_PACKAGES[@]}"

# Another source than the packaged one has no package of headers.
[[ -z ${KERNEL_SRC:-} ]] || die "KERNEL_SRC=$KERNEL_SRC: the packaged kernel of $arch has its own source"
find_source fetch
BUILD=$CACHE/build-$arch-$({ echo "$VERSION" && cat "${BASH_SOURCE[0]}" && "${CROSS}gcc" --version; } | short_hash)
out=$ROOT/build/$arch/kmod
export CCACHE_DIR=$CACHE/ccache

# cross_make BUILD MAKE-ARGUMENT...: that kernel's make.
cross_make() { BUILD=$1 kmake "${@:2}"; }

fetch_headers() {
	isolated_apt
	if ! find_packages; then
		run_logged kernel-lists "${APT_GET[@]}" update
		find_packages || die "$SUITE has no headers of Linux $VERSION for $arch"
	fi
	headers=linux-headers-$RELEASE
	download "$VERSION" "$headers"
}

# With all that the module's mock and its options need, where they are not in a kernel of Debian.
configure_for_tests() {
	cp "$BUILD/.config" "$BUILD/tests/.config" &&
		"$SRC/scripts/config" --file "$BUILD/tests/.config" -e DEBUG_KERNEL -e FAULT_INJECTION -e RUNTIME_TESTING_MENU -m IOMMUFD \
			-e VFIO_DEVICE_CDEV -e VFIO_NOIOMMU -e IOMMUFD_TEST -e ARM_SMMU_V3_IOMMUFD -e TEGRA241_CMDQV -d MODVERSIONS &&
		cross_make "$BUILD/tests" olddefconfig modules_prepare &&
		grep -q '^CONFIG_IOMMUFD_TEST=y' "$BUILD/tests/.config"
}

# And with other base pages, by which there are fewer levels of tables.
configure_for_pages() {
	local pages=$1
	mkdir "$BUILD/$pages" &&
		cp "$BUILD/tests/.config" "$BUILD/$pages/.config" &&
		"$SRC/scripts/config" --file "$BUILD/$pages/.config" -d ARM64_4K_PAGES -e "ARM64_${pages}_PAGES" -d ARM64_VA_BITS_52 &&
		cross_make "$BUILD/$pages" olddefconfig modules_prepare &&
		grep -q "^CONFIG_ARM64_${pages}_PAGES=y" "$BUILD/$pages/.config"
}

prepare() {
	dpkg-deb -x "$(deb "$headers" "$VERSION")" "$BUILD/packaged" &&
		find "$BUILD/packaged" -type f \( -name .config -o -name Module.symvers \) -exec cp -t "$BUILD" {} + &&
		rm -rf "$BUILD/packaged" &&
		cross_make "$BUILD" olddefconfig &&
		cross_make "$BUILD" KERNELRELEASE="$RELEASE" modules_prepare &&
		configure_for_tests &&
		configure_for_pages 16K &&
		configure_for_pages 64K
}

lock kernel-source
fetch_headers
unlock kernel-source
lock "kernel-$arch"
if [[ ! -e $BUILD/complete ]]; then
	rm -rf "$BUILD"
	mkdir -p "$BUILD/tests"
	say "preparing to build modules for $headers"
	run_logged "kernel-$arch" prepare
	touch "$BUILD/complete"
fi
unlock "kernel-$arch"

# build NAME KERNEL OUT MAKE-ARGUMENT...: no warning either.
build() {
	local name=modules-$arch-$1 kernel=$2 to=$3
	shift 3
	mkdir -p "$to"
	lock "$name"
	run_logged "$name" cross_make "$kernel" M="$ROOT/kmod" MO="$to" "$@" modules
	unlock "$name"
	! grep -aE "^$ROOT/.*(warning|error):" "$CACHE/log/$name.log" || die "not clean; the log is $CACHE/log/$name.log"
}
for kernel in tests 16K 64K; do
	# A kernel that was not built has no list of what it exports.
	build "with-$kernel" "$BUILD/$kernel" "$CACHE/objects-$arch/$kernel" KBUILD_MODPOST_WARN=1 CONFIG_IOMMUFD_NOIOMMU=y \
		CONFIG_IOMMUFD_VFIO_CONTAINER=y KCFLAGS="-include $ROOT/configs/options.h"
done
build kmod "$BUILD" "$out"
say "for $headers: ${out#"$ROOT/"}/iommufd.ko"
