#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Add what was measured last to results/history.jsonl: a line for each lane in results/latest/ (make bench, make
# vm-start, make threads, make span, make micro, make micro-check); and to results/stacks/ the stacks of what was counted with COUNT=1.
# See docs/results.md.
#
#   RESULTS="FILE..."  these results files, and no others
#   HISTORY=FILE       another history
#   DIRTY=1            also what was measured with uncommitted changes
#   MACHINE=NAME       (when measuring) the machine's name in a fleet, instead of a hash of what it is

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

need_packages python3 python3-fastjsonschema git

read -ra files <<<"${RESULTS:-}"
if ((${#files[@]} == 0)); then
	for lane in icount mttcg kvm host vm-icount vm-mttcg vm-kvm threads span native native-insn; do
		[[ ! -e $ROOT/results/latest/$lane.json ]] || files+=("$ROOT/results/latest/$lane.json")
	done
	((${#files[@]})) || die "nothing is measured: results/latest/ has no results; run 'make bench'"
fi
options=(--history "${HISTORY:-$ROOT/results/history.jsonl}")
[[ -z ${DIRTY:-} || $DIRTY == 0 ]] || options+=(--allow-dirty)
exec "$ROOT/scripts/results/main.py" history add "${options[@]}" "${files[@]}"
