#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What two threads do at the same time, beside what each does alone, through every peer that has system calls of its own,
# each in a guest with two CPUs; and how long it takes to destroy an object. Times are those of an emulator: only ratios
# of one run say something. Exit status 1 if a benchmark failed.
#
#   BENCH_FILTER=regex  only the benchmarks whose name load/place/peer matches
#   PEERS="..."         only these of: type1 iommufd fast
#   LOCKSTAT=1          on the test kernel, which counts what each lock was waited for and for how long it was held; then
#                       that is printed, and nothing about speed
#
# Leaves results/latest/threads.json, or build/lockstat/PEER.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/e2e.sh
source "$ROOT/scripts/measure/e2e.sh"

filter=${BENCH_FILTER:-}
config=bench
[[ -z ${LOCKSTAT:-} ]] || config="test"

e2e_begin threads "$filter" ^small/
e2e_modules "$config" "${e2e_chosen[@]}"
kernel=$("$ROOT/scripts/build/kernel.sh" path "$config")

# One after the other: each guest takes two CPUs.
results=()
for peer in "${e2e_chosen[@]}"; do
	share=$ROOT/build/threads/$config/$peer
	e2e_stage "$config" threads "$peer" "$share" "$filter"
	options=()
	if [[ -n ${LOCKSTAT:-} ]]; then
		options=(--test-kernel)
		cat >"$share/hooks" <<-'END'
			before_run() { echo 0 >/proc/lock_stat && echo 1 >/proc/sys/kernel/lock_stat; }
			after_run() { cat /proc/lock_stat >/host/lock_stat; }
		END
	fi
	start=$SECONDS
	say "$peer: $(e2e_list threads "$peer" "$filter" | wc -l) benchmarks"
	run_logged "threads-$peer" "$ROOT/scripts/guest/guest.sh" --lane mttcg --cpus 2 --edu 2 --mem 4G "${options[@]}" \
		--append 'damon_stat.enabled=N hugepagesz=2M hugepages=128 no_timer_check' --kernel "$kernel" --share "$share"
	say "$peer: done in $((SECONDS - start)) s"
	results+=("$peer=$share")
done

if [[ -n ${LOCKSTAT:-} ]]; then
	"$ROOT/scripts/results/main.py" lockstat "${results[@]}"
	exit
fi
e2e_results "$ROOT/results/latest/threads.json" threads "$filter" "${results[@]}"
