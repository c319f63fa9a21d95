#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run programs of other people on the module, in a guest: a current QEMU that assigns a device to an inner guest, whose driver
# lets it do DMA and checks every byte; DPDK, whose devices send one another packets; and, of our own, a driver of an NVMe device
# as they are written in user space. With every kind of memory, and killed in the midst of it. KTAP as it comes, and in
# results/latest/clients-PEER.ktap; there too as JSON and JUnit XML. Then what it took, beside what it took other peers, if
# those were run before. The last line is "N passed, N failed, N skipped". docs/clients.md says what there is to see.
#
#   PEER=NAME         on type1, the in-tree module (iommufd), ours (fast: the default)
#   TEST_FILTER=GLOB  only the cases whose suite/case matches
#   MIB=N             how much memory the inner guest has (512)
#   LANE=mttcg        with two CPUs, and by the machine's clock; in the icount lane (the default) a second is 10^9 instructions

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

peer=${PEER:-fast}
filter=${TEST_FILTER:-*}
mib=${MIB:-512}
lane=${LANE:-icount}
share=$ROOT/build/share-clients-$peer
[[ $peer =~ ^(type1|iommufd|fast)$ ]] || die "no PEER '$peer' to test (there are: type1 iommufd fast)"
[[ $lane =~ ^(icount|mttcg|kvm)$ ]] || die "no lane '$lane' (there are: icount mttcg kvm)"
[[ $mib =~ ^[0-9]+$ ]] || die "MIB='$mib' is no number"
((mib >= 64 && mib <= 2048 && mib % 2 == 0)) || die "MIB='$mib' is not an even number of 64 to 2048"
cpus=$([[ $lane == icount ]] && echo 1 || echo 2)

ways=(cdev container)
modules=(vfio-pci vfio-pci-core vfio iommufd)
if [[ $peer == type1 ]]; then
	ways=(container)
	modules=(vfio-pci vfio-pci-core vfio_iommu_type1 vfio iommufd)
fi
# What the guest calls, a case a line: a function of guest/client-PROGRAM, and the case's name, whose parts are its arguments.
runs=()
programs=()
# add PROGRAM FUNCTION CASE ARGUMENT...
add() {
	# shellcheck disable=SC2053 # a pattern
	[[ $3 == $filter ]] || return 0
	[[ " ${programs[*]} " == *" $1 "* ]] || programs+=("$1")
	runs+=("${*:2}")
}
for way in "${ways[@]}"; do
	for memory in thp thp-preallocated base base-preallocated memfd memfd-preallocated memfd-huge hugetlbfs; do
		add qemu runs "qemu-$way/$memory" "$way" "$memory"
	done
	add qemu killed_in_start "qemu-$way/killed-in-start" "$way" base
	add qemu killed_in_dma "qemu-$way/killed-in-dma" "$way" thp
	add qemu runs "qemu-$way/after-killed" "$way" thp
	add qemu replugged "qemu-$way/replugged" "$way" thp
	add qemu two_guests "qemu-$way/two-guests" "$way" thp
	add qemu more_plugged "qemu-$way/more-plugged" "$way" thp
	add qemu less_and_more "qemu-$way/less-and-more" "$way" thp
	add qemu ballooned "qemu-$way/ballooned" "$way" thp
	add qemu rebooted "qemu-$way/rebooted" "$way" thp
	add qemu migration_refused "qemu-$way/migration-refused" "$way" thp
	add qemu viommu "qemu-$way/viommu" "$way" base-preallocated
	# An iommufd takes the registers of a device as a dma-buf, and no container does.
	[[ $way == container && $peer != type1 ]] || add qemu peers "qemu-$way/peers" "$way" thp
done
for memory in dynamic legacy no-huge external anonymous; do
	add dpdk forwards "dpdk/$memory" "$memory"
done
add dpdk killed_forwarding dpdk/killed-forwarding dynamic
add dpdk forwards dpdk/after-killed dynamic

need_packages "${TEST_PACKAGES[@]}" mmdebstrap
lock clients
build_programs clients/inner clients/nvme_test
mapfile -t nvme < <("$ROOT/build/tests/clients/nvme_test" -l "$filter" | grep -E "^nvme-($(IFS='|' && echo "${ways[*]}"))/")
if ((${#nvme[@]})); then
	programs+=(nvme)
	runs+=("drive nvme ${nvme[*]}")
fi
((${#runs[@]})) || die "no test matches TEST_FILTER='$filter' on $peer"
"$ROOT/scripts/build/kernel.sh" build bench
[[ $peer != fast ]] || "$ROOT/scripts/build/modules.sh" bench kmod
kernel=$("$ROOT/scripts/build/kernel.sh" path bench)

write_job() {
	cat <<-END
		. /lib/guest.sh
		. /host/client-job
		export PEER=$peer MIB=$mib
		dmesg -n 1
		load_peer $peer || exit 2
		EDUS=\$(bind_edu) && NICS=\$(bind_all 0x8086 0x10d3) && set_up || exit 2
		$(for program in "${programs[@]}"; do echo ". /host/client-$program && set_up_$program || exit 2"; done)
		echo "$BEGIN"
		$(printf '%s\n' "${runs[@]}")
		echo "$END"
		aftermath '' ${modules[*]} >/host/aftermath
		exit 0
	END
}

rm -rf "$share"
mkdir -p "$share"
"$ROOT/scripts/guest/stage.sh" bench "$share"
stage_klog_check "$share"
cp "$ROOT/guest/client-job" "$ROOT/build/tests/clients/inner" "$ROOT/build/tests/clients/nvme_test" "$share"
truncate -s 64M "$share/disk"
for program in "${programs[@]}"; do
	cp "$ROOT/guest/client-$program" "$share"
	[[ $program != nvme ]] || continue
	root=$("$ROOT/scripts/guest/client-root.sh" "$program")
	ln "$root" "$share/root-$program.tar" 2>/dev/null || cp "$root" "$share/root-$program.tar"
done
write_job >"$share/job"

say "running clients on $peer; results go to $ROOT/results/latest/clients-$peer.ktap"
status=0
{
	echo "1..$((${#runs[@]} + AFTERMATH_LEN))"
	run_guest "clients-$peer" "$share" marked_only --lane "$lane" --cpus "$cpus" --mem "$((2 * mib + 1536))M" --edu 2 --nic 2 \
		--nvme "$share/disk" --kernel "$kernel"
} | ktap_results "clients-$peer" | tee "$share/said" | sed -u '$d' || status=$?
"$ROOT/scripts/test/clients.py" "$ROOT"/results/latest/clients-*.ktap
tail -n 1 "$share/said"
exit "$status"
