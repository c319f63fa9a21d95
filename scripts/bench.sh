#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The main job: map and unmap real memory through every peer, each in a guest of its own, and print one table.
#
#   BENCH_FILTER=regex   only the benchmarks whose name op/shape/size/peer matches
#   PEERS="..."          only these of: type1 iommufd fast floor
#   LANE=icount          or mttcg, kvm: see scripts/guest.sh
#
# Leaves results/latest/<lane>.json; after a whole run also REPORT.md and the table in README.md. Exit status 1 if a
# benchmark failed or was refused: it is listed, the JSON says why, and nothing else is written.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

all_peers='type1 iommufd fast floor'
peers=${PEERS:-$all_peers}
filter=${BENCH_FILTER:-}
lane=${LANE:-icount}
build=$ROOT/build/e2e
for peer in $peers; do
	[[ " $all_peers " == *" $peer "* ]] || die "no peer '$peer' (there are: $all_peers)"
done

need_packages build-essential libbenchmark-dev python3
lock bench
headers=$("$ROOT/scripts/kernel.sh" headers)
run_logged e2e make -C "$ROOT/bench/e2e" -j"$JOBS" O="$build" KHDR="$headers"

# How many benchmarks of a peer the filter wants; e2e can say that here, too.
count() {
	local names
	names=$("$build/run" --peer="$1" --benchmark_list_tests --benchmark_filter="$filter" 2>&1) || {
		[[ $names == *'matches no benchmark'* ]] || die "BENCH_FILTER: ${names#error: }"
		names=
	}
	grep -c . <<<"$names" || true
}
declare -A wanted
total=0
for peer in $peers; do
	wanted[$peer]=$(count "$peer")
	total=$((total + wanted[$peer]))
done
((total > 0)) || die "BENCH_FILTER='$filter' matches no benchmark of: $peers (e.g. BENCH_FILTER='^map/thp/')"

"$ROOT/scripts/kernel.sh" build bench
kernel=$("$ROOT/scripts/kernel.sh" path bench)
[[ " $peers " != *' fast '* ]] || "$ROOT/scripts/modules.sh" bench kmod
[[ " $peers " != *' floor '* ]] || "$ROOT/scripts/modules.sh" bench bench/floor

# The guest's part.
write_job() {
	cat <<-END
		. /lib/guest.sh
		cp -r /host/e2e /tmp/e2e && load_peer $1 || exit 2
		[ $1 = floor ] || bind_edu >/dev/null || exit 2
		/tmp/e2e/run --peer=$1 --benchmark_filter="\$(cat /host/filter)" --benchmark_out=/tmp/out.json >/host/e2e.log 2>&1
		status=\$?
		[ \$status -le 1 ] || { cat /host/e2e.log; exit 2; }
		cp /tmp/out.json /host/out.json || exit 2
		! kernel_complaints || exit 2
	END
}

# shellcheck disable=SC2317 # called by run_logged, by its name
done_so_far() {
	local lines
	lines=$(grep -c "/$peer " "$share/e2e.log" 2>/dev/null) || true
	echo "${lines:-0} of ${wanted[$peer]} benchmarks"
}

results=()
for peer in $peers; do
	((wanted[$peer] > 0)) || continue
	share=$ROOT/build/bench-share/$peer
	rm -rf "$share"
	mkdir -p "$share/e2e"
	"$ROOT/scripts/stage.sh" bench "$share"
	find "$build" -maxdepth 1 -type f -exec cp -t "$share/e2e" {} +
	printf '%s' "$filter" >"$share/filter"
	write_job "$peer" >"$share/job"
	say "$peer: ${wanted[$peer]} benchmarks"
	start=$SECONDS
	PROGRESS=done_so_far run_logged "bench-$peer" "$ROOT/scripts/guest.sh" --lane "$lane" --timeout 900 --stream \
		--append 'hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=128' --kernel "$kernel" --share "$share"
	say "$peer: done in $((SECONDS - start)) s"
	results+=("$peer=$share")
done

# The lane that was taken: KVM may be of no use here.
# shellcheck disable=SC1091
taken=$(. "$share/guest.env" && echo "$lane")
json=$ROOT/results/latest/$taken.json
mkdir -p "${json%/*}"
rm -f "$json"
status=0
"$ROOT/scripts/merge.py" --config "$("$ROOT/scripts/kernel.sh" key bench)" --filter "$filter" --output "$json" \
	"${results[@]}" 2>"$build/errors" || status=$?
if [[ -e $json ]]; then
	"$ROOT/scripts/table.py" "$json"
	say "the results are $json"
fi
if ((status != 0)); then
	# Last, where it is seen.
	cat "$build/errors" >&2
	exit 1
fi
if [[ -z $filter && $taken == icount && $(tr ' ' '\n' <<<"$peers" | sort -u | wc -l) == 4 ]]; then
	"$ROOT/scripts/report.py" "$json"
	say "REPORT.md and the table in README.md are up to date"
fi
