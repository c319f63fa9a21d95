#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Write REPORT.md, its plots and the tables in README.md and docs/slow-start.md. What was measured last and is whole is taken
# over into results/report/, which is committed: all are made from that and from the texts in docs/, and from nothing else.
#
#   CHECK=1  write nothing; exit status 1 if one of them is not what results/report/ and docs/ make of it

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

inputs=$ROOT/results/report
packages=(python3 diffutils)

[[ ${CHECK:-0} != 0 ]] || packages+=(python3-matplotlib)
need_packages "${packages[@]}"
if [[ ${CHECK:-0} != 0 ]]; then
	out=$ROOT/build/report-check
	rm -rf "$out"
	mkdir -p "$out"
	"$ROOT/scripts/results/main.py" report write "$inputs" "$out"
	bad=0
	for name in REPORT.md README.md docs/slow-start.md; do
		diff -u "$ROOT/$name" "$out/$name" || {
			say "$name is not what results/report/ and docs/ make of it; run 'make report'"
			bad=1
		}
	done
	exit "$bad"
fi

mkdir -p "$inputs"
for name in icount icount-arm64 icount-arm64-64k vm-icount vm-mttcg threads span native native-insn estimate ablation; do
	latest=$ROOT/results/latest/$name.json
	# What a guest of another machine left has a directory of its own.
	[[ $name != icount-* ]] || latest=$ROOT/results/latest/${name#icount-}/icount.json
	[[ -e $latest ]] || continue
	cmp -s "$latest" "$inputs/$name.json" && continue
	if "$ROOT/scripts/results/main.py" report whole "$latest"; then
		cp "$latest" "$inputs/$name.json"
		say "results/report/$name.json is what was measured last"
	else
		say "$latest is of a part, has errors, or is of a tree with changes; results/report/$name.json stays as it is"
	fi
done
"$ROOT/scripts/results/main.py" report write "$inputs" "$ROOT"
run_logged plots "$ROOT/scripts/results/main.py" plots "$inputs/icount.json" "$ROOT/docs/plots"
say "REPORT.md, docs/plots/ and the tables in README.md and docs/slow-start.md are up to date"
