#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the kernel's own selftests of iommufd and of VFIO (tools/testing/selftests/iommu and vfio, unchanged) in the guest, on
# the test kernel: every case counts, and so does whatever the kernel reports meanwhile. One line per fixture, and beside it
# the other peer's, if that was run before. The whole KTAP is in results/latest/selftest-PEER.ktap (of ARCH=arm64:
# results/latest/arm64/). Those of VFIO go through type1, too, as variants of their own.
#
#   PEER=iommufd   run them on the in-tree module (fast: ours); the two are shown side by side
#   SUITE=GLOB     of iommu and vfio, the one
#   PAGES=64K      of ARCH=arm64, with base pages of 64 KiB, or of 16K; results are in results/latest/arm64-64k/
#   LANE=mttcg     with two CPUs. A case is given 30 s, which sanitizers on an emulated CPU of a busy machine exceed; in
#                  the icount lane (the default) these are 30 billion instructions, whatever else the machine does

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

peer=${PEER:-fast}
lane=${LANE:-icount}
build=$BUILT/selftest
share=$BUILT/share-selftest-$peer
results=$LATEST
suite=${SUITE:-*}
declare -A suites=(
	[iommu]='iommufd iommufd_fail_nth'
	[vfio]='vfio_dma_mapping_test vfio_dma_mapping_mmio_test vfio_iommufd_setup_test vfio_pci_device_test
		vfio_pci_device_init_perf_test vfio_pci_driver_test vfio_pci_sriov_uapi_test'
)
[[ $peer =~ ^(fast|iommufd)$ ]] || die "no PEER '$peer' to test (there are: fast iommufd)"
[[ $lane =~ ^(icount|mttcg|kvm)$ ]] || die "no lane '$lane' (there are: icount mttcg kvm)"
# A program's, by the guest's clock. Where that is the machine's, there is the limit of scripts/guest/guest.sh alone.
program_limit=
[[ $lane != icount ]] || program_limit='timeout 900'
cpus=$([[ $lane == icount ]] && echo 1 || echo 2)

need_packages "${TEST_PACKAGES[@]}"
lock selftest
"$ROOT/scripts/build/kernel.sh" build test
[[ $peer != fast ]] || module=$(module_of test kmod)
kernel=$("$ROOT/scripts/build/kernel.sh" path test)
src=$("$ROOT/scripts/build/kernel.sh" src)
headers=$("$ROOT/scripts/build/kernel.sh" headers)
tools=$build/${src##*/}
mkdir -p "$results"
include="-isystem $headers" link=-static
if [[ $GUEST_ARCH != x86_64 ]]; then
	sysroot=$("$ROOT/scripts/build/sysroot.sh")
	include+=" -idirafter $sysroot/usr/include"
	link+=" -L$sysroot/usr/lib/${CROSS%-}"
fi
programs=()
for name in iommu vfio; do
	# shellcheck disable=SC2053 # a pattern
	[[ $name == $suite ]] || continue
	mkdir -p "$tools/$name"
	run_logged "selftest-build-$name" make -C "$src/tools/testing/selftests/$name" -j"$JOBS" OUTPUT="$tools/$name" \
		"${MAKE_ARCH[@]}" KHDR_INCLUDES="$include" LDFLAGS="$link"
	for program in ${suites[$name]}; do
		programs+=("$name/$program")
	done
done
((${#programs[@]})) || die "no suite matches SUITE='$suite' (there are: ${!suites[*]})"
# A device that the tests of a driver have a driver for. It came with QEMU 8; without it they find none, and say so.
nic=()
if [[ ${programs[*]} == *vfio/* && $GUEST_ARCH == x86_64 ]] &&
	qemu-system-x86_64 -device help 2>/dev/null | grep -q '^name "igb"'; then
	nic=(--device igb)
fi

# What the guest does. Programs run from memory and write to the share; the console stays the kernel's.
write_job() {
	local program
	cat <<-END
		. /lib/guest.sh
		scan_when_told
		keep_edu_enabled || exit 2
		load_peer $peer && load vfio_iommu_type1 \$MODULES allow_unsafe_interrupts=1 || exit 2
		edus=\$(bind_edu) || exit 2
		VFIO_SELFTESTS_BDF=\${edus##*
		}
		export VFIO_SELFTESTS_BDF
		with_nic() {
			for nic in \$(find_device 0x8086 0x10c9); do
				bind_device "\$nic" vfio-pci && VFIO_SELFTESTS_BDF=\$nic || exit 2
			done
			"\$@"
		}
		run() {
			name=\$1
			shift
			cp "/host/\$name" /tmp
			"\$@" >"/host/\$name.tap" 2>&1 </dev/null
			echo \$? >"/host/\$name.status"
		}
	END
	for program in "${programs[@]##*/}"; do
		case $program in
		vfio_pci_device_init_perf_test) echo "run $program $program_limit /tmp/$program \$edus" ;;
		vfio_pci_driver_test | vfio_pci_sriov_uapi_test) echo "with_nic run $program $program_limit /tmp/$program" ;;
		*) echo "run $program $program_limit /tmp/$program" ;;
		esac
	done
	cat <<-END
		aftermath '' vfio-pci vfio-pci-core vfio_iommu_type1 vfio iommufd >/host/aftermath
		exit 0
	END
}

done_so_far() {
	echo "$(cat "$share"/*.tap | grep -cE '^(not )?ok ') cases done"
}

rm -rf "$share"
mkdir -p "$share"
"$ROOT/scripts/guest/stage.sh" test "$share"
[[ $peer != fast ]] || install -D -t "$share/modules/fast" "$module"
cp "${programs[@]/#/$tools/}" "$share"
stage_klog_check "$share"
for program in "${programs[@]##*/}"; do
	: >"$share/$program.tap"
done
write_job >"$share/job"

say "the kernel's selftests of iommufd and VFIO on $peer; results go to $results/selftest-$peer.ktap"
rm -f "$results/selftest-$peer".{ktap,json,xml}
# Huge pages are for the cases that ask for them: VFIO's for 2 MiB, iommufd's for what a transparent one has.
huge="${GIGANTIC}hugepagesz=2M hugepages=96"
[[ $HUGE_PAGE == 2M ]] || huge+=" hugepagesz=$HUGE_PAGE hugepages=3"
# In a shell of its own: what there is of results is shown also when the guest died.
(
	PROGRESS=done_so_far run_logged "selftest-$peer" "$ROOT/scripts/guest/guest.sh" --lane "$lane" --cpus "$cpus" --mem 4G \
		--edu 4 "${nic[@]}" --kernel "$kernel" --share "$share" --test-kernel \
		--append "$huge loglevel=5"
) || true

"$ROOT/scripts/test/selftest.py" join "$share" "${programs[@]##*/}" >"$results/selftest-$peer.ktap"
ktap_convert "selftest-$peer"
"$ROOT/scripts/test/selftest.py" table "$peer" "$results"/selftest-*.ktap
