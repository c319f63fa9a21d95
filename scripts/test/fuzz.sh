#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzz the module in the test kernel, with a model of what must be true: docs/fuzz.md. The last line is "N passed, N failed,
# N skipped"; what was found is in build/share-fuzz/out: found (text) and found.c, and what is worth to be kept in corpus.
#
#   FOR=SECONDS       how long (60)
#   SEED=N            repeat the random choices of a run that printed this seed
#   MODE=exact|storm  only one thread, which repeats; or only several (both)
#   PROGRAMS=FILE     run the programs in there, and reduce the first that shows something
#   CORPUS=DIR        begin with these programs (tests/fuzz/corpus); none: with nothing
#   PATCH=FILE        with this applied to a copy of kmod/: a fault that is planted
#   COVERAGE=1        count lines, and print which were executed, instead of being steered by what is reached

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

BEGIN='=== results'
END='=== end'
seconds=${FOR:-60}
seed=${SEED:-0x$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')}
mode=${MODE:-}
corpus=${CORPUS:-$ROOT/tests/fuzz/corpus}
patch=${PATCH:-}
name=fuzz
[[ -z $patch ]] || name+=-$(basename "$patch" .patch)
build=$ROOT/build/tests
share=$ROOT/build/share-$name
[[ $seconds =~ ^[0-9]+$ ]] || die "FOR=$seconds is no number of seconds"
[[ -z $mode || $mode =~ ^(exact|storm)$ ]] || die "no MODE '$mode' (there are: exact storm)"

# Built to say what it comes through; or to count it. A planted fault is in a copy of its own.
build_module() {
	local out=$ROOT/build/fuzz/$name dir=kmod counts=KCOV_INSTRUMENT=y
	[[ -z ${COVERAGE:-} ]] || { out=$ROOT/build/fuzz/coverage && counts=GCOV_PROFILE=y; }
	if [[ -n $patch ]]; then
		# One place for all of them: what does not differ from the last one is not built again.
		out=$ROOT/build/fuzz/planted
		dir=build/fuzz/planted/source
		mkdir -p "$ROOT/$dir"
		rsync -rc --delete "$ROOT/kmod/" "$ROOT/$dir/"
		patch -s -d "$ROOT/$dir" -p2 <"$patch" >&2 || die "$patch does not apply"
	fi
	OUT=$out/kmod "$ROOT/scripts/build/modules.sh" test "$dir" "$counts" || return
	echo "$out/kmod/iommufd.ko"
}

need_packages "${TEST_PACKAGES[@]}"
lock fuzz
"$ROOT/scripts/build/kernel.sh" build test
module=$(build_module)
kernel=$("$ROOT/scripts/build/kernel.sh" path test)
headers=$("$ROOT/scripts/build/kernel.sh" headers)
src=$("$ROOT/scripts/build/kernel.sh" src)
mkdir -p "$build"
lock tests-build
run_logged tests-fuzz make -C "$ROOT/tests" -j"$JOBS" O="$build" KHDR="$headers" KSRC="$src" "$build/fuzz_test"
unlock tests-build

options=(-t "$seconds" -s "$seed")
rm -rf "$share"
mkdir -p "$share/out"
"$ROOT/scripts/guest/stage.sh" test "$share"
install -D -t "$share/modules/fast" "$module"
stage_klog_check "$share"
cp "$build/fuzz_test" "$share"
if [[ $corpus != none ]]; then
	cat "$corpus"/*.txt >"$share/corpus" 2>/dev/null || true
	options+=(-c /tmp/corpus)
fi
[[ -z $mode ]] || options+=(-m "$mode")
if [[ -n ${PROGRAMS:-} ]]; then
	cp "$PROGRAMS" "$share/programs"
	options+=(-r /tmp/programs)
fi

# What the fuzzer leaves goes to the share at the end: a write there pins memory, and pins are counted.
cat >"$share/job" <<-END
	. /lib/guest.sh
	dmesg -n 1
	scan_when_told
	keep_edu_enabled && load_peer fast && bind_edu >/dev/null || exit 2
	for attr in failslab fail_page_alloc; do
		echo N >/sys/kernel/debug/\$attr/ignore-gfp-wait
		echo 0 >/sys/kernel/debug/\$attr/verbose
	done
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
	mkdir /tmp/out
	cp /host/fuzz_test /host/klog_check /tmp
	for file in corpus programs; do
		[ ! -e /host/\$file ] || cp /host/\$file /tmp
	done
	echo "$BEGIN"
	/tmp/fuzz_test -o /tmp/out ${options[*]}
	status=\$?
	[ \$status -le 1 ] || result \$status fuzz
	echo "$END"
	cp /tmp/out/* /host/out 2>/dev/null
	[ \$status -eq 0 ] || exit 0
	aftermath -fuzz vfio-pci vfio-pci-core vfio iommufd >/host/aftermath
	exit 0
END

# shellcheck disable=SC2317 # run_guest calls it
marked_only() {
	sed -u "s/\r//; 1,/^$BEGIN/d; /^$END/,\$d"
}

say "fuzzing for $seconds s, SEED=$seed; results go to $ROOT/results/latest/$name.ktap"
status=0
{
	[[ -z $mode${PROGRAMS:-} ]] && echo '1..2' || echo '1..1'
	run_guest "$name" "$share" marked_only --lane mttcg --cpus 2 --edu 1 --mem 2G --test-kernel \
		--append 'no_timer_check kasan_multi_shot' --kernel "$kernel" \
		--stall $((seconds + 600)) --timeout $((seconds + 1800))
} | ktap_results "$name" || status=$?
if [[ -n ${COVERAGE:-} ]]; then
	[[ -d $share/gcda ]] || die "the guest left no counts in $share/gcda; its console is $share/console.log"
	"$ROOT/scripts/test/coverage.py" "$ROOT/kmod" 0 "$ROOT/results/latest/coverage-fuzz.info" \
		"$ROOT/build/fuzz/coverage/kmod" "$share/gcda"
fi
exit "$status"
