#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does who has nothing get from README.md's commands to results? In a root file system of a minimal Debian 12, with what
# README.md asks for and nothing else, its commands are run from a clone, as root and as a user with sudo, two at once,
# without network, on disks that are full, interrupted again and again; guests that hang are ended. Each has to end with a
# result or with one clear line. Kernels come from the cache, of which nothing is changed. KTAP as it comes, and in
# results/latest/fresh.ktap; the last line is "N passed, N failed, N skipped".
#
#   TREE=HEAD         the commit that is tried
#   TEST_FILTER=GLOB  only the cases whose suite/case matches, e.g. "interrupt/*"
#   LONG=1            also what takes hours: a kernel that is built although it was interrupted or its disk was full, all
#                     guests interrupted, an empty cache, a load of 12
#
# Without LONG=1, a quarter of an hour on two idle cores: .ci/run, of which it is a part, has to fit in 90 minutes with an
# empty cache.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/check/fresh.sh
source "$ROOT/scripts/check/fresh.sh"

SUITE=bookworm
filter=${TEST_FILTER:-*}
results=$ROOT/results/latest
build=$ROOT/build/fresh-test

# skip WHY: where no machine can be made.
skip() {
	# Of a run before, which says nothing of this one.
	rm -f "$results/fresh.ktap"
	echo "ok 1 fresh # SKIP $*"
	echo '0 passed, 0 failed, 1 skipped'
	exit 0
}

commit=$(git -C "$ROOT" rev-parse --verify --quiet "${TREE:-HEAD}^{commit}") || die "TREE='${TREE:-HEAD}' is no commit"
why_not=$(fresh_why_not)
[[ -z $why_not ]] || skip "$why_not"
# shellcheck source=/dev/null
[[ $(. /etc/os-release && echo "${VERSION_CODENAME:-}") == "$SUITE" ]] ||
	skip "the kernels of this machine's cache were built by another compiler than $SUITE's"
need_packages "${KERNEL_PACKAGES[@]}" "${FRESH_PACKAGES[@]}"
lock fresh-test
"$ROOT/scripts/build/kernel.sh" build bench
"$ROOT/scripts/build/kernel.sh" build test
"$ROOT/scripts/build/kernel.sh" headers >/dev/null

# What README.md asks for, in its own words.
# shellcheck disable=SC2016 # backticks of the text
asked=$(grep -oP '(?<=`)apt-get install [^`]*' "$ROOT/README.md") || die 'README.md does not say what has to be there'
fresh_root readme "$SUITE" "$asked"

rm -rf "$build"
mkdir -p "$build" "$results"
say "trying $(git -C "$ROOT" log -1 --format='%h %s' "$commit"); results go to $results/fresh.ktap"
rm -f "$results/fresh.ktap"
PYTHONDONTWRITEBYTECODE=1 unshare --mount --propagation private "$ROOT/scripts/check/fresh_test.py" \
	"$filter" "$fresh_root" "$ROOT" "$commit" "$CACHE" "$build" | "$ROOT/scripts/test/ktap.py" "$results/fresh.ktap"
