#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the fuzzer find what it is there for? Plants faults that the module had (tests/fuzz/planted/*.patch), one by one, in a
# copy of kmod/, fuzzes that, and prints a table: what was found, and after how many ioctls. Fails when one was not found.
#
#   usage: scripts/test/fuzz-planted.sh [NAME...]
#   FOR=SECONDS   how long for each (300)
#   CORPUS=none   without the programs that are committed

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

export FOR=${FOR:-300}
planted=$ROOT/tests/fuzz/planted
names=("$@")
if ((!$#)); then
	for patch in "$planted"/*.patch; do
		names+=("$(basename "$patch" .patch)")
	done
fi
for name in "${names[@]}"; do
	[[ -e $planted/$name.patch ]] || die "no fault '$name' in $planted"
done

table=$ROOT/results/latest/fuzz-planted.txt
mkdir -p "$(dirname "$table")"
printf '%-20s %-9s %s\n' fault found how >"$table"
bad=0
for name in "${names[@]}"; do
	log=$ROOT/build/fuzz-planted-$name.log
	status=0
	PATCH=$planted/$name.patch "$ROOT/scripts/test/fuzz.sh" >"$log" || status=$?
	how=$(grep -m1 -oP '(?<=# )FOUND.*' "$log" || true)
	# What killed the guest was found, too.
	[[ -n $how || $status == 0 ]] || how=$(grep -m1 'ERROR exit status' "$log" || true)
	[[ -n $how ]] || bad=1
	printf '%-20s %-9s %s\n' "$name" "$([[ -n $how ]] && echo yes || echo no)" "${how:-within $FOR s}" | tee -a "$table" >&2
done
cat "$table"
exit "$bad"
