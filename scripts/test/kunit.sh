#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the KUnit suites (kunit/) in the guest, on the test kernel. KTAP as it comes, and in results/latest/kunit.ktap;
# there too as JSON and JUnit XML. What the kernel complains about, memory and pins that are left, and a module that does
# not unload count as failures. The last line is "N passed, N failed, N skipped".
#
#   SUITE=GLOB  only the suites that match, with or without their "iommufd-" ("extent", "*io*")
#   CASE=GLOB   only the cases that match
#   SEED=N      repeat the random choices of a run that printed this seed
#   PARAMETERS="pin_walk=0"  of the module
#   REPEAT=N    run them so often, in one guest: for what happens at the same time
#   TEST_KERNEL=kcsan  on the kernel that looks for data races
#   ARCH=arm64  cross-built, in a guest of arm64; results are in results/latest/arm64/
#   PAGES=64K   of arm64, with base pages of 64 KiB, or of 16K; results are in results/latest/arm64-64k/

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

suites=${SUITE:-*}
cases=${CASE:-*}
seed=${SEED:-0}
repeat=${REPEAT:-1}
parameters=${PARAMETERS:-}
config=${TEST_KERNEL:-test}
name=kunit
[[ $config == test ]] || name+=-$config
share=$BUILT/share-$name
BEGIN='kunit.sh: begin'
END='kunit.sh: end'

# They go into the guest's command lines.
[[ $suites$cases =~ ^[][A-Za-z0-9_*?-]+$ ]] || die "SUITE='$suites' CASE='$cases': a pattern has letters, digits, - _ * ? [ ]"
[[ $seed =~ ^(0x[0-9a-fA-F]+|[0-9]+)$ ]] || die "SEED='$seed' is no number"
[[ $parameters =~ ^[a-z0-9_=\ ]*$ ]] || die "PARAMETERS='$parameters': NAME=VALUE, several with blanks between them"
[[ $repeat =~ ^[1-9][0-9]*$ ]] || die "REPEAT='$repeat' is no number"
[[ $config =~ ^(test|kcsan)$ ]] || die "no TEST_KERNEL '$config' (there are: test kcsan)"
[[ $suites == iommufd-* || $suites == \** ]] || suites=iommufd-$suites

need_packages "${TEST_PACKAGES[@]}"
lock kunit
module=$(module_of "$config" kunit)
kernel=$("$ROOT/scripts/build/kernel.sh" path "$config")

# What the guest does. Allocations are made to fail by single tasks that ask for it, so any kind of them may, and nothing
# is to be said of it. Suites run one by one, when the fault injection that comes with the module is quiet too; what they
# say is on the console from then on. Marks go through the kernel's log, so that they keep their place in it.
write_job() {
	cat <<-END
		. /lib/guest.sh
		debug=/sys/kernel/debug
		for fault in failslab fail_page_alloc; do
			echo 0 >\$debug/\$fault/verbose
			echo N >\$debug/\$fault/ignore-gfp-wait
		done
		echo N >\$debug/fail_page_alloc/ignore-gfp-highmem
		echo 0 >\$debug/fail_page_alloc/min-order
		dmesg -n 4
		scan_when_told
		# Huge pages of other sizes than those of the command line, where there are such: some are given back late.
		for kib in 64 2048 32768; do
			huge=/sys/kernel/mm/hugepages/hugepages-\${kib}kB/nr_hugepages
			[ ! -e \$huge ] || [ \$(cat \$huge) != 0 ] || echo 9 >\$huge
		done
		# A worker that passes on what its CPU has counted may be interrupted in the midst of it: kunit/balance.c.
		echo 100000 >/proc/sys/vm/stat_interval
		insmod /host/iommufd.ko seed=$seed $parameters || exit 2
		echo 0 >\$debug/fail_iommufd/verbose
		set -- \$debug/kunit/*/run
		[ -e "\$1" ] || exit 3
		dmesg -n 7
		echo "<6>$BEGIN 1..\$((\$# * $repeat + $AFTERMATH_LEN))" >/dev/kmsg
		round=0
		while [ \$round -lt $repeat ]; do
			for suite; do
				echo run >\$suite
			done
			round=\$((round + 1))
		done
		echo '<6>$END' >/dev/kmsg
		dmesg -n 1
		aftermath '' iommufd >/host/aftermath
		exit 0
	END
}

# shellcheck disable=SC2317 # run_guest calls it
# Of the console: the plan, and what the suites print, which is indented or a result.
suites_only() {
	sed -u -E "s/^\[ *[0-9.]+\] //; s/\r//; 1,/^$BEGIN/{s/^$BEGIN //p; d}; /^$END/,\$d" |
		grep --line-buffered -aE '^(    |# |1\.\.|(not )?ok [0-9]+ )' || true
}

rm -rf "$share"
mkdir -p "$share"
cp "$module" "$share"
stage_klog_check "$share"
write_job >"$share/job"

say "KUnit: $suites.$cases; results go to $LATEST/$name.ktap"
status=0
# As much as it takes to have eight huge pages, and as many in use that are transparent.
mem=4G
[[ $HUGE_PAGE != 512M ]] || mem=12G
# Who started the cases waits for each as long as it takes, which on a busy machine looks like a task that hangs.
# KUnit's own limit is by the clock of a machine that may be busy: the guest's (scripts/guest/guest.sh) is the one that counts.
run_guest "$name" "$share" suites_only --lane mttcg --cpus 2 --mem "$mem" --edu 0 --kernel "$kernel" --test-kernel \
	--append "no_timer_check ${GIGANTIC}hugepagesz=$HUGE_PAGE hugepages=8 sysctl.kernel.hung_task_timeout_secs=900 kunit.autorun=0 kunit.timeout=36000 kunit.filter_glob=$suites.$cases" |
	ktap_results "$name" || status=$?
[[ $(cat "$share/status" 2>/dev/null) != 3 ]] || die "no case matches SUITE='$suites' CASE='$cases'"
exit "$status"
