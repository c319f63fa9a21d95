#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What each idea is worth: the module with one of them taken away at a time (bench/ablation/*.patch), measured by the same
# benchmarks as the whole of it. The sources stay as they are: it is built in a work tree of its own.
#
#   BENCH_FILTER=regex   of these benchmarks
#
# Leaves results/latest/ablation.json, which `make report` takes over.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/past.sh
source "$ROOT/scripts/measure/past.sh"

filter=${BENCH_FILTER:-^((map|unmap)/(populate4k|scatter4k|mthp64k|thp|memfd4k)/256MiB|small/populate4k/4KiB|lookup/none/0)/}
main=$ROOT/scripts/results/main.py
out=$ROOT/build/ablation

need_packages "${E2E_PACKAGES[@]}" git
past_begin
head=$(past_commit HEAD)
patched=()
for patch in '' "$ROOT"/bench/ablation/*.patch; do
	name=$(basename "${patch:-whole}" .patch)
	say "measuring $name"
	past_measure_patched "$patch" "$head" "$filter" "$out/$name" || die "$name left no results; the log is $CACHE/log/past.log"
	[[ -z $patch ]] || patched+=("$patch=$out/$name/icount.json")
done
mkdir -p "$ROOT/results/latest"
"$main" ablation gather "$ROOT/results/latest/ablation.json" "$out/whole/icount.json" "${patched[@]}"
"$main" ablation table "$ROOT/results/latest/ablation.json"
