#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Prove that the module loads under the stock vfio of kernels with symbol versions, none of it by force: those made by
# genksyms, and by gendwarfksyms. A device does DMA there, another driver of vfio than vfio-pci loads, and a vfio that asks
# for another checksum of one symbol is refused. KTAP as it comes, and in results/latest/symvers.ktap; the last line is
# "N passed, N failed, N skipped".
#
#   TEST_KERNEL=genksyms  or gendwarfksyms: on this kernel alone

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

CASES=5
OTHER=iommufd_ctx_from_file
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

# other_vfio KERNEL TO: the stock vfio.ko, if a symbol that it takes from iommufd had another checksum. A record of its list
# is the checksum, in eight bytes, and the name.
other_vfio() {
	local vfio list=$2.list at
	vfio=$("$ROOT/scripts/build/kernel.sh" path "$1")/drivers/vfio/vfio.ko
	objcopy --dump-section __versions="$list" "$vfio" "$2"
	at=$(grep -abo "$OTHER" "$list" | cut -d: -f1)
	printf '\0\0\0\0' | dd of="$list" bs=1 seek=$((at - 8)) conv=notrunc status=none
	objcopy --update-section __versions="$list" "$vfio" "$2"
	rm "$list"
}

in_guest() {
	local kernel=$1 share=$ROOT/build/share-symvers-$1
	rm -rf "$share"
	mkdir -p "$share"
	"$ROOT/scripts/guest/stage.sh" "$kernel" "$share"
	stage_klog_check "$share"
	cp "$build/dma_test" "$share"
	other_vfio "$kernel" "$share/other-vfio.ko"
	# Bit 1 of the taints: a module was loaded by force.
	cat >"$share/job" <<-END
		. /lib/guest.sh
		export PEER=fast KTAP_LEVEL=1
		dmesg -n 1
		echo "$BEGIN"
		load iommufd "\$MODULES/fast" allow_unsafe_interrupts=1 && load irqbypass && ! insmod /host/other-vfio.ko 2>/tmp/error &&
			dmesg | grep -q 'vfio: disagrees about version of symbol $OTHER'
		result \$? $kernel/other-checksum-refused
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
