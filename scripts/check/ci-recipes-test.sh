#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Do the CI recipes of docs/ci work? The steps of each of their jobs are run in a root file system of the image that it names,
# on which nothing was installed, with the repository as it is now. `make` only has to know what it is told to make, so that
# it takes a minute or two; and each of some typos has to be noticed. KTAP, a part of that of `make tools-test`.
#
#   REALLY=1          make what the jobs make, cut to a row and a suite, with the kernels of the cache: `make ci-recipes-test`.
#                     Leaves results/latest/ci-recipes.ktap; the last line is "N passed, N failed, N skipped"
#   TEST_FILTER=GLOB  only the cases whose suite/case matches, e.g. "ci-recipes/gitlab-ci-lint"

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/check/fresh.sh
source "$ROOT/scripts/check/fresh.sh"

RELEASE=bookworm
build=$ROOT/build/ci-recipes-test
really=${REALLY:-0}
why_not=$(fresh_why_not)
if [[ -n $why_not ]]; then
	echo "ok 0 ci-recipes # SKIP $why_not"
	[[ $really == 0 ]] || echo '0 passed, 0 failed, 1 skipped'
	exit 0
fi
packages=("${FRESH_PACKAGES[@]}" python3 python3-yaml)
[[ $really == 0 ]] || packages+=("${KERNEL_PACKAGES[@]}")
need_packages "${packages[@]}"
lock ci-recipes
if [[ $really != 0 ]]; then
	"$ROOT/scripts/build/kernel.sh" build bench
	"$ROOT/scripts/build/kernel.sh" build test
	"$ROOT/scripts/build/kernel.sh" headers >/dev/null
fi
fresh_root bare "$RELEASE"
rm -rf --one-file-system "$build"
trap 'rm -rf --one-file-system "$build"' EXIT
mkdir -p "$build"

results() {
	PYTHONDONTWRITEBYTECODE=1 REALLY=${really#0} unshare --mount --propagation private "$ROOT/scripts/check/ci_recipes_test.py" \
		"${TEST_FILTER:-*}" "$RELEASE" "$fresh_root" "$ROOT" "$CACHE" "$build"
}

if [[ $really == 0 ]]; then
	results
else
	mkdir -p "$ROOT/results/latest"
	{ echo 1..1 && results; } | "$ROOT/scripts/test/ktap.py" "$ROOT/results/latest/ci-recipes.ktap"
fi
