# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A configuration of the kernel in $SRC, made of fragments in configs/, and that kernel's make in $BUILD. Sourced, after
# lib.sh.

fragments() {
	[[ ${1:-} =~ ^[a-z]+$ && $1 != base && -f $ROOT/configs/$1.config ]] ||
		die "no configuration '${1:-}' in configs/ (there are: $(cd "$ROOT/configs" && echo [!b]*.config bench.config))"
	echo "$ROOT/configs/base.config"
	# As lean as what is measured.
	[[ $1 != gen*ksyms ]] || echo "$ROOT/configs/bench.config"
	[[ $1 != long ]] || echo "$ROOT/configs/test.config"
	echo "$ROOT/configs/$1.config"
}

# What the fragments ask for: the lines that say something, and no others; of what two of them say, the last.
wanted() {
	# shellcheck disable=SC2046 # paths of ours
	sed -n -E '/^CONFIG_|^# CONFIG_.* is not set$/p' $(fragments "$1") | tac |
		awk '{ symbol = $0; sub(/^# /, "", symbol); sub(/[= ].*/, "", symbol) } !seen[symbol]++' | tac
}

# The date and the builder do not belong in the image: the same input gives the same kernel, and ccache finds it.
kmake() {
	make -C "$SRC" O="$BUILD" -j"$JOBS" LOCALVERSION= CC="ccache gcc" HOSTCC="ccache gcc" \
		KBUILD_BUILD_TIMESTAMP=1970-01-01 KBUILD_BUILD_USER=iommufd-fast KBUILD_BUILD_HOST=guest "$@"
}

configure() {
	wanted "$1" >"$BUILD/fragment" &&
		kmake allnoconfig &&
		"$SRC/scripts/kconfig/merge_config.sh" -m -O "$BUILD" "$BUILD/.config" "$BUILD/fragment" &&
		kmake olddefconfig
}
