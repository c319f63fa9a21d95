# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts share that prove something in a guest: its KTAP as it comes, what its kernel is left with, results
# that any CI shows. Sourced after lib.sh, never run.

# What a guest's aftermath adds to a plan: unload, kmemleak, pins, kernel-log (guest/lib.sh).
# shellcheck disable=SC2034 # for who sources this
AFTERMATH_LEN=4

# module_of CONFIG DIR: build iommufd.ko from DIR (kmod, kunit) for a kernel, and print its path. With COVERAGE set it is
# one that counts what it executes, for scripts/test/coverage.sh. Where it does not build there is none, and not that of before:
# a command substitution has no errexit of its own.
module_of() {
	if [[ -n ${COVERAGE:-} ]]; then
		OUT=$BUILT/coverage/$2 "$ROOT/scripts/build/modules.sh" "$1" "$2" GCOV_PROFILE=y || return
		echo "$BUILT/coverage/$2/iommufd.ko"
	else
		"$ROOT/scripts/build/modules.sh" "$1" "$2" || return
		echo "$BUILT/$1/$2/iommufd.ko"
	fi
}

# What a job's results are between, on the console; and a FILTER for run_guest that leaves what is between.
BEGIN='=== results'
END='=== end'
# shellcheck disable=SC2317 # run_guest calls it
marked_only() {
	sed -u "s/\r//; 1,/^$BEGIN/d; /^$END/,\$d"
}

# build_programs [TARGET]: the test programs, or the one, for the kernel that there is the source of, into build/tests, or
# of ARCH=arm64 into build/arm64/tests.
build_programs() {
	local headers src build=$BUILT/tests
	headers=$("$ROOT/scripts/build/kernel.sh" headers)
	src=$("$ROOT/scripts/build/kernel.sh" src)
	mkdir -p "$build"
	lock tests-build
	run_logged tests make -C "$ROOT/tests" -j"$JOBS" CC="$GUEST_CC" O="$build" KHDR="$headers" \
		KSRC="$src" PAGE_BYTES="$PAGE_BYTES" "${@/#/$build/}"
	unlock tests-build
}

# stage_klog_check SHARE: the program that a guest's aftermath reads the kernel's log with.
stage_klog_check() {
	build_programs klog_check
	cp "$BUILT/tests/klog_check" "$1"
}

# run_guest NAME SHARE FILTER OPTION...: boot a guest to do SHARE/job. Prints what FILTER leaves of its console as it
# comes, then SHARE/aftermath, which the job wrote, and a result for the guest itself where it did not get so far.
run_guest() {
	local name=$1 share=$2 filter=$3 guest shower status=0
	shift 3
	rm -f "$share/aftermath"
	: >"$share/console.log"
	"$ROOT/scripts/guest/guest.sh" "$@" --share "$share" 2>"$share/error" &
	guest=$!
	# What runs in the background does not see an interrupt. This ends with the shell that the pipeline runs it in, at
	# once: traps do not wait for what is waited for.
	trap 'end_children "$guest"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	(let_go_of_locks && tail -n +1 -f --pid="$guest" "$share/console.log" 2>/dev/null | $filter) &
	shower=$!
	wait "$guest" || status=$?
	wait "$shower" || true
	trap - EXIT INT TERM
	cat "$share/aftermath" 2>/dev/null || true
	((status == 0)) || {
		sed 's/^/# /' "$share/error"
		echo "not ok 0 guest-$name # ERROR exit status $status; the console is $share/console.log"
	}
}

# ktap_results NAME: a stream of KTAP to NAME.ktap in results/latest (of ARCH=arm64: results/latest/arm64), as ktap.py does that,
# and there too as JSON and JUnit XML, made by the kernel's own kunit.py. Its exit status is ktap.py's.
ktap_results() {
	local status=0
	rm -f "$LATEST/$1".{ktap,json,xml}
	mkdir -p "$LATEST"
	"$ROOT/scripts/test/ktap.py" "$LATEST/$1.ktap" || status=$?
	ktap_convert "$1"
	return "$status"
}

# sum_line FILE: the line of results that it ends with. What broke off before is a failure.
sum_line() {
	grep -xE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' "$1" | tail -n 1 | grep . ||
		echo '0 passed, 1 failed, 0 skipped'
}

# add_sums: such lines, on standard input, as one.
add_sums() {
	awk '{ passed += $1; failed += $3; skipped += $5 }
		END { print passed " passed, " failed " failed, " skipped " skipped" }'
}

# ktap_convert NAME: NAME.ktap of those also as .json and .xml.
ktap_convert() {
	local src path=$LATEST/$1 log=$CACHE/log/kunit-parse-$1.log
	src=$("$ROOT/scripts/build/kernel.sh" src)
	# It has an exit status of its own when a test failed.
	PYTHONDONTWRITEBYTECODE=1 python3 "$src/tools/testing/kunit/kunit.py" parse --summary --json="$path.json" \
		--junit="$path.xml" "$path.ktap" >"$log" 2>&1 || true
	[[ -s $path.json && -s $path.xml ]] || die "kunit.py made nothing of $path.ktap; the log is $log"
}
