#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzz the module in a kernel that looks for faults, with a model of what must be true: docs/fuzz.md. The last line is "N passed, N failed,
# N skipped"; what was found is in build/share-fuzz/out: found (text) and found.c, and what is worth to be kept in corpus.
#
#   FOR=SECONDS       how long (60); by the clock of the guest
#   SEED=N            repeat the random choices of a run that printed this seed
#   MODE=exact|storm  only processes whose programs repeat; or only threads that race (both)
#   LANE=icount       with one CPU, whose clock counts instructions: all of it repeats, on a busy machine, too; slower on an
#                     idle one
#   LEAKS=yes|no      whether the kernel looks for leaked memory, which takes half of the time (no beyond 300 s)
#   TEST_KERNEL=kcsan one that looks for data races instead, and only threads that race
#   TEST_KERNEL=long  one without what proves orders of locks, for 2 to 3 times as many calls in the same time; these, too
#   PROGRAMS=FILE     run the programs in there, and reduce the first that shows something
#   CORPUS=DIR        begin with these programs (tests/fuzz/corpus); none: with nothing
#   PATCH=FILE        with this applied to a copy of kmod/: a fault that is planted
#   COVERAGE=1        count lines, and print which were executed, instead of being steered by what is reached; counts: and
#                     print none of it
#
# A program that kills the kernel is reduced by booting again, at most BOOTS times (24).

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/test/ktap.sh
source "$ROOT/scripts/test/ktap.sh"

seconds=${FOR:-60}
seed=${SEED:-0x$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')}
config=${TEST_KERNEL:-test}
mode=${MODE:-$([[ $config == test ]] || echo storm)}
lane=${LANE:-mttcg}
boots=${BOOTS:-24}
corpus=${CORPUS:-$ROOT/tests/fuzz/corpus}
patch=${PATCH:-}
name=fuzz
[[ $config == test ]] || name+=-$config
[[ -z $patch ]] || name+=-$(basename "$patch" .patch)
build=$ROOT/build/tests
share=$ROOT/build/share-$name
[[ $seconds =~ ^[0-9]+$ ]] || die "FOR=$seconds is no number of seconds"
leaks=${LEAKS:-$( ((seconds > 300)) && echo no || echo yes)}
[[ $config =~ ^(test|kcsan|long)$ ]] || die "no TEST_KERNEL '$config' (there are: test kcsan long)"
[[ $boots =~ ^[0-9]+$ ]] || die "BOOTS=$boots is no number"
[[ $leaks =~ ^(yes|no)$ ]] || die "no LEAKS '$leaks' (there are: yes no)"
[[ $lane =~ ^(icount|mttcg)$ ]] || die "no lane '$lane' (there are: icount mttcg)"
[[ ${COVERAGE:-1} =~ ^(1|counts)$ ]] || die "no COVERAGE '$COVERAGE' (there are: 1 counts)"
[[ -z ${COVERAGE:-} || $config$patch == test ]] || die "COVERAGE counts what is in kmod/, without PATCH, in the test kernel"
[[ -z $mode || $mode =~ ^(exact|storm)$ ]] || die "no MODE '$mode' (there are: exact storm)"
[[ $config != long || $mode == storm ]] || die "TEST_KERNEL=long does not know who waits for a lock, as MODE=$mode has to"

# Built to say what it comes through; or as all that counts it (module_of). A planted fault is in a copy of its own.
build_module() {
	local out=$ROOT/build/fuzz/$name dir=kmod
	if [[ -n ${COVERAGE:-} ]]; then
		module_of test kmod
		return
	fi
	if [[ -n $patch ]]; then
		# One place for all of them: what does not differ from the last one is not built again.
		out=$ROOT/build/fuzz/planted
		dir=build/fuzz/planted/source
		mkdir -p "$ROOT/$dir"
		rsync -rc --delete "$ROOT/kmod/" "$ROOT/$dir/"
		patch -s -d "$ROOT/$dir" -p2 <"$patch" >&2 || die "$patch does not apply"
	fi
	OUT=$out/kmod "$ROOT/scripts/build/modules.sh" "$config" "$dir" KCOV_INSTRUMENT=y || return
	echo "$out/kmod/iommufd.ko"
}

need_packages "${TEST_PACKAGES[@]}"
lock fuzz
"$ROOT/scripts/build/kernel.sh" build "$config"
module=$(build_module)
kernel=$("$ROOT/scripts/build/kernel.sh" path "$config")
build_programs fuzz_test

# As many processes as there are seats (tests/fuzz/state.h), for who stands still and who waits for it need no CPU; and two CPUs
# at least for threads to race. In the lane that repeats there is one of each.
cpus=1 processes=1
if [[ $lane == mttcg ]]; then
	cpus=$(nproc)
	cpus=$((cpus < 2 ? 2 : cpus > 8 ? 8 : cpus))
	processes=8
fi
append='no_timer_check kasan_multi_shot'
[[ $leaks == yes ]] || append+=' kmemleak=off'
# Twice in half an hour of a storm the timer of a CPU of a guest was not set again, and its clock stood still. A tick that is
# periodic is not set; programs that stand still want finer ones.
[[ $mode != storm ]] || append+=' highres=off nohz=off'
options=(-t "$seconds" -s "$seed" -j "$processes")
rm -rf "$share"
mkdir -p "$share/out"
"$ROOT/scripts/guest/stage.sh" "$config" "$share"
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

# write_job OPTION...: for one boot. What the fuzzer leaves goes to the share at the end: a write there pins memory, and pins
# are counted. What runs is kept in memory that outlives the kernel.
write_job() {
	cat >"$share/job" <<-END
		. /lib/guest.sh
		dmesg -n 1
		$([[ $leaks == no ]] || echo scan_when_told)
		keep_edu_enabled && load_peer fast && bind_edu >/dev/null || exit 2
		for attr in failslab fail_page_alloc; do
			echo N >/sys/kernel/debug/\$attr/ignore-gfp-wait
			echo 0 >/sys/kernel/debug/\$attr/verbose
		done
		echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
		echo 64 >/sys/module/iommufd/parameters/keep_devices
		keep=\$(find_kept_memory) || exit 2
		mkdir /tmp/out
		cp /host/fuzz_test /host/klog_check /tmp
		for file in corpus programs; do
			[ ! -e /host/\$file ] || cp /host/\$file /tmp
		done
		echo "$BEGIN"
		/tmp/fuzz_test -o /tmp/out -k \$keep $*
		status=\$?
		[ \$status -le 3 ] || result \$status fuzz
		dmesg | grep -a 'segfault at\|traps: ' | sed 's/^/# /'
		echo "$END"
		cp /tmp/out/* /host/out 2>/dev/null
		echo \$status >/host/fuzz-status
		[ \$status -eq 0 ] || { keep_coverage; exit 0; }
		echo 0 >/sys/module/iommufd/parameters/keep_devices
		aftermath -fuzz vfio-pci vfio-pci-core vfio iommufd >/host/aftermath
		exit 0
	END
	rm -f "$share/fuzz-status" "$share/keep"
	truncate -s 16M "$share/keep"
}

# shellcheck disable=SC2317 # run_guest calls it
diagnostics_only() {
	marked_only | grep --line-buffered '^#' || true
}

# fuzz_guest FILTER OPTION...: one boot.
fuzz_guest() {
	local filter=$1
	shift
	write_job "$@"
	run_guest "$name" "$share" "$filter" --lane "$lane" --cpus "$cpus" --edu 1 --mem 2G --test-kernel --keep "$share/keep" \
		--append "$append" --kernel "$kernel" --stall $((seconds + 600)) --timeout $((seconds + 1800))
}

# Whether the kernel has died, or is not to be trusted any more.
has_died() {
	if [[ -s $share/fuzz-status ]]; then
		[[ $(<"$share/fuzz-status") == 3 ]]
	else
		grep -qa 'Kernel panic' "$share/console.log"
	fi
}

# What has run last when the kernel died: which of that kills it by itself, and how little of it?
reduce_deadly() {
	local boot how=-r
	rm -f "$share/corpus"
	for ((boot = 0; boot <= boots; boot++)); do
		"$build/fuzz_test" -p "$share/keep" >"$share/programs" || return 0
		[[ $how == -d ]] || cp "$share/programs" "$share/out/found"
		fuzz_guest diagnostics_only "$how" /tmp/programs >"$share/again"
		if ! has_died; then
			grep -a '^#' "$share/again" || true
			break
		fi
		how=-d
	done
	if [[ $how == -r ]]; then
		echo '# none of what ran last kills the kernel by itself:'
	else
		echo "# the shortest that killed the kernel, after $boot boots:"
		cp "$share/programs" "$share/out/found"
		"$build/fuzz_test" -x "$share/programs" >"$share/out/found.c"
	fi
	sed 's/^/#     /' "$share/out/found"
}

say "fuzzing for $seconds s, SEED=$seed; results go to $ROOT/results/latest/$name.ktap"
status=0
{
	[[ -z $mode${PROGRAMS:-} ]] && echo '1..2' || echo '1..1'
	fuzz_guest marked_only "${options[@]}"
	if has_died; then
		reduce_deadly
	elif [[ ! -s $share/fuzz-status ]]; then
		echo '# there ran last:'
		"$build/fuzz_test" -p "$share/keep" | sed 's/^/#     /'
	fi
} | ktap_results "$name" || status=$?
if [[ ${COVERAGE:-} == 1 ]]; then
	[[ -d $share/gcda ]] || die "the guest left no counts in $share/gcda; its console is $share/console.log"
	"$ROOT/scripts/test/coverage.py" "$ROOT/kmod" 0 "$ROOT/results/latest/coverage-fuzz.info" \
		fuzz "$ROOT/build/coverage/kmod" "$share/gcda"
fi
exit "$status"
