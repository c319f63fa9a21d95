# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What gate.sh and baseline.sh share: the lanes that count instructions, and how each is run. Sourced, after lib.sh.

GATE_LANES=${LANES:-icount callgrind}

gate_check_lanes() {
	local lane
	for lane in $GATE_LANES; do
		[[ $lane =~ ^(icount|callgrind)$ ]] || die "the lane '$lane' does not count instructions (there are: icount callgrind)"
	done
	need_packages "${E2E_PACKAGES[@]}" "${MICRO_PACKAGES[@]}" git
}

# gate_file LANE: the name of its results. gate_baseline LANE: where its baseline is.
gate_file() { [[ $1 == icount ]] && echo icount.json || echo native-insn.json; }
gate_baseline() { echo "$ROOT/results/baseline/$1.json"; }

# gate_run LANE DIR: run it, of our module only; its results go there. What the benchmarks refuse is in them.
gate_run() {
	local log=$CACHE/log/gate-$1.log
	mkdir -p "$2"
	rm -f "$2/$(gate_file "$1")"
	say "$1: running; the table of results goes to $log"
	if [[ $1 == icount ]]; then
		PEERS=fast LANE=icount RESULTS_DIR=$2 "$ROOT/scripts/measure/bench.sh" >"$log" || true
	else
		RESULTS_DIR=$2 "$ROOT/scripts/measure/micro-insn.sh" >"$log"
	fi
	[[ -s $2/$(gate_file "$1") ]] || die "the lane $1 left no results; the log is $log"
}
