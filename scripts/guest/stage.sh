#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fill SHARE/modules with what a guest loads: every stock module of the kernel, and of ours those that were built.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

if (($# != 2)); then
	echo "usage: scripts/guest/stage.sh CONFIG SHARE" >&2
	exit 2
fi
config=$1
share=$2

kdir=$("$ROOT/scripts/build/kernel.sh" path "$config")
[[ -s $kdir/modules.order ]] || die "the $config kernel is not built; run 'scripts/build/kernel.sh build $config'"

rm -rf "${share:?}/modules"
mkdir -p "$share/modules"
sed "s|^|$kdir/|; s|\.o$|.ko|" "$kdir/modules.order" | xargs cp -t "$share/modules"

# ours PEER BUILT: BUILT goes to modules/PEER/, if it is there and was made for this kernel.
ours() {
	local built=$BUILT/$config/$2
	[[ -e $built ]] || return 0
	if [[ $(cat "$(dirname "$built")/.kernel" 2>/dev/null) != "$kdir" ]]; then
		say "$built was built for another kernel and is left out; run 'scripts/build/modules.sh $config ${2%/*}'"
		return 0
	fi
	mkdir -p "$share/modules/$1"
	cp "$built" "$share/modules/$1/"
}
ours fast kmod/iommufd.ko
ours floor bench/floor/iommufd-floor.ko
