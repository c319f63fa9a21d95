#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the portable core costs in instructions: each micro-benchmark under callgrind, twice. The counts go to
# native-insn.json, with how equal they were.
#
#   RESULTS_DIR=dir  there, instead of results/latest

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/micro-build.sh
source "$ROOT/scripts/measure/micro-build.sh"

results=${RESULTS_DIR:-$ROOT/results/latest}

need_packages "${MICRO_PACKAGES[@]}"
lock micro-insn
micro_build bench

# One run under callgrind: a dump for each benchmark, in a directory of its own. Memory lies in the same place each time, which
# decides how much of it is copied to enlarge it. Suites are apart, for the threads of one also decide it.
count() {
	local suite
	rm -rf "$MICRO/insn-$1"
	mkdir -p "$MICRO/insn-$1"
	for suite in lookup iova extent; do
		run_logged "micro-insn-$1-$suite" "${MICRO_FIXED[@]}" valgrind --tool=callgrind --instr-atstart=no --separate-threads=yes \
			--callgrind-out-file="$MICRO/insn-$1/$suite" "$MICRO/bench/micro" --insn="$suite/"
	done
}

say "counting instructions, twice"
count 1
count 2
"$MICRO/bench/micro" --list-insn >"$MICRO/insn-list"
mkdir -p "$results"
"$ROOT/scripts/results/main.py" micro insn "$MICRO/insn-list" "$MICRO/insn-1" "$MICRO/insn-2" "$results/native-insn.json"
