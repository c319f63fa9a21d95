#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Prove the module, all of it: the test programs with their device DMA (scripts/test/programs.sh), the kernel's own selftests
# (scripts/test/selftest.sh), what other kernels are configured to have (scripts/test/options.sh) and the KUnit suites
# (scripts/test/kunit.sh), each in a guest whose kernel is full of sanitizers.
# Everything goes to results/latest/ (of ARCH=arm64: results/latest/arm64/), as KTAP, JSON and JUnit XML. The last line is
# "N passed, N failed, N skipped".
#
#   PEER=iommufd      on the in-tree module, for comparison: all but KUnit
#   TEST_FILTER=GLOB  of the test programs only the cases whose suite/case matches, and nothing else
#   SEED=N            repeat the random choices of a run that printed this seed

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

peer=${PEER:-fast}
log=$BUILT/test-parts
[[ $peer =~ ^(fast|iommufd)$ ]] || die "no PEER '$peer' to test (there are: fast iommufd)"
[[ -z ${TEST_FILTER:-} ]] || exec "$ROOT/scripts/test/programs.sh"

unset SUITE CASE
need_packages "${TEST_PACKAGES[@]}"
lock test
rm -rf "$log"
mkdir -p "$log"

# What the parts build alike is built before they start.
"$ROOT/scripts/build/kernel.sh" build test
[[ $peer != fast ]] || module_of test kmod >/dev/null

# run PART: what it says goes to a file, and is shown as it comes; its exit status goes to another.
run() {
	local status=0
	"$ROOT/scripts/test/$1.sh" | tee "$log/$1" || status=$?
	echo "$status" >"$log/$1.status"
}

# run_behind PART...: run them one after the other, while others run, in a process group of their own. show_behind waits
# for one, and shows what it said then.
run_behind() {
	local part
	set -m
	(
		let_go_of_locks
		for part; do
			run "$part" >/dev/null 2>"$log/$part.errors"
		done
	) </dev/null &
	behind=$!
	set +m
	trap 'end_groups "$behind"' EXIT
}
show_behind() {
	[[ -e $log/$1.status ]] || say "$1: still at work; its progress is in $log/$1.errors"
	while [[ ! -e $log/$1.status ]] && kill -0 "$behind" 2>/dev/null; do
		sleep 1
	done
	cat "$log/$1"
	grep -v '^-->' "$log/$1.errors" >&2 || true
}

others=(selftest)
# What has a device without an IOMMU.
[[ $GUEST_ARCH != x86_64 ]] || others+=(options)
[[ $peer != fast ]] || others+=(kunit)
# The guest of most of the test programs keeps one CPU busy, and so does that of the selftests.
if (($(nproc) > 1)); then
	run_behind "${others[@]}"
	run programs
	for part in "${others[@]}"; do
		show_behind "$part"
	done
	trap - EXIT
else
	for part in programs "${others[@]}"; do
		run "$part"
	done
fi

bad=0
for part in programs "${others[@]}"; do
	sum_line "$log/$part" >"$log/$part.sum"
	echo "$part: $(<"$log/$part.sum")"
	[[ $(cat "$log/$part.status" 2>/dev/null) == 0 ]] || bad=1
done
cat "$log"/*.sum | add_sums
exit "$bad"
