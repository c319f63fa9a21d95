#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build the DKMS package of this tree, as it is, into OUT (build/deb): the .deb, and lintian's word on it. Prints its path.
#
#   VERSION=string   in place of the version that kmod/version.sh says

set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

need_packages git debhelper dh-dkms lintian
version=${VERSION:-$("$ROOT/kmod/version.sh")}
out=${OUT:-$ROOT/build/deb}
tree=$out/iommufd-fast-$version

lock deb-build
rm -rf "$out"
mkdir -p "$tree/docs"
# What git has or could have: nothing that was built beside it.
git -C "$ROOT" ls-files -z -co --exclude-standard kmod packaging docs/iommufd-fast.4 docs/package.md docs/status.md |
	tar -C "$ROOT" --null -T - --ignore-failed-read -cf - | tar -C "$tree" -xf -
mv "$tree/packaging/debian" "$tree/debian"
echo "$version" >"$tree/kmod/VERSION"
sed -i "s/#VERSION#/$version/" "$tree"/debian/*.postinst
cat >"$tree/debian/changelog" <<-END
	iommufd-fast ($version) unstable; urgency=medium

	  * As of this commit: see the history of the repository.

	 -- $(sed -n 's/^Maintainer: //p' "$tree/debian/control")  $(git -C "$ROOT" log -1 --format=%cD)
END
run_logged deb-build env -C "$tree" dpkg-buildpackage --build=binary --no-sign
deb=$(find "$out" -maxdepth 1 -name '*.deb')
[[ -s $deb ]] || die "dpkg-buildpackage left no package in $out; the log is $CACHE/log/deb-build.log"
# A package that is not of the archive: what lintian wants to know of an upload is not asked.
lintian --allow-root --fail-on error,warning --display-info --tag-display-limit 0 "$deb" >&2 || die "lintian found something in $deb"
echo "$deb"
