#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Look for data races in the module, on a kernel with KCSAN (configs/kcsan.config): the KUnit cases in which threads
# meet, look-up against destroy before all, again and again for minutes; then the test program with many threads. A report
# between two functions of which one is ours is a failure. The last line is "N passed, N failed, N skipped".
#
#   REPEAT=N  run the KUnit cases so often (20)

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

export TEST_KERNEL=kcsan PEER=fast
unset SUITE
log=$ROOT/build/test-kcsan
mkdir -p "$log"

need_packages "${TEST_PACKAGES[@]}"
lock test-kcsan
"$ROOT/scripts/build/kernel.sh" build kcsan
bad=0
CASE='*_race*' REPEAT=${REPEAT:-20} "$ROOT/scripts/test/kunit.sh" | tee "$log/kunit" || bad=1
TEST_FILTER='threads/*' "$ROOT/scripts/test/programs.sh" | tee "$log/programs" || bad=1
for part in kunit programs; do
	sum_line "$log/$part"
done | add_sums
exit "$bad"
