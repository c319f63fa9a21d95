#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does anything cost more than it did? Runs the lanes that count instructions and compares them with results/baseline/:
# our module end to end in the guest (icount), and the portable core natively (callgrind). Prints what changed, largest
# first. What looks worse in the guest is measured again, by itself. Exit status 1 if
# something is worse, has vanished or was refused; 2 if nothing can be compared.
#
#   LANES="icount callgrind"  these lanes
#   BENCH_FILTER=regex        of the icount lane only the benchmarks that match
#   FORMAT=markdown           print it as a comment on a merge request, or the summary of a job

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/gate-lanes.sh
source "$ROOT/scripts/measure/gate-lanes.sh"

gate_check_lanes
worst=0
for lane in $GATE_LANES; do
	[[ -e $(gate_baseline "$lane") ]] || die "there is no baseline of $lane; run 'make baseline'"
	status=0
	gate_check "$lane" "$(gate_baseline "$lane")" "$ROOT/build/gate" || status=$?
	((status <= worst)) || worst=$status
done
exit "$worst"
