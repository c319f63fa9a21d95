#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Prove what only some kernels are configured to have: /dev/vfio/vfio by iommufd, and devices without an IOMMU. The modules
# are built as for such a kernel (scripts/build/options.sh), and run in the guest, on the test kernel. KTAP as it comes, and
# in results/latest/options.ktap; there too as JSON and JUnit XML. The last line is "N passed, N failed, N skipped".
#
#   PEER=iommufd      on the in-tree module (fast: ours): all passes there, too, but for options/no_iommu/both, which is skipped,
#                     for that module gives a device without an IOMMU the HWPT of another
#   TEST_FILTER=GLOB  of the test programs only the cases whose suite/case matches
#   SEED=N            repeat the random choices of a run that printed this seed

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

peer=${PEER:-fast}
filter=${TEST_FILTER:-*}
seed=${SEED:-0x$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')}
build=$ROOT/build/tests
options=$ROOT/build/options
name=options
[[ $peer =~ ^(fast|iommufd)$ ]] || die "no PEER '$peer' to test (there are: fast iommufd)"
[[ $peer == fast ]] || name+=-$peer
share=$ROOT/build/share-$name

need_packages "${TEST_PACKAGES[@]}"
lock options
"$ROOT/scripts/build/options.sh" "$peer"
kernel=$("$ROOT/scripts/build/kernel.sh" path test)
build_programs

release=$(<"$kernel/include/config/kernel.release")

# The programs, with what they are to run: nothing where TEST_FILTER wants none of it.
runs=()
[[ -z $("$build/options_test" -l "$filter") ]] || runs+=("/tmp/options_test '$filter'; result \$? options")
# A program that knows VFIO alone, and the one node that it knows.
[[ $filter != '*' && $filter != vfio/* ]] ||
	runs+=("IOFD=/dev/vfio/vfio /tmp/dma_test '${filter/#\*/vfio/*}'; result \$? dma-by-container")
((${#runs[@]})) || die "no test matches TEST_FILTER='$filter'"

# What the guest does. The kernel asks modprobe for who has a minor that nobody has, and a module that can not have its minor
# does not load.
write_job() {
	cat <<-END
		. /lib/guest.sh
		export PEER=$peer SEED=$seed KTAP_LEVEL=1
		dmesg -n 1
		scan_when_told
		keep_edu_enabled || exit 2
		cp /host/*_test /tmp
		mkdir -p /lib/modules
		ln -s /host/lib/modules/$release /lib/modules
		echo /bin/modprobe >/proc/sys/kernel/modprobe
		mknod /tmp/container c 10 196
		opens() { (: <>/tmp/container) 2>/tmp/error; }
		refuses() { ! insmod "\$1" 2>/tmp/error && grep -q 'Device or resource busy' /tmp/error; }
		loaded() { [ -e "/sys/module/\$1" ]; }
		echo "$BEGIN"
		insmod /host/own/vfio.ko && opens && refuses /lib/modules/$release/iommufd.ko && [ ! -e /dev/iommu ] &&
			rmmod vfio && ! loaded iommufd
		result \$? minor-is-vfio
		opens && loaded iommufd
		result \$? modprobe-by-node
		load iommufd /lib/modules/$release && load irqbypass || exit 2
		echo 1 >/sys/module/iommufd/parameters/allow_unsafe_interrupts
		refuses \$MODULES/vfio.ko && opens && ! loaded vfio
		result \$? minor-is-iommufd
		load vfio /lib/modules/$release enable_unsafe_noiommu_mode=1 && load vfio-pci-core && load vfio-pci || exit 2
		bind_edu >/dev/null || exit 2
		$(printf '%s\n' "${runs[@]}")
		echo "$END"
		aftermath '' vfio-pci vfio-pci-core vfio iommufd >/host/aftermath
		exit 0
	END
}

rm -rf "$share"
mkdir -p "$share/own" "$share/lib/modules/$release"
"$ROOT/scripts/guest/stage.sh" test "$share"
iommufd=kmod
[[ $peer == fast ]] || iommufd=drivers/iommu/iommufd
cp "$options/$iommufd/iommufd.ko" "$options/drivers/vfio/vfio.ko" "$share/lib/modules/$release"
cp "$ROOT/build/options-vfio/drivers/vfio/vfio.ko" "$share/own"
run_logged depmod depmod -b "$share" "$release"
cp "$build"/{options,dma}_test "$share"
stage_klog_check "$share"
write_job >"$share/job"

say "testing $peer as other kernels are configured; results go to $ROOT/results/latest/$name.ktap"
{
	echo "1..$((3 + ${#runs[@]} + AFTERMATH_LEN))"
	run_guest "$name" "$share" marked_only --lane icount --edu 1 --edu-bare 1 --mem 2G --test-kernel \
		--append 'hugepagesz=2M hugepages=8' --kernel "$kernel"
} | ktap_results "$name"
