#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the fuzzer find what it is there for? Plants faults that the module had (tests/fuzz/planted/*.patch), one by one, in a
# copy of kmod/, fuzzes that, and prints a table: what was found, after how many ioctls, and by what.
# Fails when one was not found that programs can find: a patch says "Not for programs:" of what they can not.
#
#   usage: scripts/test/fuzz-planted.sh [NAME...]
#   FOR=SECONDS   how long for each (300)
#   MODE=exact    only one thread, as of fuzz.sh
#   CORPUS=none   without the programs that are committed
#   LANE=icount   on a busy machine, where a call that waits is else not told from one that gets no CPU

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

export FOR=${FOR:-300}
planted=$ROOT/tests/fuzz/planted
names=("$@")
if ((!$#)); then
	for patch in "$planted"/*.patch; do
		grep -q '^Not for programs:' "$patch" || names+=("$(basename "$patch" .patch)")
	done
fi
for name in "${names[@]}"; do
	[[ -e $planted/$name.patch ]] || die "no fault '$name' in $planted"
done

# found LOG: what it says of the first that was found; nothing when there was none.
found() {
	local how
	how=$(grep -m1 -oP '(?<=# )FOUND.*' "$1" || true)
	# What killed the guest was found, too.
	[[ -n $how ]] || how=$(grep -m1 -P 'ERROR (exit status|the guest)' "$1" || true)
	# And what of the kernel's own says it.
	[[ $how != *'kernel reported it'* ]] ||
		how+=": $(grep -m1 -oP '(BUG: |WARNING: |Oops: |refcount_t: ).*' "$2" || true)"
	echo "$how"
}

table=$ROOT/results/latest/fuzz-planted.txt
mkdir -p "$(dirname "$table")" "$ROOT/build"
printf '%-22s %-6s %s\n' fault found how >"$table"
bad=0
for name in "${names[@]}"; do
	log=$ROOT/build/fuzz-planted-$name.log
	status=0
	PATCH=$planted/$name.patch "$ROOT/scripts/test/fuzz.sh" >"$log" || status=$?
	how=$(found "$log" "$ROOT/build/share-fuzz-$name/console.log")
	[[ -n $how || $status == 0 ]] || die "the fuzzer did not come to its end with '$name' planted; see $log"
	[[ -n $how ]] || bad=1
	printf '%-22s %-6s %s\n' "$name" "$([[ -n $how ]] && echo yes || echo no)" "${how:-within $FOR s}" | tee -a "$table" >&2
done
cat "$table"
exit "$bad"
