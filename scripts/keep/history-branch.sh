#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where the histories of many machines meet: a branch of a git repository, with history.jsonl and the stacks of its runs.
#
# usage: history-branch.sh pull [REMOTE]   take over what others recorded (origin, if no REMOTE is said)
#        history-branch.sh push [REMOTE]   the same, and give them what is recorded here
#
#   BRANCH=history   another branch
#   HISTORY=FILE     another history; its stacks are in stacks/ beside it
#
# Nobody's lines are lost: if another machine was faster, its lines are taken over first, and it is tried again.

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

[[ ${1:-} =~ ^(pull|push)$ && $# -le 2 ]] || die "usage: scripts/keep/history-branch.sh pull|push [REMOTE]"
what=$1
remote=${2:-origin}
branch=${BRANCH:-history}
history=${HISTORY:-$ROOT/results/history.jsonl}

need_packages git python3 python3-fastjsonschema
cd "$ROOT"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
theirs=$scratch/branch
git_dir=$(git rev-parse --absolute-git-dir)

# Sets parent: the commit that the branch is at, or nothing if there is no such branch.
pull() {
	local found
	rm -rf "$theirs"
	mkdir "$theirs"
	found=$(git ls-remote "$remote" "refs/heads/$branch" 2>"$scratch/said") ||
		die "the remote '$remote' cannot be read: $(head -n 1 "$scratch/said")"
	parent=${found%%[[:space:]]*}
	[[ -n $parent ]] || return 0
	# Where the branch was is enough: if it is elsewhere by now, a push is refused. FETCH_HEAD belongs to all that run here.
	git fetch -q --no-tags --no-write-fetch-head "$remote" "refs/heads/$branch" ||
		die "the branch '$branch' of '$remote' cannot be fetched"
	git -c core.autocrlf=false archive "$parent" | tar -x -C "$theirs"
	[[ -e $theirs/history.jsonl ]] || die "the branch '$branch' of '$remote' has no history.jsonl"
	"$ROOT/scripts/results/main.py" history merge --history "$history" "$theirs/history.jsonl" >&2
}

push() {
	local tree commit
	# Their lines as they are, and ours behind them. What cannot be read stays on the branch too: it is not ours to drop.
	"$ROOT/scripts/results/main.py" history merge --history "$theirs/history.jsonl" "$history" >&2
	tree=$(
		cd "$theirs"
		export GIT_DIR=$git_dir GIT_WORK_TREE=$theirs GIT_INDEX_FILE=$scratch/index
		git -c core.autocrlf=false add --all --force . && git write-tree
	)
	[[ -z $parent || $(git rev-parse "$parent^{tree}") != "$tree" ]] || return 0
	commit=$(git -c user.name=history -c user.email=history@localhost commit-tree "$tree" ${parent:+-p "$parent"} \
		-m 'history: recorded runs')
	git push -q "$remote" "$commit:refs/heads/$branch"
}

parent=
pull
[[ $what == push ]] || exit 0
[[ -s $history ]] || die "$history has no runs to give; 'make record' adds one"
for attempt in 1 2 3 4 5; do
	! push || exit 0
	say "another machine may have been faster (attempt $attempt); taking over what it recorded"
	sleep $((RANDOM % 3 + 1))
	pull
done
die "the history cannot be pushed to '$remote'"
