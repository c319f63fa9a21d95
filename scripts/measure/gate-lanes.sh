# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What gate.sh, baseline.sh and check/gate-test.sh share: the lanes that count instructions, how each is run and compared
# with its baseline. Sourced, after lib.sh.

GATE_LANES=${LANES:-icount callgrind}
# How often what looks worse is measured again.
GATE_AGAIN=2

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

# gate_counts BASELINE: whether that has more of a benchmark than its instructions.
gate_counts() { grep -q '"lines", "' "$1"; }

# gate_run LANE DIR [TREE]: run it, of our module only, of another work tree than this one; its results go to DIR. What the
# benchmarks refuse is in them. COUNT=1 counts all that there is to count.
gate_run() {
	local log=$CACHE/log/gate-$1.log tree=${3:-$ROOT}
	mkdir -p "$2"
	rm -f "$2/$(gate_file "$1")"
	say "$1: running; the table of results goes to $log"
	if [[ $1 == icount ]]; then
		PEERS=fast LANE=icount RESULTS_DIR=$2 "$tree/scripts/measure/bench.sh" >"$log" || true
	else
		RESULTS_DIR=$2 "$tree/scripts/measure/micro-insn.sh" >"$log"
	fi
	[[ -s $2/$(gate_file "$1") ]] || die "the lane $1 left no results; the log is $log"
}

# gate_check LANE BASELINE DIR [TREE]: run it and compare; in the guest what looks worse is measured again, with all that has the
# same memory, for what is done before leaves its traces, and with that elsewhere: the same run would only repeat itself. Returns
# the gate's exit status.
gate_check() {
	local lane=$1 baseline=$2 dir=$3 tree=${4:-$ROOT} file suspects filter again=() i
	local main=$ROOT/scripts/results/main.py COUNT=0
	file=$(gate_file "$lane")
	! gate_counts "$baseline" || COUNT=1
	export COUNT
	gate_run "$lane" "$dir" "$tree"
	suspects=$("$main" gate suspects "$baseline" "$dir/$file") || return
	if [[ $lane == icount && -n $suspects ]]; then
		filter="^[^/]+/($(cut -d/ -f2 <<<"$suspects" | sort -u | paste -sd'|'))/"
		for ((i = 1; i <= GATE_AGAIN; i++)); do
			say "$(wc -l <<<"$suspects") look worse: again, $i of $GATE_AGAIN"
			LAYOUT=$i BENCH_FILTER=$filter gate_run "$lane" "$dir/again$i" "$tree"
			again+=("$dir/again$i/$file")
		done
	fi
	"$main" gate check "$baseline" "$dir/$file" "${again[@]}"
}

# under_load N COMMAND...: beside so many processes that do nothing but use a CPU, which end with it.
under_load() {
	local number=$1 pids=() i status=0
	shift
	for ((i = 0; i < number; i++)); do
		(let_go_of_locks && while :; do :; done) &
		pids+=("$!")
	done
	"$@" || status=$?
	((${#pids[@]} == 0)) || end_children "${pids[@]}"
	return "$status"
}
