#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What one call costs that maps 4 GiB which nobody has touched, by the number of threads that are at it, up to 64: the
# instructions of all (work), and those of them that are executed one after another on the longest way through it (span). A
# plugin of the emulator counts them; how many CPUs this machine has does not matter. See docs/span.md.
#
#   BENCH_FILTER=regex  only those whose name span/shape/threads/peer matches, e.g. '/thp/[1248]/': for few threads the guest
#                       has few CPUs, and boots sooner
#   PEERS="..."         only these of: type1 iommufd fast; the first two have one thread
#
# Leaves results/latest/span.json. Exit status 1 if one of them failed.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/e2e.sh
source "$ROOT/scripts/measure/e2e.sh"

filter=${BENCH_FILTER:-}

e2e_begin span "$filter" /thp/8/
plugin_build
e2e_modules bench "${e2e_chosen[@]}"
kernel=$("$ROOT/scripts/build/kernel.sh" path bench)

results=()
for peer in "${e2e_chosen[@]}"; do
	share=$ROOT/build/span/$peer
	e2e_stage bench span "$peer" "$share" "$filter"
	e2e_inside "$share" "file=$SPAN_PLUGIN,out=$share/span"
	# Two for each thread: bench/e2e/span.c says why.
	names=$(e2e_list span "$peer" "$filter")
	cpus=$((2 * $(cut -d/ -f3 <<<"$names" | sort -n | tail -1)))
	start=$SECONDS
	say "$peer: $(wc -l <<<"$names") benchmarks"
	# Where the kernel waits without sleeping, QEMU looks at each CPU every few instructions: for 128 of them a tenth of a second
	# takes minutes. So it does not find out by waiting what is the same each time: how fast the CPUs' own timers are (they have
	# one for all), whether their clocks agree, and how many turns a loop makes in a tick.
	run_logged "span-$peer" "$ROOT/scripts/guest/guest.sh" --cpus "$cpus" --mem 11G --stall 7200 \
		--append 'damon_stat.enabled=N no_timer_check tsc=reliable nolapic_timer lpj=4000000 hugepagesz=2M hugepages=2048' \
		"${e2e_inside[@]}" --kernel "$kernel" --share "$share"
	say "$peer: done in $((SECONDS - start)) s"
	results+=("$peer=$share")
done
e2e_results "${RESULTS_DIR:-$ROOT/results/latest}/span.json" span "$filter" "${results[@]}"
