#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the gate catch what it is for? In scratch copies of this commit, of a few benchmarks: a run in another directory is
# the same to the last digit; the unchanged tree passes, as often as asked, in another layout each time; with a slowdown of
# 1 % planted in the map path the gate fails, with the right row first. The last line is "N passed, N failed".
#
#   ROUNDS=1        how often the unchanged tree has to pass
#   LOAD=N          in every other of them beside so many processes that use a CPU
#   BENCH_FILTER=.  with all benchmarks; ROUNDS=20 LOAD=12 BENCH_FILTER=. takes hours, on a machine that is idle but for that

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/gate-lanes.sh
source "$ROOT/scripts/measure/gate-lanes.sh"

rounds=${ROUNDS:-1}
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "ROUNDS='$rounds' is no number"
load=${LOAD:-0}
[[ $load =~ ^[0-9]+$ ]] || die "LOAD='$load' is no number"
export BENCH_FILTER=${BENCH_FILTER:-^(map|unmap)/populate4k/(4KiB|16MiB|256MiB)/}
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
other=$ROOT/build/gate-test/tree-of-a-longer-name
commit=$(git -C "$ROOT" rev-parse HEAD)
work_tree "$scratch" "$commit"
work_tree "$other" "$commit"

for i in 1 2 3; do
	LAYOUT=$((i - 1)) COUNT=1 gate_run icount "$results/learn$i" "$scratch"
done
COUNT=1 gate_run icount "$results/other" "$other"
status=0
"$ROOT/scripts/results/main.py" gate same "$results"/{learn1,other}/icount.json || status=$?
expect "a run in another directory is the same to the last digit" "$status" 0
"$ROOT/scripts/results/main.py" gate learn "$baseline" "$results"/learn?/icount.json

for ((i = 1; i <= rounds; i++)); do
	status=0
	LAYOUT=$((i + 2)) under_load $((i % 2 ? 0 : load)) gate_check icount "$baseline" "$results/same" "$scratch" || status=$?
	expect "an unchanged tree passes ($i of $rounds)" "$status" 0
done

# Five instructions for every 16 pages, of 31 that each takes.
map=$scratch/kmod/ioas/map.c
sed -i 's|^\trc = ioas_insert(ioas, area, \*iova, fixed);|&\n\tfor (size_t i = 0; i < area->length_bytes >> PAGE_SHIFT; i += 16)\n\t\tbarrier();|' "$map"
grep -q 'barrier();' "$map" || die "there is no place any more to plant a slowdown in $map"
mkdir -p "$results/slow"
status=0
gate_check icount "$baseline" "$results/slow" "$scratch" | tee "$results/slow/verdict" || status=$?
git -C "$scratch" checkout --force -q -- kmod
expect "a planted slowdown of 1 % fails" "$status" 1
# The first row after the head.
expect "its row is the first" "$(sed -n 2p "$results/slow/verdict" | xargs | cut -d' ' -f1-3)" 'WORSE map populate4k'
echo "$passed passed, $failed failed"
((failed == 0))
