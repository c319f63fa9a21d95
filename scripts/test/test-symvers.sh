#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Prove that the module loads under the stock vfio of kernels with symbol versions, none of it by force: those made by
# genksyms, and by gendwarfksyms. A device does DMA there, and another driver of vfio than vfio-pci loads. KTAP as it comes,
# and in results/latest/symvers.ktap; the last line is "N passed, N failed, N skipped".
#
#   TEST_KERNEL=genksyms  or gendwarfksyms: on this kernel alone

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

CASES=4
read -ra kernels <<<"${TEST_KERNEL:-genksyms gendwarfksyms}"
for kernel in "${kernels[@]}"; do
	[[ $kernel =~ ^gen(dwarf)?ksyms$ ]] || die "no TEST_KERNEL '$kernel' with symbol versions (there are: genksyms gendwarfksyms)"
done

need_packages "${TEST_PACKAGES[@]}" libdw-dev zlib1g-dev
lock test-symvers
for kernel in "${kernels[@]}"; do
	"$ROOT/scripts/build/kernel.sh" build "$kernel"
	module_of "$kernel" kmod >/dev/null
done
build=$ROOT/build/tests
build_programs

in_guest() {
	local kernel=$1 share=$ROOT/build/share-symvers-$1
	rm -rf "$share"
	mkdir -p "$share"
	"$ROOT/scripts/guest/stage.sh" "$kernel" "$share"
	stage_klog_check "$share"
	cp "$build/dma_test" "$share"
	# Bit 1 of the taints: a module was loaded by force.
	cat >"$share/job" <<-END
		. /lib/guest.sh
		export PEER=fast KTAP_LEVEL=1
		dmesg -n 1
		echo "$BEGIN"
		load_peer fast && bind_edu >/dev/null
		result \$? $kernel/stock-vfio-pci
		load mdev && load mtty
		result \$? $kernel/stock-mtty
		cp /host/dma_test /tmp
		/tmp/dma_test 'shapes/thp'
		result \$? $kernel/dma
		[ \$((\$(cat /proc/sys/kernel/tainted) & 2)) = 0 ]
		result \$? $kernel/nothing-forced
		echo "$END"
		aftermath -$kernel mtty mdev vfio-pci vfio-pci-core vfio iommufd >/host/aftermath
		exit 0
	END
	run_guest "symvers-$kernel" "$share" marked_only --lane icount --mem 2G \
		--kernel "$("$ROOT/scripts/build/kernel.sh" path "$kernel")"
}

{
	echo "1..$((${#kernels[@]} * (CASES + AFTERMATH_LEN)))"
	for kernel in "${kernels[@]}"; do
		in_guest "$kernel"
	done
} | ktap_results symvers
