#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The portable core (kmod/core/object.c, iova_space.c, extent.c), built natively and measured at the speed of this machine:
# Google Benchmark's JSON to results/latest/native.json, tables and targets on the terminal. See docs/micro.md.
#
#   MICRO_FILTER=REGEX   only the benchmarks whose name matches, e.g. lookup/own
#   MAX_RANGES=N         the most ranges of the iova suite (1000000; 10000000 takes minutes and 1 GiB)

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/micro-build.sh
source "$ROOT/scripts/measure/micro-build.sh"

filter=${MICRO_FILTER:-all}
max_ranges=${MAX_RANGES:-1000000}
results=$ROOT/results/latest
# Others share this machine, for longer than a benchmark takes: of so many rounds each benchmark's best one counts.
ROUNDS=3
[[ $max_ranges =~ ^[0-9]+$ ]] || die "MAX_RANGES='$max_ranges' is not a number"

need_packages "${MICRO_PACKAGES[@]}"
lock micro
micro_build bench

# Each benchmark that is through is a line of the log.
# shellcheck disable=SC2317 # run_logged calls it
measured() { echo "$(grep -cE '^(lookup|destroy|iova|extent)/' "$CACHE/log/micro.log" || true) of $count benchmarks"; }

options=(--max-ranges="$max_ranges" --benchmark_filter="$filter")
count=$("$MICRO/bench/micro" "${options[@]}" --benchmark_list_tests | wc -l)
((count > 0)) || die "no micro-benchmark matches MICRO_FILTER='$filter'"
say "measuring $count micro-benchmarks"
mkdir -p "$results"
# A part does not take the place of the whole.
name=native
[[ $filter == all ]] || name=native-part
rounds=()
for ((round = 1; round <= ROUNDS; round++)); do
	rounds+=("$MICRO/$name.$round.json")
	PROGRESS=measured run_logged micro "$MICRO/bench/micro" "${options[@]}" --benchmark_out="${rounds[-1]}"
done
"$ROOT/scripts/results/main.py" micro best "$results/$name.json" "${rounds[@]}"
"$ROOT/scripts/results/main.py" micro table "$results/$name.json" "$results/native-insn.json"
say "results are in $results/$name.json"
