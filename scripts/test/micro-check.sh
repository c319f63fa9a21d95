#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Is the portable core right, natively, and what does it cost in instructions? The KUnit suites of kmod/core/object.c,
# iova_space.c and extent.c (kunit/, as they are) under AddressSanitizer with UBSan, and under ThreadSanitizer: KTAP as
# it comes, and in results/latest/native-check.ktap. Then each micro-benchmark under callgrind, twice: the counts go to
# results/latest/native-insn.json, with how equal they were.
#
#   SEED=N          repeat the random choices of a run that printed this seed
#   TEST_FILTER=GLOB  only the cases whose suite/case matches; then nothing is counted

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/micro-build.sh
source "$ROOT/scripts/measure/micro-build.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

filter=${TEST_FILTER:-*}
seed=${SEED:-0x$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')}
results=$ROOT/results/latest

need_packages "${MICRO_PACKAGES[@]}"
lock micro
micro_build asan
micro_build tsan

export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=suppressions=$ROOT/bench/micro/tsan.supp

# The suites of one build, ROUNDS times or until one fails, for how threads meet is chance. Prints the last round, and one
# result for all: whatever a sanitizer says makes the exit status. GCC 12's ThreadSanitizer wants memory where it lies in fixed
# places, or with vm.mmap_rnd_bits at 28; newer kernels have 32.
checked() {
	local kind=$1 rounds=$2 log=$CACHE/log/micro-check-$1.log status=0
	while ((status == 0 && rounds-- > 0)); do
		seed=$seed "$ROOT/scripts/guest/watch.py" --stall 300 "$MICRO" "${MICRO_FIXED[@]}" "$MICRO/$kind/check" "$filter" \
			>"$MICRO/$kind.ktap" 2>"$log" || status=$?
	done
	sed 's/^/    /' "$MICRO/$kind.ktap"
	((status == 0)) || sed -nE 's/^(SUMMARY|FATAL|error): /# /p' "$log"
	if ((status == 0)); then
		echo "ok 0 native-$kind"
	else
		echo "not ok 0 native-$kind # ERROR exit status $status; what was said is in $log"
	fi
}

failed=0
{
	echo 1..2
	checked asan 2
	checked tsan 10
} | ktap_results native-check || failed=1

[[ $filter != '*' ]] || "$ROOT/scripts/measure/micro-insn.sh"
((failed == 0)) || die "the portable core failed its checks; they are in $results/native-check.ktap"
