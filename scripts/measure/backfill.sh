#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Record commits that have no record: the module of each is measured with the benchmarks, the kernel and the scripts of the
# commit that is checked out (which the record names), and added to the history. Commits that do not touch kmod/ have the
# module of the one before, and are left out. May be interrupted and called again: it goes on with what is missing.
#
#   RANGE=A..B    which commits, as git log takes it
#   MAX=N         so many of them at the most: the ends first, then what halves the largest gap
#   HISTORY=FILE  another history
#   BENCH_FILTER=regex  only the benchmarks that match; what a commit then lacks is missing still for a call without
#   RETRY=1       also those that could not be measured the last time
#   COUNT=1       count more than instructions, see bench.sh; and keep the stacks of the main rows

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/past.sh
source "$ROOT/scripts/measure/past.sh"

[[ -n ${RANGE:-} ]] || die "RANGE= is missing, e.g. RANGE=HEAD~20..HEAD"
max=${MAX:-1000000}
[[ $max =~ ^[1-9][0-9]*$ ]] || die "MAX='$max' is no number"
history=${HISTORY:-$ROOT/results/history.jsonl}
filter=${BENCH_FILTER:-}
failed=$ROOT/build/backfill/failed
dir=$ROOT/build/backfill/results
need_packages git python3 python3-fastjsonschema

lock backfill
mkdir -p "$dir"
[[ -z ${RETRY:-} || $RETRY == 0 ]] || rm -f "$failed"
touch "$failed"
commits=$(git -C "$ROOT" log --reverse --format=%H "$RANGE" -- kmod 2>/dev/null) ||
	die "RANGE='$RANGE' is no range of commits of this repository"
[[ -n $commits ]] || die "no commit of $RANGE touches kmod/"
unrecorded=$("$ROOT/scripts/results/main.py" history missing --history "$history" --filter "$filter" <<<"$commits")
mapfile -t missing < <(grep -vxFf "$failed" <<<"$unrecorded" | grep . | head -n "$max")
say "$(wc -l <<<"$commits") commits of $RANGE touch kmod/; ${#missing[@]} of them are to be measured"
((${#missing[@]})) || exit 0

past_begin
measured=0
for commit in "${missing[@]}"; do
	say "$((measured + 1)) of ${#missing[@]}: $(git -C "$ROOT" log -1 --format='%h %s' "$commit")"
	if past_measure "$commit" "$filter" "$dir"; then
		"$ROOT/scripts/results/main.py" history add --history "$history" "$dir/icount.json"
		measured=$((measured + 1))
	else
		say "${commit:0:12} cannot be measured with the benchmarks of today; the log is $CACHE/log/past.log"
		echo "$commit" >>"$failed"
	fi
done
say "$measured of ${#missing[@]} commits were measured and recorded in $history"
((measured > 0))
