# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The kernel as Debian packages it, not built but unpacked: its image, its configuration, the symbols that it exports,
# those of its modules that a guest needs to reach its share, and, built for it, both stock peers. What comes out looks
# like a build directory of that kernel (the O= of its make). Sourced by kernel.sh, after source.sh.

# How the packages are named: linux-headers-7.3.4+deb13-amd64. There are others, with a flavour in front of amd64, or behind arm64.
KERNEL_NAME="^linux-headers-($SERIES\.[^- ]+-$DEBIAN_ARCH)\$"
# What the guest mounts its share with, and what a stock vfio-pci takes; and where it has one serial port, what stands in for a
# second one (scripts/guest/guest.sh).
BOOT_MODULES=(virtio_pci 9pnet_virtio 9p)
[[ $GUEST_ARCH != arm64 ]] || BOOT_MODULES+=(virtio_console)
STOCK_MODULES=(irqbypass)

# What is measured depends on the package and on the compiler of what is built for it; what is in $BUILD, on how that is made, too.
packaged_with() {
	echo "packaged $VERSION"
	"${CROSS}gcc" --version 2>/dev/null | head -1
}
packaged_key() { { packaged_with && cat "$ROOT"/scripts/build/{packaged,cc}.sh "$ROOT/packaging/Makefile"; } | short_hash; }

# Leaves in RELEASE the name that the kernel calls itself by, and in KERNEL_DEBS the packages that it is in. With the lock
# kernel-source.
find_packages() {
	RELEASE=$("${APT_CACHE[@]}" pkgnames "linux-headers-$SERIES" | sed -n -E "s/$KERNEL_NAME/\1/p" | while read -r release; do
		! "${APT_CACHE[@]}" show "linux-headers-$release=$VERSION" >/dev/null 2>&1 || echo "$release"
	done | head -n 1)
	[[ -n $RELEASE ]] || return
	# The image's package may be one that has others for its parts.
	mapfile -t KERNEL_DEBS < <({
		printf 'linux-%s-%s\n' headers "$RELEASE" image "$RELEASE"
		"${APT_CACHE[@]}" depends "linux-image-$RELEASE=$VERSION" | sed -n -E 's/^ *Depends: (linux-(binary|modules)-.*)$/\1/p'
	})
}

# The packages of the version that the source is of; where the mirror has a newer one by now, the source, too.
fetch_packages() {
	isolated_apt
	find_packages && [[ -z $(missing_debs "$VERSION" "${KERNEL_DEBS[@]}") ]] && return
	# The lists may be of when the source was fetched.
	run_logged kernel-lists "${APT_GET[@]}" update
	find_packages || {
		fetch
		VERSION=$(<"$CACHE/linux-version")
		SRC=$CACHE/linux-$VERSION
		find_build bench
		find_packages || die "$SUITE has the source of Linux $VERSION, but no kernel of that version; give a tree with KERNEL_SRC=dir"
	}
	download "$VERSION" "${KERNEL_DEBS[@]}"
}

# The packages, and what of them is to be where a build would have left it.
unpack_packages() {
	local package
	for package in "${KERNEL_DEBS[@]}"; do
		dpkg-deb -x "$(deb "$package" "$VERSION")" "$BUILD/packaged" || return
	done
	find "$BUILD/packaged" -type f -name "vmlinuz*" -exec install -D {} "$BUILD/$IMAGE" \;
	find "$BUILD/packaged" -type f \( -name .config -o -name Module.symvers \) -exec cp -t "$BUILD" {} +
	[[ -s $BUILD/$IMAGE && -s $BUILD/.config && -s $BUILD/Module.symvers ]]
}

# with_needed NAME...: the files of those modules, after those that they need; nothing of what the image has in it.
with_needed() {
	local name file needed
	for name; do
		file=$(find "$BUILD/packaged" -name "$name.ko*" -o -name "${name//_/-}.ko*" | head -n 1)
		[[ -n $file ]] || continue
		needed=$(modinfo -F depends "$file")
		# shellcheck disable=SC2086 # names
		with_needed ${needed//,/ }
		echo "$file"
	done | awk '!seen[$0]++'
}

# keep_modules DIR NAME...: into DIR, as insmod without libraries wants them; the order in which they load is in DIR/order.
keep_modules() {
	local dir=$1 file
	shift
	mkdir -p "$dir"
	while read -r file; do
		case $file in
		*.xz) xz -dc "$file" ;;
		*) cat "$file" ;;
		esac >"$dir/$(basename "${file%.xz}")"
		basename "${file%.xz}"
	done < <(with_needed "$@") >"$dir/order"
}

# What this machine's tools cannot do the configuration cannot say: which symbols those are is kept. The structures of
# the kernel depend on none of them, or the guest would refuse the modules.
prepare_packaged() {
	cp "$BUILD/.config" "$BUILD/config.packaged"
	kmake olddefconfig &&
		{ diff <(grep '^CONFIG' "$BUILD/config.packaged") <(grep '^CONFIG' "$BUILD/.config") >"$BUILD/config.differs" || true; } &&
		kmake KERNELRELEASE="$RELEASE" modules_prepare
}

# Both stock peers, which Debian leaves out: the kernel's own iommufd, and vfio and its drivers over it. Their names go
# where those of modules of a kernel of ours are.
build_peers() {
	local dir
	for dir in intree vfio; do
		cc_links "$BUILD/peers/$dir" source "$SRC" kernel "$BUILD"
	done
	make -f "$ROOT/packaging/Makefile" KDIR="$BUILD" KSRC="$SRC" OUT="$BUILD/peers" JOBS="$JOBS" CC="$ROOT/scripts/build/cc.sh" \
		"${MAKE_ARCH[@]}" OVER=intree intree vfio &&
		(cd "$BUILD" && find peers/intree peers/vfio stock -name '*.ko' | sed 's/ko$/o/' | LC_ALL=C sort >modules.order)
}

build_packaged() {
	lock kernel-source
	fetch_packages
	unlock kernel-source
	[[ ! -e $BUILD/complete ]] || return 0
	lock kernel-bench
	[[ ! -e $BUILD/complete ]] || return 0
	rm -rf "$BUILD"
	mkdir -p "$BUILD"
	export CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-3G}
	run_logged kernel-bench-unpack unpack_packages
	keep_modules "$BUILD/boot-modules" "${BOOT_MODULES[@]}"
	keep_modules "$BUILD/stock" "${STOCK_MODULES[@]}"
	rm -rf "$BUILD/packaged"
	say "preparing to build modules for Linux $RELEASE"
	run_logged kernel-bench-prepare prepare_packaged
	say "building vfio and the kernel's own iommufd for it, $JOBS at a time"
	run_logged kernel-bench build_peers
	touch "$BUILD/complete"
	say "Linux $RELEASE is ready, after $((SECONDS / 60)) min $((SECONDS % 60)) s"
}
