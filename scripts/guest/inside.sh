#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make SHARE/initrd, the initramfs with what is in SHARE as /host: a guest that has all that it needs in its memory waits for
# nothing. One that reads files of the machine outside waits for that; in the lane icount its clock then goes on to whatever
# is due next, by milliseconds on an idle machine and by hours on a busy one, and what its kernel does now and then has been
# done before a benchmark, or not. So, too, debugging information is left out, which names the directory of this tree, and the
# hash that was made with it.
#
#   scripts/guest/inside.sh INITRAMFS SHARE

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

if (($# != 2)); then
	echo "usage: scripts/guest/inside.sh INITRAMFS SHARE" >&2
	exit 2
fi
root=$(mktemp -d "$CACHE/inside.XXXXXX")
chmod 755 "$root"
trap 'rm -rf "$root"' EXIT
mkdir "$root/host"
find "$2" -mindepth 1 -maxdepth 1 ! -name '*.log' ! -name guest.env ! -name initrd -exec cp -r -t "$root/host" {} +
find "$root/host" -type f \( -name '*.ko' -o -path '*/e2e/*' \) -exec "${CROSS}strip" --strip-debug --remove-section=.note.gnu.build-id {} + 2>/dev/null || true
find "$root" -exec touch -h -d @0 {} +
{
	cat "$1"
	(cd "$root" && find host | LC_ALL=C sort | cpio --quiet -o -H newc --reproducible -R 0:0)
} >"$2/initrd"
