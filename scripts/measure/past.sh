# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scripts that measure the module of other commits share: with the benchmarks, the kernel and the scripts of this
# commit, so that nothing differs but the module. Sourced, after lib.sh.

# That work tree, one for all.
PAST=$ROOT/build/past

# past_commit REF: its 40 digits.
past_commit() { git -C "$ROOT" rev-parse --verify --quiet "$1^{commit}" || die "'$1' is no commit of this repository"; }

# past_begin: the work tree is there, of the commit that is checked out here; until this script ends it is nobody else's.
past_begin() {
	lock past
	"$ROOT/scripts/results/main.py" repository ||
		die "there are changes that are not committed: nobody could tell what measured these commits"
	# What was in the place of its module stays there otherwise.
	[[ ! -e $PAST/.git ]] || git -C "$PAST" reset -q --hard
	work_tree "$PAST" "$(past_commit HEAD)"
}

# past_module COMMIT: it has the module of that commit.
past_module() { git -C "$PAST" restore --source="$1" --staged --worktree -- kmod 2>/dev/null; }

# past_measure COMMIT FILTER DIR [NAME=VALUE...]: its results go to DIR/icount.json, and say that they are of that commit.
# Returns 1 if there are none: it has no module, or none that can be built or that runs with these benchmarks; the log is
# $CACHE/log/past.log. Where a disk is full, and when interrupted, nothing goes on.
past_measure() { past_measure_patched '' "$@"; }

# past_measure_patched PATCH COMMIT FILTER DIR [NAME=VALUE...]: the same after a patch, if that is one.
past_measure_patched() {
	local patch=$1 commit=$2 filter=$3 dir=$4 status=0
	shift 4
	mkdir -p "$dir"
	rm -f "$dir/icount.json"
	past_module "$commit" || return 1
	[[ -z $patch ]] || git -C "$PAST" apply "$patch" || die "$patch does not fit the module any more"
	env MEASURED="$commit" PEERS=fast LANE=icount RESULTS_DIR="$dir" BENCH_FILTER="$filter" "$@" \
		"$PAST/scripts/measure/bench.sh" >"$CACHE/log/past.log" 2>&1 || status=$?
	((status != NO_SPACE)) || die_without_space "measuring ${commit:0:12}"
	((status < 128)) || exit "$status"
	[[ -s $dir/icount.json ]]
}
