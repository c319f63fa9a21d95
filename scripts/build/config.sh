# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A configuration of the kernel in $SRC, made of fragments in configs/, and that kernel's make in $BUILD. Sourced, after
# lib.sh.

fragments() {
	local name names=(base)
	[[ ${1:-} =~ ^[a-z]+$ && $1 != base && -f $ROOT/configs/$1.config ]] ||
		die "no configuration '${1:-}' in configs/ (there are: $(cd "$ROOT/configs" && find . -name '[!b]*.config' ! -name '*.*.*' -printf '%f ') bench.config)"
	# As lean as what is measured.
	[[ $1 != gen*ksyms ]] || names+=(bench)
	[[ $1 != long ]] || names+=(test)
	# Each, and what it is on the machine that the guest is.
	for name in "${names[@]}" "$1"; do
		echo "$ROOT/configs/$name.config"
		[[ ! -e $ROOT/configs/$name.$GUEST_ARCH.config ]] || echo "$ROOT/configs/$name.$GUEST_ARCH.config"
	done
	[[ -z $PAGES_NAME ]] || echo "$ROOT/configs/base.$GUEST_ARCH$PAGES_NAME.config"
}

# What the fragments ask for: the lines that say something, and no others; of what two of them say, the last.
wanted() {
	# shellcheck disable=SC2046 # paths of ours
	sed -n -E '/^CONFIG_|^# CONFIG_.* is not set$/p' $(fragments "$1") | tac |
		awk '{ symbol = $0; sub(/^# /, "", symbol); sub(/[= ].*/, "", symbol) } !seen[symbol]++' | tac
}

# The date and the builder do not belong in the image: the same input gives the same kernel, and ccache finds it.
kmake() {
	make -C "$SRC" O="$BUILD" -j"$JOBS" LOCALVERSION= CC="ccache ${CROSS}gcc" HOSTCC="ccache gcc" "${MAKE_ARCH[@]}" \
		KBUILD_BUILD_TIMESTAMP=1970-01-01 KBUILD_BUILD_USER=iommufd-fast KBUILD_BUILD_HOST=guest "$@"
}

configure() {
	wanted "$1" >"$BUILD/fragment" &&
		kmake allnoconfig &&
		"$SRC/scripts/kconfig/merge_config.sh" -m -O "$BUILD" "$BUILD/.config" "$BUILD/fragment" &&
		kmake olddefconfig
}
