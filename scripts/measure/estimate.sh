#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How far the estimate of cycles is to be trusted that bench/profile's counts are made into: the portable core is timed
# natively, and the same batches are counted by the plugin, in an emulator of a process. Prints both, and how well one
# says the other. The model is that of one CPU (bench/profile/zen4.model): on another it says how far it carries.
#
#   ROUNDS=3           of so many each benchmark's best time counts
#   MICRO_FILTER=REGEX only these micro-benchmarks

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/micro-build.sh
source "$ROOT/scripts/measure/micro-build.sh"
# shellcheck source=scripts/measure/plugin.sh
source "$ROOT/scripts/measure/plugin.sh"

rounds=${ROUNDS:-3}
[[ $rounds =~ ^[1-9]$ ]] || die "ROUNDS='$rounds' is no number from 1 to 9"
# Those that are counted elsewhere, too: of two sizes, and no more than the plugin is through with in a minute.
filter=${MICRO_FILTER:-^(lookup/own/.*/1|iova/[a-z]*/[a-z]*/(1000|100000)/.*|extent/.*)\$}

need_packages "${MICRO_PACKAGES[@]}" qemu-user
lock micro
micro_build bench
plugin_build
dir=$MICRO/estimate
rm -rf "$dir"
mkdir -p "$dir"
natives=()
for ((i = 1; i <= rounds; i++)); do
	natives+=("$dir/native.$i.json")
	say "timing, $i of $rounds"
	run_logged estimate-native "$MICRO/bench/micro" --max-ranges=100000 --benchmark_filter="$filter" --benchmark_out="${natives[-1]}"
done
# Batches are as long as the first round found them to have to be.
"$ROOT/scripts/results/main.py" estimate list "${natives[0]}" >"$dir/list"
[[ -s $dir/list ]] || die "MICRO_FILTER='$filter' matches no benchmark of one thread"
say "counting"
run_logged estimate-count qemu-x86_64 -plugin "file=$PLUGIN,model=$PLUGIN_MODEL,out=$dir/stacks" "$MICRO/bench/micro" \
	--max-ranges=100000 --count="$dir/list"
# A part does not take the place of the whole.
out=$ROOT/results/latest/estimate.json
[[ -z ${MICRO_FILTER:-} ]] || out=$dir/estimate.json
mkdir -p "${out%/*}"
"$ROOT/scripts/results/main.py" estimate gather "$dir/list" "$dir/stacks" "$out" "${natives[@]}"
"$ROOT/scripts/results/main.py" estimate table "$out"
say "results are in $out"
