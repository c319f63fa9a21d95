#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make results/baseline/ from this commit: each lane that counts instructions is run several times, in the guest with all that
# it allocates elsewhere each time, and what the runs differ by makes the thresholds: another commit is another layout.
# Refuses a tree with changes that are not committed, a run with an error, and a lane that does not repeat.
#
#   LANES="icount callgrind"  these lanes
#   RUNS=5                    how often
#   LOAD=N                    every other run beside so many processes that use a CPU, to learn what that makes

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/gate-lanes.sh
source "$ROOT/scripts/measure/gate-lanes.sh"

runs=${RUNS:-5}
load=${LOAD:-0}
[[ $load =~ ^[0-9]+$ ]] || die "LOAD='$load' is no number"
[[ $runs =~ ^[2-9]$ ]] || die "RUNS='$runs': it takes two runs to see whether they repeat, and nine are enough"
[[ -z ${BENCH_FILTER:-} ]] || die "a baseline is of all benchmarks; BENCH_FILTER= is for 'make gate'"
gate_check_lanes
"$ROOT/scripts/results/main.py" repository ||
	die "there are changes that are not committed: nobody could repeat this baseline"
for lane in $GATE_LANES; do
	files=()
	for ((i = 1; i <= runs; i++)); do
		say "$lane: run $i of $runs"
		LAYOUT=$((i - 1)) COUNT=1 under_load $((i % 2 ? 0 : load)) gate_run "$lane" "$ROOT/build/baseline/$i"
		files+=("$ROOT/build/baseline/$i/$(gate_file "$lane")")
	done
	"$ROOT/scripts/results/main.py" gate learn "$(gate_baseline "$lane")" "${files[@]}"
done
say "commit results/baseline/"
