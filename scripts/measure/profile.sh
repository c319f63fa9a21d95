#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where the instructions of one benchmark go: every one that it times is counted, with its callers, by a plugin of the
# emulator (bench/profile). Prints the hottest functions; leaves build/profile/OP-SHAPE-PEER.svg, a flame graph, and
# .folded, what it is made from.
#
#   OP=map      the operation
#   SHAPE=thp   the memory; may be left out where the operation has only one
#   PEER=fast   or type1, iommufd, floor
#   SIZE=1MiB   the largest, if left out
#   TOP=40      how many functions to print
#   FUNCTIONS=FILE  leave the instructions of each function there, too: main.py profile compare

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/e2e.sh
source "$ROOT/scripts/measure/e2e.sh"

op=${OP:-map}
peer=${PEER:-fast}
e2e_check_peer "$peer"
for word in "$op" "$peer" "${SHAPE:-}" "${SIZE:-}"; do
	[[ $word =~ ^[A-Za-z0-9_]*$ ]] || die "'$word' is no name"
done

# flamegraph.pl comes with NYTProf.
need_packages "${E2E_PACKAGES[@]}" libdevel-nytprof-perl perl
lock bench
e2e_build
names=$(e2e_list e2e "$peer" "^$op/${SHAPE:-[^/]*}/${SIZE:-[^/]*}/$peer\$")
if [[ -z $names ]]; then
	die "$peer has no benchmark $op/${SHAPE:-*}/${SIZE:-*}; its operations: $(e2e_list e2e "$peer" '' | cut -d/ -f1 | sort -u | xargs)," \
		"shapes: $(e2e_list e2e "$peer" '' | cut -d/ -f2 | sort -u | xargs)"
fi
shapes=$(cut -d/ -f2 <<<"$names" | sort -u | xargs)
[[ $shapes != *' '* ]] || die "SHAPE= is missing, one of: $shapes"
# From the smallest to the largest.
name=$(tail -1 <<<"$names")

flamegraph=$(dpkg -L libdevel-nytprof-perl | grep '/flamegraph\.pl$') ||
	die "libdevel-nytprof-perl is installed, but has no flamegraph.pl"
plugin_build
e2e_modules bench "$peer"

share=$ROOT/build/profile/share
e2e_stage bench e2e "$peer" "$share" "^$name\$"
e2e_count "$share"
say "$name: counting"
# One benchmark says nothing before its end.
run_logged profile "$ROOT/scripts/guest/guest.sh" --stall 7200 "${E2E_GUEST[@]}" \
	"${e2e_inside[@]}" --kernel "$("$ROOT/scripts/build/kernel.sh" path bench)" --share "$share"

IFS=/ read -r _ shape size _ <<<"$name"
out=$ROOT/build/profile/$op-$shape-$peer${SIZE:+-$size}
"$ROOT/scripts/results/main.py" profile --name "$name" --stacks "$share/stacks" --report "$share/out.json" --top "${TOP:-40}" \
	--folded "$out.folded" ${FUNCTIONS:+--functions "$FUNCTIONS"}
# Colours by name, so that the same profile gives the same picture.
"$flamegraph" --title "$name" --countname instructions --hash "$out.folded" >"$out.svg" 2>"$share/flamegraph.log" ||
	die "flamegraph.pl failed; the log is $share/flamegraph.log"
say "the flame graph is $out.svg"
