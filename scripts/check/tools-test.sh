#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Test what is made from results: the history, the exports, the dashboard (in headless Chromium); the CI recipes, step by step
# on a machine that has nothing. KTAP as it comes, and in results/latest/tools.ktap; the last line is "N passed, N failed, N
# skipped". Screenshots go to build/tools-test/.
#
#   TEST_FILTER=GLOB  only the cases whose suite/case matches, e.g. "dashboard/readable*"

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/build/npm.sh
source "$ROOT/scripts/build/npm.sh"

filter=${TEST_FILTER:-*}
build=$ROOT/build/tools-test
suites=(dashboard dashboard-speed ci-recipes)
for file in "$ROOT"/{tests/tools,scripts/results/tests}/*_test.py; do
	suite=${file##*/}
	suites+=("${suite%_test.py}")
done

need_packages build-essential python3 python3-fastjsonschema python3-jsonschema python3-junitparser python3-prometheus-client python3-yaml \
	python3-numpy python3-scipy \
	qemu-user git make chromium fonts-dejavu-core "${NPM_PACKAGES[@]}"
NODE_MODULES=$(npm_modules)
CHROMIUM=$(command -v chromium)
# The kernel's kunit.py makes the JUnit XML.
KERNEL_SRC_DIR=$("$ROOT/scripts/build/kernel.sh" src)
export NODE_MODULES CHROMIUM KERNEL_SRC_DIR
export PYTHONDONTWRITEBYTECODE=1

lock tools-test
rm -rf "$build"
mkdir -p "$build" "$ROOT/results/latest"
unset HISTORY OUT RESULTS DIRTY MACHINE

# site NAME OPTION...: a dashboard of a history that is made up, and one line of it half-written.
site() {
	local name=$1
	shift
	/usr/bin/python3 "$ROOT/scripts/results/tests/synthetic.py" "$@" -- "$build/$name.jsonl"
	printf '{"schema":1,"commit":"01' >>"$build/$name.jsonl"
	HISTORY=$build/$name.jsonl OUT=$build/$name "$ROOT/scripts/keep/dashboard.sh" 2>"$build/$name.log" || {
		cat "$build/$name.log" >&2
		return 1
	}
}

# How long CPUs are at work to build the large site, when all is there that has to be installed: whoever else shares this
# machine only makes it later.
build_seconds() {
	local TIMEFORMAT='%U %S' spent
	spent=$({
		time HISTORY=$build/large.jsonl OUT=$build/large "$ROOT/scripts/keep/dashboard.sh" &>/dev/null
	} 2>&1) || return 1
	awk '{ print $1 + $2 }' <<<"$spent"
}

# What suites print has no number of its own, and no plan where some are left out.
results() {
	[[ $filter != '*' ]] || echo "1..${#suites[@]}"
	/usr/bin/python3 "$ROOT/tests/tools/suites.py" "$filter" || true
	if [[ 'ci-recipes/' == ${filter%%/*}/* || $filter == '*' ]]; then
		"$ROOT/scripts/check/ci-recipes-test.sh" || true
	fi
	if [[ 'dashboard/' == ${filter%%/*}/* || $filter == '*' ]]; then
		site small --runs 240 --benchmarks 40 --seed 2 --lanes icount mttcg mttcg --stacks
		node "$ROOT/dashboard/test/views.mjs" "$filter" "$build/small" "$build/small.jsonl" "$build" || true
	fi
	if [[ 'dashboard-speed/' == ${filter%%/*}/* || $filter == '*' ]]; then
		site large --runs 2000 --benchmarks 150 --seed 1 --stacks
		BUILD_SECONDS=$(build_seconds) node "$ROOT/dashboard/test/speed.mjs" "$filter" "$build/large" || true
	fi
}

results | "$ROOT/scripts/test/ktap.py" "$ROOT/results/latest/tools.ktap"
