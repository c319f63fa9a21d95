#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The main job: map and unmap real memory through every peer, each in a guest of its own, and print one table.
#
#   BENCH_FILTER=regex   only the benchmarks whose name op/shape/size/peer matches
#   PEERS="..."          only these of: type1 iommufd fast floor
#   LANE=icount          or mttcg, kvm: see scripts/guest/guest.sh
#   BENCH_REPETITIONS=N  repeat each so often, for statistics (1)
#   COUNT=1              beside instructions, also what bench/profile counts: cache lines, atomic operations, what a model
#                        of a CPU says of them (lane icount only; several times as long); and keep the stacks of the main
#                        rows of ours, results/latest/icount.stacks.json.xz
#   LAYOUT=N             with so much more in the guest's memory that all that it allocates is elsewhere (0; lane icount): a run
#                        repeats itself to the last digit, and this shows what of it is due to where things happen to be
#   ARCH=arm64           cross-built, in guests of arm64
#   PAGES=64K            of arm64, with base pages of 64 KiB, which has shapes of its own; on a kernel of ours, for Debian has none
#   RESULTS_DIR=dir      leave the results there
#
# Leaves results/latest/<lane>.json (of ARCH=arm64: results/latest/arm64/, arm64-64k/). Exit status 1 if a benchmark failed or was refused: it is listed, and the JSON says
# why.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/e2e.sh
source "$ROOT/scripts/measure/e2e.sh"

# Each once.
peers=$(xargs -n1 <<<"${PEERS:-$E2E_PEERS}" | awk '!seen[$0]++' | xargs)
filter=${BENCH_FILTER:-}
lane=${LANE:-icount}
count=${COUNT:-0}
layout=${LAYOUT:-0}
for peer in $peers; do
	e2e_check_peer "$peer"
done
[[ $count =~ ^[01]$ ]] || die "COUNT='$count' is neither 0 nor 1"
[[ $layout =~ ^[0-9]+$ ]] || die "LAYOUT='$layout' is no number"
((layout == 0)) || [[ $lane == icount ]] || die "LAYOUT=$layout is for the lane icount: no other repeats itself so far that it would show"
((count == 0)) || [[ $lane == icount ]] || die "COUNT=1 is for the lane icount: others run on several CPUs, or on real ones"

((count == 0)) || [[ $GUEST_ARCH == x86_64 ]] || die "COUNT=1 is for x86-64: what counts knows the instructions of no other"

[[ $PAGES_NAME != -16k ]] || die "PAGES=16K has no shapes (there are: 4K 64K)"

need_packages "${E2E_PACKAGES[@]}"
lock bench
e2e_build
((count == 0)) || plugin_build
declare -A wanted
total=0
for peer in $peers; do
	wanted[$peer]=$(e2e_list e2e "$peer" "$filter" | wc -l)
	total=$((total + wanted[$peer]))
done
((total > 0)) || die "BENCH_FILTER='$filter' matches no benchmark of: $peers (e.g. BENCH_FILTER='^map/thp/')"

# shellcheck disable=SC2086 # one word a peer
e2e_modules bench $peers
kernel=$("$ROOT/scripts/build/kernel.sh" path bench)

# shellcheck disable=SC2317 # called by run_logged, by its name
done_so_far() {
	local lines
	lines=$(grep -c "/$peer " "$share/$said" 2>/dev/null) || true
	echo "${lines:-0} of ${wanted[$peer]} benchmarks"
}

measure() {
	local peer=$1 share=$shares/$1 start=$SECONDS said=e2e.log
	let_go_of_locks
	e2e_stage bench e2e "$peer" "$share" "$filter"
	head -c $((layout * 20000)) /dev/zero >"$share/layout"
	e2e_inside=()
	[[ $lane != icount ]] || { e2e_inside "$share" && said=progress; }
	((count == 0)) || e2e_count "$share"
	say "$peer: ${wanted[$peer]} benchmarks"
	PROGRESS=done_so_far run_logged "bench-$peer" "$ROOT/scripts/guest/guest.sh" --lane "$lane" --stream \
		"${E2E_GUEST[@]}" "${e2e_inside[@]}" --kernel "$kernel" --share "$share"
	say "$peer: done in $((SECONDS - start)) s"
}

# How many guests at a time. A guest that counts instructions does not notice another one; the others do. One touches
# 2.7 GiB of its memory at the most, and the emulator needs some for itself.
at_once=1
if [[ $lane == icount ]]; then
	at_once=$(awk -v jobs="$JOBS" '/^MemAvailable:/ { fit = int($2 / 3.5 / 1024 / 1024) }
		END { print fit < 1 ? 1 : fit < jobs ? fit : jobs }' /proc/meminfo)
fi

# shellcheck disable=SC2046 # numbers
trap 'end_groups $(jobs -rp)' EXIT

shares=$BUILT/bench-share
declare -A running=()
# The first failure ends it all.
wait_for_one() {
	local pid
	wait -n -p pid "${!running[@]}" || exit 1
	unset "running[$pid]"
}

results=()
for peer in $peers; do
	((wanted[$peer] > 0)) || continue
	while ((${#running[@]} >= at_once)); do
		wait_for_one
	done
	# Each in a process group of its own, to end with all that it started.
	set -m
	measure "$peer" &
	set +m
	running[$!]=$peer
	results+=("$peer=$shares/$peer")
done
while ((${#running[@]})); do
	wait_for_one
done

# The lane that was taken: KVM may be of no use here.
# shellcheck disable=SC1090,SC1091
taken=$(. "${results[0]#*=}/guest.env" && echo "$lane")
json=${RESULTS_DIR:-$LATEST}/$taken.json
mkdir -p "${json%/*}"
rm -f "$json" "${json%.json}.stacks.json.xz"
status=0
"$ROOT/scripts/results/main.py" merge --config "$("$ROOT/scripts/build/kernel.sh" key bench)" --filter "$filter" \
	--output "$json" "${results[@]}" 2>"$shares/errors" || status=$?
if [[ -e $json ]]; then
	"$ROOT/scripts/results/main.py" table "$json"
	say "the table is there after $((SECONDS / 60)) min $((SECONDS % 60)) s"
	say "the results are $json"
fi
if ((status != 0)); then
	# Last, where it is seen.
	cat "$shares/errors" >&2
	exit 1
fi
[[ -n ${RESULTS_DIR:-} || -n $filter || $taken != icount ]] || say "'make report' puts them into REPORT.md and README.md"
