#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the kernel's own iommufd selftests (tools/testing/selftests/iommu, unchanged) in the guest, on the test kernel:
# every case counts, and so does whatever the kernel reports meanwhile. One line per fixture, and beside it the other
# peer's, if that was run before. The whole KTAP is in results/latest/selftest-PEER.ktap.
#
#   PEER=iommufd   run them on the in-tree module (fast: ours)

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

peer=${PEER:-fast}
build=$ROOT/build/selftest
share=$build/share-$peer
results=$ROOT/results/latest
programs=(iommufd iommufd_fail_nth)
# Seconds of a program, in the guest; the longest takes a tenth of it.
program_limit=900
[[ $peer =~ ^(fast|iommufd)$ ]] || die "no PEER '$peer' to test (there are: fast iommufd)"

need_packages build-essential libcap-dev python3
lock selftest
"$ROOT/scripts/kernel.sh" build test
[[ $peer != fast ]] || "$ROOT/scripts/modules.sh" test kmod
kernel=$("$ROOT/scripts/kernel.sh" path test)
src=$("$ROOT/scripts/kernel.sh" src)
headers=$("$ROOT/scripts/kernel.sh" headers)
mkdir -p "$build" "$results"
run_logged selftest-build make -C "$src/tools/testing/selftests/iommu" -j"$JOBS" OUTPUT="$build" \
	KHDR_INCLUDES="-isystem $headers" LDFLAGS=-static

# What the guest does. Programs run from memory and write to the share; the console stays the kernel's.
write_job() {
	cat <<-END
		. /lib/guest.sh
		load_peer $peer || exit 2
		for program in ${programs[*]}; do
			cp "/host/\$program" /tmp
			timeout $program_limit "/tmp/\$program" >"/host/\$program.tap" 2>&1 </dev/null
			echo \$? >"/host/\$program.status"
		done
		# What was allocated within the last seconds is not looked at, and one scan can mistake garbage for a pointer.
		sleep 6
		for scan in 1 2; do
			echo scan >/sys/kernel/debug/kmemleak
		done
		cat /sys/kernel/debug/kmemleak >/host/kmemleak
		rmmod vfio-pci vfio-pci-core vfio iommufd 2>/host/unload
		echo \$? >/host/unload.status
		kernel_complaints >/host/complaints
		dmesg >/host/dmesg
		exit 0
	END
}

done_so_far() {
	echo "$(cat "$share"/*.tap | grep -cE '^(not )?ok ') cases done"
}

rm -rf "$share"
mkdir -p "$share"
"$ROOT/scripts/stage.sh" test "$share"
cp "${programs[@]/#/$build/}" "$share"
for program in "${programs[@]}"; do
	: >"$share/$program.tap"
done
write_job >"$share/job"

say "the kernel's iommufd selftests on $peer; the console is $share/console.log"
rm -f "$results/selftest-$peer.ktap"
# In a shell of its own: what there is of results is shown also when the guest died. Huge pages are for the cases that
# ask for them; iommu.debug_pagealloc has the kernel find pages that are freed while an IOMMU maps them.
(
	PROGRESS=done_so_far run_logged "selftest-$peer" "$ROOT/scripts/guest.sh" --lane mttcg --cpus 2 --edu 1 \
		--timeout $((${#programs[@]} * program_limit + 300)) --kernel "$kernel" --share "$share" \
		--append 'hugepagesz=2M hugepages=96 iommu.debug_pagealloc=1'
) || true

"$ROOT/scripts/selftest.py" join "$share" "${programs[@]}" >"$results/selftest-$peer.ktap"
"$ROOT/scripts/selftest.py" table "$peer" "$results"/selftest-*.ktap
