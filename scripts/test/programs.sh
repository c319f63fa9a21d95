#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the test programs (tests/) in the guest, on the test kernel: device DMA, bad input, threads. KTAP as it comes, and
# in results/latest/programs.ktap (of ARCH=arm64: results/latest/arm64/); there too as JSON and JUnit XML. The last line is
# "N passed, N failed, N skipped".
#
#   PEER=iommufd      run the same programs on the in-tree module (fast: ours)
#   TEST_FILTER=GLOB  only the cases whose suite/case matches
#   SEED=N            repeat the random choices of a run that printed this seed
#   FOR=SECONDS       of all that is done to memory at once, memory/everything (20); by the guest's clock
#   PAGES=64K         of ARCH=arm64, with base pages of 64 KiB, or of 16K; results are in results/latest/arm64-64k/
#   TEST_KERNEL=bench on the kernel that is measured: no sanitizers, but other timing and code as users have it; or kcsan,
#                     which looks for data races

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

peer=${PEER:-fast}
filter=${TEST_FILTER:-*}
config=${TEST_KERNEL:-test}
seed=${SEED:-0x$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')}
build=$BUILT/tests
[[ $peer =~ ^(fast|iommufd)$ ]] || die "no PEER '$peer' to test (there are: fast iommufd)"
[[ $config =~ ^(test|bench|kcsan)$ ]] || die "no TEST_KERNEL '$config' (there are: test bench kcsan)"
# The reference does not take the place of ours, nor one kernel that of another.
name=programs
[[ $config == test ]] || name+=-$config
[[ $peer == fast ]] || name+=-$peer

need_packages "${TEST_PACKAGES[@]}"
lock programs
"$ROOT/scripts/build/kernel.sh" build "$config"
[[ $peer != fast ]] || module=$(module_of "$config" kmod)
kernel=$("$ROOT/scripts/build/kernel.sh" path "$config")
build_programs

# write_job NAME PROGRAM...: what the guest does. Its results go to the console, where the kernel is told to be quiet: a
# write to the shared directory pins the writer's memory, and pins are what is counted here.
write_job() {
	local which=$1
	shift
	cat <<-END
		. /lib/guest.sh
		export PEER=$peer SEED=$seed KTAP_LEVEL=1 FOR=${FOR:-20}
		dmesg -n 1
		scan_when_told
		keep_edu_enabled && load_peer $peer && bind_edu >/dev/null || exit 2
		cp /host/*_test /tmp
		echo "$BEGIN"
		for program in $*; do
			"/tmp/\${program}_test" '$filter'
			result \$? "\$program"
		done
		echo "$END"
		aftermath -$which vfio-pci vfio-pci-core vfio iommufd >/host/aftermath
		exit 0
	END
}

# in_guest NAME LANE GUEST_OPTIONS... -- PROGRAM...: prints the guest's results as they come.
in_guest() {
	local which=$1 lane=$2 share=$BUILT/share-$name-$1 options=()
	shift 2
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	rm -rf "$share"
	mkdir -p "$share"
	"$ROOT/scripts/guest/stage.sh" "$config" "$share"
	[[ $peer != fast ]] || install -D -t "$share/modules/fast" "$module"
	stage_klog_check "$share"
	cp "$build"/*_test "$share"
	write_job "$which" "$@" >"$share/job"
	run_guest "$which" "$share" marked_only --lane "$lane" "${options[@]}" --kernel "$kernel"
}

# The same where instructions are counted. As little memory as will do: the leak detector reads all that describes it.
in_icount_guest() {
	local which=$1
	shift
	in_guest "$which" icount --edu 2 --edu-group 2 --mem 3584M --test-kernel --append "$huge" -- "$@"
}

# Of these programs, the ones that have a case that TEST_FILTER wants; they can say that here, too.
wanted() {
	local program
	for program; do
		[[ -z $("${AS_GUEST[@]}" "$build/${program}_test" -l "$filter") ]] || echo "$program"
	done
}
mapfile -t dma < <(wanted dma)
mapfile -t mem < <(wanted uapi mem mock)
mapfile -t race < <(wanted race)
mapfile -t crew < <(wanted crew)
plan=0
for programs in "${#dma[@]}" "${#mem[@]}" "${#race[@]}" "${#crew[@]}"; do
	((programs == 0)) || plan=$((plan + programs + AFTERMATH_LEN))
done
((plan > 0)) || die "no test matches TEST_FILTER='$filter'"

# A transfer of edu takes 100 ms of the guest's time: thousands of them are for the lane whose clock runs ahead when the
# CPU has nothing to do. It has one CPU, so there are two such guests, where the machine has the CPUs for them; what the
# second one says is shown after the first one's. Threads are for the lane that has CPUs for them.
say "testing $peer on the $config kernel; results go to $LATEST/$name.ktap"
huge="${GIGANTIC}hugepagesz=2M hugepages=16"
{
	echo "1..$plan"
	if ((${#dma[@]} && ${#mem[@]} && $(nproc) > 1)); then
		(let_go_of_locks && in_icount_guest mem "${mem[@]}") >"$build/mem.ktap" &
		second=$!
		trap 'end_children "$second"' EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM
		(in_icount_guest dma "${dma[@]}")
		wait "$second" || true
		trap - EXIT INT TERM
		cat "$build/mem.ktap"
	else
		((${#dma[@]} == 0)) || in_icount_guest dma "${dma[@]}"
		((${#mem[@]} == 0)) || in_icount_guest mem "${mem[@]}"
	fi
	((${#race[@]} == 0)) || in_guest race mttcg --cpus 4 --nodes 2 --edu 2 --mem 2G --test-kernel --append no_timer_check -- "${race[@]}"
	((${#crew[@]} == 0)) || in_guest crew mttcg --cpus 4 --nodes 2 --edu 2 --mem 6G --test-kernel \
		--append "${GIGANTIC:+hugepagesz=1G hugepages=1:2 }no_timer_check" -- "${crew[@]}"
} | ktap_results "$name"
