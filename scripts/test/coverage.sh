#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which lines of kmod/ do all tests together execute? Builds the module so that it counts, runs what `make test` runs,
# and prints a table. Fails when it is less than 90 % of the lines. The counts of every line go to
# results/latest/coverage.info, as editors and CI read them.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

least_percent=90
export COVERAGE=1 PEER=fast
unset TEST_FILTER SUITE CASE
counted=("$ROOT"/build/share-{programs-dma,programs-mem,programs-race,selftest-fast,kunit})

need_packages "${TEST_PACKAGES[@]}"
lock coverage
rm -rf "${counted[@]/%//gcda}"
"$ROOT/scripts/test/test.sh" || say "some tests failed; their lines count nevertheless"

pairs=()
for share in "${counted[@]}"; do
	objects=$ROOT/build/coverage/kmod
	[[ $share != *-kunit ]] || objects=$ROOT/build/coverage/kunit
	[[ -n $(find "$share/gcda" -name '*.gcda' 2>/dev/null) ]] || die "the guest left no counts in $share/gcda; its console is $share/console.log"
	pairs+=("$objects" "$share/gcda")
done
echo
"$ROOT/scripts/test/coverage.py" "$ROOT/kmod" "$least_percent" "$ROOT/results/latest/coverage.info" "${pairs[@]}"
