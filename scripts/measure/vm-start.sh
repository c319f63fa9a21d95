#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a VMM does when a guest of 1, 2 or 4 GiB starts, and when it ends, as one scenario through every peer: open and attach
# the device, map the guest's memory and a BAR; later detach, unmap and close. By where the memory comes from, and whether it
# was touched before.
#
#   BENCH_FILTER=regex  only those whose name vm/memory/size/peer matches, e.g. '/1GiB/'
#   PEERS="..."         only these of: type1 iommufd fast
#   LANE=icount         instructions; or mttcg, for seconds of an emulator with two CPUs: ratios only, see docs/method.md
#
# Leaves results/latest/vm-LANE.json. Exit status 1 if one of them failed.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/e2e.sh
source "$ROOT/scripts/measure/e2e.sh"

filter=${BENCH_FILTER:-}
lane=${LANE:-icount}
cpus=1
[[ $lane == icount ]] || cpus=2

e2e_begin vm_start "$filter" /thp/1GiB/
e2e_modules bench "${e2e_chosen[@]}"
kernel=$("$ROOT/scripts/build/kernel.sh" path bench)

# One after the other: a guest has more memory than some machines have twice.
results=()
for peer in "${e2e_chosen[@]}"; do
	share=$ROOT/build/vm-start/$peer
	e2e_stage bench vm_start "$peer" "$share" "$filter"
	e2e_inside=()
	[[ $lane != icount ]] || e2e_inside "$share"
	start=$SECONDS
	say "$peer: $(e2e_list vm_start "$peer" "$filter" | wc -l) benchmarks"
	# Huge pages are reserved by the program, as many as it needs: else the largest guest had no room.
	run_logged "vm-start-$peer" "$ROOT/scripts/guest/guest.sh" --lane "$lane" --cpus "$cpus" --mem 6G \
		--append 'damon_stat.enabled=N no_timer_check' "${e2e_inside[@]}" --kernel "$kernel" --share "$share"
	say "$peer: done in $((SECONDS - start)) s"
	results+=("$peer=$share")
done

# The lane that was taken: KVM may be of no use here.
# shellcheck disable=SC1090,SC1091
taken=$(. "${results[0]#*=}/guest.env" && echo "$lane")
e2e_results "${RESULTS_DIR:-$ROOT/results/latest}/vm-$taken.json" vm "$filter" "${results[@]}"
