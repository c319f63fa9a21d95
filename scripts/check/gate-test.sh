#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the gate catch what it is for? In a scratch copy of this commit, of a few benchmarks: the unchanged tree passes, as
# often as asked; with a slowdown of 1 % planted in the map path the gate fails, with the right row first. The last line
# is "N passed, N failed".
#
#   ROUNDS=1  how often the unchanged tree has to pass

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/gate-lanes.sh
source "$ROOT/scripts/measure/gate-lanes.sh"

rounds=${ROUNDS:-1}
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "ROUNDS='$rounds' is no number"
export BENCH_FILTER='^(map|unmap)/populate4k/(4KiB|16MiB|256MiB)/'
scratch=$ROOT/build/gate-test/tree
results=$ROOT/build/gate-test/results
baseline=$results/baseline.json
passed=0 failed=0

# expect WHAT GOT WANTED: a result.
expect() {
	if [[ $2 == "$3" ]]; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) $1"
	else
		failed=$((failed + 1))
		echo "not ok $((passed + failed)) $1: $2 instead of $3"
	fi
}

gate_check_lanes
lock gate-test
rm -rf "$results"
mkdir -p "$results"
work_tree "$scratch" "$(git -C "$ROOT" rev-parse HEAD)"

# measure DIR: run the scratch copy's lane.
measure() {
	mkdir -p "$1"
	PEERS=fast LANE=icount RESULTS_DIR=$1 "$scratch/scripts/measure/bench.sh" >"$1/log" || true
	[[ -s $1/icount.json ]] || die "the scratch copy left no results; the log is $1/log"
}

for i in 1 2 3; do
	measure "$results/learn$i"
done
"$ROOT/scripts/results/main.py" gate learn "$baseline" "$results"/learn?/icount.json

for ((i = 1; i <= rounds; i++)); do
	measure "$results/same"
	status=0
	"$ROOT/scripts/results/main.py" gate check "$baseline" "$results/same/icount.json" || status=$?
	expect "an unchanged tree passes ($i of $rounds)" "$status" 0
done

# Five instructions for every two pages, of nearly 300 that each takes.
map=$scratch/kmod/ioas/map.c
sed -i 's|^\trc = ioas_insert(ioas, area, \*iova, fixed);|&\n\tfor (size_t i = 0; i < area->length_bytes >> PAGE_SHIFT; i += 2)\n\t\tbarrier();|' "$map"
grep -q 'barrier();' "$map" || die "there is no place any more to plant a slowdown in $map"
measure "$results/slow"
status=0
"$ROOT/scripts/results/main.py" gate check "$baseline" "$results/slow/icount.json" | tee "$results/slow/verdict" || status=$?
git -C "$scratch" checkout --force -q -- kmod
expect "a planted slowdown of 1 % fails" "$status" 1
# The first row after the head.
expect "its row is the first" "$(sed -n 2p "$results/slow/verdict" | xargs | cut -d' ' -f1-3)" 'WORSE map populate4k'
echo "$passed passed, $failed failed"
((failed == 0))
