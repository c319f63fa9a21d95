#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Compare two commits of this repository: build and run both, one after the other, and print what differs; with COUNT=1 also
# in which functions, of the main rows, where both commits keep stacks.
#
#   A=ref B=ref          which (A: the commit before HEAD; B: HEAD)
#   BENCH_FILTER=regex   only the benchmarks whose name matches
#   PEERS=fast           of these peers
#   COUNT=1              count more than instructions, see bench.sh
#   LANE=icount          or mttcg, kvm: lanes of time, not of instructions. There each benchmark is repeated, and Google
#                        Benchmark's compare.py says with its U test whether a difference is one.
#   BENCH_REPETITIONS=N  how often in a lane of time (9: fewer say nothing)

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

lane=${LANE:-icount}
[[ $lane =~ ^(icount|mttcg|kvm)$ ]] || die "no lane '$lane' (there are: icount mttcg kvm)"
[[ $lane == icount ]] || BENCH_REPETITIONS=${BENCH_REPETITIONS:-9}
export BENCH_REPETITIONS=${BENCH_REPETITIONS:-1} LANE=$lane PEERS=${PEERS:-fast}
packages=("${E2E_PACKAGES[@]}" git)
[[ $lane == icount ]] || packages+=(libbenchmark-tools python3-numpy python3-scipy)
need_packages "${packages[@]}"

# measure REF DIR: a work tree of its own, and its results in DIR/results/latest. RESULTS_DIR is unknown to old commits.
measure() {
	local commit
	commit=$(git -C "$ROOT" rev-parse --verify --quiet "$1^{commit}") || die "'$1' is no commit"
	work_tree "$2" "$commit"
	rm -f "$2/results/latest/"*.json
	say "$1 ($(git -C "$2" log -1 --format='%h %s'))"
	make -C "$2" --no-print-directory bench >"$CACHE/log/compare-${2##*/}.log" ||
		say "some benchmarks failed; the log is $CACHE/log/compare-${2##*/}.log"
}

lock compare
a=$ROOT/build/compare/a b=$ROOT/build/compare/b
mkdir -p "$ROOT/build/compare"
measure "${A:-HEAD~}" "$a"
measure "${B:-HEAD}" "$b"
taken=$(cd "$b/results/latest" 2>/dev/null && ls ./*.json) || die "${B:-HEAD} left no results"
if [[ $taken == ./icount.json ]]; then
	exec "$ROOT/scripts/results/main.py" gate compare "$a/results/latest/icount.json" "$b/results/latest/icount.json"
fi
# It ends with an error when it has nothing to say about the U test.
python3 /usr/share/benchmark/compare.py benchmarks "$a/results/latest/$taken" "$b/results/latest/$taken"
