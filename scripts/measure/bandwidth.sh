#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How fast much memory is mapped and unmapped, in GB/s, through every peer that maps with system calls of VFIO's, each in a guest
# of its own. What an emulator says is good for ratios; docs/host-lane.md says how the program is run on a real machine, for
# which it is. Exit status 1 if a map failed.
#
#   PEERS="..."   only these of: type1 iommufd fast
#   MIB=N         how much (256)

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/measure/e2e.sh
source "$ROOT/scripts/measure/e2e.sh"

peers=${PEERS:-type1 iommufd fast}
mib=${MIB:-256}
for peer in $peers; do
	[[ $peer =~ ^(type1|iommufd|fast)$ ]] || die "no peer '$peer' of this kind (there are: type1 iommufd fast)"
done
[[ $mib =~ ^[0-9]+$ ]] || die "MIB='$mib' is no number"
((mib >= 2 && mib <= 4096 && mib % 2 == 0)) || die "MIB='$mib' is not an even number of 2 to 4096"

need_packages "${E2E_PACKAGES[@]}"
lock bench
e2e_build
# shellcheck disable=SC2086 # one word a peer
e2e_modules bench $peers
kernel=$("$ROOT/scripts/build/kernel.sh" path bench)
for peer in $peers; do
	share=$ROOT/build/bandwidth/$peer
	e2e_stage bench bandwidth "$peer" "$share" ''
	cat >"$share/job" <<-END
		. /lib/guest.sh
		cp -r /host/e2e /tmp/e2e && load_peer $peer && bind_edu >/dev/null || exit 2
		/tmp/e2e/run bandwidth --peer=$peer --mib=$mib >/host/said 2>&1 || { cat /host/said; exit 1; }
		! kernel_complaints || exit 2
	END
	run_logged "bandwidth-$peer" "$ROOT/scripts/guest/guest.sh" --lane icount --stream --mem "$((2 * mib + 1024))M" \
		--append "damon_stat.enabled=N hugepagesz=2M hugepages=$((mib / 2))" --kernel "$kernel" --share "$share"
	echo "$peer:"
	cat "$share/said"
done
