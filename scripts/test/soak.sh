#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Very much, for long (tests/soak*.c): ten million live mappings in one IOAS, a hundred thousand objects in 4000 iommufds,
# 64 devices with a domain each, and threads that change all of it; memory, pins and objects end where they began. Twice:
# all of it on a lean kernel, where ftrace says what kept preemption or interrupts off for longest; and a part of it on the
# kernel that is full of sanitizers, with four CPUs. KTAP as it comes, and in results/latest/soak.ktap; there too as JSON
# and JUnit XML. The last line is "N passed, N failed, N skipped". results/latest/soak-holds.md, which is shown, too, has
# the longest hold of each case; docs/soak.md says what the limits are.
#
#   FOR=SECONDS       of load, in each guest (120); by the guest's clock
#   TEST_KERNEL=soak  only the first one; test: only the second one
#   LANE=icount       the second one with one CPU, whose clock counts instructions: with the limit, too
#   TEST_FILTER=GLOB  only the cases whose suite/case matches
#   SEED=N            repeat the random choices of a run that printed this seed
#   MAPPINGS=N OBJECTS=N IOFDS=N DEVICES=N MANY=N  other sizes (tests/soak.h)

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

filter=${TEST_FILTER:-*}
seed=${SEED:-0x$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')}
seconds=${FOR:-120}
configs=${TEST_KERNEL:-soak test}
declare -A lanes=([soak]=icount [test]=${LANE:-mttcg})
build=$ROOT/build/tests
# In the lane whose clock counts instructions, these are a thousandth of as many.
hold_limit_us=1000

# What a kernel full of sanitizers has memory and time for. KASAN and kmemleak make three of each allocation.
declare -A some=([MAPPINGS]=200000 [OBJECTS]=10000 [IOFDS]=400 [DEVICES]=16 [MANY]=10000)

[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "FOR='$seconds' is no number of seconds"
[[ $configs =~ ^(soak|test|soak test)$ ]] || die "no TEST_KERNEL '$configs' (there are: soak test)"
[[ ${lanes[test]} =~ ^(icount|mttcg)$ ]] || die "no lane '${lanes[test]}' (there are: icount mttcg)"
for name in "${!some[@]}"; do
	[[ ${!name:-1} =~ ^[1-9][0-9]*$ || $name${!name} == DEVICES0 ]] || die "$name='${!name}' is no number"
done

need_packages "${TEST_PACKAGES[@]}"
lock soak
build_programs
[[ -n $("$build/soak_test" -l "$filter") ]] || die "no case matches TEST_FILTER='$filter'"

# sizes CONFIG: as assignments, for the guest's shell.
sizes() {
	local name
	for name in "${!some[@]}"; do
		if [[ -n ${!name:-} ]]; then
			echo "$name=${!name}"
		elif [[ $1 == test ]]; then
			echo "$name=${some[$name]}"
		fi
	done
}

# write_job CONFIG: as in programs.sh, and the tracer where the kernel has it.
write_job() {
	cat <<-END
		. /lib/guest.sh
		export PEER=fast SEED=$seed KTAP_LEVEL=1 FOR=$seconds $(sizes "$1" | tr '\n' ' ')
		dmesg -n 1
		scan_when_told
		load_peer fast || exit 2
	END
	[[ $1 != soak ]] || echo 'mount -t tracefs tracefs /sys/kernel/tracing || exit 2'
	[[ ${lanes[$1]} != icount ]] || echo "export HOLD_LIMIT_US=$hold_limit_us"
	cat <<-END
		cp /host/soak_test /tmp
		echo "$BEGIN"
		/tmp/soak_test '$filter'
		result \$? soak-$1
		echo "$END"
		aftermath -$1 vfio-pci vfio-pci-core vfio iommufd >/host/aftermath
		exit 0
	END
}

# in_guest CONFIG GUEST_OPTIONS...
in_guest() {
	local config=$1 share=$ROOT/build/share-soak-$1 kernel
	shift
	kernel=$("$ROOT/scripts/build/kernel.sh" path "$config")
	rm -rf "$share"
	mkdir -p "$share"
	"$ROOT/scripts/guest/stage.sh" "$config" "$share"
	install -D -t "$share/modules/fast" "${modules[$config]}"
	stage_klog_check "$share"
	cp "$build/soak_test" "$share"
	write_job "$config" >"$share/job"
	# Most of it says nothing for minutes.
	run_guest "soak-$config" "$share" marked_only --edu 0 --stall 3600 --timeout 14400 --kernel "$kernel" "$@"
}

declare -A modules
plan=0
for config in $configs; do
	"$ROOT/scripts/build/kernel.sh" build "$config"
	modules[$config]=$(module_of "$config" kmod)
	plan=$((plan + 1 + AFTERMATH_LEN))
done

status=0
say "soak: $seconds s of load; results go to $ROOT/results/latest/soak.ktap"
{
	echo "1..$plan"
	for config in $configs; do
		case $config in
		soak) options=(--mem 5G) ;;
		test) options=(--mem 4G --test-kernel) ;;
		esac
		# RCU's callbacks have a thread: they are not to run in whatever an interrupt came into, and count as its time.
		# A CPU of several that the machine has no time for looks stalled to the others.
		case ${lanes[$config]} in
		icount) options+=(--append rcutree.use_softirq=0) ;;
		mttcg) options+=(--cpus 4 --append 'no_timer_check rcupdate.rcu_cpu_stall_suppress=1') ;;
		esac
		in_guest "$config" --lane "${lanes[$config]}" "${options[@]}"
	done
} | ktap_results soak || status=$?
# The last line of standard output is the sum.
"$ROOT/scripts/test/soak.py" "$ROOT/results/latest/soak.ktap" >"$ROOT/results/latest/soak-holds.md" || status=1
cat "$ROOT/results/latest/soak-holds.md" >&2
exit "$status"
