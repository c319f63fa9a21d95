#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Prove the module in a guest: device DMA, bad input, threads. KTAP as it comes and in results/latest/, and a last line
# "N passed, N failed".
#
#   PEER=iommufd      run the same tests on the in-tree module (fast: ours)
#   TEST_FILTER=GLOB  only the cases whose suite/case matches
#   SEED=N            repeat the random choices of a run that printed this seed

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BEGIN='=== results'
END='=== end'
peer=${PEER:-fast}
filter=${TEST_FILTER:-*}
seed=${SEED:-0x$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')}
build=$ROOT/build/tests
results=$ROOT/results/latest/tests.ktap
[[ $peer =~ ^(fast|iommufd)$ ]] || die "no PEER '$peer' to test (there are: fast iommufd)"
# The reference does not take the place of ours.
[[ $peer == fast ]] || results=${results%.ktap}-$peer.ktap

need_packages build-essential python3
lock test
"$ROOT/scripts/kernel.sh" build bench
[[ $peer != fast ]] || "$ROOT/scripts/modules.sh" bench kmod
kernel=$("$ROOT/scripts/kernel.sh" path bench)
headers=$("$ROOT/scripts/kernel.sh" headers)
mkdir -p "$build" "${results%/*}"
run_logged tests make -C "$ROOT/tests" -j"$JOBS" O="$build" KHDR="$headers"

# write_job LANE PROGRAM...: what the guest does. Its results go to the console, where the kernel is told to be quiet: a
# write to the shared directory pins the writer's memory, and pins are what is counted here.
write_job() {
	local lane=$1
	shift
	cat <<-END
		. /lib/guest.sh
		export PEER=$peer SEED=$seed KTAP_LEVEL=1
		dmesg -n 1
		result() {	# STATUS NAME
			case \$1 in
			0) echo "ok 0 \$2" ;;
			1) echo "not ok 0 \$2" ;;
			*) echo "not ok 0 \$2 # ERROR exit status \$1" ;;
			esac
		}
		load_peer $peer && bind_edu >/dev/null || exit 2
		cp /host/*_test /host/klog_check /tmp
		echo "$BEGIN"
		for program in $*; do
			"/tmp/\${program}_test" '$filter'
			result \$? "\$program"
		done
		rmmod vfio-pci vfio-pci-core vfio iommufd
		result \$? unload-$lane
		KTAP_LEVEL=0 /tmp/klog_check
		result \$? kernel-log-$lane
		echo "$END"
	END
}

# in_guest LANE TIMEOUT GUEST_OPTIONS... -- PROGRAM...: prints the guest's results as they come.
in_guest() {
	local lane=$1 limit=$2 share=$build/share-$1 options=() pid status=0
	shift 2
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	rm -rf "$share"
	mkdir -p "$share"
	"$ROOT/scripts/stage.sh" bench "$share"
	cp "$build"/{klog_check,*_test} "$share"
	write_job "$lane" "$@" >"$share/job"
	: >"$share/console.log"
	"$ROOT/scripts/guest.sh" --lane "$lane" --timeout "$limit" "${options[@]}" --kernel "$kernel" --share "$share" \
		2>"$share/error" &
	pid=$!
	tail -n +1 -f --pid="$pid" "$share/console.log" 2>/dev/null | sed -u "1,/^$BEGIN/d; /^$END/,\$d"
	wait "$pid" || status=$?
	((status == 0)) || {
		sed 's/^/# /' "$share/error"
		echo "not ok 0 guest-$lane # ERROR exit status $status; the console is $share/console.log"
	}
}

# Of these programs, the ones that have a case that TEST_FILTER wants; they can say that here, too.
wanted() {
	local program
	for program; do
		[[ -z $("$build/${program}_test" -l "$filter") ]] || echo "$program"
	done
}
mapfile -t alone < <(wanted uapi dma)
mapfile -t threaded < <(wanted race)
plan=$((${#alone[@]} + ${#threaded[@]} + (${#alone[@]} ? 2 : 0) + (${#threaded[@]} ? 2 : 0)))
((plan > 0)) || die "no test matches TEST_FILTER='$filter'"

# A transfer of edu takes 100 ms of the guest's time: thousands of them are for the lane whose clock runs ahead when
# the CPU has nothing to do. Threads are for the lane that has CPUs for them.
say "testing $peer; results go to $results"
huge='hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=16'
{
	if ((${#alone[@]})); then
		in_guest icount 900 --edu 2 --edu-group 2 --append "$huge" -- "${alone[@]}"
	fi
	if ((${#threaded[@]})); then
		in_guest mttcg 300 --cpus 4 --edu 2 -- "${threaded[@]}"
	fi
} | "$ROOT/scripts/ktap.py" "$plan" "$results"
