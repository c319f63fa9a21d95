#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which commit made a benchmark cost more? Measures the module of commits between two (git bisect), with the benchmarks, the
# kernel and the scripts of the commit that is checked out; those that were measured or recorded before are not measured
# again. Ends with the commit, and with what it changed in the profile.
#
#   BENCH=map/scatter4k/256MiB  the benchmark: op/shape/size; "small map" and the like where it has two figures
#   BAD=REF GOOD=REF            where it costs more, and an ancestor where it does not
#   BY=2%                       more is so much more than at GOOD (half of what the two differ by)
#   PROFILE=0                   without the profiles

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/past.sh
source "$ROOT/scripts/measure/past.sh"

dir=$ROOT/build/bisect
main=$ROOT/scripts/results/main.py
IFS=/ read -r op shape size more <<<"${BENCH:-}"
[[ -n ${size:-} && -z $more ]] || die "BENCH='${BENCH:-}' is not op/shape/size, e.g. BENCH=map/scatter4k/256MiB"
filter="^${op%% *}/$shape/$size/"
[[ $filter =~ ^\^[A-Za-z0-9_/]*$ ]] || die "BENCH='$BENCH' has no such name"
by=${BY:-}
[[ -z $by || $by =~ ^[0-9]+(\.[0-9]+)?%$ ]] || die "BY='$by' is no percentage, e.g. BY=2%"

# value COMMIT: what the benchmark costs there; from the history, from earlier, or measured. Returns 1 if it cannot be.
value() {
	local commit=$1 out=$dir/$1
	"$main" measured "$commit" "$BENCH" "$out/icount.json" && return
	say "measuring $(git -C "$ROOT" log -1 --format='%h %s' "$commit")"
	past_measure "$commit" "$filter" "$out" COUNT=0 && "$main" measured "$commit" "$BENCH" "$out/icount.json"
}

# As git bisect calls it: 0 it is good, 1 it is bad, 125 it cannot be told.
if [[ ${1:-} == --step ]]; then
	commit=$(git -C "$PAST" rev-parse BISECT_HEAD)
	found=$(value "$commit") || exit 125
	say "${commit:0:12}: $found"
	# Errors of git bisect run are from 128 on.
	awk -v found="$found" -v limit="$BISECT_LIMIT" 'BEGIN { exit found > limit }'
	exit
fi

need_packages git python3 python3-fastjsonschema
good=$(past_commit "${GOOD:?GOOD= is missing}")
bad=$(past_commit "${BAD:?BAD= is missing}")
git -C "$ROOT" merge-base --is-ancestor "$good" "$bad" || die "GOOD=$GOOD is no ancestor of BAD=$BAD"

lock bisect
past_begin
at_good=$(value "$good") || die "$BENCH cannot be measured at GOOD=$GOOD; the log is $CACHE/log/past.log"
at_bad=$(value "$bad") || die "$BENCH cannot be measured at BAD=$BAD; the log is $CACHE/log/past.log"
BISECT_LIMIT=$(awk -v good="$at_good" -v bad="$at_bad" -v by="${by%\%}" \
	'BEGIN { printf "%.17g", by == "" ? (good + bad) / 2 : good * (1 + by / 100) }')
export BISECT_LIMIT
say "$BENCH: $at_good at GOOD, $at_bad at BAD; more than $BISECT_LIMIT is bad"
awk -v bad="$at_bad" -v good="$at_good" -v limit="$BISECT_LIMIT" 'BEGIN { exit !(bad > limit && bad > good) }' ||
	die "$BENCH does not cost so much more at BAD=$BAD"

log=$CACHE/log/bisect.log
# Those that do not touch kmod/ cannot be it. The work tree stays: what is in it is the module of the commit alone.
git -C "$PAST" bisect start --no-checkout "$bad" "$good" -- kmod >"$log"
trap 'git -C "$PAST" bisect reset >/dev/null 2>&1 || true' EXIT
# Where those that cannot be measured are in front of it, git names them all, and that is an error.
git -C "$PAST" bisect run "$ROOT/scripts/measure/bisect.sh" --step >>"$log" 2> >(grep -v '^error: bisect run cannot continue' >&2) ||
	grep -q 'could be any of' "$log" || die "git bisect came to no end; the log is $log"
first=$(git -C "$PAST" rev-parse refs/bisect/bad)
git -C "$PAST" bisect reset >/dev/null 2>&1
skipped=()
for before in $(git -C "$ROOT" log --format=%H "$first^" -- kmod); do
	! known=$("$main" measured "$before" "$BENCH" "$dir/$before/icount.json") || break
	skipped+=("$before")
done
echo "$BENCH: $known before, $(value "$first") with:"
echo
git -C "$ROOT" log -1 --stat "$first"
if ((${#skipped[@]})); then
	echo
	echo "or with one of these, which cannot be measured:"
	echo
	git -C "$ROOT" log --no-walk --oneline "${skipped[@]}"
fi

[[ ${PROFILE:-1} != 0 ]] || exit 0
# profile COMMIT: where its instructions go.
profile() {
	past_module "$1"
	OP=${op%% *} SHAPE=$shape SIZE=$size PEER=fast FUNCTIONS=$dir/$1/functions.json "$PAST/scripts/measure/profile.sh" >"$log" 2>&1 ||
		die "the profile of ${1:0:12} failed; the log is $log"
}
say "profiles of both"
profile "$before"
profile "$first"
echo
"$main" profile compare "$dir/$before/functions.json" "$dir/$first/functions.json"
