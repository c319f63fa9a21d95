#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the kernel's own iommufd selftests (tools/testing/selftests/iommu, unchanged) in the guest, on the test kernel:
# every case counts, and so does whatever the kernel reports meanwhile. One line per fixture, and beside it the other
# peer's, if that was run before. The whole KTAP is in results/latest/selftest-PEER.ktap.
#
#   PEER=iommufd   run them on the in-tree module (fast: ours); the two are shown side by side
#   LANE=mttcg     with two CPUs. A case is given 30 s, which sanitizers on an emulated CPU of a busy machine exceed; in
#                  the icount lane (the default) these are 30 billion instructions, whatever else the machine does

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

peer=${PEER:-fast}
lane=${LANE:-icount}
build=$ROOT/build/selftest
share=$ROOT/build/share-selftest-$peer
results=$ROOT/results/latest
programs=(iommufd iommufd_fail_nth)
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
mkdir -p "$tools" "$results"
run_logged selftest-build make -C "$src/tools/testing/selftests/iommu" -j"$JOBS" OUTPUT="$tools" \
	KHDR_INCLUDES="-isystem $headers" LDFLAGS=-static

# What the guest does. Programs run from memory and write to the share; the console stays the kernel's.
write_job() {
	cat <<-END
		. /lib/guest.sh
		scan_when_told
		load_peer $peer || exit 2
		for program in ${programs[*]}; do
			cp "/host/\$program" /tmp
			$program_limit "/tmp/\$program" >"/host/\$program.tap" 2>&1 </dev/null
			echo \$? >"/host/\$program.status"
		done
		aftermath '' vfio-pci vfio-pci-core vfio iommufd >/host/aftermath
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
for program in "${programs[@]}"; do
	: >"$share/$program.tap"
done
write_job >"$share/job"

say "the kernel's iommufd selftests on $peer; results go to $results/selftest-$peer.ktap"
rm -f "$results/selftest-$peer".{ktap,json,xml}
# In a shell of its own: what there is of results is shown also when the guest died. Huge pages are for the cases that
# ask for them.
(
	PROGRESS=done_so_far run_logged "selftest-$peer" "$ROOT/scripts/guest/guest.sh" --lane "$lane" --cpus "$cpus" --mem 2G \
		--kernel "$kernel" --share "$share" --test-kernel --append 'hugepagesz=2M hugepages=96 loglevel=5'
) || true

"$ROOT/scripts/test/selftest.py" join "$share" "${programs[@]}" >"$results/selftest-$peer.ktap"
ktap_convert "selftest-$peer"
"$ROOT/scripts/test/selftest.py" table "$peer" "$results"/selftest-*.ktap
